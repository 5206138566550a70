use proptest::prelude::*;

use super::*;
use crate::playbook::library::SHIPPED;
use crate::playbook::read::read;
use crate::playbook::{Action, Attachment, Check};

/// Completes at the bar, which is taken out; gives the text with each candidate put in.
fn at_bar(marked: &str) -> (Vec<String>, Vec<String>) {
    let (before, after) = marked.split_once('|').expect("a bar marks the cursor");
    let (line, start) = (before.matches('\n').count(), before.rfind('\n').map_or(0, |at| at + 1));
    let column = before[start..].chars().count();
    let source = format!("{before}{after}");
    let found = complete(&source, line, column);
    assert_eq!(found.line, line);
    let lines: Vec<&str> = source.split('\n').collect();
    let chars: Vec<char> = lines[line].chars().collect();
    let put = |candidate: &CompletionItem| {
        let head: String = chars[..found.replace.start].iter().collect();
        let tail: String = chars[found.replace.end..].iter().collect();
        format!("{head}{}{tail}", candidate.insert)
    };
    let labels = found.candidates.iter().map(|candidate| candidate.label.clone()).collect();
    (labels, found.candidates.iter().map(put).collect())
}

fn labels(marked: &str) -> Vec<String> {
    at_bar(marked).0
}

/// The line with the first candidate put in.
fn first(marked: &str) -> String {
    at_bar(marked).1.into_iter().next().unwrap_or_default()
}

#[test]
fn an_empty_file_is_offered_what_must_be_in_it() {
    let offered = labels("|");
    assert_eq!(offered[..3], ["mode", "risk", "title"]);
    assert!(offered.contains(&"[detect]".to_owned()) && offered.contains(&"[[remediate]]".to_owned()));
    assert!(!offered.contains(&"detect".to_owned()), "a section has a header");
}

#[test]
fn headers_are_completed_with_their_brackets() {
    assert_eq!(first("[det|"), "[detect]");
    assert_eq!(first("[rem|"), "[[remediate]]");
    assert_eq!(first("[det|] # why"), "[detect] # why");
    assert_eq!(first("rem|"), "[[remediate]]");
    assert_eq!(first("[verify.tc|"), "[verify.tcp]");
    assert_eq!(labels("[detect]|"), Vec::<String>::new());
}

#[test]
fn a_header_that_is_there_is_not_offered_again_but_a_rung_is() {
    let offered = labels("[detect]\n[[remediate]]\n[|\n[verify]");
    assert_eq!(offered, ["[breaker]", "[escalate]", "[[remediate]]"]);
}

#[test]
fn keys_are_those_of_the_table_that_are_not_there_yet() {
    assert_eq!(first("[verify]\nwit|"), "within = ");
    assert_eq!(first("[verify]\nwit| = \"3s\""), "within = \"3s\"");
    assert_eq!(first("[verify]\nht|"), "http = {  }");
    assert_eq!(first("[verify]\nhttp = { st| }"), "http = { status =  }");
    let offered = labels("[verify]\n|\nwithin = \"3s\"\nunit = { }\n[verify.http]");
    assert!(!offered.iter().any(|label| ["within", "unit", "http"].contains(&&**label)), "{offered:?}");
    assert!(
        Check::KINDS
            .iter()
            .filter(|kind| !["unit", "http"].contains(kind))
            .all(|kind| offered.iter().any(|o| o == kind))
    );
    assert_eq!(labels("target = { unit = \"a.service\", |"), Vec::<String>::new());
    let offered = labels("target = \"host\"\nta|");
    assert!(!offered.iter().any(|label| label.starts_with("target")), "{offered:?}");
}

#[test]
fn kinds_of_actions_and_targets_are_offered() {
    let mut kinds = Action::KINDS.to_vec();
    let braced: Vec<String> = kinds.iter().map(|kind| format!("{{ {kind} }}")).collect();
    assert_eq!(labels("[[remediate]]\ndo = [|"), braced);
    kinds.sort_unstable();
    assert_eq!(labels("[[remediate]]\ndo = [{ |"), kinds);
    assert_eq!(first("[[remediate]]\ndo = [{ unit = \"rest|"), "do = [{ unit = \"restart\"");
    assert_eq!(first("[[remediate]]\ndo = [\n  { unit = res| },\n]"), "  { unit = \"restart\" },");
    assert!(labels("target = |").contains(&"{ mount }".to_owned()));
    assert!(labels("target = |").contains(&"host".to_owned()));
    let mut kinds = Attachment::KINDS.to_vec();
    kinds.sort_unstable();
    assert_eq!(labels("[escalate]\nattach = [{ |"), kinds);
}

#[test]
fn words_are_offered_with_their_quotes() {
    assert_eq!(labels("mode = |"), ["auto", "ask", "shadow", "off"]);
    assert_eq!(first("mode = \"au|\""), "mode = \"auto\"");
    assert_eq!(first("mode = au|"), "mode = \"auto\"");
    assert_eq!(first("[detect]\nunit = { state = \"not act| }"), "unit = { state = \"not active\" }");
    assert_eq!(first("[[remediate]]\nidempotent = t|"), "idempotent = true");
    assert!(labels("risk = |").contains(&"medium".to_owned()));
}

#[test]
fn what_holds_the_letters_comes_after_what_begins_with_them() {
    assert_eq!(labels("mode = \"h|\""), ["shadow"]);
    let offered = labels("[detect]\nme|");
    assert_eq!(offered[0], "memory");
    assert!(labels("[verify]\nfs|").contains(&"filesystem".to_owned()));
}

#[test]
fn a_placeholder_is_completed_inside_its_text() {
    assert_eq!(
        first("[[remediate]]\ndo = [{ run = [\"x\", \"--of={ta|\"] }]"),
        "do = [{ run = [\"x\", \"--of={target}\"] }]"
    );
    assert_eq!(first("[[remediate]]\ndo = [{ run = [\"x\", \"{{ta|\"] }]"), "");
}

#[test]
fn nothing_is_offered_where_nothing_may_stand() {
    for marked in ["# mo|", "mode = \"auto\" |", "title = '''\nmo|", "mode |", "[nonsense]\nx|", "[detect]\nx = { y|"] {
        assert_eq!(labels(marked), Vec::<String>::new(), "{marked}");
    }
    assert_eq!(complete("a", 7, 7).candidates, []);
    assert_eq!(complete("[detect]", 0, 99).candidates, []);
}

#[test]
fn whatever_is_taken_closes_what_it_opens_with_the_cursor_inside() {
    let mut opening = 0;
    for place in [
        "",
        "[detect]\n",
        "[verify]\n",
        "[escalate]\n",
        "[[remediate]]\n",
        "target = ",
        "targets = [",
        "needs = [",
        "[[remediate]]\ndo = [",
        "[escalate]\nattach = [",
        "[detect]\nunit = ",
        "[detect]\npath = { ",
        "enabled_when = ",
        "[verify]\nhttp = { url = \"x\", body = ",
    ] {
        let (line, column) = (place.matches('\n').count(), place.rsplit('\n').next().unwrap_or_default().len());
        for CompletionItem { insert, back, .. } in complete(place, line, column).candidates {
            let cut = insert.chars().count() - back;
            let (before, after): (String, String) =
                (insert.chars().take(cut).collect(), insert.chars().skip(cut).collect());
            let count = |sign: char| insert.matches(sign).count();
            assert_eq!((count('{'), count('[')), (count('}'), count(']')), "{place}{insert}");
            if insert.ends_with(['}', ']']) && !insert.starts_with('[') {
                opening += 1;
                assert!(before.ends_with(['{', '[', ' ']) && after.trim_start().len() == 1, "{place}{before}|{after}");
            }
        }
    }
    assert!(opening > 50, "{opening}");
}

/// Whatever key of a shipped playbook is taken out, it is offered again, and its value's word too.
#[test]
fn what_a_shipped_playbook_says_is_offered() {
    for (name, text) in SHIPPED {
        assert!(read(name, name, crate::playbook::Origin::Shipped, text).playbook.is_some());
        for (nth, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(" = ") && !line.starts_with([' ', '#']) && !line.ends_with('['))
        {
            let key = line.split_whitespace().next().unwrap();
            let shortened = text.replacen(line, &key[..1], 1);
            let found = complete(&shortened, nth, 1);
            assert!(found.candidates.iter().any(|candidate| candidate.label == key), "{name}: {line}: {found:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_place_in_no_text_makes_it_panic(text in "[\\[\\]{}=,.\"'# \\na-cdo]{0,60}", line in 0usize..6, column in 0usize..30) {
        let found = complete(&text, line, column);
        let length = text.split('\n').nth(line).map_or(0, |line| line.chars().count());
        prop_assert!(found.candidates.is_empty() || found.replace.end <= length.max(column));
    }

    #[test]
    fn no_place_in_a_playbook_makes_it_panic(nth in 0usize..6, cut in 0usize..600, column in 0usize..60) {
        let text: String = SHIPPED[nth].1.chars().take(cut).collect();
        let line = text.matches('\n').count();
        let _ = complete(&text, line, column);
    }
}
