//! Every way out gives the terminal back.

use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use vt100::MouseProtocolMode;

use super::pty::code;
use super::scene::{PROGRESS, SCENE, given_back, scene, trouble};

pub fn first_screen() {
    let mut pty = trouble();
    assert!(!pty.is_cooked());
    pty.look(|screen| assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
}

pub fn panic_elsewhere() {
    let mut pty = scene("panics elsewhere", (80, 24), &[]);
    pty.wait_for("NEED ACTION");
    thread::sleep(Duration::from_millis(600));
    pty.look(|screen| assert!(screen.alternate_screen() && !screen.contents().contains("panicked")));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
    pty.wait_for("a thread that does not draw");
}

pub fn signals() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut pty = scene("trouble", (80, 24), &[]);
        let before = pty.modes();
        pty.wait_for("NEED ACTION");
        assert_ne!(pty.modes(), before, "it is raw while the screen is ours");
        pty.send(b"m");
        pty.wait_until("the mouse", |pty| pty.look(|screen| screen.mouse_protocol_mode() != MouseProtocolMode::None));
        pty.signal(signal);
        assert_eq!(code(pty.wait()), 12, "{signal:?}");
        given_back(&pty);
        assert_eq!(pty.modes(), before, "{signal:?}");
    }
}

/// A screen that cannot be written to does not hold up the end, nor the engine; one that can be again catches up.
pub fn slow_link() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("progress");
    let progress = || std::fs::read_to_string(&file).ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let path = file.to_str().unwrap();
    let mut pty = scene("fast", (180, 70), &[(PROGRESS, path), ("COLORTERM", "truecolor")]);
    pty.wait_for("figure");
    pty.be_deaf(true);
    // by now the terminal's buffer is full, and the write hangs
    thread::sleep(Duration::from_secs(5));
    let (from, stuck) = (progress(), pty.bytes().len());
    pty.wait_until("an engine that goes on", |_| progress() > from + 300);
    assert_eq!(pty.bytes().len(), stuck, "nothing was read");
    let reached = progress();
    pty.be_deaf(false);
    // what it missed is not shown one by one: frames of long ago would hold the first figures
    pty.wait_until("the latest figures", |pty| {
        let screen = pty.screen();
        let mut figures = screen.split("figure ").skip(1);
        figures.next().and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok()).is_some_and(|f| f >= reached * 100)
    });
    let frames = String::from_utf8_lossy(&pty.bytes()[stuck..]).matches("\x1b[?2026h").count();
    // a drawing for every 50 ms of more than 8 s would be 160; the kernel kept those that it had room for
    assert!(frames < 80, "{frames} frames to catch up");
    pty.be_deaf(true);
    thread::sleep(Duration::from_secs(2));
    let before = std::time::Instant::now();
    pty.signal(Signal::TERM);
    assert_eq!(code(pty.wait()), 12);
    assert!(before.elapsed() < Duration::from_secs(15));
}

pub fn dumb() {
    let mut pty = scene("trouble", (100, 50), &[("TERM", "dumb")]);
    pty.wait_for("web-03: 1 firing");
    assert!(pty.is_cooked() && !pty.bytes().contains(&0x1b));
    pty.send(b"q\n");
    assert_eq!(code(pty.wait()), 10);
}

pub fn hang_up() {
    let mut pty = trouble();
    let before = pty.ticks();
    pty.hang_up();
    let status = pty.wait();
    assert!(matches!(code(status), 11 | 12), "{status:?}");
    // and the same where nobody tells of it by a signal
    let mut pty = scene("quiet", (80, 24), &[]);
    pty.wait_for("STARTING");
    pty.signal(Signal::STOP);
    pty.hang_up();
    pty.signal(Signal::CONT);
    assert!(matches!(code(pty.wait()), 11 | 12));
    assert!(before < 200, "{before} ticks for one screen");
}

pub fn suspended() {
    let mut pty = trouble();
    // by the shell's own signal, and by the key
    pty.signal(Signal::TSTP);
    pty.wait_stopped();
    given_back(&pty);
    pty.signal(Signal::CONT);
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen) && !pty.is_cooked());
    pty.wait_for("NEED ACTION");
    pty.send(b"\x1a");
    pty.wait_stopped();
    given_back(&pty);
    pty.signal(Signal::CONT);
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen));
    pty.wait_for("NEED ACTION");
    assert!(!pty.is_cooked());
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
}

pub fn suspended_embedded() {
    let mut pty = scene("embedded", (80, 24), &[]);
    pty.wait_for("NEED ACTION");
    pty.send(b"\x1a");
    pty.wait_for("would stop");
    // and the same where the shell's signal comes
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.signal(Signal::TSTP);
    pty.wait_for("would stop");
    pty.send(b"qq");
    pty.wait_for("Remediation runs inside this console and stops with it.");
    std::thread::sleep(std::time::Duration::from_millis(600));
    pty.send(b"y");
    assert_eq!(code(pty.wait()), 10);
}

pub fn editor() {
    let config = tempfile::tempdir().unwrap();
    let program = config.path().join("editor");
    let text = "#!/bin/sh\necho \"mine: $1\"\nread answer\necho \"title = \" > \"$1\"\n";
    crate::executable::script(&program, text);
    let (path, folder) = (program.to_str().unwrap(), config.path().to_str().unwrap());
    let mut pty = scene("trouble", (100, 30), &[("VISUAL", path), ("SALVE_TEST_CONFIG", folder)]);
    pty.wait_for("NEED ACTION");
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
    pty.wait_for("NEED ACTION");
    pty.wait_for("Detectors");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

pub fn no_terminal() {
    let output = Command::new(std::env::current_exe().unwrap()).env(SCENE, "trouble").output().unwrap();
    assert_eq!(output.status.code(), Some(13));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the console needs a terminal"));
}
