//! Where playbooks come from: shipped (compiled in), the host's folder, the user's, a folder named at the start; later
//! wins by file name. One bad file never takes a good one down, and a bad change keeps the last good version in force.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Rule, Severity};
use super::read::{LARGEST, read};
use super::trust::{self, Distrust};
use super::{Origin, Playbook};

/// What ships with salve: name and text.
pub const SHIPPED: &[(&str, &str)] = &[
    ("cron-up", include_str!("../../playbooks/cron-up.toml")),
    ("nginx-up", include_str!("../../playbooks/nginx-up.toml")),
    ("postgresql-up", include_str!("../../playbooks/postgresql-up.toml")),
    ("redis-up", include_str!("../../playbooks/redis-up.toml")),
    ("root-filesystem", include_str!("../../playbooks/root-filesystem.toml")),
    ("sshd-up", include_str!("../../playbooks/sshd-up.toml")),
];

/// What a file in a folder comes from.
type OriginOf = fn(PathBuf) -> Origin;

/// Which sources are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// What ships with salve.
    pub shipped: bool,
    /// `/etc/salve/playbooks/`.
    pub system: Option<PathBuf>,
    /// The user's own.
    pub user: Option<PathBuf>,
    /// Named on the command line.
    pub folder: Option<PathBuf>,
}

impl Sources {
    /// Every folder, whether it is there or not.
    #[must_use]
    pub fn folders(&self) -> Vec<&Path> {
        [&self.system, &self.user, &self.folder].into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

/// One file, accepted or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name without `.toml`.
    pub name: Arc<str>,
    /// Where it came from.
    pub origin: Origin,
    /// Its text; empty where it could not be read.
    pub source: Arc<str>,
    /// The playbook, or everything that is wrong with it.
    pub outcome: Result<Arc<Playbook>, Vec<Diagnostic>>,
    /// What is doubtful about an accepted one.
    pub warnings: Vec<Diagnostic>,
    /// Where it was rejected: its last good version, which stays in force.
    pub former: Option<Arc<Playbook>>,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Library {
    /// By name.
    pub found: Vec<Found>,
}

impl Library {
    /// Every playbook in force: accepted ones, and the last good version of rejected ones.
    #[must_use]
    pub fn in_force(&self) -> Vec<Arc<Playbook>> {
        self.found.iter().filter_map(|found| found.outcome.as_ref().ok().or(found.former.as_ref()).cloned()).collect()
    }

    /// Reads all sources anew; this one gives the last good versions.
    #[must_use]
    pub fn reload(&self, sources: &Sources) -> Self {
        let mut found: Vec<Found> = Vec::new();
        if sources.shipped {
            found.extend(
                SHIPPED.iter().map(|(name, text)| accept(name, Origin::Shipped, &format!("{name}.toml"), text)),
            );
        }
        let folders: [(&Option<PathBuf>, OriginOf); 3] =
            [(&sources.system, Origin::System), (&sources.user, Origin::User), (&sources.folder, Origin::Folder)];
        for (folder, origin) in folders {
            for file in folder.as_deref().map(files).unwrap_or_default() {
                let latest = open(&file, origin(file.clone()));
                found.retain(|earlier| earlier.name != latest.name);
                found.push(latest);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        for rejected in found.iter_mut().filter(|found| found.outcome.is_err()) {
            let before = self.found.iter().find(|before| before.name == rejected.name);
            rejected.former =
                before.and_then(|before| before.outcome.as_ref().ok().or(before.former.as_ref()).cloned());
        }
        Self { found }
    }
}

/// A file's name as a playbook's: without `.toml`.
#[must_use]
pub fn name_of(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The playbooks of a folder, in order of their names; nothing where it cannot be read.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        // editors leave such names while they write
        .filter(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')))
        .collect();
    files.sort();
    files
}

fn open(file: &Path, origin: Origin) -> Found {
    let (name, shown) = (name_of(file), file.display().to_string());
    match trust::read(file, LARGEST) {
        Ok(text) => accept(&name, origin, &shown, &text),
        Err(distrust) => {
            let rule = match distrust {
                Distrust::TooLarge { .. } => Rule::FileTooLarge,
                _ => Rule::FileNotTrusted,
            };
            let diagnostic = Diagnostic::at(rule, &shown, "", 0..0, distrust.to_string()).help(distrust.mend());
            Found {
                name: name.into(),
                origin,
                source: "".into(),
                outcome: Err(vec![diagnostic]),
                warnings: Vec::new(),
                former: None,
            }
        }
    }
}

fn accept(name: &str, origin: Origin, shown: &str, text: &str) -> Found {
    let read = read(shown, name, origin.clone(), text);
    let (outcome, warnings) = match read.playbook {
        Some(playbook) => {
            let warnings = read.diagnostics.into_iter().filter(|one| one.severity == Severity::Warning).collect();
            (Ok(Arc::new(playbook)), warnings)
        }
        None => (Err(read.diagnostics), Vec::new()),
    };
    Found { name: name.into(), origin, source: text.into(), outcome, warnings, former: None }
}
