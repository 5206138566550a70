//! What happened: looked back at, copied, written to a file.

use super::pty::code;
use super::scene::scene;

pub fn copied() {
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

pub fn exported() {
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

pub fn past_shown() {
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
