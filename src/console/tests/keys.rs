//! Strings of keys in, commands out.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::tz::TimeZone;
use termprofile::TermProfile;

use super::super::fixture;
use super::super::model::{Model, OpenPage, Pane};
use super::super::update::{ConsoleInput, update};
use super::screens::look;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::keys::InputMode;
use crate::console::keys::guard::QUIET;
use crate::console::model::effect::ConsoleEffect;
use crate::console::options::{EngineAt, Writing};
use crate::console::terminal::decode::{Decoder, Typed};
use crate::core::{Command, IncidentId, Scope};
use crate::engine::Snapshot;
use crate::engine::history::{PastError, Replayed};
use crate::engine::snapshot::{IncidentStage, PlaybookState, PlaybookView};
use crate::playbook::Risk;
use crate::playbook::value::Period;

/// A console under a fake clock.
pub struct Desk {
    pub model: Model,
    pub snapshot: Snapshot,
    pub at: u64,
    pub asked: Vec<ConsoleEffect>,
    /// Incidents whose story was asked for: that happens by itself, and acts on nothing.
    pub told: Vec<IncidentId>,
}

impl Desk {
    pub fn new(snapshot: Snapshot) -> Self {
        let mut desk = Self {
            model: Model::new((120, 60), false, EngineAt::Embedded, Writing::Here),
            snapshot,
            at: 10_000,
            asked: Vec::new(),
            told: Vec::new(),
        };
        desk.input(ConsoleInput::Snapshot);
        desk
    }

    pub fn input(&mut self, input: ConsoleInput) {
        let look = look(false, TermProfile::NoColor);
        let past = self.model.replayed().map(|shown| Arc::clone(&shown.moment.snapshot));
        let snapshot = past.as_deref().filter(|_| !matches!(input, ConsoleInput::Snapshot)).unwrap_or(&self.snapshot);
        let world = ViewContext {
            snapshot,
            mono: snapshot.now.mono,
            wall: snapshot.now.wall,
            zone: &TimeZone::UTC,
            age: Duration::ZERO,
            at: ConsoleTime(self.at),
            look: &look,
            themes: &["default".to_owned(), "mono".to_owned()],
        };
        for request in update(&mut self.model, input, &world) {
            match request {
                ConsoleEffect::Tell(id) => self.told.push(id),
                other => self.asked.push(other),
            }
        }
    }

    /// A moment of the past comes.
    pub fn recalled(mut self, answer: Result<Replayed, PastError>) -> Self {
        self.input(ConsoleInput::Replayed(answer.map(Box::new)));
        self
    }

    /// What the screen shows at this size.
    pub fn screen(&self, size: (u16, u16)) -> String {
        self.screen_in(size, false)
    }

    /// The same in either set of signs.
    pub fn screen_in(&self, size: (u16, u16), ascii: bool) -> String {
        let mut model = self.model.clone();
        model.size = size;
        let past = self.model.replayed().map(|shown| Arc::clone(&shown.moment.snapshot));
        super::screens::drawn(&model, past.as_deref().unwrap_or(&self.snapshot), ascii)
    }

    /// The text of the page that is shown.
    pub fn page(&self) -> Vec<String> {
        let look = look(false, TermProfile::NoColor);
        let world = ViewContext {
            snapshot: &self.snapshot,
            mono: self.snapshot.now.mono,
            wall: self.snapshot.now.wall,
            zone: &TimeZone::UTC,
            age: Duration::ZERO,
            at: ConsoleTime(self.at),
            look: &look,
            themes: &[],
        };
        let lines = self
            .model
            .pages
            .last()
            .map(|page| crate::console::view::pages::page::page_lines(page, 300, &self.model, &world));
        lines.unwrap_or_default().iter().map(crate::console::canvas::line::Line::bare).collect()
    }

    /// Types: bytes as a terminal sends them, each key drawn and followed by enough quiet.
    pub fn keys(mut self, bytes: &str) -> Self {
        let mut decoder = Decoder::default();
        let mut typed = decoder.feed(bytes.as_bytes());
        typed.extend(decoder.settle());
        for key in typed {
            self.typed(key);
            self.input(ConsoleInput::Drawn);
            self.quiet(QUIET);
        }
        self
    }

    /// The same without a pause between the keys.
    pub fn burst(mut self, bytes: &str) -> Self {
        for key in Decoder::default().feed(bytes.as_bytes()) {
            self.typed(key);
            self.input(ConsoleInput::Drawn);
            self.quiet(5);
        }
        self
    }

    pub fn typed(&mut self, typed: Typed) {
        self.input(match typed {
            Typed::Key(key) => ConsoleInput::Key(key),
            Typed::Paste(text) => ConsoleInput::Paste(text),
            Typed::Mouse(mouse) => ConsoleInput::Mouse(mouse),
        });
    }

    pub fn quiet(&mut self, milliseconds: u64) {
        self.at += milliseconds;
        self.input(ConsoleInput::Tick);
    }

    pub fn now(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = snapshot;
        self.input(ConsoleInput::Snapshot);
        self
    }

    pub fn commands(&self) -> Vec<&Command> {
        self.asked
            .iter()
            .filter_map(|request| if let ConsoleEffect::Send(command) = request { Some(command) } else { None })
            .collect()
    }

    pub fn said(&self) -> &str {
        self.model.said.as_ref().map_or("", |said| &said.text)
    }
}

fn yes() -> Command {
    Command::Approve { incident: IncidentId(41), digest: fixture::clean_plan().digest.clone(), reason: "".into() }
}

fn medium() -> Desk {
    Desk::new(fixture::with_risk(Risk::Medium))
}

fn high() -> Desk {
    Desk::new(fixture::trouble())
}

#[test]
fn a_yes_carries_the_digest_that_was_displayed() {
    assert_eq!(medium().keys("ay").commands(), [&yes()]);
}

#[test]
fn no_key_that_was_typed_ahead_approves() {
    let desk = medium().burst("ay");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert_eq!(desk.said(), "too quick: nothing was approved; wait a moment and press it again");
    let desk =
        medium().burst("ayyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
    assert_eq!(desk.commands(), [] as [&Command; 0], "a key that is held down");
    assert_eq!(desk.keys("").keys("y").commands(), [] as [&Command; 0], "still no quiet before it");
    let mut desk = medium().burst("ayyy");
    desk.quiet(QUIET);
    assert_eq!(desk.keys("y").commands(), [&yes()]);
}

#[test]
fn a_raw_paste_that_begins_with_a_deciding_key_decides_nothing() {
    // a terminal that does not mark pastes sends them as a burst of keys; the page had been read, the keys were quiet
    let quiet = |mut desk: Desk| {
        desk.quiet(QUIET * 2);
        desk
    };
    for paste in ["yes please", "y\r", "yy", "y ", "y\t"] {
        let desk = quiet(medium().keys("a").burst(paste));
        assert_eq!(desk.commands(), [] as [&Command; 0], "{paste:?}");
    }
    let named = quiet(high().keys("ay").burst("/\rmore"));
    assert_eq!(named.commands(), [] as [&Command; 0], "a name and its Enter");
    let armed = quiet(high().keys("/postgres\rA").burst("yes"));
    assert_eq!(armed.commands(), [] as [&Command; 0], "arming");
    assert_eq!(quiet(high().keys("q").burst("yum update")).asked, [], "the end of healing");
    let seen = quiet(high().keys("2j").burst("curl example.com"));
    assert_eq!(seen.commands(), [] as [&Command; 0], "acknowledging a page");
    let reset = quiet(high().keys("3bfixed\treset").burst("\rq"));
    assert_eq!(reset.commands(), [] as [&Command; 0], "resetting a breaker");
    let quick = medium().keys("a").burst("yq");
    assert_eq!(quick.said(), "nothing was approved: more keys followed immediately; wait a moment and press it again");
}

#[test]
fn a_marked_paste_a_click_or_another_size_right_after_a_yes_takes_it_back() {
    let after: [fn(&mut Desk); 3] = [
        |desk| desk.typed(Typed::Paste("words".into())),
        |desk| desk.input(ConsoleInput::Resize(100, 50)),
        |desk| desk.snapshot = fixture::changed_plan(),
    ];
    for (number, follows) in after.into_iter().enumerate() {
        let mut desk = medium().keys("a").burst("y");
        follows(&mut desk);
        desk.input(ConsoleInput::Snapshot);
        desk.input(ConsoleInput::Drawn);
        desk.quiet(QUIET * 2);
        assert_eq!(desk.commands(), [] as [&Command; 0], "{number}");
    }
    let mut alone = medium().keys("a").burst("y");
    assert_eq!(alone.commands(), [] as [&Command; 0], "not before the keyboard has been quiet");
    alone.quiet(QUIET);
    assert_eq!(alone.commands(), [&yes()]);
}

#[test]
fn a_name_typed_by_hand_and_enter_a_third_of_a_second_later_approves() {
    let mut desk = high().keys("ay");
    for key in Decoder::default().feed(b"/") {
        desk.typed(key);
    }
    desk.quiet(300);
    let desk = desk.keys("\r");
    assert_eq!(desk.commands(), [&yes()]);
}

#[test]
fn what_only_holds_salve_back_is_done_at_once() {
    let mut desk = high().keys("p").burst("\r");
    assert!(matches!(desk.commands()[..], [Command::Pause { .. }]), "{:?}", desk.commands());
    desk = desk.burst("jj");
    assert_eq!(desk.said(), "");
}

#[test]
fn a_page_that_was_not_drawn_is_not_approved() {
    let mut desk = medium();
    for key in Decoder::default().feed(b"a") {
        desk.typed(key);
    }
    desk.quiet(60_000);
    for key in Decoder::default().feed(b"y") {
        desk.typed(key);
    }
    assert_eq!(desk.commands(), [] as [&Command; 0]);
}

#[test]
fn a_page_that_does_not_fit_is_read_to_its_end_first() {
    let mut desk = medium();
    desk.input(ConsoleInput::Resize(80, 14));
    let desk = desk.keys("ay");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    let desk = desk.keys("Gy");
    assert_eq!(desk.commands(), [] as [&Command; 0], "the middle was jumped over");
    let desk = desk.keys("g      y");
    assert_eq!(desk.commands(), [&yes()]);
}

#[test]
fn a_screen_of_another_size_is_seen_anew() {
    let mut desk = medium().keys("a");
    desk.input(ConsoleInput::Resize(100, 60));
    let desk = desk.keys("y");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert_eq!(desk.keys("y").commands(), [&yes()]);
}

#[test]
fn neither_enter_nor_a_paste_nor_a_repeated_key_approves() {
    let desk = medium().keys("a\r\r\r").keys("\x1b[200~y\x1b[201~");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    let mut desk = desk;
    let mut held = KeyEvent::from(crossterm::event::KeyCode::Char('y'));
    held.kind = KeyEventKind::Repeat;
    desk.input(ConsoleInput::Key(held));
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert_eq!(desk.model.place(), InputMode::Approval);
}

#[test]
fn high_risk_wants_the_name_typed() {
    assert_eq!(high().keys("ay/\r").commands(), [&yes()]);
    assert_eq!(high().keys("ay\r").commands(), [] as [&Command; 0]);
    let wrong = high().keys("ay/x\r");
    assert_eq!(wrong.commands(), [] as [&Command; 0]);
    assert_eq!(wrong.said(), "nothing was approved: that is not /");
    let pasted = high().keys("ay").keys("\x1b[200~/\x1b[201~").keys("\r");
    assert_eq!(pasted.commands(), [] as [&Command; 0], "pasted");
    let burst = high().keys("ay").burst("/\r");
    assert_eq!(burst.commands(), [] as [&Command; 0], "pasted by a terminal that does not say so");
    assert_eq!(burst.keys("").model.place(), InputMode::Naming);
}

#[test]
fn what_is_typed_as_a_name_is_no_command() {
    let desk = high().keys("ayqxj?");
    assert_eq!(desk.model.place(), InputMode::Naming);
    let desk = desk.keys("\x1b");
    assert_eq!(desk.model.place(), InputMode::Approval);
    assert_eq!(desk.asked, []);
}

#[test]
fn a_plan_that_changes_has_to_be_seen_anew() {
    let desk = medium().keys("a").now(fixture::changed_plan());
    let desk = desk.keys("y");
    assert_eq!(desk.commands(), [] as [&Command; 0], "the new one was not drawn yet");
    let Some(OpenPage::Approval(review)) = desk.model.pages.last() else { panic!("the page stays") };
    assert_eq!(&*review.request.plan.digest.0, "cc".repeat(32));
}

#[test]
fn a_request_that_is_withdrawn_cannot_be_approved() {
    assert_eq!(medium().keys("a").now(fixture::calm()).keys("yy").commands(), [] as [&Command; 0]);
}

#[test]
fn a_request_never_takes_the_focus_and_rings_once() {
    let mut desk = Desk::new(fixture::calm()).keys("j/ngi");
    let before = (desk.model.place(), desk.model.main.filter.clone());
    desk = desk.now(fixture::trouble()).now(fixture::trouble());
    assert_eq!((desk.model.place(), desk.model.main.filter.clone()), before);
    let told = ConsoleEffect::Notify("web-03: #41 disk / awaits approval: disk-full".into());
    assert_eq!(desk.asked, [ConsoleEffect::Bell, told]);
    assert_eq!(Desk::new(fixture::trouble()).asked, [], "what waited before the console was opened");
}

#[test]
fn a_console_that_only_looks_can_do_nothing() {
    let mut desk = high();
    desk.model.read_only = true;
    let all: String = (' '..='~').collect();
    let desk = desk.keys("a").keys(&all).keys("\r\x1b").keys(&all).keys("\r").keys(":pause\r");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert!(desk.asked.iter().all(|request| !matches!(request, ConsoleEffect::Ask(_))));
}

#[test]
fn declining_takes_a_reason() {
    let declined = Command::Decline { incident: IncidentId(41), reason: "not now".into() };
    let desk = high().keys("axnot now\r");
    assert_eq!(desk.commands(), [&declined]);
    assert_eq!(desk.model.place(), InputMode::Main);
    assert_eq!(high().keys("axnot now\x1b").commands(), [] as [&Command; 0]);
}

#[test]
fn pausing_and_resuming() {
    let desk = high().keys("p\x1b[C\t\x1b[C\tupgrade\r");
    let length = Some(Period::from_secs(3600));
    assert_eq!(desk.commands(), [&Command::Pause { scope: Scope::Host, length, reason: "upgrade".into() }]);
    let desk = high().keys("p\tu\r");
    let scope = Scope::Playbook("disk-full".into());
    assert_eq!(desk.commands(), [&Command::Pause { scope, length: None, reason: "".into() }]);
    for keys in ["py", "Ry"] {
        assert_eq!(Desk::new(fixture::paused()).keys(keys).commands(), [&Command::Resume { scope: Scope::Host }]);
    }
    assert_eq!(high().keys("R").said(), "nothing is paused");
    let pasted = high().keys("p\t\t").keys("\x1b[200~two\nlines\x1b[201~").keys("\r");
    assert!(matches!(pasted.commands()[..], [Command::Pause { reason, .. }] if &**reason == "two lines"));
}

#[test]
fn enter_alone_pauses_the_row_under_the_cursor_and_not_the_host() {
    let scope = Scope::Playbook("disk-full".into());
    let length = Some(Period::from_secs(30 * 60));
    assert_eq!(high().keys("p\r").commands(), [&Command::Pause { scope, length, reason: "".into() }]);
}

#[test]
fn the_key_for_arming_says_what_it_would_do_and_what_will_run() {
    let size = (200, 50);
    assert!(high().screen(size).contains("A disarm"), "{}", high().screen(size));
    let inodes = high().keys("/postgres\r");
    assert!(inodes.screen(size).contains("A arm"), "{}", inodes.screen(size));
    let asked = inodes.keys("A").screen(size);
    assert!(asked.contains("on      mount /var/lib/postgresql"), "{asked}");
    assert!(asked.contains("does not run as root"), "{asked}");
    let mut snapshot = fixture::trouble();
    snapshot.operator.uid = 0;
    for view in &mut snapshot.playbooks {
        Arc::make_mut(view).source = "[[remediate]]\ndo = [{ unit = \"restart\" }, { wait = \"3s\" }]".into();
    }
    let asked = Desk::new(snapshot).keys("/postgres\rA").screen(size);
    assert!(asked.contains("rung 1  { unit = \"restart\" }, then { wait = \"3s\" }"), "{asked}");
}

#[test]
fn a_letter_that_does_nothing_says_so_and_where_it_does() {
    assert_eq!(high().keys("z").said(), "z does nothing here; ? lists the keys");
    assert_eq!(high().keys("o").said(), "o does nothing here (it works in: incident); ? lists the keys");
    assert_eq!(high().keys("F").said(), "F: only `salve demo` can break things");
    let mut looks = high();
    looks.model.read_only = true;
    assert_eq!(looks.keys("p").said(), "p: actions are not available here");
}

#[test]
fn what_is_typed_after_the_key_for_breaking_filters_the_faults() {
    let mut desk = high();
    desk.model.faults = ["kill the web".into(), "fill the disk".into()].into();
    let screen = desk.keys("Fdisk").screen((120, 40));
    assert!(screen.contains("break disk"), "{screen}");
    assert!(screen.contains("fill the disk") && !screen.contains("kill the web"), "{screen}");
}

#[test]
fn snoozing_leaves_the_selected_target_alone() {
    let disk = fixture::trouble().incidents[0].key.clone();
    let length = Period::from_secs(30 * 60);
    assert_eq!(high().keys("s\r").commands(), [&Command::Snooze { key: disk, length, reason: "".into() }]);
}

#[test]
fn a_breaker_is_reset_with_a_reason_and_a_typed_word() {
    let mailer = fixture::trouble().incidents[2].key.clone();
    let desk = high().keys("3b");
    let desk = desk.keys("fixed the disk\r");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert_eq!(desk.said(), "type reset in the field to confirm");
    let desk = desk.keys("reset\r");
    assert_eq!(desk.commands(), [&Command::ResetBreaker { key: mailer, reason: "fixed the disk".into() }]);
    let without = high().keys("3b\t\treset\r");
    assert_eq!(without.commands(), [] as [&Command; 0]);
    assert_eq!(without.said(), "enter a reason: it is recorded with your name");
    let latched = high().keys("bleave it\tlatch\r");
    assert!(matches!(latched.commands()[..], [Command::LatchBreaker { .. }]));
}

#[test]
fn what_only_root_can_do_cannot_be_armed_by_an_engine_that_is_not_root() {
    let of_root = |uid: u32| {
        let mut snapshot = fixture::trouble();
        snapshot.operator.uid = uid;
        for view in snapshot.playbooks.iter_mut().filter(|view| &*view.name == "inodes") {
            let mut changed = PlaybookView::clone(view);
            if let PlaybookState::InForce { needs_root, .. } = &mut changed.state {
                *needs_root = true;
            }
            *view = Arc::new(changed);
        }
        Desk::new(snapshot).keys("/postgres\rA")
    };
    let refused = of_root(1000);
    assert!(refused.model.overlay.is_none(), "there is nothing to say yes to");
    let said = "actions on services need root, and salve does not run as root: `sudo salve`, then A";
    assert_eq!(refused.said(), said);
    assert_eq!(refused.keys("y").commands(), [] as [&Command; 0]);
    assert_eq!(of_root(0).keys("y").commands(), [&Command::Arm { playbook: "inodes".into() }]);
}

#[test]
fn running_now_and_arming_want_a_yes() {
    let disk = fixture::trouble().incidents[0].key.clone();
    assert_eq!(high().keys("r\r").commands(), [] as [&Command; 0]);
    let early = high().keys("ry");
    assert_eq!(early.commands(), [] as [&Command; 0], "its plan was not shown yet");
    assert_eq!(early.said(), "the plan is not ready yet: you see it before it runs");
    assert_eq!(early.asked, [ConsoleEffect::Plan(disk.clone())]);
    let mut seen = early;
    seen.input(ConsoleInput::Looked { key: disk.clone(), looked: Err("the host did not answer".into()) });
    let quick = seen.keys("y");
    assert_eq!(quick.said(), "too quick: the plan was shown only a moment ago");
    assert_eq!(quick.keys("y").commands(), [&Command::RunNow { key: disk }]);
    assert_eq!(high().keys("Ay").commands(), [&Command::Disarm { playbook: "disk-full".into() }]);
    let inodes = high().keys("/postgres\rAy");
    assert_eq!(inodes.commands(), [&Command::Arm { playbook: "inodes".into() }]);
    assert_eq!(high().keys("BA").said(), "this playbook was rejected: Enter shows why");
}

#[test]
fn a_page_is_acknowledged_and_an_incident_closed_by_hand() {
    let desk = high().keys("2jc");
    assert_eq!(desk.commands(), [&Command::Acknowledge { incident: IncidentId(39) }]);
    let closed = high().keys("2jCgone\tclose\r");
    assert_eq!(closed.commands(), [&Command::Close { incident: IncidentId(39), reason: "gone".into() }]);
}

#[test]
fn escape_only_ever_goes_back() {
    let openers = [
        "", "p", "s", "b", "r", "A", "C", "a", "ax", "ay", "?", "B", "BJ", "/x", ":q", "\r", "q", "J", "M", "E", "S",
        "I", "w", "W", "W\r", "5r", ":run\r",
    ];
    for opener in openers {
        let desk = high().keys(opener).keys("\x1b").keys("\x1b").keys("\x1b").keys("\x1b");
        assert_eq!(desk.commands(), [] as [&Command; 0], "{opener}");
        assert_eq!(desk.model.place(), InputMode::Main, "{opener}");
        assert!(desk.model.main.filter.is_empty(), "{opener}");
        let asked = desk.asked.iter().filter(|request| !matches!(request, ConsoleEffect::Plan(_)));
        assert_eq!(asked.count(), 0, "{opener}");
    }
}

#[test]
fn quitting_an_embedded_console_asks_first() {
    assert_eq!(high().keys("q").asked, []);
    assert_eq!(high().keys("qy").asked, [ConsoleEffect::Quit]);
    assert_eq!(high().keys("q\r").asked, []);
    let desk = high().keys("\x1a");
    assert!(desk.said().contains("would stop"), "{}", desk.said());
    assert!(desk.keys("y").asked.is_empty());
    let mut attached = high();
    attached.model.engine = EngineAt::Daemon;
    assert_eq!(attached.keys("\x1a").asked, [ConsoleEffect::Suspend]);
    assert_eq!(Desk::new(fixture::first()).keys("q").asked, [ConsoleEffect::Quit], "nothing is watched");
    let mut attached = high();
    attached.model.engine = EngineAt::Daemon;
    assert_eq!(attached.keys("q").asked, [ConsoleEffect::Quit]);
}

#[test]
fn enter_leads_from_a_row_to_its_story_and_back() {
    let desk = high().keys("\r");
    assert!(matches!(desk.model.pages[..], [OpenPage::Incident { id: IncidentId(41), .. }]));
    let desk = desk.keys("\x1b");
    assert_eq!(desk.model.place(), InputMode::Main);
    let ok = desk.keys("G\r");
    assert!(matches!(&ok.model.pages[..], [OpenPage::Playbook { name, .. }] if &**name == "service-down"));
    assert_eq!(high().keys("2\r").model.place(), InputMode::Approval);
    assert!(matches!(high().keys("5\r").model.pages[..], [OpenPage::Success { .. }]));
}

#[test]
fn the_selection_stays_on_its_item_when_rows_move() {
    let on = |desk: &Desk| desk.model.main.detectors.on.clone();
    let desk = high().keys("jj");
    let before = on(&desk);
    let desk = desk.now(fixture::calm());
    assert_eq!(on(&desk), before);
    assert_ne!(desk.model.main.detectors.at, 2);
}

#[test]
fn panes_have_numbers_and_a_round() {
    assert_eq!(high().keys("4").model.main.pane, Pane::Timeline);
    assert_eq!(high().keys("\t\t").model.main.pane, Pane::Breakers);
    assert_eq!(high().keys("\x1b[Z").model.main.pane, Pane::Gauge);
}

#[test]
fn the_filter_is_live_kept_by_enter_and_undone_by_escape() {
    assert_eq!(high().keys("/nginx\r").model.main.filter, "nginx");
    assert_eq!(high().keys("/nginx\r/x\x1b").model.main.filter, "nginx");
    assert_eq!(high().keys("/nginx\r\x1b").model.main.filter, "");
}

#[test]
fn the_palette_finds_commands_playbooks_and_themes() {
    assert_eq!(high().keys(":pause host\r").model.place(), InputMode::Form);
    assert!(
        matches!(&high().keys(":playbook inodes\r").model.pages[..], [OpenPage::Playbook { name, .. }] if &**name == "inodes")
    );
}

#[test]
fn a_theme_is_shown_while_the_cursor_is_on_it_kept_by_enter_and_left_by_escape() {
    let shown = |name: &str| ConsoleEffect::Preview(Some(name.into()));
    let on_first = high().keys(":t");
    assert_eq!(on_first.asked, [shown("default")], "what begins with t is a theme first");
    let on_second = on_first.keys("\x1b[B");
    assert_eq!(on_second.asked, [shown("default"), shown("mono")]);
    let kept = on_second.keys("\r");
    assert_eq!(kept.asked[2..], [ConsoleEffect::Theme("mono".into()), ConsoleEffect::Preview(None)]);
    let left = high().keys(":t\x1b[B\x1b");
    assert_eq!(left.asked[2..], [ConsoleEffect::Preview(None)]);
    assert_eq!(left.model.place(), InputMode::Main);
    assert_eq!(
        high().keys(":theme mono").keys("\x15").asked.last(),
        Some(&ConsoleEffect::Preview(None)),
        "no theme under it"
    );
    assert_eq!(high().keys(":pause").asked, []);
}

#[test]
fn text_pages_scroll_and_stop_at_their_ends() {
    let mut desk = high();
    desk.input(ConsoleInput::Resize(80, 24));
    let scroll = |desk: &Desk| match desk.model.pages.last() {
        Some(OpenPage::Text { scroll, .. }) => *scroll,
        _ => panic!("the help page"),
    };
    let desk = desk.keys("?G");
    let end = scroll(&desk);
    assert!(end > 20);
    let desk = desk.keys("jjk");
    assert_eq!(scroll(&desk), end - 1);
    assert_eq!(scroll(&desk.keys("gk")), 0);
}

#[test]
fn what_cannot_be_written_from_here_says_where_it_can() {
    for (page, keys) in [("", "n"), ("", "e"), ("2j\r", "o")] {
        let mut desk = Desk::new(fixture::trouble()).keys(page);
        desk.model.writing = Writing::Elsewhere("written on its own host");
        let place = desk.model.place();
        let desk = desk.keys(keys);
        assert_eq!(desk.model.place(), place, "{keys}");
        assert!(desk.model.said.is_some_and(|said| said.text.contains("on its own host")), "{keys}");
    }
}

#[test]
fn the_first_of_two_people_is_named_while_the_page_is_open() {
    let desk = Desk::new(fixture::trouble()).keys("a");
    assert!(!desk.screen((80, 40)).contains("first yes"));
    let mut later = fixture::trouble();
    later.generation += 1;
    for view in &mut later.incidents {
        if let IncidentStage::Asking(request) = &mut Arc::make_mut(view).stage {
            request.first = Some(fixture::alice());
        }
    }
    let screen = desk.now(later).screen((80, 40));
    assert!(screen.contains("approved by alice; a second person must approve it too"), "{screen}");
}
