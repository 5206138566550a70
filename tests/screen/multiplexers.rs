//! Real tmux and GNU screen: drawn in, detached from and attached to again.

use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use super::scene::SCENE;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Is it installed? Where it is not, its test is reported as ignored, and this says so.
pub fn lacks(name: &str) -> bool {
    let lacks = Command::new(name).arg("--version").output().is_err();
    if lacks {
        eprintln!("left out: the console in {name}, because it is not installed (apt-get install tmux screen)");
    }
    lacks
}

fn program(name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(name);
    command.args(arguments).env(SCENE, "trouble").env("LANG", "C.UTF-8").env("TZ", "UTC");
    command.env_remove("TMUX").env_remove("STY").env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command.output().unwrap()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> Result<(), String>) {
    let began = Instant::now();
    while let Err(seen) = holds() {
        assert!(began.elapsed() < PATIENCE, "no {what}:\n{seen}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn contains(seen: &str, words: &str) -> Result<(), String> {
    if seen.contains(words) { Ok(()) } else { Err(seen.to_owned()) }
}

fn this() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

/// Takes the session away again, whatever became of the test.
struct Ends<F: FnMut()>(F);

impl<F: FnMut()> Drop for Ends<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// tmux.
pub fn in_tmux() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("tmux").to_str().unwrap().to_owned();
    let tmux = |arguments: &[&str]| {
        let all: Vec<&str> = ["-S", &socket, "-f", "/dev/null"].iter().chain(arguments).copied().collect();
        program("tmux", &all)
    };
    let picture = || String::from_utf8_lossy(&tmux(&["capture-pane", "-p"]).stdout).into_owned();
    let started = tmux(&["new-session", "-d", "-x", "80", "-y", "24", &this()]);
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    let _ends = Ends(|| drop(tmux(&["kill-server"])));
    wait_until("first screen", || contains(&picture(), "? all keys"));
    // attached from a terminal of another size, left, and attached again
    for (rows, columns) in [(30, 120), (20, 60)] {
        attach_and_leave("tmux", &["-S", &socket, "attach"], b"\x02d", rows, columns, folder.path());
        wait_until("screen after it was left", || contains(&picture(), "NEED"));
    }
    tmux(&["send-keys", "?"]);
    wait_until("help", || contains(&picture(), "Main screen"));
    tmux(&["send-keys", "Escape"]);
    wait_until("main screen after a lone Esc", || contains(&picture(), "Detectors"));
    tmux(&["send-keys", "q"]);
    wait_until("end", || if picture().contains("Detectors") { Err(picture()) } else { Ok(()) });
}

/// GNU screen.
pub fn in_screen() {
    let folder = tempfile::tempdir().unwrap();
    let (name, config) = (format!("salve-test-{}", std::process::id()), folder.path().join("rc"));
    std::fs::write(&config, "startup_message off\nvbell off\n").unwrap();
    let config = config.to_str().unwrap().to_owned();
    let screen = |arguments: &[&str]| {
        let all: Vec<&str> = ["-c", &config, "-S", &name].iter().chain(arguments).copied().collect();
        program("screen", &all)
    };
    let copy = folder.path().join("copy");
    let picture = || {
        screen(&["-p", "0", "-X", "hardcopy", copy.to_str().unwrap()]);
        thread::sleep(Duration::from_millis(50));
        String::from_utf8_lossy(&std::fs::read(&copy).unwrap_or_default()).into_owned()
    };
    let started = screen(&["-dmU", &this()]);
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    let _ends = Ends(|| drop(screen(&["-X", "quit"])));
    attach_and_leave("screen", &["-c", &config, "-U", "-r", &name], b"\x01d", 24, 80, folder.path());
    wait_until("screen after it was left", || contains(&picture(), "NEED"));
    attach_and_leave("screen", &["-c", &config, "-U", "-r", &name], b"\x01d", 30, 120, folder.path());
    screen(&["-p", "0", "-X", "stuff", "?"]);
    wait_until("help", || contains(&picture(), "Main screen"));
    screen(&["-p", "0", "-X", "stuff", "qq"]);
}

/// Sees the console in a terminal of this size, then leaves it running.
fn attach_and_leave(name: &str, arguments: &[&str], leave: &[u8], rows: u16, columns: u16, home: &Path) {
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(name).args(arguments);
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("HOME", home);
    command.env_remove("TMUX").env_remove("STY");
    let mut pty = super::pty::Pty::start(&mut command, rows, columns);
    pty.wait_for("NEED");
    pty.wait_until("the last row", |pty| pty.screen().contains("all keys"));
    pty.send(leave);
    pty.wait();
    assert!(pty.is_cooked());
}
