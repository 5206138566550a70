//! Pages that are read: words found, attempts chosen, copies, exports, and what the journal tells of an incident.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::fixture;
use super::super::model::{OpenPage, Overlay};
use super::super::update::ConsoleInput;
use super::keys::Desk;
use super::rewind::moment;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;
use crate::console::terminal::osc::LARGEST;
use crate::core::{Event, IncidentId, Mono, PageId, Recorded};
use crate::engine::history::PastError;
use crate::engine::snapshot::IncidentView;
use crate::engine::views::incident_markdown;

/// On the page of the mailer's incident, which has three attempts.
fn mailer() -> Desk {
    Desk::new(fixture::trouble()).keys("2j\r")
}

fn scroll(desk: &Desk) -> usize {
    match desk.model.pages.last() {
        Some(OpenPage::Incident { scroll, .. } | OpenPage::Text { scroll, .. } | OpenPage::Playbook { scroll, .. }) => {
            *scroll
        }
        _ => 0,
    }
}

fn found(desk: &Desk) -> (String, usize) {
    match &desk.model.overlay {
        Some(Overlay::Find(find)) => (find.words.clone(), find.at),
        _ => (String::new(), 0),
    }
}

fn copied(desk: &Desk) -> Vec<&str> {
    let copies = desk.asked.iter();
    copies
        .filter_map(|request| if let ConsoleEffect::Copy(text) = request { Some(text.as_str()) } else { None })
        .collect()
}

/// The journal's view of an incident: with the delivery of a page, which no snapshot has.
fn told(view: &IncidentView) -> Arc<IncidentView> {
    let last = view.story.last().unwrap();
    let event = Event::Delivered { page: PageId(7), channel: "oncall".into(), instead: None };
    let mut story = view.story.clone();
    story.push(Arc::new(Recorded { seq: last.seq + 1, event, ..Recorded::clone(last) }));
    Arc::new(IncidentView { story, ..view.clone() })
}

#[test]
fn words_are_found_and_enter_goes_from_place_to_place() {
    let mut desk = mailer();
    desk.model.size = (80, 10);
    let desk = desk.keys("/no answer");
    assert_eq!(desk.model.place(), InputMode::Finding);
    let screen = desk.screen((80, 10));
    assert!(screen.contains("/no answer_ 1 of 3"), "{screen}");
    let first = scroll(&desk);
    let desk = desk.keys("\r\r");
    assert_eq!(found(&desk), ("no answer".into(), 2));
    assert!(scroll(&desk) > first);
    let desk = desk.keys("\r");
    assert_eq!(found(&desk).1, 0, "after the last match comes the first");
    let desk = desk.keys("\x1b[A\x1b");
    assert!(desk.model.overlay.is_none() && scroll(&desk) > first, "Esc stays at the place that was found");
    assert_eq!(desk.model.place(), InputMode::Incident);
    assert!(mailer().keys("/nowhere").screen((80, 24)).contains("/nowhere_ not here"));
}

#[test]
fn every_page_that_is_read_can_be_searched() {
    for opener in ["J", "M", "E", "?", "B\r", "2j\r"] {
        let desk = Desk::new(fixture::trouble()).keys(opener).keys("/e");
        assert_eq!(desk.model.place(), InputMode::Finding, "{opener}");
        assert!(desk.screen((40, 10)).contains("/e_ 1 of"), "{opener}: {}", desk.screen((40, 10)));
    }
    assert_eq!(Desk::new(fixture::trouble()).keys("B/").model.place(), InputMode::Typing, "lists are filtered");
    let pasted = mailer().keys("/").keys("\x1b[200~no\nanswer\x1b[201~");
    assert_eq!(found(&pasted).0, "no answer");
}

#[test]
fn a_copy_is_the_page_or_the_chosen_attempt() {
    let desk = mailer().keys("y");
    assert!(copied(&desk)[0].contains("attempt 1") && copied(&desk)[0].contains("attempt 3"));
    assert_eq!(desk.said(), "copied this page to the clipboard, if this terminal supports it");
    let desk = mailer().keys("\t\ty");
    assert_eq!(desk.said(), "copied attempt 2 to the clipboard, if this terminal supports it");
    let [text] = copied(&desk)[..] else { panic!("one copy") };
    assert!(text.contains("attempt 2 started") && text.contains("restart mailer.service: job done"), "{text}");
    assert!(
        text.contains("attempt 2 of 3 not verified: no answer")
            && !text.contains("attempt 1")
            && !text.contains("attempt 3")
    );
    let none = mailer().keys("\t\t\t\ty");
    assert_eq!(none.said(), "copied this page to the clipboard, if this terminal supports it");
    assert!(copied(&mailer().keys("\x1b[Zy"))[0].contains("attempt 3"), "from the last one back");
}

#[test]
fn a_copy_that_was_cut_says_so() {
    let mut snapshot = fixture::trouble();
    let source: Arc<str> = "# filler\n".repeat(20_000).into();
    let book = snapshot.playbooks.iter_mut().find(|book| &*book.name == "disk-full").unwrap();
    Arc::make_mut(book).source = source;
    let desk = Desk::new(snapshot).keys("/disk\r:playbook disk-full\ry");
    assert!(desk.said().starts_with("CUT: copied only the first 7"), "{}", desk.said());
    let [text] = copied(&desk)[..] else { panic!("one copy") };
    assert!(text.len() <= LARGEST && text.ends_with('\n'));
}

#[test]
fn an_incident_is_exported_as_it_is_shown() {
    let snapshot = fixture::trouble();
    let mailer = snapshot.incidents.iter().find(|view| view.id == IncidentId(39)).unwrap().clone();
    let desk = Desk::new(snapshot).keys("2j\rx");
    let text = incident_markdown::markdown(&mailer, "web-03", &TimeZone::UTC);
    assert_eq!(desk.asked, [ConsoleEffect::Export { stem: "salve-incident-39".into(), text }]);
    let mut desk = Desk::new(fixture::trouble());
    desk.model.pages.push(OpenPage::Incident { id: IncidentId(3), scroll: 0 });
    assert_eq!(desk.keys("x").said(), "this incident is still being read from the journal");
}

#[test]
fn a_report_holds_everything_and_nothing_breaks_out_of_it() {
    let snapshot = fixture::trouble();
    for (id, name) in [(41, "report-asks"), (38, "report-healed")] {
        let view = snapshot.incidents.iter().find(|view| view.id == IncidentId(id)).unwrap();
        super::screens::expect(name, &incident_markdown::markdown(view, "web-03", &TimeZone::UTC));
    }
    for view in &fixture::hostile().incidents {
        let text = incident_markdown::markdown(view, "web-03", &TimeZone::UTC);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(text.lines().filter(|line| line.starts_with("# ")).count() == 1, "{text}");
    }
}

#[test]
fn the_journal_adds_what_the_snapshot_has_not() {
    let desk = mailer();
    assert_eq!(desk.told, [IncidentId(39)]);
    let view = told(&fixture::trouble().incidents.iter().find(|view| view.id == IncidentId(39)).unwrap().clone());
    let mut desk = desk.keys("jk");
    assert_eq!(desk.told.len(), 1, "once is enough");
    assert!(!desk.screen((120, 60)).contains("page #7 delivered to oncall"));
    desk.input(ConsoleInput::Told(IncidentId(39), Ok(Arc::clone(&view))));
    assert!(desk.screen((120, 60)).contains("page #7 delivered to oncall"));
    assert_eq!(desk.screen((120, 60)).matches("attempt 1 started").count(), 1, "and tells nothing twice");
    let desk = desk.keys("\x1b").keys("[").recalled(Ok(moment(810, fixture::trouble())));
    let desk = desk.keys("2j\r");
    assert!(!desk.screen((120, 60)).contains("page #7 delivered to oncall"), "over the past, nothing that came later");
}

#[test]
fn a_new_event_of_the_incident_asks_again() {
    let mut later = fixture::trouble();
    let view = later.incidents.iter_mut().find(|view| view.id == IncidentId(39)).unwrap();
    *view = told(view);
    let desk = mailer().now(later);
    assert_eq!(desk.told, [IncidentId(39), IncidentId(39)]);
}

#[test]
fn an_incident_that_the_snapshot_has_no_more_opens_too() {
    let mut desk = Desk::new(fixture::trouble()).keys(":#3\r");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Incident { id: IncidentId(3), .. })));
    assert_eq!(desk.told, [IncidentId(3)]);
    assert!(desk.screen((80, 24)).contains("Reading the journal …"));
    let old = fixture::trouble().incidents.iter().find(|view| view.id == IncidentId(38)).unwrap().clone();
    let old = Arc::new(IncidentView { id: IncidentId(3), ..IncidentView::clone(&old) });
    desk.input(ConsoleInput::Told(IncidentId(3), Ok(old)));
    assert!(desk.screen((80, 24)).contains("CLOSED at"), "{}", desk.screen((80, 24)));
    assert!(copied(&desk.keys("y"))[0].contains("attempt 1"));
    let mut desk = Desk::new(fixture::trouble()).keys(":999\r");
    desk.input(ConsoleInput::Told(IncidentId(999), Err(PastError::Unknown(IncidentId(999)))));
    assert!(desk.screen((80, 24)).contains("This incident cannot be shown: there is no incident #999 in the journal"));
}

#[test]
fn a_moment_before_an_incident_was_opened_says_so() {
    let desk = Desk::new(fixture::trouble()).keys("2j\r[").recalled(Ok(moment(5, fixture::calm())));
    assert!(desk.screen((80, 24)).contains("This incident was not open yet at that time."));
    assert_eq!(Mono(5000), desk.model.replayed().unwrap().moment.event.mono);
}

#[test]
fn words_that_the_screen_breaks_over_two_rows_are_found() {
    let mut desk = mailer();
    desk.model.size = (40, 10);
    let desk = desk.keys("/no answer");
    assert!(desk.screen((40, 10)).contains("/no answer_ 1 of 3"));
    assert!(scroll(&desk) > 0 && desk.screen((40, 10)).contains("answer on 127.0.0.1:25"), "{}", desk.screen((40, 10)));
}

#[test]
fn one_walks_through_all_incidents_by_number() {
    let open = |desk: &Desk| match desk.model.pages.last() {
        Some(OpenPage::Incident { id, .. }) => id.0,
        _ => 0,
    };
    let desk = mailer().keys("<<<");
    assert_eq!((open(&desk), desk.told.last()), (36, Some(&IncidentId(36))), "older than the lists go");
    let desk = desk.keys(&"<".repeat(40));
    assert_eq!((open(&desk), desk.said()), (1, "this is the first incident"));
    let desk = mailer().keys(">>>>>>");
    assert_eq!((open(&desk), desk.said()), (42, "this is the newest incident"));
    assert_eq!(desk.model.pages.len(), 1, "and Esc leads back to where one came from");
}
