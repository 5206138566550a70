//! Whatever is typed, at whatever size and pace: nothing panics, and nothing is approved by accident.

use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use super::super::update::ConsoleInput;
use super::super::{fixture, view};
use super::keys::Desk;
use super::screens::look;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::keys::guard::QUIET;
use crate::console::terminal::decode::{Decoder, Typed};
use crate::core::Command;
use crate::engine::Snapshot;
use crate::playbook::Risk;

/// Keys, pastes, mouse reports and rubbish, as terminals send them.
const SENT: [&str; 63] = [
    "a",
    "A",
    "b",
    "B",
    "c",
    "C",
    "d",
    "e",
    "g",
    "G",
    "h",
    "I",
    "J",
    "j",
    "j",
    "k",
    "m",
    "M",
    "E",
    "n",
    "p",
    "q",
    "r",
    "R",
    "s",
    "S",
    "t",
    "x",
    "y",
    "y",
    "/",
    ":",
    "?",
    "1",
    "2",
    "3",
    "4",
    "5",
    "[",
    "]",
    " ",
    "\r",
    "\r",
    "\t",
    "\x1b[Z",
    "\x1b",
    "\x1b[A",
    "\x1b[B",
    "\x1b[5~",
    "\x1b[6~",
    "\x7f",
    "\x0c",
    "\x15",
    "\x03",
    "\x1b[200~y\r\x1b[201~",
    "\x1b[200~/\x1b[201~",
    "\x1b[<0;10;8M",
    "\x1b[<0;3;24M",
    "\x1b[<65;60;12M",
    "日",
    "\x1bOM",
    "\x1b[M !!",
    "\x1b]11;y\x07",
];

fn snapshots() -> impl Strategy<Value = Snapshot> {
    let made: [fn() -> Snapshot; 5] =
        [fixture::trouble, fixture::calm, fixture::first, fixture::hostile, || fixture::with_risk(Risk::Medium)];
    select(made.to_vec()).prop_map(|make| make())
}

/// Draws it as the loop does.
fn draw(desk: &mut Desk) {
    let (width, height) = desk.model.size;
    let look = look(false, TermProfile::NoColor);
    let world = ViewContext {
        snapshot: &desk.snapshot,
        mono: desk.snapshot.now.mono,
        wall: desk.snapshot.now.wall,
        zone: &TimeZone::UTC,
        age: std::time::Duration::ZERO,
        at: ConsoleTime(desk.at),
        look: &look,
        themes: &[],
    };
    view::draw(&desk.model, &world, &mut Buffer::empty(Rect::new(0, 0, width, height)));
    desk.input(ConsoleInput::Drawn);
}

fn approvals(desk: &Desk) -> usize {
    desk.commands().iter().filter(|command| matches!(command, Command::Approve { .. })).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_page_is_drawn_at_every_size(
        snapshot in snapshots(),
        later in snapshots(),
        sizes in vec((1..=300_u16, 1..=100_u16), 3),
        keys in vec(select(SENT.to_vec()), 1..14),
    ) {
        let mut desk = Desk::new(snapshot);
        desk.model.size = sizes[0];
        let half = keys.len() / 2;
        for (index, sent) in keys.iter().enumerate() {
            if index == half {
                desk = desk.now(later.clone());
                desk.input(ConsoleInput::Resize(sizes[1].0, sizes[1].1));
            }
            desk = desk.keys(sent);
            draw(&mut desk);
        }
        desk.input(ConsoleInput::Resize(sizes[2].0, sizes[2].1));
        draw(&mut desk);
    }

    #[test]
    fn no_string_of_hurried_keys_approves(
        risk in select(vec![Risk::Low, Risk::Medium, Risk::High]),
        keys in vec((select(SENT.to_vec()), 0..QUIET), 1..40),
    ) {
        let mut desk = Desk::new(fixture::with_risk(risk)).keys("a");
        // the page was opened and read; from here on there is no rest between keys
        desk.input(ConsoleInput::Key(crossterm::event::KeyCode::Up.into()));
        let mut decoder = Decoder::default();
        for (sent, rest) in keys {
            let mut typed = decoder.feed(sent.as_bytes());
            typed.extend(decoder.settle());
            for key in typed {
                desk.typed(key);
                desk.input(ConsoleInput::Drawn);
            }
            desk.quiet(rest);
            // what is swallowed whole is no key, so the quiet after it would be real
            desk.input(ConsoleInput::Key(crossterm::event::KeyCode::Up.into()));
        }
        prop_assert_eq!(approvals(&desk), 0);
    }

    #[test]
    fn no_paste_and_no_click_approves_at_any_pace(
        risk in select(vec![Risk::Low, Risk::Medium, Risk::High]),
        sent in vec((select(vec!["y", "yy\r", "/\r", "y\n", "\r"]), any::<bool>(), 1..=100_u16, 1..=50_u16), 1..20),
    ) {
        let mut desk = Desk::new(fixture::with_risk(risk)).keys("ma");
        for (text, paste, x, y) in sent {
            desk.quiet(QUIET * 2);
            let typed = if paste { format!("\x1b[200~{text}\x1b[201~") } else { format!("\x1b[<0;{x};{y}M") };
            for typed in Decoder::default().feed(typed.as_bytes()) {
                desk.typed(typed);
            }
            draw(&mut desk);
        }
        prop_assert_eq!(approvals(&desk), 0);
    }

    #[test]
    fn pieces_of_a_sequence_are_the_sequence(
        sent in vec(select(SENT.to_vec()).prop_filter("a lone Esc", |sent| *sent != "\x1b"), 1..12),
        cuts in vec(any::<bool>(), 200),
    ) {
        let bytes = sent.concat().into_bytes();
        let whole = Decoder::default().feed(&bytes);
        let mut decoder = Decoder::default();
        let (mut pieces, mut from) = (Vec::new(), 0);
        for end in 1..=bytes.len() {
            if end == bytes.len() || cuts[end % cuts.len()] {
                pieces.extend(decoder.feed(&bytes[from..end]));
                from = end;
            }
        }
        prop_assert!(!whole.iter().any(|typed| *typed == Typed::Key(crossterm::event::KeyCode::Esc.into())));
        prop_assert_eq!(pieces, whole);
        prop_assert!(!decoder.waits());
    }
}
