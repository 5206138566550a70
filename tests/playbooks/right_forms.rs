//! Every help that shows a right form shows one that is then accepted: what each wrong form is answered with is put in
//! its place, and read again.

use salve::playbook::read::{ParsedFile, read};
use salve::playbook::{Check, Diagnostic, Origin, Risk, Rule};
use serde_json::Value;

const NGINX: &str = include_str!("good/nginx.toml");
const ROOT: &str = include_str!("good/root-filesystem.toml");

fn read_text(text: &str) -> ParsedFile {
    read("f.toml", "f", Origin::Shipped, text)
}

fn said(read: &ParsedFile, text: &str) -> String {
    read.diagnostics.iter().map(|found| found.render(text, false)).collect::<Vec<_>>().join("\n\n")
}

/// A wrong form in a good playbook, and the right form that its help must show; what is put in its place where the
/// help's words are not the whole of it.
struct Wrong {
    good: &'static str,
    place: &'static str,
    written: &'static str,
    right: &'static str,
    instead: &'static str,
}

const fn wrong(good: &'static str, place: &'static str, wrong: &'static str, right: &'static str) -> Wrong {
    Wrong { good, place, written: wrong, right, instead: right }
}

const NOT_ACTIVE: &str = "unit = { state = \"not active\" }";
const HTTP: &str = "http   = { url = \"http://127.0.0.1/healthz\", status = 200 }";
const DO: &str = "do      = [{ unit = \"restart\" }]";
const USED: &str = "filesystem = { used = \"> 85%\" }";
const RUN: &str = "{ run = [\"apt-get\", \"clean\"] }";

/// What people wrote, and what it must be answered with.
#[rustfmt::skip]
const WRONG: &[Wrong] = &[
    wrong(NGINX, "\"active\"", "\"running\"", "\"active\""),
    wrong(NGINX, "\"active\"", "\"up\"", "\"active\""),
    wrong(NGINX, "\"active\"", "\"ok\"", "\"active\""),
    wrong(NGINX, "\"active\"", "\"activ\"", "\"active\""),
    wrong(NGINX, "\"not active\"", "\"not running\"", "\"not active\""),
    wrong(NGINX, "\"not active\"", "\"down\"", "\"not active\""),
    wrong(NGINX, "\"not active\"", "\"stopped\"", "\"inactive\""),
    wrong(NGINX, "\"not active\"", "\"crashed\"", "\"failed\""),
    wrong(NGINX, "\"not active\"", "\"purple\"", "\"not active\""),
    Wrong {
        instead: "http = [{ url = \"http://127.0.0.1/a\", status = 200 }, { url = \"http://127.0.0.1/b\", status = 200 }]",
        ..wrong(NGINX, HTTP,
            "http = { url = \"http://127.0.0.1/a\", status = 200 }\nhttp = { url = \"http://127.0.0.1/b\", status = 200 }",
            "http = [{ url = \"http://127.0.0.1/a\", status = 200 }, { url = \"http://127.0.0.1/b\", status = 200 }]")
    },
    wrong(ROOT, "\"> 85%\"", "85", "\"> 85%\""),
    wrong(ROOT, "\"> 85%\"", "\"85\"", "\"> 85%\""),
    wrong(ROOT, "\"> 85%\"", "\"85 percent\"", "\"> 85%\""),
    wrong(ROOT, "\"> 85%\"", "\"> 85\"", "\"> 85%\""),
    wrong(ROOT, "\"> 85%\"", "\"50 GB\"", "\"> 50GiB\""),
    Wrong {
        instead: "{ run = [\"/usr/local/sbin/fix\"] }",
        ..wrong(ROOT, RUN, "{ run = \"ps aux | grep nginx\" }", "run = [\"/usr/local/sbin/fix\"]")
    },
    Wrong {
        instead: "{ run = [\"apt-get\", \"update\"] }, { run = [\"apt-get\", \"clean\"] }",
        ..wrong(ROOT, RUN, "{ run = \"apt-get update && apt-get clean\" }",
            "do = [{ run = [\"apt-get\", \"update\"] }, { run = [\"apt-get\", \"clean\"] }]")
    },
    Wrong {
        instead: RUN,
        ..wrong(ROOT, RUN, "{ run = \"apt-get clean\" }", "run = [\"apt-get\", \"clean\"]")
    },
    Wrong { instead: RUN, ..wrong(ROOT, RUN, "{ run = [\"apt-get clean\"] }", "run = [\"apt-get\", \"clean\"]") },
    Wrong {
        instead: "{ run = [\"first\"] }, { run = [\"second\"] }",
        ..wrong(ROOT, RUN, "{ run = [\"first\", \"&&\", \"second\"] }", "do = [{ run = [\"first\"] }, { run = [\"second\"] }]")
    },
    Wrong { instead: "\"{target}\"]", ..wrong(ROOT, "\"clean\"]", "\"$APP\"]", "\"{target}\"") },
    Wrong {
        instead: "{ clean = { path = \"/var/tmp\", older_than = \"7d\" } }",
        ..wrong(ROOT, RUN, "{ run = [\"gzip\", \"/var/tmp/*\"] }", "clean = { path = \"/var/tmp\", older_than = \"7d\" }")
    },
    Wrong {
        instead: "{ run = [\"/usr/local/sbin/fix\"] }",
        ..wrong(ROOT, RUN, "{ run = [\"ps\", \"|\", \"wc\"] }", "run = [\"/usr/local/sbin/fix\"]")
    },
    Wrong {
        instead: "http = { url = \"http://127.0.0.1/\", status = 200, body = { without = \"healthy\" } }",
        ..wrong(NGINX, HTTP, "http = { url = \"http://127.0.0.1/\", status = 200, body = \"not healthy\" }",
            "body = { without = \"healthy\" }")
    },
    Wrong {
        instead: "http = { url = \"http://127.0.0.1/\", body = { with = \"not healthy\" } }",
        ..wrong(NGINX, HTTP, "http = { url = \"http://127.0.0.1/\", body = \"not healthy\" }",
            "body = { with = \"not healthy\" }")
    },
    Wrong {
        instead: "command = { run = [\"check\"], output = { without = \"ok\" } }",
        ..wrong(NGINX, HTTP, "command = { run = [\"check\"], output = \"not ok\" }", "output = { without = \"ok\" }")
    },
    Wrong { instead: "[escalate]", ..wrong(NGINX, "[escalate]", "[on_fail]", "[escalate]") },
    Wrong { instead: "[verify]", ..wrong(NGINX, "[verify]", "[validate]", "[verify]") },
    Wrong { instead: "[[remediate]]", ..wrong(NGINX, "[[remediate]]", "[[actions]]", "[[remediate]]") },
    Wrong { instead: "[[remediate]]", ..wrong(NGINX, "[[remediate]]", "[remediate]", "[[remediate]]") },
    Wrong { instead: "[detect]", ..wrong(NGINX, "[detect]", "[trigger]", "[detect]") },
    Wrong { instead: NOT_ACTIVE, ..wrong(NGINX, NOT_ACTIVE, "service = { state = \"not active\" }", "unit = { state = \"not active\" }") },
    Wrong { instead: DO, ..wrong(NGINX, DO, "do = [{ restart = \"nginx.service\" }]", "{ unit = \"restart\" }") },
    Wrong { instead: USED, ..wrong(ROOT, USED, "disk = { used = \"> 85%\" }", "filesystem = { used = \"> 85%\" }") },
    Wrong { instead: "title = \"x\"", ..wrong(NGINX, "title   = \"nginx stays up\"", "name = \"x\"", "title = \"nginx stays up\"") },
];

#[test]
fn every_wrong_form_is_answered_with_a_right_one_that_is_accepted() {
    for Wrong { good, place, written: wrong, right, instead } in WRONG {
        assert!(good.contains(place), "{place}");
        let text = good.replacen(place, wrong, 1);
        let told = read_text(&text);
        let helps: Vec<&str> = told.diagnostics.iter().map(|found| found.help.as_str()).collect();
        assert!(helps.iter().any(|help| help.contains(right)), "{wrong}: {right} is not in {helps:#?}");
        let mended = good.replacen(place, instead, 1);
        let again = read_text(&mended);
        assert!(
            again.playbook.is_some() && again.diagnostics.is_empty(),
            "{wrong} -> {instead}\n{}",
            said(&again, &mended)
        );
    }
}

#[test]
fn a_key_below_a_section_that_belongs_to_the_head_is_sent_there() {
    for key in ["risk    = \"low\"", "mode    = \"auto\"", "target  = { unit = \"nginx.service\" }"] {
        for section in ["[detect]", "[verify]", "[escalate]", "[[remediate]]"] {
            let others: Vec<&str> = NGINX.lines().filter(|line| !line.starts_with(key)).collect();
            let without = others.join("\n") + "\n";
            let text = without.replacen(section, &format!("{section}\n{key}"), 1);
            assert_ne!(text, without, "{section}");
            let told = read_text(&text);
            let name = key.split_whitespace().next().unwrap();
            let found = told.diagnostics.iter().find(|found| found.message.contains(&format!("`{name}`"))).unwrap();
            assert!(found.help.contains("belongs to the head of the file"), "{key} {section}: {}", found.help);
            let moved = read_text(&format!("{key}\n{without}"));
            assert!(moved.diagnostics.is_empty(), "{}", said(&moved, &text));
        }
    }
    let text = NGINX.replacen("[detect]", "[detect]\nwithin = \"60s\"\nattempts = 3", 1);
    let helps: Vec<String> = read_text(&text).diagnostics.into_iter().map(|found| found.help).collect();
    assert!(helps.iter().any(|help| help.contains("belongs below [verify]")), "{helps:?}");
    assert!(helps.iter().any(|help| help.contains("belongs below [escalate]")), "{helps:?}");
}

#[test]
fn a_playbook_in_yaml_is_told_that_it_is_one_and_its_first_line_as_toml() {
    let text = "title: nginx stays up\ntarget:\n  unit: nginx.service\ndetect:\n  - unit: { state: not active }\n";
    let told = read_text(text);
    assert_eq!(told.diagnostics.len(), 1, "{}", said(&told, text));
    let Diagnostic { message, help, .. } = &told.diagnostics[0];
    assert!(message.contains("YAML") && message.contains("TOML"), "{message}");
    let right = help.strip_prefix("write ").and_then(|rest| rest.split_once(';')).unwrap().0;
    assert_eq!(right, "title = \"nginx stays up\"");
    assert!(read_text(&NGINX.replacen("title   = \"nginx stays up\"", right, 1)).diagnostics.is_empty());
}

#[test]
fn a_command_that_destroys_raises_the_risk_and_the_right_risk_is_accepted() {
    for (command, least) in [
        ("[\"rm\", \"-rf\", \"/var/lib\"]", Risk::High),
        ("[\"find\", \"-L\", \"/var\", \"-mtime\", \"+7\", \"-delete\"]", Risk::High),
        ("[\"env\", \"LANG=C\", \"mkfs.ext4\", \"/dev/sdb\"]", Risk::High),
        ("[\"pkill\", \"-f\", \"worker\"]", Risk::Medium),
    ] {
        let text = ROOT.replacen("[\"apt-get\", \"clean\"]", command, 1);
        let told = read_text(&text);
        let found = told.diagnostics.iter().find(|found| found.rule == Rule::DangerousCommand).unwrap();
        assert_eq!(told.playbook.as_ref().unwrap().risk, least, "{command}");
        let (risk, mode) = if least == Risk::High { ("high", "ask") } else { ("medium", "auto") };
        assert!(found.help.contains(&format!("risk = \"{risk}\"")), "{}", found.help);
        let mended =
            text.replacen("\"low\"", &format!("\"{risk}\""), 1).replacen("\"auto\"", &format!("\"{mode}\""), 1);
        let again = read_text(&mended);
        assert!(again.diagnostics.is_empty(), "{}", said(&again, &mended));
        // in a check nobody would be asked
        if least == Risk::High {
            let check = NGINX.replacen(HTTP, &format!("command = {{ run = {command}, exit = 0 }}"), 1);
            assert!(read_text(&check).diagnostics.iter().any(|found| found.rule == Rule::DangerousCheck), "{command}");
        }
    }
}

/// Forms in quotes that a help offers to be written.
fn offered(help: &str) -> Vec<String> {
    // a form with its key stands in place of another key
    let Some((_, forms)) = help.split_once("write ").filter(|(_, forms)| !forms.contains(" = ")) else {
        return Vec::new();
    };
    forms.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whatever figure, word or list is written behind a check's key: what the help offers in quotes is no mistake there.
#[test]
fn whatever_is_written_in_a_check_the_help_offers_what_is_accepted() {
    let schema = salve::playbook::schema::schema();
    let wrongs = [
        "85",
        "3.5",
        "true",
        "\"85\"",
        "\"85 percent\"",
        "\"> 85\"",
        "\"5 GB\"",
        "\"ok\"",
        "\"not running\"",
        "\"30\"",
        "[1]",
        "{ }",
    ];
    let (mut tried, mut refused) = (0, Vec::new());
    for kind in Check::KINDS {
        let section = &schema["$defs"]["DetectTable"]["properties"][kind];
        for key in keys_of(section, &schema) {
            for wrong in wrongs {
                for found in mistakes_at(kind, &key, wrong) {
                    for right in offered(&found.help) {
                        tried += 1;
                        let again = mistakes_at(kind, &key, &format!("\"{right}\""));
                        if !again.is_empty() {
                            refused.push(format!("{kind}.{key} = {wrong}: {}: {right} is refused", found.help));
                        }
                    }
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(tried > 300, "{tried}");
}

/// What is wrong with the value behind a key of a check, and nothing else.
fn mistakes_at(kind: &str, key: &str, value: &str) -> Vec<Diagnostic> {
    const OF_VALUES: [Rule; 5] =
        [Rule::BadValue, Rule::WrongType, Rule::MissingUnit, Rule::UnknownWord, Rule::WrongAmount];
    let entry = format!("{key} = {value}");
    let text = NGINX.replacen(NOT_ACTIVE, &format!("{kind} = {{ {entry} }}"), 1);
    let start = text.find(&entry).unwrap();
    let within = |found: &Diagnostic| found.span.start >= start && found.span.end <= start + entry.len();
    let told = read_text(&text).diagnostics.into_iter();
    told.filter(|found| OF_VALUES.contains(&found.rule) && within(found)).collect()
}

fn keys_of(section: &Value, whole: &Value) -> Vec<String> {
    let target = |value: &Value| match value["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        Some(name) => whole["$defs"][name].clone(),
        None => value.clone(),
    };
    let form = target(section);
    let forms: Vec<Value> =
        form["anyOf"].as_array().map_or_else(|| vec![form.clone()], |all| all.iter().map(target).collect());
    let tables = forms.iter().filter_map(|form| form["properties"].as_object());
    tables.flat_map(|table| table.keys().cloned()).collect()
}
