//! What a screen costs on the line: a first paint, and a minute in which nothing happens. The clock is not real.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use super::super::model::Model;
use super::super::theme::{Shelf, Theme};
use super::super::{fixture, view};
use super::screens::look;
use crate::console::canvas::diff_writer::encode;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::options::{EngineAt, Writing};
use crate::engine::Snapshot;

const PROFILES: [TermProfile; 4] =
    [TermProfile::NoColor, TermProfile::Ansi16, TermProfile::Ansi256, TermProfile::TrueColor];

/// The screen so many milliseconds after the snapshot.
fn drawn(snapshot: &Snapshot, size: (u16, u16), after: u64, profile: TermProfile, theme: &Theme) -> Buffer {
    let mut look = look(false, profile);
    look.styles = theme.on(profile);
    let since = Duration::from_millis(after);
    let world = ViewContext {
        snapshot,
        mono: snapshot.now.mono + since,
        wall: snapshot.now.wall + since,
        zone: &TimeZone::UTC,
        // a sign of progress comes every second
        age: Duration::from_millis(after % 1000),
        at: ConsoleTime(after),
        look: &look,
        themes: &[],
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(&Model::new(size, false, EngineAt::Embedded, Writing::Here), &world, &mut buffer);
    buffer
}

#[test]
fn a_first_paint_takes_six_kilobytes_at_most() {
    let shelf = Shelf::new(std::path::Path::new("/nonexistent"));
    for name in shelf.names() {
        let theme = shelf.find(&name).unwrap();
        for profile in PROFILES {
            let next = drawn(&fixture::trouble(), (80, 24), 0, profile, &theme);
            let bytes = encode(&Buffer::empty(next.area), &next);
            assert!(bytes.len() <= 6 * 1024, "{name} on {profile:?}: {} bytes", bytes.len());
        }
    }
}

#[test]
fn an_unchanged_screen_takes_none() {
    let screen = drawn(&fixture::trouble(), (120, 40), 0, TermProfile::TrueColor, &Theme::standard());
    assert_eq!(encode(&screen, &screen), b"");
}

#[test]
fn an_idle_minute_takes_a_hundred_bytes_a_second_at_most() {
    let theme = Theme::standard();
    for size in [(80, 24), (120, 40), (200, 60)] {
        for profile in PROFILES {
            let mut snapshot = fixture::calm();
            let mut shown = drawn(&snapshot, size, 0, profile, &theme);
            let mut bytes = 0;
            for second in 1..=60_u64 {
                if second % 10 == 0 {
                    // a figure moves a little with each look
                    let load = snapshot.detectors.iter_mut().find(|row| &*row.playbook == "cpu-load").unwrap();
                    load.seen = Some(format!("0.{}", 60 + second / 10).into());
                }
                let next = drawn(&snapshot, size, second * 1000, profile, &theme);
                bytes += encode(&shown, &next).len();
                shown = next;
            }
            assert!(bytes <= 60 * 100, "{size:?} on {profile:?}: {bytes} bytes in a minute");
        }
    }
}
