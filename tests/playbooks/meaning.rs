//! The content key: what changes it, and what does not.

use salve::playbook::read::read;
use salve::playbook::{ContentKey, Origin};

const GOOD: &str = include_str!("good/nginx.toml");

fn key(name: &str, origin: Origin, text: &str) -> ContentKey {
    read("f.toml", name, origin, text).playbook.unwrap().content
}

fn plain(text: &str) -> ContentKey {
    key("nginx", Origin::Shipped, text)
}

#[test]
fn comments_layout_title_name_and_place_do_not_change_it() {
    let mut sections: Vec<String> = Vec::new();
    for line in GOOD.lines().filter(|line| !line.trim().is_empty()) {
        match sections.last_mut() {
            Some(section) if !line.starts_with('[') => section.extend(["\n   ", line, " # why\n"]),
            _ => sections.push(line.to_owned()),
        }
    }
    sections[1..].reverse();
    let shuffled = format!("# a comment\n{}\n", sections.join("\n\n"));
    assert_ne!(shuffled, GOOD);
    assert_eq!(plain(&shuffled), plain(GOOD));
    assert_eq!(plain(&GOOD.replace("\"10m\"", "\"600s\"")), plain(GOOD));
    assert_eq!(plain(&GOOD.replace('\n', "\r\n")), plain(GOOD));
    assert_eq!(plain(&GOOD.replace("nginx stays up", "nginx answers")), plain(GOOD));
    assert_eq!(key("other", Origin::System("/etc".into()), GOOD), plain(GOOD));
}

#[test]
fn a_default_that_is_spelled_out_does_not_change_it() {
    let spelled = GOOD.replace("mode    = \"auto\"", "mode = \"auto\"\nneeds = []\nskip_if_stopped_by_operator = true");
    assert_ne!(spelled, GOOD);
    assert_eq!(plain(&spelled), plain(GOOD));
}

#[test]
fn whatever_changes_the_meaning_changes_it() {
    let mut keys = vec![plain(GOOD)];
    for (from, to) in [
        ("\"nginx.service\"", "\"httpd.service\""),
        ("risk    = \"low\"", "risk = \"medium\""),
        ("mode    = \"auto\"", "mode = \"ask\""),
        ("for  = \"30s\"", "for = \"31s\""),
        ("{ unit = \"restart\" }", "{ unit = \"start\" }"),
        ("status = 200", "status = 204"),
        ("soak   = \"15s\"", "soak = \"16s\""),
        ("attempts = 3", "attempts = 2"),
        ("lines = 100", "lines = 101"),
        ("\"oncall\"", "\"tickets\""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        keys.push(plain(&GOOD.replace(from, to)));
    }
    let many = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), many);
    assert!(keys.iter().all(|key| key.0.len() == 64 && key.0.chars().all(|c| c.is_ascii_hexdigit())));
}
