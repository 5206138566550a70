//! A virtual machine that has booted, kept as its disk and the state of its memory: emulating a boot takes more than a
//! minute of both processors, and going on from here about a second. Made at the first virtual machine of a run, with the
//! program under test on its disk.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::sh;
use super::virtual_machine::{Begins, VirtualMachine};
use crate::image;

/// How long the memory may take to be written.
const PATIENCE: Duration = Duration::from_mins(3);

static MADE: OnceLock<Template> = OnceLock::new();

/// Takes away the one of this run, if it was made.
pub fn forget() {
    if let Some(template) = MADE.get() {
        let _ = fs::remove_dir_all(&template.folder);
    }
}

/// One that has booted.
pub struct Template {
    folder: PathBuf,
}

impl Template {
    /// The one of this run.
    pub fn of_this_run() -> &'static Self {
        MADE.get_or_init(Self::make)
    }

    /// Its disk; what goes on from here writes elsewhere.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk")
    }

    /// The state of its memory and devices.
    pub fn memory(&self) -> PathBuf {
        self.folder.join("memory")
    }

    fn make() -> Self {
        forget_former();
        let folder = image::folder().join(format!("booted-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let template = Self { folder };
        let (disk, program) = (template.disk(), template.folder.join("salve"));
        sh(&format!("cp --sparse=always {} {}", image::disk().display(), disk.display()));
        // without what only a debugger needs
        sh(&format!("strip -o {} {}", program.display(), env!("CARGO_BIN_EXE_salve")));
        let change = |command: &str| sh(&format!("debugfs -w -R '{command}' {} > /dev/null 2>&1", disk.display()));
        change(&format!("write {} /usr/local/bin/salve", program.display()));
        change("sif /usr/local/bin/salve mode 0100755");
        let machine = VirtualMachine::start(&disk, Begins::WithItsBoot);
        assert!(machine.enter().args(["sync"]).status().unwrap().success(), "its disk is written");
        machine.hang_up();
        let mut monitor = Monitor::of(&machine.monitor());
        monitor.ask("migrate_set_parameter max-bandwidth 100G");
        monitor.ask(&format!("migrate -d \"exec:cat > {}\"", template.memory().display()));
        let deadline = Instant::now() + PATIENCE;
        while !monitor.ask("info migrate").contains("Migration status: completed") {
            assert!(Instant::now() < deadline, "its memory was not written: {}", monitor.ask("info migrate"));
            sleep(Duration::from_millis(200));
        }
        template
    }
}

/// Those of runs that were cut short.
fn forget_former() {
    for entry in fs::read_dir(image::folder()).unwrap().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("booted-"));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The emulator's own prompt.
struct Monitor(UnixStream);

impl Monitor {
    fn of(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut monitor = Self(stream);
        monitor.answer();
        monitor
    }

    fn ask(&mut self, command: &str) -> String {
        self.0.write_all(format!("{command}\n").as_bytes()).unwrap();
        self.answer()
    }

    /// All that it says until it prompts again.
    fn answer(&mut self) -> String {
        let (mut said, mut some) = (Vec::new(), [0; 4096]);
        while !said.ends_with(b"(qemu) ") {
            let length = self.0.read(&mut some).unwrap();
            assert!(length > 0, "the emulator has gone: {}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&some[..length]);
        }
        String::from_utf8_lossy(&said).into_owned()
    }
}
