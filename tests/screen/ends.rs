//! Every way out gives the terminal back.

use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::pty::code;
use super::scene::{SCENE, given_back, scene, trouble};

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
    pty.wait_for("NEED YOU");
    thread::sleep(Duration::from_millis(600));
    pty.look(|screen| assert!(screen.alternate_screen() && !screen.contents().contains("panicked")));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
    given_back(&pty);
    pty.wait_for("a thread that does not draw");
}

pub fn signals() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut pty = trouble();
        pty.signal(signal);
        assert_eq!(code(pty.wait()), 12, "{signal:?}");
        given_back(&pty);
    }
}

pub fn hang_up() {
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

pub fn suspended() {
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

pub fn suspended_embedded() {
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

pub fn editor() {
    let config = tempfile::tempdir().unwrap();
    let program = config.path().join("editor");
    std::fs::write(&program, "#!/bin/sh\necho \"mine: $1\"\nread answer\necho \"title = \" > \"$1\"\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (path, folder) = (program.to_str().unwrap(), config.path().to_str().unwrap());
    let mut pty = scene("trouble", (100, 30), &[("VISUAL", path), ("SALVE_TEST_CONFIG", folder)]);
    pty.wait_for("NEED YOU");
    pty.send(b"e");
    pty.wait_for("mine: ");
    assert!(pty.is_cooked(), "the editor has the terminal");
    // these are the editor's keys
    pty.send(b"qqq\r");
    pty.wait_until("the screen back", |pty| pty.look(vt100::Screen::alternate_screen) && !pty.is_cooked());
    pty.wait_for("Not accepted disk-full");
    pty.wait_for("disk-full.toml:1:");
    assert_eq!(std::fs::read_to_string(config.path().join("playbooks/disk-full.toml")).unwrap(), "title = \n");
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
}

pub fn no_terminal() {
    let output = Command::new(std::env::current_exe().unwrap()).env(SCENE, "trouble").output().unwrap();
    assert_eq!(output.status.code(), Some(13));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the console needs a terminal"));
}
