//! Pictures of the pages where playbooks are written, at the sizes that people have; no panic at any.

use jiff::Timestamp;

use super::super::editor::{EditorTaskResult, READ_AFTER};
use super::super::fixture;
use super::super::update::ConsoleInput;
use super::author::{GOOD, NEXT, SAVE, open, tell};
use super::keys::Desk;
use super::pictures::album;
use super::screens::drawn;
use crate::core::{Mono, Reading, Verdict};
use crate::engine::backtest::{Backtest, BacktestMark, FaultSeen, TargetTimeline};
use crate::engine::host_queries::Rehearsing;
use crate::engine::standalone::dry_run::Rehearsal;
use crate::playbook::Target;

fn picture(desk: &Desk, ascii: bool) -> String {
    drawn(&desk.model, &desk.snapshot, ascii)
}

fn at(mut desk: Desk, (width, height): (u16, u16)) -> Desk {
    desk.input(ConsoleInput::Resize(width, height));
    desk
}

/// The two mistakes that the pictures show.
fn bad() -> String {
    GOOD.replacen("title", "titel", 1).replacen("[verify]", "[verfy]", 1)
}

fn rehearsal() -> Rehearsal {
    let reading = |verdict, seen: &str| Reading {
        verdict,
        seen: seen.into(),
        figure: None,
        unit: None,
        began: Mono(0),
        since: Mono(0),
    };
    Rehearsal::Here {
        target: Target::Unit("nginx.service".into()),
        detector: vec![("active state is failed".into(), reading(Verdict::DoesNotHold, "active (running)"))],
        verifier: vec![("answers within 2s".into(), reading(Verdict::Unknown("no answer".into()), ""))],
        rungs: vec![Err("there is no /usr/sbin/nginx".into())],
        gate: "needs approval: this content has never acted".into(),
    }
}

fn tried(desk: Desk) -> Desk {
    let step = Rehearsing::Done(Ok(vec![rehearsal()]));
    tell(desk.keys("\x04"), EditorTaskResult::Rehearsing { name: "nginx-up".into(), step })
}

#[test]
fn the_editor_at_the_sizes_that_people_have() {
    let theirs = GOOD.replacen("nginx", "caddy", 1);
    // the cursor is kept in sight by what is typed, so each size is typed at anew
    let shown = |what: &str, typed: &dyn Fn((u16, u16)) -> Desk| {
        album(&format!("editor-{what}"), |size, ascii| picture(&typed(size), ascii));
    };
    shown("mistake", &|size| at(open(&bad()), size).keys(NEXT));
    shown("good", &|size| at(open(GOOD), size).keys("\x1b[B"));
    shown("dry-run", &|size| tried(at(open(GOOD), size).keys("\x1b[B")));
    shown("leaving", &|size| at(open(GOOD), size).keys("#").keys("\x1b"));
    shown("conflict", &|size| {
        tell(at(open(GOOD), size).keys("#").keys(SAVE), EditorTaskResult::Changed { theirs: theirs.as_str().into() })
    });
    shown("completing", &|size| at(open("title = \"x\"\n\n[detect]\n"), size).keys("\x1b[6~\x1b[F\t"));
    shown("looking", &|size| at(open(GOOD), size).keys("\x04"));
}

#[test]
fn no_size_panics() {
    let evil = "ü\u{301}\u{301} \u{202e}\t日本語 = \"\x1b[2J\"\r\n".repeat(30);
    let texts = [bad(), String::new(), evil, "x".repeat(500)];
    for text in &texts {
        for width in [1, 19, 20, 29, 40, 100, 200] {
            for height in [1, 4, 5, 8, 14, 24] {
                for desk in [
                    at(open(text), (width, height)).keys("\x1b[F\x1b[B\x1b[F"),
                    tried(at(open(text), (width, height))),
                    at(open(text), (width, height)).keys("\x06x"),
                    at(open(text), (width, height)).keys("\t"),
                    at(open(text), (width, height)).keys("y").keys("\x1b"),
                ] {
                    picture(&desk, width % 2 == 0);
                }
            }
        }
    }
}

#[test]
fn the_cursor_is_in_sight_in_a_long_line() {
    let long = format!("# {}end", "日本".repeat(100));
    let desk = at(open(&long), (60, 20)).keys("\x1b[F");
    let shown = picture(&desk, false);
    assert!(shown.contains("end"), "{shown}");
}

#[test]
fn nothing_in_a_text_steers_the_terminal() {
    let desk = at(open("a = \"\x1b]0;x\x07\u{9b}\u{202e}\"\n"), (80, 24));
    for ascii in [false, true] {
        let shown = picture(&desk, ascii);
        assert!(!shown.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']), "{shown}");
        assert!(!ascii || shown.is_ascii(), "{shown}");
    }
}

#[test]
fn d_shows_what_a_playbook_would_do() {
    let desk = Desk::new(fixture::trouble()).keys("d");
    assert!(picture(&desk, false).contains("Dry run of disk-full"));
    let step = Rehearsing::Looking("mount /: > 85%".into());
    let desk = tell(desk, EditorTaskResult::Rehearsing { name: "disk-full".into(), step });
    assert!(picture(&desk, false).contains("at mount /: > 85%"));
    let step = Rehearsing::Done(Ok(vec![rehearsal()]));
    let desk = tell(desk, EditorTaskResult::Rehearsing { name: "disk-full".into(), step });
    let shown = picture(&desk, false);
    assert!(shown.contains("gate       needs approval") && shown.contains("Nothing was run."), "{shown}");
}

#[test]
fn a_dry_run_draws_the_last_day() {
    let moment = |minutes: i64| Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap();
    let lane = TargetTimeline {
        target: "/var".into(),
        seen: vec![(moment(0), FaultSeen::Well), (moment(720), FaultSeen::Fault), (moment(900), FaultSeen::Well)],
        never_read: Vec::new(),
        would: vec![(moment(730), BacktestMark::Fired, "92 % used".into())],
        really: vec![(moment(760), BacktestMark::Called, "nobody was armed".into())],
    };
    let playbook = "disk-full".into();
    let past = Backtest { playbook, from: moment(0), to: moment(1440), lanes: vec![lane], left_out: Vec::new() };
    let step = Rehearsing::Done(Ok(vec![Rehearsal::Past(Box::new(past)), rehearsal()]));
    let desk = at(Desk::new(fixture::trouble()), (120, 60)).keys("d");
    let desk = tell(desk, EditorTaskResult::Rehearsing { name: "disk-full".into(), step });
    let shown = picture(&desk, false);
    let row = |name: &str| {
        let begin = format!("{name:<7}|");
        let found = shown.lines().find(|text| text.contains(&begin)).unwrap_or_else(|| panic!("{shown}"));
        found.split('|').nth(1).unwrap().to_owned()
    };
    let (fault, would, really) = (row("fault"), row("would"), row("really"));
    assert_eq!(fault.find('#'), Some(19), "half the day was well: {fault}");
    assert_eq!((would.find('F'), really.find('C')), (Some(19), Some(20)), "{would}\n{really}");
    assert!(shown.contains("92 % used") && shown.contains("nobody was armed"), "{shown}");
}

#[test]
fn a_dry_run_of_an_older_text_says_so() {
    let mut desk = tried(at(open(GOOD), (120, 40)));
    desk = desk.keys("#");
    desk.quiet(READ_AFTER);
    assert!(picture(&desk, false).contains("Dry run of an older text"));
    let asked = desk.asked.len();
    let desk = desk.keys("\x04");
    assert!(desk.asked.len() > asked, "looked at again");
    assert!(!picture(&desk, false).contains("older text"));
    assert!(!picture(&desk.keys("\x04"), false).contains("Dry run"), "and away");
}
