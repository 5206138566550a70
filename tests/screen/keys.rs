//! What is typed arrives as it was meant.

use std::thread;
use std::time::{Duration, Instant};

use super::pty::code;
use super::scene::{scene, trouble};

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
    pty.wait_for("NEED");
    pty.send(b"a");
    pty.wait_for("y runs exactly this");
    thread::sleep(Duration::from_millis(400));
    pty.send(b"y");
    pty.wait_for("Approve { incident: IncidentId(41)");
    pty.send(b"q");
    pty.wait();
}

/// The quickest of several, for a busy machine may take its time.
pub fn lone_escape() {
    let mut pty = trouble();
    let mut quickest = Duration::MAX;
    for _ in 0..8 {
        pty.send(b"?");
        pty.wait_for("Main screen");
        thread::sleep(Duration::from_millis(60));
        let before = Instant::now();
        pty.send(b"\x1b");
        pty.wait_until("the main screen", |pty| !pty.screen().contains("Main screen"));
        quickest = quickest.min(before.elapsed());
    }
    // 60 ms for what may follow, 10 ms for this test to look
    assert!(quickest < Duration::from_millis(100), "{quickest:?}");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

/// Cut at every byte, with rests shorter than what an Esc waits for.
pub fn split_everywhere() {
    let mut pty = trouble();
    pty.send(b"?");
    pty.wait_for("Main screen");
    for sequence in [&b"\x1b[B"[..], b"\x1b[6~", b"\x1b[A", b"\x1bOB", b"\x1b[Z", b"\x1b[<0;1;1M"] {
        for byte in sequence {
            pty.send(&[*byte]);
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_millis(100));
        assert!(pty.screen().contains(" Keys "), "{sequence:?} took it away:\n{}", pty.screen());
    }
    pty.send(b"qq");
    assert_eq!(code(pty.wait()), 10);
}

pub fn typed_ahead() {
    // before there is a screen at all, and then in one burst
    let mut pty = scene("medium", (100, 50), &[]);
    pty.send(b"ayyyy");
    pty.wait_for("Approve #41");
    pty.send(b"yyyy\ry");
    pty.send(b"\x1b[200~y\x1b[201~");
    pty.wait_for("too quick: nothing was approved");
    thread::sleep(Duration::from_millis(400));
    assert!(!pty.screen().contains("IncidentId(41)"));
    pty.send(b"y");
    pty.wait_for("Approve { incident: IncidentId(41)");
    pty.send(b"q");
    pty.wait();
}

/// As a terminal sends it that does not mark pastes: a burst of keys, and quiet before and after it.
pub fn raw_paste() {
    let mut pty = scene("medium", (100, 50), &[]);
    pty.wait_for("NEED");
    pty.send(b"a");
    pty.wait_for("y runs exactly this");
    thread::sleep(Duration::from_millis(400));
    pty.send(b"yum install nginx");
    // the keys behind the first say what they do themselves; only that nothing was approved can be seen at the end
    thread::sleep(Duration::from_millis(1200));
    assert!(!pty.screen().contains("IncidentId(41)"), "{}", pty.screen());
}
