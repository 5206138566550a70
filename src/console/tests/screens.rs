//! What holds for every screen: an answer in line 1 at every width, no panic at any size, nothing told by colour alone.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use super::super::canvas::RenderOptions;
use super::super::form::Form;
use super::super::model::{Cursor, Model, OpenPage, Overlay, StatusMessage};
use super::super::theme::{Role, Theme};
use super::super::{fixture, view};
use super::pictures::album;
use super::views;
use crate::console::canvas::glyphs::Glyphs;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::content::filtered_list::ListKind;
use crate::console::options::{EngineAt, Writing};
use crate::engine::Snapshot;
use crate::engine::standalone::dry_run::Rehearsal;

pub fn look(ascii: bool, profile: TermProfile) -> RenderOptions {
    let glyphs = if ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
    RenderOptions { glyphs, styles: Theme::standard().on(profile) }
}

fn buffer(model: &Model, snapshot: &Snapshot, look: &RenderOptions, age: Duration) -> Buffer {
    let world = ViewContext {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::UTC,
        age,
        at: ConsoleTime(0),
        look,
        themes: &["default".to_owned(), "mono".to_owned()],
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view::draw(model, &world, &mut buffer);
    buffer
}

pub fn drawn(model: &Model, snapshot: &Snapshot, ascii: bool) -> String {
    let look = look(ascii, TermProfile::NoColor);
    format!("{}\n", crate::console::app::once::text(&buffer(model, snapshot, &look, Duration::from_millis(300))))
}

pub fn expect(name: &str, picture: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

fn model(size: (u16, u16)) -> Model {
    Model::new(size, false, EngineAt::Embedded, Writing::Here)
}

#[test]
fn what_is_held_back() {
    let mut snapshot = super::holds::planned(1200);
    snapshot.pauses = fixture::paused().pauses;
    album("held-back-in-force", |size, ascii| {
        let mut model = model(size);
        model.pages.push(OpenPage::List { kind: ListKind::Held, cursor: Cursor::default() });
        drawn(&model, &snapshot, ascii)
    });
    let line = |snapshot: &Snapshot| drawn(&model((100, 1)), snapshot, true);
    assert!(line(&snapshot).contains("PAUSED 12m by alice"), "a pause in force comes first");
    assert!(line(&super::holds::planned(1200)).contains("maintenance in 20m"));
    assert!(line(&super::holds::planned(1201)).contains("maintenance in 21m"), "never sooner than told");
    assert!(line(&super::holds::planned(7200)).contains("auto "), "not yet near");
    assert!(line(&super::holds::planned(0)).contains("MAINTENANCE 41m by alice"));
}

#[test]
fn a_run_by_hand_shows_its_plan() {
    let snapshot = fixture::trouble();
    let (mailer, plan) = (snapshot.incidents[2].key.clone(), fixture::clean_plan());
    let step = |step: &crate::core::plan::PlannedStep| {
        let found = ["1,204 files, 2.1 GiB"];
        serde_json::json!({"kind": step.kind, "sentence": step.sentence, "details": step.details, "found": found})
    };
    let steps = plan.steps.iter().map(step).collect::<serde_json::Value>();
    let rung = Ok(((*plan).clone(), serde_json::from_value(steps).unwrap()));
    let here = Rehearsal::Here {
        target: mailer.target.clone(),
        detector: Vec::new(),
        verifier: Vec::new(),
        rungs: vec![rung, Err("there is no program /usr/bin/apt-get".into())],
        gate: "allowed".into(),
    };
    let mut form = Form::run_now(&snapshot, "service-down", &mailer);
    form.looked(&mailer, &Ok(vec![here]));
    album("run-plan", |size, ascii| {
        let mut model = model(size);
        model.overlay = Some(Overlay::Form(Box::new(form.clone())));
        drawn(&model, &snapshot, ascii)
    });
}

#[test]
fn nothing_is_called_well_on_stale_or_missing_data() {
    let line = |snapshot: &Snapshot, age| {
        let look = look(true, TermProfile::NoColor);
        crate::console::app::once::text(&buffer(&model((100, 1)), snapshot, &look, Duration::from_secs(age)))
    };
    assert!(line(&fixture::calm(), 0).starts_with(" ALL WELL"));
    let stale = line(&fixture::calm(), 9);
    assert!(stale.starts_with(" STALE 9s") && !stale.contains("WELL"), "{stale}");
    assert!(line(&fixture::first(), 0).starts_with(" STARTING"));
    let mut unwritten = fixture::calm();
    unwritten.recording = Err("no space left on device".into());
    let loud = line(&unwritten, 0);
    assert!(loud.starts_with(" NOT RECORDING: NO ACTIONS") && !loud.contains("WELL"), "{loud}");
    let mut unread = fixture::calm();
    unread.detectors[0].health = crate::engine::snapshot::Health::Waiting;
    assert!(line(&unread, 0).starts_with(" 1 STARTING"));
    assert!(line(&fixture::paused(), 0).contains("PAUSED 12m by alice"));
}

#[test]
fn line_1_answers_at_every_width() {
    let snapshot = fixture::trouble();
    for width in 9..200 {
        let look = look(false, TermProfile::NoColor);
        let line = crate::console::app::once::text(&buffer(&model((width, 1)), &snapshot, &look, Duration::ZERO));
        assert!(
            width < 80 || (line.contains("web-03  live 1s  auto 5") && line.trim_end().ends_with("14:02:31")),
            "{width}: {line}"
        );
        assert!(line.contains("NEED") || line.contains("FIRING") || line.contains("1 FIRI"), "{width}: {line}");
    }
}

/// Every size in a release build, those about the thresholds in a debug build.
fn sizes(most: u16) -> Vec<u16> {
    let thresholds = [1, 2, 3, 4, 5, 8, 10, 14, 16, 20, 26, 31, 40, 48, 64, 70, 90, 120, 200, 300];
    if cfg!(debug_assertions) {
        thresholds.into_iter().filter(|size| *size <= most).collect()
    } else {
        (1..=most).collect()
    }
}

#[test]
fn no_size_panics() {
    let looks = [look(false, TermProfile::TrueColor), look(true, TermProfile::NoColor)];
    for (index, host) in [fixture::hostile, fixture::first].into_iter().enumerate() {
        for view in views::all() {
            let view = view.over(host());
            let mut model = view.model((120, 40), &looks[index]);
            for width in sizes(300) {
                for height in sizes(if width > 200 { 4 } else { 64 }) {
                    model.size = (width, height);
                    view.draw(&model, &looks[index]);
                }
            }
        }
    }
    buffer(&model((300, 100)), &fixture::trouble(), &looks[0], Duration::ZERO);
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    for view in views::all() {
        let view = view.over(fixture::hostile());
        for ascii in [false, true] {
            for cell in view.drawn((120, 40), &look(ascii, TermProfile::NoColor)).content() {
                let harmless =
                    cell.symbol().chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
                assert!(harmless && cell.symbol().chars().count() < 4, "{}: {:?}", view.name, cell.symbol());
                assert!(!ascii || cell.symbol().is_ascii(), "{}: {:?}", view.name, cell.symbol());
            }
        }
    }
}

#[test]
fn state_is_never_told_by_colour_alone() {
    let snapshot = fixture::trouble();
    let mono = buffer(&model((120, 30)), &snapshot, &look(false, TermProfile::NoColor), Duration::ZERO);
    let colour = buffer(&model((120, 30)), &snapshot, &look(false, TermProfile::TrueColor), Duration::ZERO);
    assert_eq!(crate::console::app::once::text(&mono), crate::console::app::once::text(&colour));
    let reset = |cell: &ratatui::buffer::Cell| {
        cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset
    };
    assert!(mono.content().iter().all(reset), "no colour without colours");
}

#[test]
fn a_pause_is_in_reverse_video() {
    let snapshot = fixture::paused();
    let look = look(true, TermProfile::NoColor);
    let buffer = buffer(&model((80, 24)), &snapshot, &look, Duration::ZERO);
    let line: String = buffer.content()[..80].iter().map(ratatui::buffer::Cell::symbol).collect();
    let at = line.find("PAUSED").unwrap();
    assert_eq!(buffer.content()[at].modifier, look.styles.of(Role::Paused).add_modifier);
    assert!(buffer.content()[at].modifier.contains(ratatui::style::Modifier::REVERSED));
}

#[test]
fn what_is_said_can_be_read_to_its_end() {
    let text = "/root/.config/salve/themes/mine.toml:2:16: `#11121` is not a colour for this level; write \"#ff8800\"";
    for size in [(120, 40), (80, 24), (40, 14), (40, 10)] {
        let mut model = model(size);
        model.said = Some(StatusMessage { text: text.into(), bad: true, at: ConsoleTime(0) });
        let buffer = buffer(&model, &fixture::trouble(), &look(true, TermProfile::NoColor), Duration::ZERO);
        let shown: String =
            crate::console::app::once::text(&buffer).lines().map(str::trim).collect::<Vec<_>>().join(" ");
        // wherever it was broken
        let (shown, text) = (shown.replace(' ', ""), text.replace(' ', ""));
        assert!(shown.contains(&text), "{size:?}: {shown}");
    }
}

#[test]
fn the_row_under_the_cursor_is_told_by_a_sign_and_not_by_its_look_alone() {
    // the detectors keep theirs while another pane has the keys
    let marked = [
        ("main", 1),
        ("main-needs-action", 2),
        ("main-breakers", 2),
        ("main-timeline", 2),
        ("palette", 2),
        ("playbooks", 1),
        ("incidents", 1),
        ("approvals", 1),
    ];
    let look = look(false, TermProfile::NoColor);
    for view in views::all() {
        let Some((_, expected)) = marked.into_iter().find(|(name, _)| *name == view.name) else { continue };
        let text = crate::console::app::once::text(&view.drawn((100, 30), &look));
        assert_eq!(text.matches(look.glyphs.cursor).count(), expected, "{}\n{text}", view.name);
    }
}
