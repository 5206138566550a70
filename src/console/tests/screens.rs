//! Every page at every size: expected pictures for the sizes that people have, no panic at any.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use super::super::canvas::Look;
use super::super::fixture;
use super::super::form::Form;
use super::super::glyphs::Glyphs;
use super::super::keys::Verb;
use super::super::model::{At, Cursor, ListKind, Model, Overlay, Page, Pane, Pick, Place, TextKind};
use super::super::review::Review;
use super::super::theme::{Role, Theme};
use super::super::view::{self, World};
use crate::core::IncidentId;
use crate::engine::Snapshot;
use crate::engine::rehearse::Rehearsal;

pub fn look(ascii: bool, profile: TermProfile) -> Look {
    let glyphs = if ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
    Look { glyphs, styles: Theme::standard().on(profile) }
}

fn buffer(model: &Model, snapshot: &Snapshot, look: &Look, age: Duration) -> Buffer {
    let world = World {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::UTC,
        age,
        at: At(0),
        look,
        themes: &["default".to_owned(), "mono".to_owned()],
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view::draw(model, &world, &mut buffer);
    buffer
}

pub fn drawn(model: &Model, snapshot: &Snapshot, ascii: bool) -> String {
    let look = look(ascii, TermProfile::NoColor);
    format!("{}\n", view::text(&buffer(model, snapshot, &look, Duration::from_millis(300))))
}

pub fn expect(name: &str, picture: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

fn model(size: (u16, u16)) -> Model {
    Model::new(size, false, true)
}

pub const SIZES: [(u16, u16); 5] = [(160, 50), (120, 30), (80, 24), (40, 10), (20, 4)];

/// Brings a model to a place.
type Opener = Box<dyn Fn(&mut Model)>;

/// Every page and overlay over the same trouble.
fn places(snapshot: &Snapshot) -> Vec<(&'static str, Opener)> {
    let review = snapshot.incidents.iter().find_map(|incident| Review::of(incident));
    let disk = snapshot.detectors.iter().find(|d| &*d.playbook == "disk-full").and_then(|d| d.key.clone());
    let mut places: Vec<(&'static str, Opener)> = vec![("main", Box::new(|_| {}))];
    let mut page = |name, page: Page| {
        places.push((name, Box::new(move |model: &mut Model| model.pages.push(page.clone()))));
    };
    page("incident", Page::Incident { id: IncidentId(41), scroll: 0 });
    page(
        "approval",
        review.map_or(Page::Text { kind: TextKind::Messages, scroll: 0 }, |review| Page::Approval(Box::new(review))),
    );
    page("playbook", Page::Playbook { name: "disk-full".into(), scroll: 0 });
    page("rejected", Page::Playbook { name: "queue-full".into(), scroll: 0 });
    page("playbooks", Page::List { kind: ListKind::Playbooks, cursor: Cursor::default() });
    page("incidents", Page::List { kind: ListKind::Incidents, cursor: Cursor::default() });
    page("journal", Page::Text { kind: TextKind::Journal, scroll: 0 });
    page("messages", Page::Text { kind: TextKind::Messages, scroll: 0 });
    page("success", Page::success());
    page("help", Page::Text { kind: TextKind::Help(Place::Main), scroll: 0 });
    let overlay = |form: Form| -> Opener {
        Box::new(move |model: &mut Model| model.overlay = Some(Overlay::Form(Box::new(form.clone()))))
    };
    places.push(("pause", overlay(Form::pause(snapshot, None, snapshot.now.mono))));
    places.push(("schedule", overlay(Form::schedule(snapshot, Some("disk-full".into()), snapshot.now.mono))));
    if let Some(disk) = disk {
        places.push(("run-now", overlay(Form::run_now(snapshot, "disk-full", &disk))));
    }
    let pick = Pick { verb: Verb::RunNow, of: None, first: None, typed: "ng".into(), at: 0 };
    places.push(("pick", Box::new(move |model: &mut Model| model.overlay = Some(Overlay::Pick(pick.clone())))));
    places.push((
        "palette",
        Box::new(|model: &mut Model| model.overlay = Some(Overlay::Palette { typed: "pau".into(), at: 0 })),
    ));
    places
}

#[test]
fn the_main_screen_at_the_sizes_that_people_have() {
    for size in SIZES {
        let (width, height) = size;
        expect(&format!("main-{width}x{height}"), &drawn(&model(size), &fixture::trouble(), false));
        expect(&format!("main-{width}x{height}-ascii"), &drawn(&model(size), &fixture::trouble(), true));
    }
}

#[test]
fn the_pages() {
    let snapshot = fixture::trouble();
    for (name, open) in places(&snapshot) {
        for size in SIZES {
            let everywhere = ["success", "schedule"].contains(&name);
            if !everywhere && [SIZES[0], SIZES[4]].contains(&size) {
                continue;
            }
            if name == "main" {
                continue;
            }
            let mut model = model(size);
            open(&mut model);
            expect(&format!("{name}-{}x{}", size.0, size.1), &drawn(&model, &snapshot, false));
        }
    }
}

#[test]
fn other_states_of_the_host() {
    for (name, snapshot) in [("calm", fixture::calm()), ("first", fixture::first()), ("paused", fixture::paused())] {
        expect(&format!("main-{name}"), &drawn(&model((80, 24)), &snapshot, false));
    }
}

#[test]
fn what_is_held_back() {
    let mut snapshot = super::holds::planned(1200);
    snapshot.pauses = fixture::paused().pauses;
    for size in SIZES {
        let mut model = model(size);
        model.pages.push(Page::List { kind: ListKind::Held, cursor: Cursor::default() });
        expect(&format!("held-back-{}x{}", size.0, size.1), &drawn(&model, &snapshot, false));
    }
    let line = |snapshot: &Snapshot| drawn(&model((100, 1)), snapshot, true);
    assert!(line(&snapshot).contains("PAUSED 12m by alice"), "a pause in force comes first");
    assert!(line(&super::holds::planned(1200)).contains("maintenance in 20m"));
    assert!(line(&super::holds::planned(1201)).contains("maintenance in 21m"), "never sooner than told");
    assert!(line(&super::holds::planned(7200)).contains("AUTO on"), "not yet near");
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
        gate: "it may run".into(),
    };
    let mut form = Form::run_now(&snapshot, "service-down", &mailer);
    form.looked(&mailer, &Ok(vec![here]), At(0));
    for size in [(120, 30), (80, 24), (40, 10)] {
        let mut model = model(size);
        model.overlay = Some(Overlay::Form(Box::new(form.clone())));
        expect(&format!("run-plan-{}x{}", size.0, size.1), &drawn(&model, &snapshot, false));
    }
}

#[test]
fn nothing_is_called_well_on_stale_or_missing_data() {
    let line = |snapshot: &Snapshot, age| {
        let look = look(true, TermProfile::NoColor);
        view::text(&buffer(&model((100, 1)), snapshot, &look, Duration::from_secs(age)))
    };
    assert!(line(&fixture::calm(), 0).starts_with(" ALL WELL"));
    let stale = line(&fixture::calm(), 9);
    assert!(stale.starts_with(" STALE 9s") && !stale.contains("WELL"), "{stale}");
    assert!(line(&fixture::first(), 0).starts_with(" LOOKING"));
    let mut unwritten = fixture::calm();
    unwritten.recording = Err("no space left on device".into());
    let loud = line(&unwritten, 0);
    assert!(loud.starts_with(" NOT RECORDING: NOTHING ACTS") && !loud.contains("WELL"), "{loud}");
    let mut unread = fixture::calm();
    unread.detectors[0].health = crate::engine::snapshot::Health::Waiting;
    assert!(line(&unread, 0).starts_with(" 1 LOOKING"));
    assert!(line(&fixture::paused(), 0).contains("PAUSED 12m by alice"));
}

#[test]
fn line_1_answers_at_every_width() {
    let snapshot = fixture::trouble();
    for width in 9..200 {
        let look = look(false, TermProfile::NoColor);
        let line = view::text(&buffer(&model((width, 1)), &snapshot, &look, Duration::ZERO));
        assert!(line.contains("NEED") || line.contains("BROKEN") || line.contains("1 BROK"), "{width}: {line}");
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
    for (index, snapshot) in [fixture::hostile(), fixture::first()].iter().enumerate() {
        for (_, open) in places(snapshot) {
            for width in sizes(300) {
                for height in sizes(if width > 200 { 4 } else { 64 }) {
                    let mut model = model((width, height));
                    open(&mut model);
                    buffer(&model, snapshot, &looks[index], Duration::ZERO);
                }
            }
        }
        for pane in Pane::ALL {
            for width in sizes(130) {
                let mut model = model((width, 12));
                model.main.pane = pane;
                buffer(&model, snapshot, &looks[index], Duration::ZERO);
            }
        }
    }
    buffer(&model((300, 100)), &fixture::trouble(), &looks[0], Duration::ZERO);
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let snapshot = fixture::hostile();
    for (name, open) in places(&snapshot) {
        for ascii in [false, true] {
            let mut model = model((120, 40));
            open(&mut model);
            let look = look(ascii, TermProfile::NoColor);
            for cell in buffer(&model, &snapshot, &look, Duration::ZERO).content() {
                let harmless =
                    cell.symbol().chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
                assert!(harmless && cell.symbol().chars().count() < 4, "{name}: {:?}", cell.symbol());
                assert!(!ascii || cell.symbol().is_ascii(), "{name}: {:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn state_is_never_told_by_colour_alone() {
    let snapshot = fixture::trouble();
    let mono = buffer(&model((120, 30)), &snapshot, &look(false, TermProfile::NoColor), Duration::ZERO);
    let colour = buffer(&model((120, 30)), &snapshot, &look(false, TermProfile::TrueColor), Duration::ZERO);
    assert_eq!(view::text(&mono), view::text(&colour));
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
