//! `salve demo` as a user without privileges: it shows what it promises, and leaves no process, file or mount behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/executable.rs"]
mod executable;
#[path = "support/pty.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod pty;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use pty::Pty;
use rustix::process::{Pid, Signal, kill_process};

/// Whose processes, where root runs this.
const NOBODY: u32 = 65534;

/// A home for one demo, and the program where that user may run it.
struct Home(PathBuf);

impl Home {
    fn make(name: &str) -> Self {
        let root = rustix::process::geteuid().is_root();
        // playbooks are read only where nobody else may write: not below /tmp
        let base = if root { Path::new("/var/lib") } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
        let home = Self(base.join(format!("salve-demo-test-{name}-{}", std::process::id())));
        fs::create_dir_all(home.state()).unwrap();
        executable::copy(Path::new(env!("CARGO_BIN_EXE_salve")), &home.program());
        fs::set_permissions(&home.0, Permissions::from_mode(0o755)).unwrap();
        if root {
            chown(home.state(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        home
    }

    fn program(&self) -> PathBuf {
        self.0.join("salve")
    }

    fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// A demo in a terminal.
    fn demo(&self, arguments: &[&str]) -> Pty {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]);
        if rustix::process::geteuid().is_root() {
            let user = NOBODY.to_string();
            command.args(["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"]);
        }
        command.arg(self.program()).arg("demo").args(arguments).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("HOME", self.state()).env("XDG_STATE_HOME", self.state());
        Pty::start(&mut command, 40, 120).with_patience(Duration::from_mins(1))
    }

    /// Every process of the program that is in this home.
    fn processes(&self) -> Vec<i32> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == self.program())).collect()
    }

    /// Waits until none is left, and holds that no file or mount is.
    fn is_clean(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.processes().is_empty() {
            assert!(Instant::now() < deadline, "left running: {:?}", self.processes());
            sleep(Duration::from_millis(20));
        }
        assert_eq!(files(&self.state()), Vec::<PathBuf>::new());
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.0.to_str().unwrap()), "{mounts}");
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All files below a folder; folders alone are none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

/// Chooses a fault from the menu by its words.
fn break_something(screen: &mut Pty, words: &str) {
    screen.send(b"F");
    screen.wait_for("kill two jobs");
    // the menu lists what begins with its word; a few letters more find one
    screen.send(format!(" {words}").as_bytes());
    screen.wait_until("the fault first", |pty| pty.screen().contains(words));
    screen.send(b"\r");
}

fn quit(mut screen: Pty) {
    screen.send(b"q");
    assert_eq!(pty::code(screen.wait()), 0);
}

#[test]
fn three_demos_are_broken_healed_and_gone() {
    let home = Home::make("demo");
    for _ in 0..3 {
        let mut screen = home.demo(&[]);
        screen.wait_for("ALL WELL");
        screen.wait_for("shop.");
        screen.send(b"F");
        screen.wait_for("kill two jobs");
        screen.send(b"\r");
        screen.wait_for("FIXING");
        screen.wait_for("100% 2/2");
        screen.wait_for("ALL WELL");
        quit(screen);
        home.is_clean();
    }
}

#[test]
fn every_fault_shows_what_it_is_about() {
    let home = Home::make("faults");
    let mut screen = home.demo(&[]);
    screen.wait_for("ALL WELL");
    screen.wait_for("shop.");
    break_something(&mut screen, "hang the shop");
    screen.wait_for("FIXING");
    screen.wait_for("100% 1/1");
    break_something(&mut screen, "fill the scratch");
    screen.wait_for("100% 2/2");
    break_something(&mut screen, "leak memory");
    screen.wait_for("NEEDS ACTION");
    screen.wait_for("HIGH RISK");
    break_something(&mut screen, "storm");
    screen.wait_for("storm: ");
    break_something(&mut screen, "fix everything");
    screen.wait_for("ALL WELL");
    break_something(&mut screen, "let the shop flap");
    screen.wait_for("FLAPPING");
    quit(screen);
    home.is_clean();
}

#[test]
fn three_tours_play_without_keys_and_leave_nothing() {
    scope(|all| {
        for name in ["tour1", "tour2", "tour3"] {
            all.spawn(move || {
                let home = Home::make(name);
                let mut screen = home.demo(&["--tour"]);
                for words in
                    ["What you see", "DETECT", "REMEDIATE", "It is AWAITING", "ESCALATE", "closed again", "The gauge"]
                {
                    screen.wait_for(words);
                }
                assert_eq!(pty::code(screen.wait()), 0);
                home.is_clean();
            });
        }
    });
}

/// A clone below `/tmp`, or in a user's home, and `sudo`: root runs nothing that lies there.
#[test]
fn as_root_the_demo_heals_from_a_folder_that_others_may_write() {
    if !rustix::process::geteuid().is_root() {
        println!("left out: this is about root");
        return;
    }
    let home = Home(PathBuf::from(format!("/tmp/salve-demo-test-open-{}", std::process::id())));
    fs::create_dir(&home.0).unwrap();
    executable::copy(Path::new(env!("CARGO_BIN_EXE_salve")), &home.program());
    fs::set_permissions(&home.0, Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(home.program()).arg("demo").env_clear();
    command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env("HOME", "/root");
    let mut screen = Pty::start(&mut command, 40, 120).with_patience(Duration::from_mins(1));
    screen.wait_for("ALL WELL");
    screen.wait_for("shop.");
    let demo = home.processes()[0];
    break_something(&mut screen, "kill two jobs");
    screen.wait_for("100% 2/2");
    quit(screen);
    for base in ["/run", "/var/lib", "/root"] {
        assert!(!Path::new(base).join(format!("salve-demo-{demo}")).exists(), "{base}");
    }
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along_and_the_next_one_sweeps() {
    let home = Home::make("killed");
    let screen = home.demo(&[]);
    screen.wait_for("ALL WELL");
    screen.wait_for("shop.");
    let demo = home.processes().into_iter().min().unwrap();
    kill_process(Pid::from_raw(demo).unwrap(), Signal::KILL).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !home.processes().is_empty() {
        assert!(Instant::now() < deadline, "left running: {:?}", home.processes());
        sleep(Duration::from_millis(20));
    }
    assert!(!files(&home.state()).is_empty(), "what it left is still there");
    drop(screen);
    let next = home.demo(&[]);
    next.wait_for("ALL WELL");
    quit(next);
    home.is_clean();
}
