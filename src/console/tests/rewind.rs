//! Looking back: strings of keys in, questions out, moments in.

use std::sync::Arc;

use super::super::fixture;
use super::super::model::{OpenPage, Pane};
use super::super::update::ConsoleInput;
use super::keys::Desk;
use super::pictures::album;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;
use crate::core::{Event, Mono, Recorded};
use crate::engine::Snapshot;
use crate::engine::history::{FoldProgress, PastError, Replayed, Seek, SeekSide};

const NOW: Seek = Seek::Event(i64::MAX.cast_unsigned());

/// A moment of a journal with ten events.
pub fn moment(seq: u64, snapshot: Snapshot) -> Replayed {
    let (mono, wall) = (Mono(seq * 1000), snapshot.now.wall);
    let event = Event::Notice { about: "salve".into(), text: format!("event {seq}").into() };
    Replayed { seq, of: 10, event: Arc::new(Recorded { seq, mono, wall, event }), snapshot: Arc::new(snapshot) }
}

/// A console over trouble that looks at a calm moment.
fn past(seq: u64) -> Desk {
    high().keys("[").recalled(Ok(moment(seq, fixture::calm())))
}

fn high() -> Desk {
    Desk::new(fixture::trouble())
}

fn goals(desk: &Desk) -> Vec<Seek> {
    let goal = |request: &ConsoleEffect| if let ConsoleEffect::Recall(goal) = request { Some(*goal) } else { None };
    desk.asked.iter().filter_map(goal).collect()
}

#[test]
fn brackets_step_through_events_and_braces_through_incidents() {
    let desk = past(10).keys("[").recalled(Ok(moment(9, fixture::calm()))).keys("{");
    assert_eq!(goals(&desk), [NOW, Seek::Event(9), Seek::IncidentBefore(9)]);
    let desk =
        desk.recalled(Ok(moment(3, fixture::calm()))).keys("]").recalled(Ok(moment(4, fixture::calm()))).keys("}");
    assert_eq!(goals(&desk)[3..], [Seek::Event(4), Seek::IncidentAfter(4)]);
    assert_eq!(goals(&high().keys("{")), [Seek::IncidentBefore(i64::MAX.cast_unsigned())]);
}

#[test]
fn a_key_that_is_held_down_moves_the_goal_and_queues_nothing() {
    let desk = past(10).burst("[[[[");
    assert_eq!(goals(&desk), [NOW, Seek::Event(9)]);
    let desk = desk.recalled(Ok(moment(9, fixture::calm())));
    assert_eq!(goals(&desk), [NOW, Seek::Event(9), Seek::Event(6)]);
    assert_eq!(goals(&high().burst("[[[[")), [NOW], "nothing is shown yet");
}

#[test]
fn the_journals_ends_are_said() {
    assert_eq!(past(1).keys("[").said(), "this is the journal's first event");
    assert_eq!(past(10).keys("]").said(), "this is the last event: t returns to live");
    assert_eq!(high().keys("]").said(), "this is live: [ goes back in time");
    assert_eq!(high().keys("t").said(), "this is live");
    let desk = past(3).keys("{").recalled(Err(PastError::NoIncident(SeekSide::Before)));
    assert_eq!(desk.said(), "no incident was opened before this moment");
    assert_eq!(desk.model.replayed().map(|shown| shown.moment.seq), Some(3), "the moment stays");
    let desk = high().keys("[").recalled(Err(PastError::Empty));
    assert!(desk.model.rewind.is_none() && desk.said() == "nothing recorded yet");
}

#[test]
fn nothing_acts_from_the_past() {
    let all: String = (' '..='~').filter(|key| !"t[]{}q".contains(*key)).collect();
    for opener in ["", "\r", "2\r", "B", "B\r", "I\r", "J", "a", "3", "4\r"] {
        let past = high().keys("[").recalled(Ok(moment(5, fixture::trouble())));
        let desk = past.keys(opener).keys(&all).keys("\r\x1b").keys(&all).keys("\r");
        let acts = |request: &&ConsoleEffect| matches!(request, ConsoleEffect::Send(_) | ConsoleEffect::Ask(_));
        assert_eq!(desk.asked.iter().find(acts), None, "{opener:?}");
    }
    let desk = high().keys("[").recalled(Ok(moment(5, fixture::trouble()))).keys("ay");
    assert_eq!(desk.model.place(), InputMode::Approval);
    assert!(desk.screen((100, 60)).contains("You are viewing the past: no answer is possible."));
    assert_eq!(desk.commands().len(), 0, "a request of the past cannot be answered");
}

#[test]
fn leaving_returns_to_the_place_where_one_was() {
    for way in ["t", "\x1b"] {
        let desk = high().keys("4j[").recalled(Ok(moment(5, fixture::calm())));
        let back = desk.keys("1/disk\r").keys("\x1b").keys(way);
        assert!(back.model.rewind.is_none(), "{way:?}");
        assert_eq!(back.model.main.pane, Pane::Timeline);
        assert_eq!(back.model.main.filter, "");
        assert_eq!(back.model.main.detectors.at, 1);
    }
    let desk = high().keys("I\r[").recalled(Ok(moment(5, fixture::calm()))).keys("\x1bBt");
    assert!(matches!(desk.model.pages[..], [OpenPage::List { .. }, OpenPage::Incident { .. }]));
}

#[test]
fn what_waits_meanwhile_is_told_and_rings() {
    let mut desk = Desk::new(fixture::calm()).keys("[").recalled(Ok(moment(5, fixture::calm())));
    desk = desk.now(fixture::trouble());
    assert!(matches!(desk.asked[..], [.., ConsoleEffect::Bell, ConsoleEffect::Notify(_)]));
    assert_eq!(desk.model.rewind.as_ref().map(|rewind| rewind.waiting), Some(1));
    assert_eq!(desk.model.replayed().map(|shown| shown.moment.seq), Some(5), "the past stays on the screen");
}

#[test]
fn a_question_on_the_screen_is_not_pulled_away_by_a_moment_that_comes_late() {
    for question in ["a", "p"] {
        let desk = high().keys("[").keys(question);
        let place = desk.model.place();
        let desk = desk.recalled(Ok(moment(5, fixture::calm())));
        assert!(desk.model.rewind.is_none());
        assert_eq!(desk.model.place(), place);
    }
}

#[test]
fn an_answer_after_leaving_changes_nothing() {
    let desk = past(5).keys("[").keys("t").recalled(Ok(moment(4, fixture::calm())));
    assert!(desk.model.rewind.is_none());
}

#[test]
fn progress_is_known_while_the_first_moment_is_on_its_way() {
    let mut desk = high().keys("[");
    desk.input(ConsoleInput::Recalling(Some(FoldProgress { done: 2048, of: 5000 })));
    assert!(desk.screen((80, 24)).lines().next().is_some_and(|line| line.contains("reading the journal 40%")));
    assert!(!desk.screen((80, 24)).contains("REPLAY"), "what is on the screen is live");
    let desk = desk.recalled(Ok(moment(5, fixture::calm())));
    assert!(desk.screen((80, 24)).contains("REPLAY"));
}

#[test]
fn the_past_is_marked_at_every_width() {
    let desk = high().keys("[").recalled(Ok(moment(5, fixture::trouble())));
    for width in 9..160 {
        let screen = desk.screen((width, 12));
        let line = screen.lines().next().unwrap_or_default().to_owned();
        assert!(line.contains("REPLAY") || width < 17 && line.contains("REP"), "{width}: {line}");
    }
    let line = desk.screen((80, 12));
    assert!(line.contains("REPLAY 14:02:31 event 5 of 10"), "{line}");
}

#[test]
fn the_past_at_the_sizes_that_people_have() {
    let desk = high().keys("[").recalled(Ok(moment(7, fixture::trouble())));
    album("past", |size, ascii| desk.screen_in(size, ascii));
    let page = desk.keys("2j\r");
    album("past-incident", |size, ascii| page.screen_in(size, ascii));
    let find = high().keys("2j\r/no answer");
    album("find", |size, ascii| find.screen_in(size, ascii));
    let chosen = high().keys("2j\r\t\t");
    album("incident-chosen", |size, ascii| chosen.screen_in(size, ascii));
}
