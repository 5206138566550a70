//! Pages on the screen: what was sent needs action, what a channel took is PAGED, and nothing else is.

use std::sync::Arc;

use super::super::{fixture, plain};
use super::keys::Desk;
use crate::console::content::rows;
use crate::core::incident::Denial;
use crate::core::{Command, IncidentId, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::{DeliveryState, Health, IncidentStage, IncidentView, Storm};

/// The mailer's page, so far.
fn mailer(call: &DeliveryState) -> Snapshot {
    let mut snapshot = fixture::trouble();
    for row in snapshot.detectors.iter_mut().filter(|row| row.incident == Some(IncidentId(39))) {
        row.call = Some(call.clone());
    }
    for view in snapshot.incidents.iter_mut().filter(|view| view.id == IncidentId(39)) {
        *view = Arc::new(IncidentView { call: Some(call.clone()), ..IncidentView::clone(view) });
    }
    snapshot
}

#[test]
fn a_page_is_not_paged_before_a_channel_took_it() {
    for (tries, words) in [
        (0, "paging: not delivered yet"),
        (1, "paging: not delivered yet (1 try)"),
        (3, "paging: not delivered yet (3 tries)"),
    ] {
        let desk = Desk::new(mailer(&DeliveryState::Calling { tries }));
        let screen = desk.screen((160, 50));
        assert!(screen.contains("#39 PAGING  mailer") && screen.contains(words), "{screen}");
        assert!(screen.contains("2 NEED ACTION") && !screen.contains("PAGED"), "{screen}");
        let page = desk.keys("2j\r").page();
        assert!(page[0].starts_with(words), "{page:?}");
        let told = plain::status(&mailer(&DeliveryState::Calling { tries }));
        assert!(told.contains(words) && !told.contains("PAGED"), "{told}");
    }
    let taken = || mailer(&DeliveryState::Taken { channels: vec!["oncall".into()] });
    let screen = Desk::new(taken()).screen((160, 50));
    assert!(screen.contains("#39 PAGED  mailer") && screen.contains("PAGED: 3 of 3 attempts"), "{screen}");
    assert!(!screen.contains("not delivered") && screen.contains("[c] ack"), "{screen}");
    assert!(plain::status(&taken()).contains("PAGED: 3 of 3 attempts not verified"));
}

#[test]
fn an_open_page_stands_on_its_row_whatever_is_done_meanwhile() {
    let mut snapshot = mailer(&DeliveryState::Taken { channels: vec!["oncall".into()] });
    for row in snapshot.detectors.iter_mut().filter(|row| row.incident == Some(IncidentId(39))) {
        row.health = Health::Verifying { soaking: false };
    }
    assert_eq!(rows::counts(&snapshot).asks, 2);
    let screen = Desk::new(snapshot).screen((160, 50));
    assert!(screen.contains("PAGED; VERIFY"), "{screen}");
}

/// Eleven of thirteen are down, held back by the storm.
fn storm() -> Snapshot {
    let mut snapshot = fixture::calm();
    let row = snapshot.detectors[0].clone();
    let view = IncidentView::clone(&fixture::trouble().incidents[2]);
    let denial = Denial::Storm { failing: 11, of: 13 };
    snapshot.incidents.clear();
    for number in 0..11 {
        let incident = IncidentId(100 + number);
        let mut row = row.clone();
        row.target = format!("unit app@{number:02}.service").into();
        (row.health, row.incident, row.call) = (Health::Held(denial.clone()), Some(incident), None);
        snapshot.detectors.push(row);
        let stage = IncidentStage::Held(denial.clone());
        snapshot.incidents.push(Arc::new(IncidentView { id: incident, stage, call: None, ..view.clone() }));
    }
    snapshot.storm = Some(Storm {
        incident: IncidentId(100),
        failing: 11,
        of: 13,
        targets: (0..11).map(|number| format!("unit app@{number:02}.service").into()).collect(),
        call: DeliveryState::Taken { channels: vec!["oncall".into()] },
        acknowledged: None,
    });
    snapshot
}

#[test]
fn a_storm_is_one_row_that_needs_action_and_names_its_targets() {
    let desk = Desk::new(storm());
    let screen = desk.screen((160, 50));
    assert!(screen.contains("11 FIRING  1 NEEDS ACTION"), "{screen}");
    assert!(screen.contains("Needs action 1"), "{screen}");
    assert!(screen.contains("#100 PAGED  storm: 11 of 13 down"), "{screen}");
    assert!(screen.contains("app@00, app@01") && screen.contains("app@10"), "{screen}");
    for size in [(120, 40), (80, 24)] {
        let screen = desk.screen(size);
        assert!(screen.contains("storm: 11 of 13 down") && screen.contains("app@00"), "{screen}");
    }
    assert!(Desk::new(storm()).keys("2").screen((40, 10)).contains("storm: 11 of 13"), "on the smallest one too");
    let told = plain::status(&storm());
    assert!(told.contains("storm, PAGED: 11 of 13 targets down: app@00, app@01"), "{told}");
}

#[test]
fn a_storms_page_is_acknowledged_from_its_row_and_from_every_row_that_it_holds() {
    let storms = Command::Acknowledge { incident: IncidentId(100) };
    assert_eq!(Desk::new(storm()).keys("2c").commands(), [&storms]);
    assert_eq!(Desk::new(storm()).keys("/app@07\rc").commands(), [&storms]);
}

#[test]
fn a_storms_row_is_taken_for_no_playbook() {
    let on_row = |keys: &str| Desk::new(storm()).keys("2").keys(keys);
    let paused = on_row("p\r");
    assert!(
        matches!(paused.commands()[..], [Command::Pause { scope: Scope::Host, .. }]),
        "{:?}: {}",
        paused.commands(),
        paused.said()
    );
    for key in ["A", "e", "d", "s", "r", "b"] {
        let desk = on_row(key);
        assert_eq!(desk.said(), "a storm belongs to no single playbook", "{key}");
        assert!(desk.commands().is_empty(), "{key}");
    }
}

#[test]
fn a_long_reason_has_the_rows_that_are_free() {
    let mut snapshot = mailer(&DeliveryState::Calling { tries: 12 });
    snapshot.detectors.retain(|row| row.incident == Some(IncidentId(39)));
    snapshot.incidents.retain(|view| view.id == IncidentId(39));
    let desk = Desk::new(snapshot);
    for size in [(160, 50), (120, 40), (80, 24)] {
        let screen = desk.screen(size);
        let right: Vec<&str> = screen.lines().filter_map(|line| line.split('│').nth(1)).collect();
        let pane = right.join(" ").replace("[c] ack", "").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(pane.contains("delivered yet (12 tries);"), "{screen}");
        assert!(pane.contains("3 attempts in 10m") || pane.contains("in 10m"), "{screen}");
    }
}

#[test]
fn a_failed_verification_keeps_what_was_seen_and_what_is_wanted() {
    let page = Desk::new(fixture::trouble()).keys("2j\x1b[A").keys("1\r").page();
    let line = page.iter().find(|line| line.starts_with("verify")).unwrap();
    assert!(line.starts_with("verify     97%, wanted room used < 80%"), "{page:?}");
}
