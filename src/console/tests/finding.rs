//! Finding by a few letters: the filter, the palette, and commands that ask which.

use super::super::fixture;
use super::super::keys::{PLACES, place_name};
use super::super::model::{Overlay, Page, Pane, Place};
use super::super::rows;
use super::super::update::Request;
use super::keys::Desk;
use crate::core::{Command, IncidentId};

fn desk() -> Desk {
    Desk::new(fixture::trouble())
}

fn shown(filter: &str) -> Vec<String> {
    rows::detectors(&fixture::trouble(), filter).into_iter().map(|row| row.name).collect()
}

#[test]
fn a_filter_takes_letters_that_are_not_next_to_each_other() {
    assert_eq!(shown("ngx"), ["nginx"]);
    assert_eq!(shown("pgsql"), ["disk /var/lib/postgresql"]);
    assert_eq!(shown("down red"), ["redis-server"]);
    assert!(shown("zzz").is_empty());
    let snapshot = fixture::trouble();
    let rows = rows::detectors(&snapshot, "ngx");
    assert_eq!(rows[0].marks, [0, 1, 4]);
    assert!(rows::detectors(&snapshot, "").iter().all(|row| row.marks.is_empty()));
}

#[test]
fn a_targets_name_opens_it_from_anywhere() {
    for before in ["", "J", "S", "\r"] {
        let desk = desk().keys(before).keys(":nginx\r");
        assert!(matches!(desk.model.pages[..], [Page::Incident { id: IncidentId(42), .. }]), "{before}");
        assert_eq!(desk.model.main.detectors.on.as_deref(), Some("service-down unit nginx.service"));
    }
    let well = desk().keys(":postgres\r");
    assert!(matches!(&well.model.pages[..], [Page::Playbook { name, .. }] if &**name == "inodes"));
}

#[test]
fn incidents_breakers_and_themes_are_found_too() {
    assert!(matches!(desk().keys(":#39\r").model.pages[..], [Page::Incident { id: IncidentId(39), .. }]));
    let breaker = desk().keys("J:breaker mailer\r");
    assert_eq!((breaker.model.main.pane, breaker.model.place()), (Pane::Breakers, Place::Main));
    assert_eq!(breaker.model.main.breakers.on.as_deref(), Some("service-down unit mailer.service"));
    let asked = desk().keys(":theme mono\r").asked;
    let kept = asked.iter().filter(|request| !matches!(request, Request::Preview(_)));
    assert_eq!(kept.collect::<Vec<_>>(), [&Request::Theme("mono".into())]);
}

#[test]
fn a_command_without_a_target_asks_which() {
    let nginx = fixture::trouble().incidents[1].key.clone();
    for keys in ["5r", "J:run the playbook\r"] {
        let asks = desk().keys(keys);
        assert!(matches!(asks.model.overlay, Some(Overlay::Pick(_))), "{keys}");
        assert_eq!(asks.keys("nginx\r").asked, [Request::Plan(nginx.clone())], "{keys}");
    }
    let none = desk().keys("5rzzz\r");
    assert_eq!((none.said(), none.model.place()), ("nothing answers to that: nothing was done", Place::Main));
}

#[test]
fn the_palette_asks_which_and_offers_what_is_looked_at_first() {
    let disk = fixture::trouble().incidents[0].key.clone();
    let snoozed = desk().keys(":snooze\r\r\r");
    assert!(matches!(snoozed.commands()[..], [Command::Snooze { key, .. }] if *key == disk));
}

#[test]
fn a_playbook_with_several_targets_asks_which_of_its_own() {
    let desk = desk().keys(":playbook service-down\r").keys("b");
    let Some(Overlay::Pick(pick)) = &desk.model.overlay else { panic!("it asks which") };
    assert_eq!(pick.of.as_deref(), Some("service-down"));
    let latched = desk.keys("redis\rleave it\tlatch\r");
    assert!(
        matches!(latched.commands()[..], [Command::LatchBreaker { key, .. }] if key.target.name() == "redis-server.service")
    );
}

#[test]
fn a_console_that_only_looks_finds_nothing_that_acts() {
    let mut desk = desk();
    desk.model.read_only = true;
    let desk = desk.keys(":run the playbook\r").keys("\x1b\x1b").keys("W\ry");
    assert!(desk.commands().is_empty());
    assert!(desk.asked.iter().all(|request| matches!(request, Request::Copy(_))), "{:?}", desk.asked);
}

#[test]
fn what_is_held_back_is_ended_by_its_name() {
    let snooze = fixture::trouble().snoozes[0].key.clone();
    assert_eq!(desk().keys(":end redis\ry").commands(), [&Command::Unsnooze { key: snooze }]);
}

#[test]
fn help_begins_with_the_keys_of_the_place_that_one_came_from() {
    for (keys, place) in [
        ("", Place::Main),
        ("\r", Place::Incident),
        ("a", Place::Approval),
        ("G\r", Place::Playbook),
        ("S", Place::List),
        ("W", Place::List),
        ("J", Place::Text),
    ] {
        let desk = desk().keys(keys).keys("?");
        let page = desk.page();
        let first = PLACES.iter().filter_map(|place| page.iter().position(|line| line == place_name(*place))).min();
        assert_eq!(first.map(|line| page[line].as_str()), Some(place_name(place)), "{keys}");
    }
}
