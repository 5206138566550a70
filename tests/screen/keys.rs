//! What is typed arrives as it was meant.

use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::pty::code;
use super::scene::{SCENE, given_back, scene, trouble};

pub fn split_escape() {
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

pub fn paste() {
    let mut pty = trouble();
    pty.send(b"\x1b[200~qqq\ryp\x1b[201~");
    thread::sleep(Duration::from_millis(300));
    pty.send(b"?");
    pty.wait_for("Main screen");
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
}

pub fn approved() {
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
