//! Finding by a few letters: the filter, the palette, and commands that ask which.

use super::super::fixture;
use super::super::keys::{PLACES, place_name};
use super::super::model::{OpenPage, Overlay, Pane};
use super::keys::Desk;
use crate::console::content::rows;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;
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
        assert!(matches!(desk.model.pages[..], [OpenPage::Incident { id: IncidentId(42), .. }]), "{before}");
        assert_eq!(desk.model.main.detectors.on.as_deref(), Some("service-down unit nginx.service"));
    }
    let well = desk().keys(":postgres\r");
    assert!(matches!(&well.model.pages[..], [OpenPage::Playbook { name, .. }] if &**name == "inodes"));
}

#[test]
fn incidents_breakers_and_themes_are_found_too() {
    assert!(matches!(desk().keys(":#39\r").model.pages[..], [OpenPage::Incident { id: IncidentId(39), .. }]));
    let breaker = desk().keys("J:breaker mailer\r");
    assert_eq!((breaker.model.main.pane, breaker.model.place()), (Pane::Breakers, InputMode::Main));
    assert_eq!(breaker.model.main.breakers.on.as_deref(), Some("service-down unit mailer.service"));
    let asked = desk().keys(":theme mono\r").asked;
    let kept = asked.iter().filter(|request| !matches!(request, ConsoleEffect::Preview(_)));
    assert_eq!(kept.collect::<Vec<_>>(), [&ConsoleEffect::Theme("mono".into())]);
}

#[test]
fn a_command_without_a_target_asks_which() {
    let nginx = fixture::trouble().incidents[1].key.clone();
    for keys in ["5r", "J:run the playbook\r"] {
        let asks = desk().keys(keys);
        assert!(matches!(asks.model.overlay, Some(Overlay::Pick(_))), "{keys}");
        assert_eq!(asks.keys("nginx\r").asked, [ConsoleEffect::Plan(nginx.clone())], "{keys}");
    }
    let none = desk().keys("5rzzz\r");
    assert_eq!((none.said(), none.model.place()), ("no match: nothing was done", InputMode::Main));
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
    assert!(desk.asked.iter().all(|request| matches!(request, ConsoleEffect::Copy(_))), "{:?}", desk.asked);
}

#[test]
fn what_is_held_back_is_ended_by_its_name() {
    let snooze = fixture::trouble().snoozes[0].key.clone();
    assert_eq!(desk().keys(":end redis\ry").commands(), [&Command::Unsnooze { key: snooze }]);
}

#[test]
fn help_begins_with_the_keys_of_the_place_that_one_came_from() {
    for (keys, place) in [
        ("", InputMode::Main),
        ("\r", InputMode::Incident),
        ("a", InputMode::Approval),
        ("G\r", InputMode::Playbook),
        ("S", InputMode::List),
        ("W", InputMode::List),
        ("J", InputMode::Text),
    ] {
        let desk = desk().keys(keys).keys("?");
        let page = desk.page();
        let first = PLACES.iter().filter_map(|place| page.iter().position(|line| line == place_name(*place))).min();
        assert_eq!(first.map(|line| page[line].as_str()), Some(place_name(place)), "{keys}");
    }
}

#[test]
fn a_list_is_filtered_and_escape_first_shows_all_again() {
    let shown = |desk: &Desk| desk.page().len();
    let desk = desk().keys("I/mail\r");
    assert_eq!(shown(&desk), 1);
    let opened = desk.keys("\r");
    assert!(matches!(opened.model.pages.last(), Some(OpenPage::Incident { id: IncidentId(39), .. })));
    let back = opened.keys("\x1b");
    assert_eq!(shown(&back), 1, "the filter is kept");
    let all = back.keys("\x1b");
    assert_eq!((shown(&all), all.model.place()), (4, InputMode::List));
    assert_eq!(all.keys("\x1b").model.place(), InputMode::Main);
    assert_eq!(shown(&super::finding::desk().keys("B/sh inod\r")), 1);
    assert_eq!(super::finding::desk().keys("I/mail\rB").page().len(), 5, "another list begins unfiltered");
    let counted = super::finding::desk().keys("S/x");
    assert!(counted.model.overlay.is_none() && counted.model.main.filter.is_empty());
    let undone = super::finding::desk().keys("I/zzz\x1b");
    assert_eq!((shown(&undone), undone.model.main.filter.as_str()), (4, ""));
}
