//! Where playbooks come from: shipped, `/etc/salve/playbooks/`, the user's folder, a folder named on the command line.
//! Later wins by file name. Each file is independent: a bad one never affects a good one, and a file that has become
//! bad leaves its last good version in force. This is the only module of `playbook` that reads playbooks from files;
//! `write` saves them.

pub mod allow_list;
pub mod record;
pub mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use super::diagnostic::Diagnostic;
use super::lint::cross_check;
use super::lint::host_check::{self, Resting};
use super::model::{Origin, Playbook};
use super::read::{MAX_BYTES, ParsedFile, read};
use super::rule::Rule;
use crate::foreign::{MayHang, PathError};

/// The playbooks that are compiled in, by name. They run in shadow until an operator arms them.
pub const SHIPPED: &[(&str, &str)] = &[
    ("cert-expiry", include_str!("../../playbooks/cert-expiry.toml")),
    ("clock-unsynced", include_str!("../../playbooks/clock-unsynced.toml")),
    ("container-unhealthy", include_str!("../../playbooks/container-unhealthy.toml")),
    ("cron-up", include_str!("../../playbooks/cron-up.toml")),
    ("disk-pressure", include_str!("../../playbooks/disk-pressure.toml")),
    ("dns-failing", include_str!("../../playbooks/dns-failing.toml")),
    ("failed-units", include_str!("../../playbooks/failed-units.toml")),
    ("fd-exhaustion", include_str!("../../playbooks/fd-exhaustion.toml")),
    ("fs-readonly", include_str!("../../playbooks/fs-readonly.toml")),
    ("high-load", include_str!("../../playbooks/high-load.toml")),
    ("inode-exhaustion", include_str!("../../playbooks/inode-exhaustion.toml")),
    ("link-down", include_str!("../../playbooks/link-down.toml")),
    ("log-growth", include_str!("../../playbooks/log-growth.toml")),
    ("memory-leak", include_str!("../../playbooks/memory-leak.toml")),
    ("mount-stuck", include_str!("../../playbooks/mount-stuck.toml")),
    ("nginx-up", include_str!("../../playbooks/nginx-up.toml")),
    ("oom-killed", include_str!("../../playbooks/oom-killed.toml")),
    ("postgresql-up", include_str!("../../playbooks/postgresql-up.toml")),
    ("redis-up", include_str!("../../playbooks/redis-up.toml")),
    ("service-down", include_str!("../../playbooks/service-down.toml")),
    ("service-hung", include_str!("../../playbooks/service-hung.toml")),
    ("sshd-up", include_str!("../../playbooks/sshd-up.toml")),
    ("stale-pidfile", include_str!("../../playbooks/stale-pidfile.toml")),
    ("swap-thrash", include_str!("../../playbooks/swap-thrash.toml")),
    ("zombies", include_str!("../../playbooks/zombies.toml")),
];

/// What a file in a folder comes from.
type OriginOf = fn(PathBuf) -> Origin;

/// How many files a folder may hold; one with more is not a playbook folder.
const MOST_FILES: usize = 1000;

/// The sources of playbooks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// Whether the shipped playbooks are included.
    pub shipped: bool,
    /// The host's folder, `/etc/salve/playbooks`.
    pub system: Option<PathBuf>,
    /// The user's folder.
    pub user: Option<PathBuf>,
    /// A folder named on the command line.
    pub folder: Option<PathBuf>,
    /// The channels that the settings have; `None` where nobody has read the settings, so that none is missed.
    pub channels: Option<Arc<BTreeSet<String>>>,
}

/// One file, accepted or not.
#[derive(Debug, Clone, PartialEq)]
pub struct LibraryFile {
    /// The file's name without `.toml`.
    pub name: Arc<str>,
    /// Where it came from: the source and the file.
    pub origin: Origin,
    /// Its text; empty where it could not be read.
    pub source: Arc<str>,
    /// The playbook, or why it was rejected (with its warnings).
    pub outcome: Result<Arc<Playbook>, Vec<Diagnostic>>,
    /// What an operator should look at in an accepted playbook.
    pub warnings: Vec<Diagnostic>,
    /// Where it was rejected: the last good version under this name, which stays in force.
    pub former: Option<Arc<Playbook>>,
}

/// Every file that was found, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Library {
    /// The accepted or rejected file of each name.
    pub found: Vec<LibraryFile>,
}

impl Sources {
    /// The folders, from the weakest to the strongest.
    #[must_use]
    pub fn folders(&self) -> Vec<&Path> {
        self.by_strength().into_iter().map(|(folder, _)| folder).collect()
    }

    fn by_strength(&self) -> Vec<(&Path, OriginOf)> {
        let folders: [(&Option<PathBuf>, OriginOf); 3] =
            [(&self.system, Origin::System), (&self.user, Origin::User), (&self.folder, Origin::Folder)];
        folders.into_iter().filter_map(|(folder, origin)| Some((folder.as_deref()?, origin))).collect()
    }
}

impl LibraryFile {
    /// What is in force under this name: the playbook, or its last good version.
    #[must_use]
    pub fn in_force(&self) -> Option<&Arc<Playbook>> {
        self.outcome.as_ref().ok().or(self.former.as_ref())
    }

    fn of(name: &str, origin: Origin, source: &str, read: ParsedFile) -> Self {
        let (outcome, warnings) = match read.playbook {
            Some(playbook) => (Ok(Arc::new(playbook)), read.diagnostics),
            None => (Err(read.diagnostics), Vec::new()),
        };
        Self { name: name.into(), origin, source: source.into(), outcome, warnings, former: None }
    }
}

/// Reads all sources for the first time.
#[must_use]
pub fn load(sources: &Sources, may_hang: &MayHang) -> Library {
    Library::default().reload(sources, may_hang)
}

/// What stands in the files of a folder, by their paths; or why the folder cannot be read.
pub type Contents = Result<Vec<(PathBuf, Result<String, PathError>)>, String>;

/// Reads a folder's playbooks; a folder that is not there has none.
pub fn contents(folder: &Path, may_hang: &MayHang) -> Contents {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    // an editor's own files (hidden ones, backups) are no playbooks
    let is_playbook = |path: &PathBuf| {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|extension| extension == "toml")
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_playbook).collect();
    paths.sort();
    paths.truncate(MOST_FILES);
    let read = |path: PathBuf| {
        let text = trust::read(&path, MAX_BYTES, may_hang);
        (path, text)
    };
    Ok(paths.into_iter().map(read).collect())
}

/// A file's name as a playbook's: without its folder and its `.toml`.
#[must_use]
pub fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    name.strip_suffix(".toml").unwrap_or(&name).to_owned()
}

impl LibraryFile {
    /// The file's name in diagnostics.
    #[must_use]
    pub fn file(&self) -> String {
        match &self.origin {
            Origin::Shipped => format!("{}.toml", self.name),
            Origin::System(path) | Origin::User(path) | Origin::Folder(path) => path.display().to_string(),
        }
    }

    /// Judges it by the units that rest on this host, in place of what was said of them before; where nobody tells,
    /// that stays.
    pub fn judge_on_host(&mut self, resting: Option<&Resting>) {
        let (Ok(playbook), Some(resting)) = (&self.outcome, resting) else { return };
        let said = host_check::host_check(&self.file(), playbook, resting);
        self.say_anew(&host_check::RULES, said);
    }

    /// Replaces what was said by these rules. Whichever was judged last, the same warnings stand in the same order.
    fn say_anew(&mut self, rules: &[Rule], said: Vec<Diagnostic>) {
        self.warnings.retain(|warning| !rules.contains(&warning.rule));
        self.warnings.extend(said);
        self.warnings.sort_by_key(|warning| (warning.span.start, warning.span.end, warning.rule));
    }
}

impl Library {
    /// Reads all sources again. A bad file changes nothing: what was in force under its name stays so, or at the first
    /// reading what it would have overruled. A file that is gone is gone.
    #[must_use]
    pub fn reload(&self, sources: &Sources, may_hang: &MayHang) -> Self {
        self.renew(sources, |folder| contents(folder, may_hang))
    }

    /// The same with what was read of each folder.
    #[must_use]
    pub fn renew(&self, sources: &Sources, mut contents: impl FnMut(&Path) -> Contents) -> Self {
        let mut by_name: BTreeMap<Arc<str>, LibraryFile> = BTreeMap::new();
        for (name, text) in SHIPPED.iter().filter(|_| sources.shipped) {
            let found = self.accept(name, Origin::Shipped, &format!("{name}.toml"), text);
            by_name.insert(found.name.clone(), found);
        }
        for (folder, origin) in sources.by_strength() {
            for mut found in self.take_in(folder, origin, contents(folder)) {
                if found.outcome.is_err() {
                    let before = self.found.iter().find(|before| before.name == found.name);
                    let overruled = by_name.get(&found.name);
                    found.former =
                        before.and_then(LibraryFile::in_force).or(overruled.and_then(LibraryFile::in_force)).cloned();
                }
                by_name.insert(found.name.clone(), found);
            }
        }
        let mut library = Self { found: by_name.into_values().collect() };
        library.cross_check(self, sources.channels.as_deref());
        library
    }

    /// Judges each file beside the others and the settings. One that is armed by its place and calls a channel that
    /// does not exist is rejected; what was in force under its name stays so.
    fn cross_check(&mut self, before: &Self, channels: Option<&BTreeSet<String>>) {
        let in_force = self.in_force();
        for found in &mut self.found {
            let Ok(playbook) = &found.outcome else { continue };
            let said = cross_check::cross_check(&found.file(), playbook, &in_force, channels);
            found.say_anew(&cross_check::RULES, said);
            if found.warnings.iter().any(Diagnostic::is_error) {
                let former =
                    before.found.iter().find(|former| former.name == found.name).and_then(LibraryFile::in_force);
                found.former = former.cloned();
                found.outcome = Err(std::mem::take(&mut found.warnings));
            }
        }
    }

    /// The playbooks that are in force, one for each name.
    #[must_use]
    pub fn in_force(&self) -> Vec<Arc<Playbook>> {
        self.found.iter().filter_map(LibraryFile::in_force).cloned().collect()
    }

    fn take_in(&self, folder: &Path, origin: OriginOf, contents: Contents) -> Vec<LibraryFile> {
        match contents {
            Ok(files) => files.into_iter().filter_map(|(path, text)| self.take_in_file(&path, text, origin)).collect(),
            Err(why) => self.unreadable(folder, origin, &why),
        }
    }

    /// A folder that is there and cannot be read: what was in force from it stays in force.
    fn unreadable(&self, folder: &Path, origin: OriginOf, why: &str) -> Vec<LibraryFile> {
        let shown = folder.display().to_string();
        let message = format!("`{shown}` {why}");
        let refused = |name: &str, origin: Origin| {
            let read = ParsedFile::refused(&shown, Rule::FileNotTrusted, &message, "let the folder be readable");
            LibraryFile::of(name, origin, "", read)
        };
        let of_it = |found: &&LibraryFile| found.origin == origin(folder.join(format!("{}.toml", found.name)));
        let before: Vec<LibraryFile> =
            self.found.iter().filter(of_it).map(|found| refused(&found.name, found.origin.clone())).collect();
        if before.is_empty() { vec![refused(&name_of(folder), origin(folder.into()))] } else { before }
    }

    /// None where the file has gone in the meantime.
    fn take_in_file(&self, path: &Path, text: Result<String, PathError>, origin: OriginOf) -> Option<LibraryFile> {
        let (name, file, origin) = (name_of(path), path.display().to_string(), origin(path.into()));
        let distrust = match text {
            Ok(text) => return Some(self.accept(&name, origin, &file, &text)),
            Err(PathError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return None,
            Err(distrust) => distrust,
        };
        let rule = match distrust {
            PathError::TooLarge { .. } => Rule::FileTooLarge,
            PathError::NotText { .. } => Rule::NotUtf8,
            _ => Rule::FileNotTrusted,
        };
        let read = ParsedFile::refused(&file, rule, &distrust.to_string(), &distrust.mend());
        Some(LibraryFile::of(&name, origin, "", read))
    }

    /// Reads a text, unless it is the one that was accepted before.
    fn accept(&self, name: &str, origin: Origin, file: &str, text: &str) -> LibraryFile {
        let same = |before: &&LibraryFile| {
            *before.name == *name && before.origin == origin && *before.source == *text && before.outcome.is_ok()
        };
        self.found.iter().find(same).cloned().unwrap_or_else(|| {
            let read = read(file, name, origin.clone(), text);
            LibraryFile::of(name, origin, text, read)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::lint::host_check::Rest;

    /// A needed playbook that nobody has, and a detector that takes a unit's rest for a fault.
    const BOTH: &str = r#"
title = "a job is done"
target = { unit = "job.service" }
risk = "low"
mode = "ask"
needs = ["nowhere"]

[detect]
unit = { state = "not active" }
for = "1m"

[[remediate]]
do = [{ unit = "start" }]
timeout = "1m"

[verify]
unit = { state = "active" }
within = "2m"

[escalate]
attempts = 1
window = "1h"
"#;

    fn rules(library: &Library) -> Vec<Rule> {
        library.found[0].warnings.iter().map(|warning| warning.rule).collect()
    }

    /// What was read of that file, with what this host says of it.
    fn judged(resting: Option<&Resting>) -> Library {
        let mut library = again(&Library::default());
        library.found[0].judge_on_host(resting);
        library
    }

    fn again(library: &Library) -> Library {
        let sources = Sources { folder: Some("/p".into()), ..Sources::default() };
        library.renew(&sources, |_| Ok(vec![("/p/job.toml".into(), Ok(BOTH.to_owned()))]))
    }

    fn rests() -> Resting {
        Resting::from([(None, ("job.service".into(), Rest::Oneshot))])
    }

    #[test]
    fn what_is_read_again_unchanged_is_the_same_whichever_judge_had_the_last_word() {
        let first = judged(Some(&rests()));
        for rule in [Rule::UnknownNeed, Rule::UnitAtRest] {
            assert!(rules(&first).contains(&rule), "{:?}", first.found);
        }
        assert_eq!(again(&first), first);
        let mut second = again(&first);
        second.found[0].judge_on_host(Some(&rests()));
        assert_eq!(second, first);
    }

    #[test]
    fn what_was_said_of_units_at_rest_stays_where_nobody_tells() {
        let mut library = judged(Some(&rests()));
        library.found[0].judge_on_host(None);
        assert!(rules(&library).contains(&Rule::UnitAtRest), "{:?}", library.found);
        library.found[0].judge_on_host(Some(&Resting::new()));
        assert!(!rules(&library).contains(&Rule::UnitAtRest), "{:?}", library.found);
    }
}
