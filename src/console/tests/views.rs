//! Every view there is, and the keys that lead to it.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::canvas::RenderOptions;
use super::super::model::Model;
use super::super::update::{ConsoleInput, update};
use super::super::{fixture, view};
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::keys::guard::QUIET;
use crate::console::options::{EngineAt, Writing};
use crate::console::terminal::decode::{Decoder, Typed};
use crate::engine::Snapshot;

static UTC: TimeZone = TimeZone::UTC;

/// The age of fresh data.
pub const FRESH: Duration = Duration::from_millis(300);

/// One page of the screen, and the keys that open it.
pub struct View {
    pub name: &'static str,
    pub snapshot: Snapshot,
    /// As a terminal sends them.
    keys: &'static str,
    read_only: bool,
    pub age: Duration,
}

/// Page down as often as the smallest screen needs.
macro_rules! to_the_end {
    ($after:literal) => {
        concat!(
            "a\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~",
            "\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~",
            $after
        )
    };
}

/// The views over a host in trouble.
const IN_TROUBLE: &[(&str, &str)] = &[
    ("main", ""),
    ("main-needs-action", "2"),
    ("main-breakers", "3"),
    ("main-timeline", "4"),
    ("main-gauge", "5"),
    ("main-filter", "/nginx"),
    ("incident", "\r"),
    ("approval", "a"),
    ("approval-naming", to_the_end!("y")),
    ("playbook", "B\x1b[B\r"),
    ("playbook-rejected", "B\r"),
    ("playbooks", "B"),
    ("incidents", "I"),
    ("journal", "J"),
    ("messages", "M"),
    ("engine", "E"),
    ("success", "S"),
    ("held-back", "W"),
    ("pick", ":snooze a\r"),
    ("help", "?"),
    ("palette", ":pau"),
    ("palette-themes", ":t\t"),
    ("form-pause", "p"),
    ("form-schedule", "w"),
    ("form-snooze", "s"),
    ("form-run-now", "r"),
    ("form-breaker", "b"),
    ("form-close", "C"),
    ("form-arm", "A"),
    ("form-decline", "ax"),
    ("form-quit", "q"),
    ("form-suspend", "\x1a"),
];

/// All of them.
pub fn all() -> Vec<View> {
    let view = |name, keys, snapshot| View { name, snapshot, keys, read_only: false, age: FRESH };
    let mut views: Vec<View> = IN_TROUBLE.iter().map(|(name, keys)| view(name, keys, fixture::trouble())).collect();
    let mut unwritten = fixture::trouble();
    unwritten.recording = Err("no space left on device".into());
    views.extend([
        view("main-calm", "", fixture::calm()),
        view("main-first", "", fixture::first()),
        view("main-storm", "", fixture::storm()),
        view("main-paused", "", fixture::paused()),
        view("main-unwritten", "", unwritten),
        view("approvals", "ja", fixture::storm()),
        view("form-resume", "p", fixture::paused()),
        View { age: Duration::from_secs(9), ..view("main-stale", "", fixture::trouble()) },
        View { read_only: true, ..view("main-read-only", "", fixture::trouble()) },
    ]);
    views
}

impl View {
    /// The same keys over another host.
    pub fn over(self, snapshot: Snapshot) -> Self {
        Self { snapshot, ..self }
    }

    /// A console of this size after its keys were typed, each drawn and followed by enough quiet.
    pub fn model(&self, size: (u16, u16), look: &RenderOptions) -> Model {
        let mut model = Model::new(size, self.read_only, EngineAt::Embedded, Writing::Here);
        let mut at = 10_000;
        let mut take_in = |input: ConsoleInput, at| drop(update(&mut model, input, &self.world(look, at)));
        take_in(ConsoleInput::Snapshot, at);
        take_in(ConsoleInput::Drawn, at);
        let mut decoder = Decoder::default();
        let mut typed = decoder.feed(self.keys.as_bytes());
        typed.extend(decoder.settle());
        for typed in typed {
            at += QUIET;
            let Typed::Key(key) = typed else { panic!("only keys") };
            take_in(ConsoleInput::Key(key), at);
            take_in(ConsoleInput::Drawn, at);
        }
        model
    }

    /// Draws a console over this host.
    pub fn draw(&self, model: &Model, look: &RenderOptions) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
        view::draw(model, &self.world(look, 60_000), &mut buffer);
        buffer
    }

    /// All of it at once.
    pub fn drawn(&self, size: (u16, u16), look: &RenderOptions) -> Buffer {
        self.draw(&self.model(size, look), look)
    }

    fn world<'a>(&'a self, look: &'a RenderOptions, at: u64) -> ViewContext<'a> {
        ViewContext {
            snapshot: &self.snapshot,
            mono: self.snapshot.now.mono,
            wall: self.snapshot.now.wall,
            zone: &UTC,
            age: self.age,
            at: ConsoleTime(at),
            look,
            themes: themes(),
        }
    }
}

fn themes() -> &'static [String] {
    static THEMES: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    THEMES.get_or_init(|| super::super::theme::Shelf::new(std::path::Path::new("/nonexistent")).names())
}
