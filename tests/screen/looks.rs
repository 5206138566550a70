//! Themes, signs and notifications, as a terminal gets them.

use super::pty::{Pty, code};
use super::scene::scene;

/// The colours of all cells but the terminal's own.
fn colours(pty: &Pty) -> Vec<vt100::Color> {
    pty.look(|screen| {
        let (rows, columns) = screen.size();
        let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        let both = cells.flat_map(|cell| [cell.fgcolor(), cell.bgcolor()]);
        both.filter(|colour| *colour != vt100::Color::Default).collect()
    })
}

pub fn ladder() {
    use vt100::Color::{Idx, Rgb};
    type Test = fn(&vt100::Color) -> bool;
    let (rgb, indexed, sixteen): (Test, Test, Test) =
        (|c| matches!(c, Rgb(..)), |c| matches!(c, Idx(16..)), |c| matches!(c, Idx(0..16)));
    for (environment, form, fits) in [
        (&[("COLORTERM", "truecolor")][..], Some("38;2;"), rgb),
        (&[("COLORTERM", "truecolor"), ("CI", "true"), ("GITHUB_ACTIONS", "true")], Some("38;2;"), rgb),
        (&[("COLORTERM", ""), ("TERM", "xterm-256color")], Some("38;5;"), indexed),
        (&[("COLORTERM", ""), ("TERM", "screen-256color")], Some("38;5;"), indexed),
        (&[("COLORTERM", ""), ("TERM", "xterm")], Some(";9"), sixteen),
        (&[("COLORTERM", ""), ("TERM", "linux")], Some(";9"), sixteen),
        (&[("COLORTERM", ""), ("TERM", "vt220")], None, sixteen),
        (&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")], None, sixteen),
    ] {
        let mut pty = scene("trouble", (80, 24), &[environment, &[("SALVE_TEST_THEME", "dark")]].concat());
        pty.wait_for("NEED ACTION");
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

pub fn ascii() {
    for (name, locale, expected) in
        [("by locale", "C", true), ("ascii", "C.UTF-8", true), ("by locale", "C.UTF-8", false)]
    {
        let mut pty = scene(name, (120, 40), &[("LC_ALL", locale)]);
        pty.wait_for("NEED ACTION");
        // the help page and a form have signs of their own
        pty.send(b"?");
        pty.wait_for("Main screen");
        pty.send(b"\x1b");
        pty.wait_for("Detectors");
        pty.send(b"p");
        pty.wait_for("how long");
        pty.send(b"\x1b");
        pty.wait_until("no form", |pty| !pty.screen().contains("how long"));
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

pub fn changed_theme() {
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

pub fn kept_theme() {
    let config = tempfile::tempdir().unwrap();
    let environment = [("COLORTERM", "truecolor"), ("SALVE_TEST_CONFIG", config.path().to_str().unwrap())];
    let dark = |pty: &Pty| colours(pty).contains(&vt100::Color::Rgb(0x14, 0x18, 0x1e));
    let mut pty = scene("trouble", (100, 30), &environment);
    pty.wait_for("NEED ACTION");
    assert!(!dark(&pty));
    pty.send(b":theme dark");
    pty.wait_until("the theme under the cursor", dark);
    pty.send(b"\x1b");
    pty.wait_until("the former theme", |pty| !dark(pty));
    assert!(!config.path().join("console.toml").exists(), "nothing is kept of what was only tried");
    pty.send(b":theme dark\r");
    pty.wait_for("theme dark, saved in ");
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
    pty.wait_for("NEED ACTION");
    pty.send(b"q");
    assert_eq!(code(pty.wait()), 10);
}

pub fn notified() {
    let config = tempfile::tempdir().unwrap();
    let folder = config.path().to_str().unwrap();
    let told = "\x1b]9;salve: web-03: #41 disk / awaits approval: disk-full\x07";
    let in_tmux = format!("\x1bPtmux;\x1b{told}\x1b\\");
    for (wanted, tmux, expected) in [("false", "", ""), ("true", "", told), ("true", "/tmp/tmux,1,0", &in_tmux)] {
        std::fs::write(config.path().join("console.toml"), format!("notify = {wanted}\n")).unwrap();
        let environment = [("SALVE_TEST_CONFIG", folder), ("TMUX", tmux), ("STY", "")];
        let mut pty = scene("asks later", (80, 24), &environment);
        pty.wait_for("NEED ACTION");
        pty.wait_until("the bell", |pty| pty.bytes().contains(&7));
        pty.send(b"q");
        assert_eq!(code(pty.wait()), 10);
        let bytes = String::from_utf8_lossy(&pty.bytes()).into_owned();
        assert_eq!(bytes.matches("\x1b]9;").count(), usize::from(!expected.is_empty()), "{bytes:?}");
        assert!(bytes.contains(expected), "{bytes:?}");
    }
}
