//! A whole engine on folders of its own: real checks, real children, a real journal; no systemd and no screen.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use salve::core::Outcome;
use salve::engine::settings::Settings;
use salve::engine::snapshot::{IncidentStage, IncidentView, Snapshot};
use salve::engine::{self, Handle, Options, Running};
use salve::host::paths::Paths;
use salve::journal::JournalReader;
use salve::playbook::library::Sources;
use tempfile::TempDir;

/// Long enough for a machine that does a lot besides.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Folders, and an engine on them.
pub struct House {
    folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        // What decides what is done is trusted only where nobody else can write: not in /tmp.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::create_dir(folder.path().join("playbooks")).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        // Whole or not at all, as an editor does it.
        let (new, path) = (self.path("new"), self.path("playbooks").join(format!("{name}.toml")));
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub fn start(&self) -> Running {
        self.start_with("boot_grace = \"0s\"")
    }

    /// The same with these settings.
    pub fn start_with(&self, settings: &str) -> Running {
        let paths = Paths {
            state: self.path("state"),
            config: self.path("config"),
            system: self.path("system"),
            runtime: self.path("runtime"),
        };
        let playbooks = Some(self.path("playbooks"));
        let settings = Settings::parse("salve.toml", settings).unwrap();
        engine::start(Options {
            paths,
            sources: Sources { shipped: false, system: playbooks, ..Sources::default() },
            settings,
            operator: engine::operator::of_this_process(),
        })
        .unwrap()
    }

    pub fn reader(&self) -> JournalReader {
        JournalReader::open(&self.path("state")).unwrap()
    }
}

/// The fault is that a file is missing; `program` is what is done about it.
pub fn missing(file: &Path, program: &str) -> String {
    missing_in_mode(file, program, "auto")
}

/// The same, and what it may do by itself.
pub fn missing_in_mode(file: &Path, program: &str, mode: &str) -> String {
    let file = file.display();
    format!(
        r#"title  = "{file} is there"
target = "host"
risk   = "low"
mode   = "{mode}"

[detect]
command = {{ run = ["test", "-e", "{file}"], exit = "not 0", every = "1s" }}
for     = "0s"

[[remediate]]
do      = [{{ run = {program} }}]
timeout = "30s"

[verify]
command = {{ run = ["test", "-e", "{file}"], exit = 0, every = "1s" }}
within  = "5s"
soak    = "0s"

[escalate]
attempts = 2
window   = "10m"
"#
    )
}

pub fn touch(file: &Path) -> String {
    format!(r#"["touch", "{}"]"#, file.display())
}

/// Waits for a snapshot of which this holds.
pub async fn seen(handle: &Handle, what: &str, holds: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = handle.snapshots();
    let found = tokio::time::timeout(PATIENCE, snapshots.wait_for(|snapshot| holds(snapshot))).await;
    match found {
        Ok(found) => Arc::clone(&found.unwrap()),
        Err(tokio::time::error::Elapsed { .. }) => {
            panic!("not seen: {what}; the last was {:#?}", handle.snapshots().borrow())
        }
    }
}

pub fn outcome(incident: &IncidentView) -> Option<&Outcome> {
    match &incident.stage {
        IncidentStage::Closed { outcome, .. } => Some(outcome),
        _ => None,
    }
}
