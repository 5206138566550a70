//! What is written to the terminal, and how much of it.

use std::thread;
use std::time::Duration;

use super::pty::code;
use super::scene::{scene, trouble};

pub fn no_color() {
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
    pty.wait_for("NEED ACTION");
    pty.look(|screen| {
        let colour =
            (0..80).filter_map(|column| screen.cell(0, column)).any(|cell| cell.fgcolor() != vt100::Color::Default);
        assert!(colour, "and with colours there are some");
    });
    pty.send(b"q");
    pty.wait();
}

pub fn idle() {
    // the same state again and again, with no clock in line 1
    let mut pty = scene("busy", (44, 24), &[]);
    pty.wait_for("NEED ACTION");
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

pub fn resized() {
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

pub fn storm() {
    let mut pty = scene("trouble", (120, 30), &[]);
    pty.wait_for("Detail disk /");
    for step in 0..200_u16 {
        pty.resize(5 + step * 7 % 60, 10 + step * 13 % 200);
        thread::sleep(Duration::from_millis(5));
    }
    pty.resize(30, 120);
    pty.wait_for("Detail disk /");
    pty.wait_for("? all keys");
    let after = pty.screen();
    // and it is the whole of it: drawn anew it is the same but for its clock
    pty.send(b"\x0c");
    thread::sleep(Duration::from_millis(500));
    let rows = |screen: &str| screen.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let moving = |line: &String| !line.contains("expires in") && !line.contains("probe") && !line.contains(" ago");
    let still = |screen: &str| rows(screen).into_iter().filter(moving).collect::<Vec<_>>();
    assert_eq!(still(&after), still(&pty.screen()));
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

/// A first paint, and some seconds of a quiet host, as the program really writes them.
pub fn bytes() {
    let mut pty = scene("calm", (80, 24), &[("COLORTERM", "truecolor")]);
    pty.wait_for("? all keys");
    thread::sleep(Duration::from_millis(300));
    let first = pty.bytes().len();
    assert!(first <= 6 * 1024, "{first} bytes");
    thread::sleep(Duration::from_secs(6));
    let idle = pty.bytes().len() - first;
    assert!(idle <= 600, "{idle} bytes in 6 s");
    pty.send(b"q");
    pty.wait();
}

pub fn kinds_of_terminals() {
    for term in ["linux", "xterm", "screen", "tmux-256color", "vt100", "nobody-knows-it"] {
        let mut pty = scene("trouble", (80, 24), &[("TERM", term)]);
        pty.wait_for("NEED ACTION");
        pty.wait_for("? all keys");
        pty.send(b"q");
        assert_eq!(code(pty.wait()), 10, "{term}");
    }
}

pub fn hostile() {
    let mut pty = scene("hostile", (120, 30), &[]);
    pty.wait_for("NEED ACTION");
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
