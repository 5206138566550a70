//! A throw-away host: a container where that is enough, and a whole virtual machine for what only a kernel of its own
//! can show (limits of memory, the clock, file systems that hang).

mod container;
mod groups;
mod template;
mod virtual_machine;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use container::Container;
use virtual_machine::VirtualMachine;

pub use template::forget;

/// A running host; dropping it ends it and leaves nothing behind.
pub struct Machine {
    body: Body,
}

enum Body {
    Container(Container),
    Virtual(VirtualMachine),
}

impl Machine {
    /// Boots a container, with the program under test as `/usr/local/bin/salve`. Containers share the kernel's limits
    /// (of inotify, above all) with whatever else runs here, so one that could not begin is tried again.
    pub fn boot() -> Self {
        let container = (0..3).find_map(|_| Container::boot()).expect("a host boots");
        Self { body: Body::Container(container) }
    }

    /// A virtual machine that has booted, with the same program at the same place.
    pub fn boot_virtual() -> Self {
        Self { body: Body::Virtual(VirtualMachine::boot()) }
    }

    /// A command on the host, as root in a clean environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = match &self.body {
            Body::Container(container) => container.enter(),
            Body::Virtual(machine) => machine.enter(),
        };
        let environment = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        command.args(["env", "-i", environment, "HOME=/root", "LANG=C.UTF-8", "TERM=xterm-256color", program]);
        command
    }

    /// How long a host may take for one thing; one whose processor is emulated takes its time.
    pub const fn patience(&self) -> Duration {
        match &self.body {
            Body::Container(_) => Duration::from_mins(2),
            Body::Virtual(_) => Duration::from_mins(5),
        }
    }

    /// Waits a moment before a host is asked again: each question is a process, and where it is emulated a costly one.
    pub fn rest(&self) {
        sleep(match &self.body {
            Body::Container(_) => Duration::from_millis(250),
            Body::Virtual(_) => Duration::from_secs(2),
        });
    }

    fn output(&self, script: &str) -> Output {
        let limit = self.patience().as_secs().to_string();
        self.command("timeout").args(["-k", "5", &limit, "sh", "-c", script]).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a script on the host; its output. A script that fails, or takes longer than a host may, fails the scenario.
    pub fn sh(&self, script: &str) -> String {
        let output = self.output(script);
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{script}\n{}\n{}", words(&output.stdout), words(&output.stderr));
        words(&output.stdout)
    }

    /// The same, whatever its exit code.
    pub fn try_sh(&self, script: &str) -> String {
        let output = self.output(script);
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Writes a file on the host, owned by root.
    pub fn write(&self, path: &str, text: &str) {
        let script = "mkdir -p \"$(dirname \"$1\")\" && cat > \"$1\"";
        let mut writer = self.command("sh").args(["-c", script, "sh", path]).stdin(Stdio::piped()).spawn().unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success(), "{path} is written");
    }

    /// Waits until a script on the host succeeds.
    pub fn wait(&self, what: &str, script: &str) {
        let deadline = Instant::now() + self.patience();
        while !self.output(script).status.success() {
            assert!(
                Instant::now() < deadline,
                "never came: {what}\n{}",
                self.try_sh("salve status; salve journal export --json | grep -v adopted | tail -30")
            );
            self.rest();
        }
    }
}

fn sh(script: &str) {
    let status = Command::new("sh").args(["-c", script]).status().unwrap();
    assert!(status.success(), "{script}: {status}");
}
