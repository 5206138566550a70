//! What the mouse may do: look. Every place that is clicked is the place that was drawn.

use std::time::Duration;

use jiff::tz::TimeZone;
use termprofile::TermProfile;

use super::super::fixture;
use super::super::model::{Model, OpenPage, Pane};
use super::super::update::ConsoleInput;
use super::super::view::{self, ClickTarget};
use super::keys::Desk;
use super::screens::{drawn, look};
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::content::filtered_list::ListKind;
use crate::console::content::rows;
use crate::console::model::effect::ConsoleEffect;
use crate::console::terminal::decode::Mouse;
use crate::core::Command;
use crate::engine::Snapshot;
use crate::playbook::Risk;

fn desk(snapshot: Snapshot, size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(snapshot).keys("m");
    desk.input(ConsoleInput::Resize(size.0, size.1));
    desk
}

fn hit(model: &Model, snapshot: &Snapshot, x: u16, y: u16) -> ClickTarget {
    let look = look(false, TermProfile::NoColor);
    let world = ViewContext {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::UTC,
        age: Duration::ZERO,
        at: ConsoleTime(0),
        look: &look,
        themes: &[],
    };
    view::hit(x, y, model, &world)
}

/// The column and row where these words are drawn.
fn place(desk: &Desk, words: &str) -> (u16, u16) {
    let picture = drawn(&desk.model, &desk.snapshot, false);
    let (y, line) = picture.lines().enumerate().find(|(_, line)| line.contains(words)).expect(words);
    let x = line[..line.find(words).unwrap()].chars().count();
    (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
}

fn click(desk: &mut Desk, words: &str) {
    let (x, y) = place(desk, words);
    desk.input(ConsoleInput::Mouse(Mouse::Click(x, y)));
}

#[test]
fn what_is_clicked_is_what_is_drawn_there() {
    for size in [(160, 50), (120, 30), (80, 24), (40, 10)] {
        for (pane, keys) in
            [(Pane::Detectors, "1"), (Pane::NeedsAction, "2"), (Pane::Breakers, "3"), (Pane::Timeline, "4")]
        {
            let desk = desk(fixture::trouble(), size).keys(keys);
            let picture = drawn(&desk.model, &desk.snapshot, false);
            let lines: Vec<Vec<char>> = picture.lines().map(|line| line.chars().collect()).collect();
            let mut found = 0;
            for (y, line) in (0_u16..).zip(&lines) {
                for x in (0..size.0).step_by(9) {
                    let ClickTarget::Pane(at, Some(item)) = hit(&desk.model, &desk.snapshot, x, y) else { continue };
                    let row: String = line.iter().collect();
                    // a reason takes up to five rows below its name
                    let above: String =
                        lines[usize::from(y.saturating_sub(5))..usize::from(y)].iter().flatten().collect();
                    let name = match at {
                        Pane::NeedsAction => item.to_string(),
                        Pane::Breakers => {
                            let mut rows = desk.snapshot.breakers.iter();
                            let breaker = rows.find(|row| rows::breaker_id(row) == item).unwrap();
                            crate::console::content::format::target(&breaker.key.target.to_string())
                        }
                        _ => rows::detectors(&desk.snapshot, "").into_iter().find(|row| row.id == item).unwrap().name,
                    };
                    let start: String = name.chars().take(6).collect();
                    let below = at == Pane::NeedsAction && above.contains(&start);
                    assert!(row.contains(&start) || below, "{at:?} {name} at {x},{y} of\n{picture}");
                    found += usize::from(at == pane);
                }
            }
            assert!(found > 0, "{pane:?} at {size:?}");
        }
    }
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut desk = desk(fixture::trouble(), (120, 40));
    click(&mut desk, "redis-server");
    assert!(desk.model.pages.is_empty());
    assert!(desk.model.main.detectors.on.as_deref().is_some_and(|on| on.contains("redis")));
    click(&mut desk, "cpu-load");
    click(&mut desk, "cpu-load");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Playbook { name, .. }) if &**name == "cpu-load"));
    // the last row's keys, and a list
    let mut desk = desk.keys("qI");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::List { kind: ListKind::Incidents, .. })));
    click(&mut desk, "#39");
    click(&mut desk, "#39");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Incident { id, .. }) if id.0 == 39));
    click(&mut desk, "Esc back");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::List { .. })));
    click(&mut desk, "? all keys");
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Text { .. })));
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut desk = desk(fixture::trouble(), (80, 24)).keys("?");
    desk.input(ConsoleInput::Mouse(Mouse::WheelDown(10, 10)));
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Text { scroll: 3, .. })));
    desk.input(ConsoleInput::Mouse(Mouse::WheelUp(10, 10)));
    assert!(matches!(desk.model.pages.last(), Some(OpenPage::Text { scroll: 0, .. })));
    let mut desk = desk.keys("q");
    let (x, y) = place(&desk, "Breakers");
    desk.input(ConsoleInput::Mouse(Mouse::WheelDown(x, y + 1)));
    assert_eq!((desk.model.main.pane, desk.model.main.breakers.at), (Pane::Breakers, 1));
}

#[test]
fn no_click_decides_anything_wherever_and_whenever() {
    for (risk, keys) in
        [(Risk::Medium, "a"), (Risk::High, "a"), (Risk::High, "ay/"), (Risk::Medium, "q"), (Risk::Low, "b")]
    {
        let mut desk = desk(fixture::with_risk(risk), (100, 50)).keys(keys);
        let (page, overlay) = (desk.model.pages.clone(), desk.model.overlay.clone());
        for y in 0..50 {
            for x in (0..100).step_by(2) {
                desk.quiet(1000);
                desk.input(ConsoleInput::Drawn);
                desk.input(ConsoleInput::Mouse(Mouse::Click(x, y)));
                desk.model.pages.clone_from(&page);
                desk.model.overlay.clone_from(&overlay);
            }
        }
        let sent = desk.asked.iter().filter(|asked| !matches!(asked, ConsoleEffect::Mouse(_) | ConsoleEffect::Copy(_)));
        assert_eq!(sent.count(), 0, "{keys}: {:?}", desk.asked);
        assert_eq!(desk.commands(), [] as [&Command; 0]);
    }
}

#[test]
fn it_is_off_until_it_is_asked_for() {
    let mut desk = Desk::new(fixture::trouble());
    desk.input(ConsoleInput::Mouse(Mouse::Click(5, 8)));
    assert!(desk.asked.is_empty() && desk.model.main.detectors.on.is_none());
    assert_eq!(desk.keys("mm").asked, [ConsoleEffect::Mouse(true), ConsoleEffect::Mouse(false)]);
}
