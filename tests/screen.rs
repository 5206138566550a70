//! The console in a real terminal: given back on every way out, silent when nothing changes, and never spinning.
//!
//! The program under test is this one, started again with a fixture for an engine.
#![allow(clippy::print_stderr, reason = "a child that plays the program says why it failed")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(missing_docs, reason = "a test program")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;
#[path = "support/pty.rs"]
mod pty;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use pty::{Pty, code};
use rustix::process::Signal;
use salve::console::{self, Ended, Options};
use salve::core::{Config, Recorded};
use salve::engine::past::{self, Line, Today};
use salve::engine::{Handle, Snapshot};
use salve::host::clock::{ClockMark, boottime_ms};
use salve::journal::Journal;
use tokio::sync::{mpsc, watch};

/// Which scene the child plays; none means that this is the test.
const SCENE: &str = "SALVE_TEST_SCENE";

fn main() -> ExitCode {
    if let Ok(scene) = std::env::var(SCENE) {
        return play(&scene);
    }
    let tests: Vec<(&'static str, fn())> = vec![
        ("the_first_screen_answers_and_q_gives_the_terminal_back", first_screen),
        ("a_panic_elsewhere_leaves_the_screen_alone", panic_elsewhere),
        ("term_and_hup_give_the_terminal_back", signals),
        ("a_lost_terminal_ends_the_console_without_spinning", hang_up),
        ("ctrl_z_attached_suspends_the_screen_only", suspended),
        ("ctrl_z_embedded_asks_first", suspended_embedded),
        ("no_color_keeps_bold_and_reverse", no_color),
        ("nothing_is_written_when_nothing_changes", idle),
        ("a_split_escape_sequence_is_no_bare_escape", split_escape),
        ("a_paste_is_no_command", paste),
        ("another_size_is_drawn_at_once", resized),
        ("a_yes_reaches_the_engine_with_the_digest", approved),
        ("the_editor_gets_the_terminal_and_gives_it_back", editor),
        ("names_do_not_steer_the_terminal", hostile),
        ("a_copy_reaches_the_clipboard_through_tmux_and_screen", copied),
        ("an_export_says_its_file_and_overwrites_none", exported),
        ("the_past_is_shown_and_left_again", past_shown),
        ("each_terminal_gets_the_colours_that_it_has", ladder),
        ("a_changed_theme_is_shown_and_a_bad_one_is_told", changed_theme),
        ("a_theme_is_tried_and_kept_for_the_next_time", kept_theme),
        ("without_utf8_every_byte_is_ascii", ascii),
        ("a_notification_is_sent_only_where_it_is_wanted", notified),
        ("without_a_terminal_there_is_no_console", no_terminal),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

// The program under test

fn play(scene: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let snapshot = match scene {
        "hostile" => fixture::hostile(),
        "paused" => fixture::paused(),
        "medium" => fixture::with_risk(salve::playbook::Risk::Medium),
        "quiet" => fixture::first(),
        "asks later" => fixture::calm(),
        _ => fixture::trouble(),
    };
    let handle = engine(&runtime, snapshot, scene);
    let config = std::env::var_os("SALVE_TEST_CONFIG").map_or_else(|| "/nonexistent".into(), PathBuf::from);
    let handle = match std::env::var_os("SALVE_TEST_FOLDER").map(PathBuf::from) {
        Some(folder) => {
            std::env::set_current_dir(&folder).unwrap();
            let _inside = runtime.enter();
            handle.with_past(past_of(folder))
        }
        None => handle,
    };
    let options = Options {
        read_only: false,
        ascii: (scene != "by locale").then_some(scene == "ascii"),
        theme: std::env::var("SALVE_TEST_THEME").ok(),
        drafts: config.join("drafts"),
        config,
        embedded: scene == "embedded",
        bell: true,
    };
    let ended = console::run(handle, options, runtime.handle());
    runtime.shutdown_background();
    match ended {
        Ok(Ended::Quit) => ExitCode::from(10),
        Ok(Ended::TerminalLost) => ExitCode::from(11),
        Ok(Ended::Signalled) => ExitCode::from(12),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(13)
        }
    }
}

/// An engine that knows one snapshot and answers every command with the command itself.
fn engine(runtime: &tokio::runtime::Runtime, snapshot: Snapshot, scene: &str) -> Handle {
    let beat = Arc::new(AtomicU64::new(boottime_ms()));
    let (publish, snapshots) = watch::channel(Arc::new(snapshot));
    let (asks, mut asked) = mpsc::channel(8);
    let beats = Arc::clone(&beat);
    let scene = scene.to_owned();
    runtime.spawn(async move {
        loop {
            tokio::select! {
                Some(salve::engine::handle::Asked { command, answer }) = asked.recv() => {
                    let _ = answer.send(Ok(format!("{command:?}").into()));
                }
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    beats.store(boottime_ms(), Ordering::Relaxed);
                    if scene == "busy" {
                        // published again and again, and the same each time
                        publish.send_modify(|snapshot| Arc::make_mut(snapshot).generation += 1);
                    }
                    if scene == "asks later" {
                        publish.send_modify(|snapshot| *snapshot = Arc::new(fixture::trouble()));
                    }
                    if scene == "panics elsewhere" {
                        thread::spawn(|| panic!("a thread that does not draw"));
                    }
                }
            }
        }
    });
    Handle::new(snapshots, asks, beat)
}

/// The past of a host whose journal tells the fixture's incidents.
fn past_of(folder: PathBuf) -> Line {
    let mut events: Vec<_> = fixture::trouble().incidents.iter().flat_map(|view| view.story.clone()).collect();
    events.sort_by_key(|recorded| recorded.mono);
    let numbered = |(index, recorded): (usize, Arc<Recorded>)| {
        Arc::new(Recorded { seq: index as u64 + 1, ..Recorded::clone(&recorded) })
    };
    let events: Vec<_> = events.into_iter().enumerate().map(numbered).collect();
    let mono = events.last().unwrap().mono;
    let journal = Journal::open(&folder).unwrap().journal;
    let mark = ClockMark { boot_id: "b00t".into(), boottime: mono.0, mono };
    journal.commit(events, mark).blocking_recv().unwrap().unwrap();
    journal.close();
    let today = Today { bindings: Vec::new(), found: Vec::new(), host: "web-03".into(), operator: fixture::alice() };
    past::start(folder, Config::default(), watch::channel(Arc::new(today)).1)
}

// The tests

/// This program again, playing a scene in a terminal.
fn scene(name: &str, size: (u16, u16), environment: &[(&str, &str)]) -> Pty {
    let mut program = Command::new("setsid");
    program.arg("--ctty").arg(std::env::current_exe().unwrap()).env(SCENE, name).env("TERM", "xterm-256color");
    program.env_remove("NO_COLOR").env_remove("COLORTERM").env("LANG", "C.UTF-8").env("TZ", "UTC");
    program.envs(environment.iter().copied());
    Pty::start(&mut program, size.1, size.0)
}

fn trouble() -> Pty {
    let pty = scene("trouble", (80, 24), &[]);
    pty.wait_for("NEED YOU");
    pty
}

fn given_back(pty: &Pty) {
    pty.wait_until("terminal given back", |pty| {
        let left =
            |screen: &vt100::Screen| !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste();
        pty.is_cooked() && pty.look(left)
    });
}

fn first_screen() {
    let mut pty = trouble();
    assert!(!pty.is_cooked());
    pty.look(|screen| assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
}

fn panic_elsewhere() {
    let mut pty = scene("panics elsewhere", (80, 24), &[]);
    pty.wait_for("NEED YOU");
    thread::sleep(Duration::from_millis(600));
    pty.look(|screen| assert!(screen.alternate_screen() && !screen.contents().contains("panicked")));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
    pty.wait_for("a thread that does not draw");
}

fn signals() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut pty = trouble();
        pty.signal(signal);
        assert_eq!(code(pty.wait()), 12, "{signal:?}");
        given_back(&pty);
    }
}

fn hang_up() {
    let mut pty = trouble();
    let before = pty.ticks();
    pty.hang_up();
    let status = pty.wait();
    assert!(matches!(code(status), 11 | 12), "{status:?}");
    // and the same where nobody tells of it by a signal
    let mut pty = scene("quiet", (80, 24), &[]);
    pty.wait_for("LOOKING");
    pty.signal(Signal::STOP);
    pty.hang_up();
    pty.signal(Signal::CONT);
    assert!(matches!(code(pty.wait()), 11 | 12));
    assert!(before < 200, "{before} ticks for one screen");
}

fn suspended() {
    let mut pty = trouble();
    // by the shell's own signal, and by the key
    pty.signal(Signal::TSTP);
    pty.wait_stopped();
    given_back(&pty);
    pty.signal(Signal::CONT);
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen) && !pty.is_cooked());
    pty.wait_for("NEED YOU");
    pty.send(b"\x1a");
    pty.wait_stopped();
    given_back(&pty);
    pty.signal(Signal::CONT);
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen));
    pty.wait_for("NEED YOU");
    assert!(!pty.is_cooked());
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
}

fn suspended_embedded() {
    let mut pty = scene("embedded", (80, 24), &[]);
    pty.wait_for("NEED YOU");
    pty.send(b"\x1a");
    pty.wait_for("suspended, it stops too");
    pty.send(b"\x1b");
    pty.wait_until("no question", |pty| !pty.screen().contains("it stops too"));
    pty.send(b"q");
    pty.wait_for("Healing runs inside this console and stops with it.");
    pty.send(b"y");
    assert_eq!(code(pty.wait()), 10);
}

fn no_color() {
    let mut pty = scene("paused", (80, 24), &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    pty.wait_for("PAUSED");
    pty.look(|screen| {
        let (rows, columns) = screen.size();
        let cells = || (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        assert!(cells().all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default));
        assert!(cells().any(vt100::Cell::bold) && cells().any(vt100::Cell::inverse));
        let row = (0..columns).filter_map(|column| screen.cell(0, column));
        let line: String = row.map(|cell| if cell.contents().is_empty() { " " } else { cell.contents() }).collect();
        let paused = u16::try_from(line.find("PAUSED").unwrap()).unwrap();
        assert!(screen.cell(0, paused).unwrap().inverse());
    });
    pty.send(b"q");
    pty.wait();
    let mut pty = scene("trouble", (80, 24), &[("COLORTERM", "truecolor")]);
    pty.wait_for("NEED YOU");
    pty.look(|screen| {
        let colour =
            (0..80).filter_map(|column| screen.cell(0, column)).any(|cell| cell.fgcolor() != vt100::Color::Default);
        assert!(colour, "and with colours there are some");
    });
    pty.send(b"q");
    pty.wait();
}

fn idle() {
    // the same state again and again, with no clock in line 1
    let mut pty = scene("busy", (48, 24), &[]);
    pty.wait_for("NEED YOU");
    thread::sleep(Duration::from_millis(500));
    let before = pty.bytes().len();
    thread::sleep(Duration::from_secs(3));
    let bytes = pty.bytes();
    assert_eq!(String::from_utf8_lossy(&bytes[before..]), "");
    pty.send(b"q");
    pty.wait();
    // and with one: it is all that moves
    let mut pty = scene("busy", (140, 30), &[]);
    pty.wait_for("live 1s");
    thread::sleep(Duration::from_millis(500));
    let (before, ticks) = (pty.bytes().len(), pty.ticks());
    thread::sleep(Duration::from_secs(4));
    let bytes = pty.bytes();
    let written = String::from_utf8_lossy(&bytes[before..]);
    let drawings = written.matches("\x1b[?2026h").count();
    assert!((3..=5).contains(&drawings), "{drawings} drawings in 4 s: {written:?}");
    assert!(written.len() < drawings * 60, "{} bytes: {written:?}", written.len());
    assert!(pty.ticks() - ticks < 100, "{} ticks", pty.ticks() - ticks);
    pty.send(b"q");
    pty.wait();
}

fn split_escape() {
    let mut pty = trouble();
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.send(b"\x1b");
    thread::sleep(Duration::from_millis(15));
    pty.send(b"[");
    thread::sleep(Duration::from_millis(200));
    pty.send(b"B");
    thread::sleep(Duration::from_millis(300));
    assert!(pty.screen().contains("Main screen"), "the page is still there:\n{}", pty.screen());
    pty.send(b"\x1b");
    pty.wait_for("Detectors");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

fn paste() {
    let mut pty = trouble();
    pty.send(b"\x1b[200~qqq\ryp\x1b[201~");
    thread::sleep(Duration::from_millis(300));
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
}

fn resized() {
    let mut pty = trouble();
    pty.resize(10, 40);
    pty.wait_until("one list", |pty| pty.screen().contains("Detectors") && !pty.screen().contains("Timeline"));
    pty.resize(2, 30);
    pty.wait_until("line 1 only", |pty| !pty.screen().contains("Detectors") && pty.screen().contains("NEED"));
    pty.resize(30, 120);
    pty.wait_for("Detail disk /");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

fn approved() {
    let mut pty = scene("medium", (100, 50), &[]);
    pty.wait_for("NEED YOU");
    pty.send(b"a");
    pty.wait_for("y runs exactly this");
    thread::sleep(Duration::from_millis(400));
    pty.send(b"y");
    pty.wait_for("Approve { incident: IncidentId(41)");
    pty.send(b"q");
    pty.wait();
}

fn editor() {
    let config = tempfile::tempdir().unwrap();
    let program = config.path().join("editor");
    std::fs::write(&program, "#!/bin/sh\necho \"mine: $1\"\nread answer\necho \"title = \" > \"$1\"\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (path, folder) = (program.to_str().unwrap(), config.path().to_str().unwrap());
    let mut pty = scene("trouble", (100, 30), &[("VISUAL", path), ("SALVE_TEST_CONFIG", folder)]);
    pty.wait_for("NEED YOU");
    pty.send(b"e");
    pty.wait_for("Copy of disk-full");
    pty.send(b"\x05");
    pty.wait_for("mine: ");
    assert!(pty.is_cooked(), "the editor has the terminal");
    // these are the editor's keys
    pty.send(b"qqq\r");
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen) && !pty.is_cooked());
    pty.wait_for("title = ");
    pty.wait_for("changed");
    pty.send(b"\x13");
    pty.wait_for("saved to ");
    assert_eq!(std::fs::read_to_string(config.path().join("playbooks/disk-full.toml")).unwrap(), "title = \n");
    // nothing is left to be lost, so nothing is asked
    pty.send(b"\x1b");
    pty.wait_for("NEED YOU");
    pty.wait_for("Detectors");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

fn hostile() {
    let mut pty = scene("hostile", (120, 30), &[]);
    pty.wait_for("NEED YOU");
    pty.send(b"a");
    pty.wait_for("Approve #41");
    let bytes = pty.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        !text.contains("\x1b]") && !text.contains('\u{9b}') && !text.contains('\u{202e}') && !text.contains('\x07')
    );
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
}

/// The colours of all cells but the terminal's own.
fn colours(pty: &Pty) -> Vec<vt100::Color> {
    pty.look(|screen| {
        let (rows, columns) = screen.size();
        let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        let both = cells.flat_map(|cell| [cell.fgcolor(), cell.bgcolor()]);
        both.filter(|colour| *colour != vt100::Color::Default).collect()
    })
}

fn ladder() {
    use vt100::Color::{Idx, Rgb};
    type Test = fn(&vt100::Color) -> bool;
    let (rgb, indexed, sixteen): (Test, Test, Test) =
        (|c| matches!(c, Rgb(..)), |c| matches!(c, Idx(16..)), |c| matches!(c, Idx(0..16)));
    for (environment, form, fits) in [
        (&[("COLORTERM", "truecolor")][..], Some("38;2;"), rgb),
        (&[("COLORTERM", ""), ("TERM", "xterm-256color")], Some("38;5;"), indexed),
        (&[("COLORTERM", ""), ("TERM", "screen-256color")], Some("38;5;"), indexed),
        (&[("COLORTERM", ""), ("TERM", "xterm")], Some(";9"), sixteen),
        (&[("COLORTERM", ""), ("TERM", "linux")], Some(";9"), sixteen),
        (&[("COLORTERM", ""), ("TERM", "dumb")], None, sixteen),
        (&[("COLORTERM", ""), ("TERM", "vt220")], None, sixteen),
        (&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")], None, sixteen),
    ] {
        let mut pty = scene("trouble", (80, 24), &[environment, &[("SALVE_TEST_THEME", "dark")]].concat());
        pty.wait_for("NEED YOU");
        let found = colours(&pty);
        assert_eq!(found.is_empty(), form.is_none(), "{environment:?}: {found:?}");
        assert!(found.iter().all(fits), "{environment:?}: {found:?}");
        let bytes = String::from_utf8_lossy(&pty.bytes()).into_owned();
        for other in ["38;2;", "38;5;"].into_iter().filter(|other| Some(*other) != form) {
            assert!(!bytes.contains(other), "{environment:?} sends {other}");
        }
        assert!(form.is_none_or(|form| bytes.contains(form)), "{environment:?}");
        pty.send(b"q");
        assert_eq!(code(pty.wait()), 10);
    }
}

fn ascii() {
    for (name, locale, expected) in
        [("by locale", "C", true), ("ascii", "C.UTF-8", true), ("by locale", "C.UTF-8", false)]
    {
        let mut pty = scene(name, (120, 40), &[("LC_ALL", locale)]);
        pty.wait_for("NEED YOU");
        // the help page and a form have signs of their own
        pty.send(b"?");
        pty.wait_for("Main screen");
        pty.send(b"\x1b");
        pty.wait_for("Detectors");
        pty.send(b"p");
        pty.wait_for("this host");
        pty.send(b"\x1b");
        pty.wait_until("no form", |pty| !pty.screen().contains("this host"));
        pty.send(b"q");
        assert_eq!(code(pty.wait()), 10);
        assert_eq!(pty.bytes().is_ascii(), expected, "{name} {locale}");
    }
}

/// Saves as editors do: another file in its place.
fn save(file: &std::path::Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

fn changed_theme() {
    let config = tempfile::tempdir().unwrap();
    let file = config.path().join("themes/mine.toml");
    std::fs::create_dir(config.path().join("themes")).unwrap();
    save(&file, "[roles]\ntext = { rgb = \"#010203\" }\n");
    let environment = [
        ("COLORTERM", "truecolor"),
        ("SALVE_TEST_THEME", "mine"),
        ("SALVE_TEST_CONFIG", config.path().to_str().unwrap()),
    ];
    let mut pty = scene("trouble", (100, 30), &environment);
    let shows = |colour| move |pty: &Pty| colours(pty).contains(&colour);
    pty.wait_until("the theme", shows(vt100::Color::Rgb(1, 2, 3)));
    save(&file, "[roles]\ntext = { rgb = \"#040506\" }\n");
    pty.wait_until("the changed theme", shows(vt100::Color::Rgb(4, 5, 6)));
    save(&file, "[roles]\ntext = { rgb = \"#04050\" }\n");
    pty.wait_for("themes/mine.toml:2:16");
    assert!(shows(vt100::Color::Rgb(4, 5, 6))(&pty), "the former theme stays");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    // on the command line a bad theme is refused before the screen is taken, with the right form
    let mut pty = scene("trouble", (100, 30), &environment);
    assert_eq!(code(pty.wait()), 13);
    pty.wait_until("the right form", |pty| pty.screen().replace('\n', "").contains("write \"#ff8800\""));
}

fn kept_theme() {
    let config = tempfile::tempdir().unwrap();
    let environment = [("COLORTERM", "truecolor"), ("SALVE_TEST_CONFIG", config.path().to_str().unwrap())];
    let dark = |pty: &Pty| colours(pty).contains(&vt100::Color::Rgb(0x14, 0x18, 0x1e));
    let mut pty = scene("trouble", (100, 30), &environment);
    pty.wait_for("NEED YOU");
    assert!(!dark(&pty));
    pty.send(b":theme dark");
    pty.wait_until("the theme under the cursor", dark);
    pty.send(b"\x1b");
    pty.wait_until("the former theme", |pty| !dark(pty));
    assert!(!config.path().join("console.toml").exists(), "nothing is kept of what was only tried");
    pty.send(b":theme dark\r");
    pty.wait_for("theme dark, kept in ");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    let mut pty = scene("trouble", (100, 30), &environment);
    pty.wait_until("the theme that was kept", dark);
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    // preferences that are wrong cost nobody their console
    std::fs::write(config.path().join("console.toml"), "theme = dark\n").unwrap();
    let mut pty = scene("trouble", (100, 30), &environment);
    pty.wait_for("console.toml:1:9: ");
    pty.wait_for("NEED YOU");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

fn notified() {
    let config = tempfile::tempdir().unwrap();
    let folder = config.path().to_str().unwrap();
    let told = "\x1b]9;salve: web-03: #41 disk / needs your yes: disk-full\x07";
    let in_tmux = format!("\x1bPtmux;\x1b{told}\x1b\\");
    for (wanted, tmux, expected) in [("false", "", ""), ("true", "", told), ("true", "/tmp/tmux,1,0", &in_tmux)] {
        std::fs::write(config.path().join("console.toml"), format!("notify = {wanted}\n")).unwrap();
        let environment = [("SALVE_TEST_CONFIG", folder), ("TMUX", tmux), ("STY", "")];
        let mut pty = scene("asks later", (80, 24), &environment);
        pty.wait_for("NEED YOU");
        pty.wait_until("the bell", |pty| pty.bytes().contains(&7));
        pty.send(b"q");
        assert_eq!(code(pty.wait()), 10);
        let bytes = String::from_utf8_lossy(&pty.bytes()).into_owned();
        assert_eq!(bytes.matches("\x1b]9;").count(), usize::from(!expected.is_empty()), "{bytes:?}");
        assert!(bytes.contains(expected), "{bytes:?}");
    }
}

fn no_terminal() {
    let output = Command::new(std::env::current_exe().unwrap()).env(SCENE, "trouble").output().unwrap();
    assert_eq!(output.status.code(), Some(13));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the console needs a terminal"));
}

fn copied() {
    let written = |environment: &[(&str, &str)]| {
        let mut pty = scene("trouble", (80, 24), environment);
        pty.wait_for("Detectors");
        pty.send(b"2j\r");
        pty.wait_for("Incident #39");
        pty.send(b"y");
        pty.wait_for("to the clipboard");
        String::from_utf8_lossy(&pty.bytes()).into_owned()
    };
    let coded = |bytes: &str, before: &str| {
        let start = bytes.find(before).unwrap_or_else(|| panic!("{before:?} was not written")) + before.len();
        bytes[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect::<String>()
    };
    let bare = written(&[("TMUX", ""), ("STY", "")]);
    let text = coded(&bare, "\x1b]52;c;");
    assert!(text.len() > 1000 && !bare.contains("\x1bP"), "{}", text.len());
    let tmux = written(&[("TMUX", "/tmp/tmux-0/default,1,0"), ("STY", "")]);
    assert_eq!(coded(&tmux, "\x1bPtmux;\x1b\x1b]52;c;").len(), text.len());
    assert!(tmux.contains("\x07\x1b\\\x1b]52;c;"), "and bare, for a tmux that takes it itself");
    let screen = written(&[("TMUX", ""), ("STY", "1.pts-0.web-03")]);
    let pieces: Vec<&str> = screen.split("\x1bP").skip(1).filter_map(|piece| piece.split("\x1b\\").next()).collect();
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() < 768));
    assert_eq!(coded(&pieces.concat(), "\x1b]52;c;").len(), text.len());
}

fn exported() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut pty = scene("trouble", (120, 30), &[("SALVE_TEST_FOLDER", path)]);
    pty.wait_for("Detectors");
    pty.send(b"2j\r");
    pty.wait_for("Incident #39");
    pty.send(b"x");
    pty.wait_for("salve-incident-39.md");
    pty.send(b"x");
    pty.wait_for("salve-incident-39-2.md");
    let text = std::fs::read_to_string(folder.path().join("salve-incident-39.md")).unwrap();
    assert!(text.starts_with("# Incident #39 on web-03: Every enabled service runs\n"), "{text}");
}

fn past_shown() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut pty = scene("trouble", (100, 30), &[("SALVE_TEST_FOLDER", path)]);
    pty.wait_for("live 1s");
    pty.send(b"[");
    pty.wait_for("event 26 of 26");
    pty.send(b"[");
    pty.wait_for("event 25 of 26");
    assert!(pty.screen().starts_with(" REPLAY"), "{}", pty.screen());
    pty.send(b"{");
    pty.wait_until("another moment", |pty| !pty.screen().contains("event 25"));
    // no key acts, whatever is pressed
    pty.send(b"psbrAeC");
    pty.send(b"t");
    pty.wait_for("live 1s");
    assert!(!pty.screen().contains("REPLAY"), "{}", pty.screen());
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}
