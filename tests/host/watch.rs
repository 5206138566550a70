//! salve on a host: the loop in the background, its journal, its screen.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::journal::{FollowedJournal, exported};
use super::machine::Machine;
use super::pty::Pty;

/// Settings under which a host that has just booted may be acted on, as often as a scenario needs.
const SETTINGS: &str = "boot_grace = \"0s\"\nhost_budget = { attempts = 50, window = \"5m\" }\n";

/// In the place of the shipped playbook about high load, for a scenario in which all has to be well: a container sees the
/// processors' pressure of the machine that carries it. It applies where somebody says so.
pub const NO_HIGH_LOAD: (&str, &str) = (
    "high-load",
    r#"
title  = "the load is somebody else's"
target = "host"
risk   = "low"
mode   = "auto"
enabled_when = { file = "/etc/salve/load-is-watched" }

[detect]
load = { per_core = "> 8" }
for  = "10m"

[verify]
load   = { per_core = "< 4" }
within = "5m"
"#,
);

/// The loop on a host.
pub struct Salve<'m> {
    pub machine: &'m Machine,
    pub journal: FollowedJournal,
    daemon: Option<Child>,
}

impl<'m> Salve<'m> {
    /// Puts a playbook where it is armed by its place.
    pub fn with(machine: &'m Machine, playbooks: &[(&str, &str)]) -> Self {
        Self::with_settings(machine, SETTINGS, playbooks)
    }

    /// The same with settings of its own: a playbook is accepted only with the channels that it names.
    pub fn with_settings(machine: &'m Machine, settings: &str, playbooks: &[(&str, &str)]) -> Self {
        machine.write("/etc/salve/salve.toml", settings);
        for (name, text) in playbooks {
            let path = format!("/etc/salve/playbooks/{name}.toml");
            machine.write(&path, text);
            machine.sh(&format!("salve playbook check {path}"));
        }
        Self { machine, journal: FollowedJournal::of(machine), daemon: None }
    }

    /// Starts the loop without a screen, and waits until it watches.
    pub fn start(&mut self) {
        let mut command = self.machine.command("salve");
        let daemon = command.arg("daemon").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.daemon = Some(daemon.spawn().unwrap());
        self.wait_until_it_watches();
    }

    /// Waits until an engine listens, has read its playbooks, and has a reading of everything that they are about.
    pub fn wait_until_it_watches(&self) {
        self.wait_count("adopted", 1);
        // a status has the exit code 69 where no engine answered
        let watches = "said=$(salve status); test $? != 69 && ! echo \"$said\" | grep -q 'no reading'";
        self.machine.wait("salve's first readings", watches);
    }

    /// Ends the loop without a word, as a crash does.
    pub fn kill(&mut self) {
        self.machine.sh("pkill -9 -x salve");
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.wait();
        }
    }

    /// Opens the console in a terminal of this size: on the daemon where it runs, else with a loop of its own.
    pub fn screen(&self, rows: u16, columns: u16) -> Pty {
        self.screen_of(&[], rows, columns)
    }

    /// The same by another verb.
    pub fn screen_of(&self, verb: &[&str], rows: u16, columns: u16) -> Pty {
        let inside = self.machine.command("salve");
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(inside.get_program()).args(inside.get_args()).args(verb);
        Pty::start(&mut command, rows, columns).with_patience(self.machine.patience())
    }

    /// Pauses the whole host by keys: the form begins with the row under the cursor.
    pub fn pause_host(screen: &mut Pty) {
        screen.send(b"p");
        screen.wait_for("ause");
        screen.send(b"\x1b[C");
        screen.wait_for("this host");
        sleep(Duration::from_millis(600));
        screen.send(b"\r");
    }

    /// Leaves an embedded console: what stops the healing is decided in quiet.
    pub fn leave(mut screen: Pty) {
        screen.send(b"q");
        screen.wait_for("Quit?");
        sleep(Duration::from_millis(600));
        screen.send(b"y");
        screen.wait();
    }

    /// Every event so far: its kind and its fields, oldest first.
    pub fn events(&self) -> Vec<(String, Value)> {
        exported(self.machine).into_iter().map(|record| (record.kind, record.fields)).collect()
    }

    /// How many events of this kind there are so far.
    pub fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|(other, _)| other == kind).count()
    }

    /// Waits until there are so many events of a kind.
    pub fn wait_count(&self, kind: &str, count: usize) {
        let came = self.journal.wait(self.machine.patience(), |records| {
            (records.iter().filter(|record| record.kind == kind).count() >= count).then_some(())
        });
        assert!(came.is_some(), "never came: {kind} × {count}\n{}", self.happened());
    }

    /// Waits until this is found in what happened; it.
    pub fn wait_for<T>(&self, what: &str, found: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + self.machine.patience();
        loop {
            let known = self.journal.len();
            if let Some(found) = found(self) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let grown = self.journal.wait(left, |records| (records.len() > known).then_some(()));
            assert!(grown.is_some(), "never came: {what}\n{}", self.happened());
        }
    }

    /// What salve saw and did of late.
    pub fn happened(&self) -> String {
        self.machine.try_sh("salve status; salve journal export --json | grep -v adopted | tail -30")
    }

    /// Holds the events' kinds, without changes of readings, to what is expected.
    pub fn told(&self, expected: &[&str]) {
        let told = |kind: &String| !["started", "adopted", "saw", "delivered"].contains(&kind.as_str());
        let events = self.events();
        let story: Vec<String> = events.iter().map(|(kind, _)| kind.clone()).filter(told).collect();
        let host = || self.machine.try_sh("journalctl --no-pager --lines 60");
        assert_eq!(story, expected, "the whole journal:\n{events:#?}\nthe host's:\n{}", host());
    }

    /// The tickets' texts.
    pub fn tickets(&self) -> Vec<String> {
        let names = self.machine.try_sh("ls /var/lib/salve/tickets/*.md 2>/dev/null");
        let paths = names.lines().filter(|line| line.starts_with('/'));
        paths.map(|path| self.machine.sh(&format!("cat '{path}'"))).collect()
    }

    /// Nothing in the journal was altered.
    pub fn verify(&self) {
        let said = self.machine.sh("salve journal verify");
        assert!(said.starts_with("the hash chain is intact"), "{said}");
    }
}

impl Drop for Salve<'_> {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = self.machine.try_sh("pkill -9 -x salve");
            // one that hangs in the kernel is left to the host's own end
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && matches!(daemon.try_wait(), Ok(None)) {
                sleep(Duration::from_millis(50));
            }
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}
