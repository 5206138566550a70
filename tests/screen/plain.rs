//! Sentences instead of a screen.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::pty::code;
use super::scene::{SCENE, scene};

pub fn says_what_changes() {
    let mut pty = scene("plain calm", (80, 24), &[]);
    pty.wait_for("web-03: all well");
    pty.wait_for("this host is paused by alice");
    pty.wait_for("awaits approval: type a 41 to review it");
    assert!(pty.is_cooked(), "the terminal is left as it is");
    assert!(!pty.bytes().contains(&0x1b), "no escape sequences");
    // healing runs in here
    pty.send(b"q\n");
    pty.wait_for("Type quit to stop it");
    pty.send(b"quit\n");
    assert_eq!(code(pty.wait()), 10);
}

pub fn approves_by_number() {
    let mut pty = scene("plain medium", (120, 50), &[]);
    pty.wait_for("Enter shows the host status");
    // typed ahead of the question: it answers nothing
    pty.send(b"a\n1\n1\n");
    pty.wait_for("1 approve, 2 decline, 3 show the plan again, 4 go back; digest 5f2a9c0e6b1d:");
    thread::sleep(Duration::from_millis(600));
    assert!(!pty.screen().contains("approval sent"), "{}", pty.screen());
    pty.look(|screen| assert!(screen.bracketed_paste()));
    pty.send(b"\x1b[200~1\x1b[201~\n");
    pty.wait_for("was ignored");
    // a terminal that marks no pastes sends their lines in one burst
    thread::sleep(Duration::from_millis(500));
    pty.send(b"1\nls\n");
    pty.wait_for("nothing was done: another line followed immediately");
    thread::sleep(Duration::from_millis(500));
    assert!(!pty.screen().contains("approval sent"), "{}", pty.screen());
    pty.send(b"a\n");
    thread::sleep(Duration::from_millis(700));
    pty.send(b"1\n");
    pty.wait_until("an answer", |pty| {
        let screen = pty.screen();
        screen.contains("approval sent") || screen.contains("too quick")
    });
    if pty.screen().contains("too quick") {
        thread::sleep(Duration::from_millis(500));
        pty.send(b"1\n");
    }
    pty.wait_for("Approve { incident: IncidentId(41)");
    pty.wait_until("no marks", |pty| pty.look(|screen| !screen.bracketed_paste()));
    // Ctrl-Z does not stop what heals
    pty.signal(Signal::TSTP);
    pty.wait_for("Not suspended");
    let modes = pty.modes();
    pty.signal(Signal::TERM);
    assert_eq!(code(pty.wait()), 12);
    assert_eq!(pty.modes(), modes);
}

pub fn into_a_pipe() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(SCENE, "plain medium")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"a\n").unwrap();
    thread::sleep(Duration::from_millis(800));
    std::io::Write::write_all(&mut input, b"1\n").unwrap();
    drop(input);
    thread::sleep(Duration::from_millis(400));
    assert!(child.try_wait().unwrap().is_none(), "it goes on without input");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(12));
    assert!(text.contains("mount /, disk-full, 97%") && !text.contains("pprove"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains('\x07'));
}
