//! Lines in, sentences and commands out: the rules of a yes hold without a screen too.

use std::time::Duration;

use jiff::tz::TimeZone;
use termprofile::TermProfile;

use super::super::fixture;
use super::super::plain::changes::changes;
use super::super::plain::prompt::{Out, Prompter};
use super::screens::look;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::keys::guard::QUIET;
use crate::console::options::EngineAt;
use crate::core::{Command, IncidentId, Mono, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::{Health, PauseView};
use crate::playbook::Risk;
use crate::playbook::value::Period;

/// Lines under a fake clock.
struct Talk {
    desk: Prompter,
    snapshot: Snapshot,
    at: u64,
    words: String,
    sent: Vec<Command>,
    quit: bool,
}

impl Talk {
    fn new(snapshot: Snapshot) -> Self {
        let desk = Prompter::new(false, EngineAt::Embedded);
        Self { desk, snapshot, at: 5000, words: String::new(), sent: Vec::new(), quit: false }
    }

    fn with(&mut self, take: impl FnOnce(&mut Prompter, &ViewContext<'_>) -> Vec<Out>) {
        let look = look(true, TermProfile::NoColor);
        let world = ViewContext {
            snapshot: &self.snapshot,
            mono: self.snapshot.now.mono,
            wall: self.snapshot.now.wall,
            zone: &TimeZone::UTC,
            age: Duration::ZERO,
            at: ConsoleTime(self.at),
            look: &look,
            themes: &[],
        };
        for out in take(&mut self.desk, &world) {
            match out {
                Out::Say(words) | Out::Ask(words) => {
                    self.words = words;
                    self.desk.said(ConsoleTime(self.at));
                }
                Out::Send(command) => self.sent.push(command),
                Out::Quit => self.quit = true,
            }
        }
    }

    /// A line after so much quiet.
    fn line_after(mut self, quiet: u64, line: &str) -> Self {
        self.at += quiet;
        self.with(|desk, world| desk.line(line, world));
        self
    }

    fn line(self, line: &str) -> Self {
        self.line_after(QUIET, line)
    }

    fn approves(&self) -> bool {
        self.sent.iter().any(|command| matches!(command, Command::Approve { .. }))
    }
}

fn medium() -> Talk {
    Talk::new(fixture::with_risk(Risk::Medium))
}

fn high() -> Talk {
    Talk::new(fixture::trouble())
}

#[test]
fn a_yes_is_a_number_after_everything_was_said_and_the_lines_were_quiet() {
    let talk = medium().line("a");
    for part in ["Request #41 on mount /", "journalctl --vacuum-size=500M", "user: root", "rollback", "1 approve"] {
        assert!(talk.words.contains(part), "{part} in {}", talk.words);
    }
    let talk = talk.line("1");
    let digest = fixture::clean_plan().digest.clone();
    assert_eq!(talk.sent, [Command::Approve { incident: IncidentId(41), digest, reason: "".into() }]);
    // the page is closed: the same line again is no answer to anything
    assert_eq!(talk.line("1").sent.len(), 1);
}

#[test]
fn lines_that_were_typed_ahead_or_in_a_hurry_approve_nothing() {
    let talk = medium().line("a").line_after(QUIET - 1, "1");
    assert!(!talk.approves() && talk.words.contains("too quick"), "{}", talk.words);
    // every line has to be followed by quiet
    let talk = talk.line_after(QUIET - 1, "1").line_after(100, "1");
    assert!(!talk.approves());
    assert!(talk.line("1").approves());
    let unread = medium();
    assert!(!unread.line("1").approves(), "nothing was shown");
}

#[test]
fn nothing_but_its_number_approves() {
    for line in ["", "y", "yes", "a", "11", "1 1", "one", "/", "\u{1b}[200~1\u{1b}[201~", "1\t"] {
        let talk = medium().line("a").line(line);
        assert!(!talk.approves(), "{line:?}");
    }
    let pasted = high().line("a").line("1").line("\u{1b}[200~/");
    assert!(!pasted.approves());
}

#[test]
fn high_risk_wants_the_targets_name() {
    let talk = high().line("a").line("1");
    assert!(talk.sent.is_empty() && talk.words.contains("Type / to approve"), "{}", talk.words);
    let talk = talk.line("disk");
    assert!(talk.sent.is_empty() && talk.words.contains("that is not /"));
    let hasty = high().line("a").line("1").line_after(QUIET - 1, "/");
    assert!(!hasty.approves());
    assert!(hasty.line("/").approves());
    assert!(talk.line("/").approves());
    let left = high().line("a").line("1").line("").line("/").line("1");
    assert!(!left.approves());
}

#[test]
fn a_plan_that_changes_is_said_anew_and_one_that_goes_takes_the_question_along() {
    let mut talk = medium().line("a");
    let approved_before = fixture::with_risk(Risk::High);
    talk.snapshot = fixture::changed_plan();
    talk.with(Prompter::follow);
    assert!(talk.words.starts_with("The plan changed"), "{}", talk.words);
    let talk = talk.line_after(QUIET - 1, "1");
    assert!(!talk.approves());
    let mut talk = Talk::new(approved_before).line("a");
    talk.snapshot.incidents.clear();
    talk.with(Prompter::follow);
    assert!(talk.words.contains("no longer open"));
    assert!(!talk.line("1").approves());
}

#[test]
fn a_decline_takes_a_reason_and_leaving_takes_nothing() {
    let talk = medium().line("a").line("2").line("not on a Friday");
    let reason = "not on a Friday".into();
    assert_eq!(talk.sent, [Command::Decline { incident: IncidentId(41), reason }]);
    assert_eq!(medium().line("a").line("4").sent, []);
}

#[test]
fn pauses_and_the_end_are_lines() {
    let talk = medium().line("p 30m").line("p").line("p soon");
    let pause = |length| Command::Pause { scope: Scope::Host, length, reason: "".into() };
    assert_eq!(talk.sent, [pause(Some(Period::from_secs(1800))), pause(None)]);
    assert!(talk.words.contains("not paused") && talk.words.contains("30s"), "{}", talk.words);
    let talk = Talk::new(fixture::paused()).line("r");
    assert_eq!(talk.sent, [Command::Resume { scope: Scope::Host }]);
    let talk = medium().line("q");
    assert!(!talk.quit && talk.words.contains("Remediation runs inside"));
    assert!(talk.line("quit").quit);
    assert!(!medium().line("q").line("").quit);
}

#[test]
fn a_console_that_only_looks_takes_no_yes() {
    let mut talk = medium();
    talk.desk = Prompter::new(true, EngineAt::Daemon);
    let talk = talk.line("p").line("r").line("a").line("1").line("1").line("2").line("no");
    assert_eq!(talk.sent, []);
}

#[test]
fn enter_says_how_the_host_stands() {
    let talk = high().line("");
    for part in
        ["web-03: ", "1 firing", "mount /, disk-full, 97% (> 85%): AWAITING APPROVAL", "the breaker of unit mailer"]
    {
        assert!(talk.words.contains(part), "{part} in {}", talk.words);
    }
}

#[test]
fn what_changes_is_one_sentence_each() {
    let before = fixture::trouble();
    assert_eq!(changes(&before, &before, &TimeZone::UTC), [""; 0]);
    let mut after = before.clone();
    after.now.mono = after.now.mono + Duration::from_secs(1);
    let replica = after.detectors.iter_mut().find(|row| &*row.playbook == "replica-lag").unwrap();
    (replica.health, replica.seen) = (Health::Ok, Some("2 s".into()));
    after.pauses.push(PauseView {
        scope: Scope::Host,
        until: Some(after.now.mono + Duration::from_mins(1)),
        since: after.now.mono,
        by: fixture::alice(),
        reason: "maintenance\nand more".into(),
    });
    after.breakers.remove(1);
    assert_eq!(
        changes(&before, &after, &TimeZone::UTC),
        [
            "14:02:31 this host is paused by alice, 1:00 left: maintenance and more",
            "14:02:31 address 10.0.0.7:5432, replica-lag, 2 s (> 30 s): ok",
            "14:02:31 the breaker of unit mailer.service (service-down) is closed",
        ]
    );
    // time alone is no news
    let mut later = before.clone();
    later.now.mono = Mono(later.now.mono.0 + 5000);
    assert_eq!(changes(&before, &later, &TimeZone::UTC), [""; 0]);
    // what a story gains is told once, and what it holds from before is not
    let mut earlier = before.clone();
    let disk = std::sync::Arc::make_mut(&mut earlier.incidents[0]);
    disk.story.pop();
    let last = earlier.incidents.iter().flat_map(|incident| &incident.story).map(|event| event.seq).max();
    earlier.incidents.iter_mut().for_each(|incident| {
        std::sync::Arc::make_mut(incident).story.retain(|event| Some(event.seq) < last);
    });
    let told = changes(&earlier, &before, &TimeZone::UTC);
    assert!(!told.is_empty() && told.iter().all(|line| line.contains(" #")), "{told:?}");
}
