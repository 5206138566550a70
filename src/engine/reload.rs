//! Which playbooks are in force: reads the folders, resolves the targets, and does so again when a file changes
//! (or every minute, because a unit or a mount may have come or gone, and events can be missed).

pub(super) mod playbook_files;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use rustix::fs::FileType;
use tokio::sync::mpsc;

use crate::check::Monitor;
use crate::core::machine::input::{ArmingPolicy, Binding, Needed, Resolution};
use crate::foreign::{self, MayHang, read};
use crate::playbook::library::{Library, LibraryFile, Sources};
use crate::playbook::lint::{cross_check, host_check};
use crate::playbook::{Need, Origin, Playbook};

/// How long after the last change of a file the folders are read: an editor writes more than once.
const SETTLE: Duration = Duration::from_millis(200);
/// How long the folders may take to be watched.
const WATCH: Duration = Duration::from_secs(5);
/// The look behind the events.
const RECONCILE: Duration = Duration::from_mins(1);

/// What is in force from now on.
#[derive(Debug)]
pub struct Reloaded {
    /// One per playbook and target.
    pub bindings: Vec<Binding>,
    /// Every file that was found.
    pub found: Vec<LibraryFile>,
    /// What is wrong now and was not before: one alert each.
    pub alerts: Vec<(Arc<str>, Arc<str>)>,
}

/// Loads now and after every change, until the receiver is gone.
pub async fn run(sources: Sources, monitor: Arc<Monitor>, out: mpsc::UnboundedSender<Reloaded>) {
    let (tell, mut changes) = mpsc::channel(1);
    let mut watched = WatchedFolders::default();
    let mut library = Library::default();
    let mut in_force: Option<Vec<BindingIdentity>> = None;
    // did systemd not tell which units rest?
    let mut untold = false;
    loop {
        // before reading: what changes meanwhile is told
        watched.renew(&sources, &tell).await;
        let latest = playbook_files::reload(library.clone(), &sources).await;
        let former = std::mem::replace(&mut library, latest);
        let bindings = bind(&library, &monitor).await;
        let seen: Vec<BindingIdentity> = bindings.iter().map(BindingIdentity::of).collect();
        let differs = in_force.as_ref() != Some(&seen) || former.found != library.found;
        if differs || untold {
            untold = !judge_on_host(&mut library, &monitor).await;
        }
        if differs || former.found != library.found {
            in_force = Some(seen);
            let alerts = alerts(&former, &library);
            if out.send(Reloaded { bindings, found: library.found.clone(), alerts }).is_err() {
                return;
            }
        }
        tokio::select! {
            () = out.closed() => return,
            _ = changes.recv() => {
                tokio::time::sleep(SETTLE).await;
                while changes.try_recv().is_ok() {}
            }
            () = tokio::time::sleep(RECONCILE) => {}
        }
    }
}

/// What makes one binding differ from another.
#[derive(Debug, PartialEq)]
struct BindingIdentity {
    name: Arc<str>,
    content: crate::playbook::ContentKey,
    origin: Origin,
    resolution: Resolution,
    needs: Arc<[Needed]>,
}

impl BindingIdentity {
    fn of(binding: &Binding) -> Self {
        Self {
            name: binding.playbook.name.clone(),
            content: binding.playbook.content.clone(),
            origin: binding.playbook.origin.clone(),
            resolution: binding.resolution.clone(),
            needs: Arc::clone(&binding.needs),
        }
    }
}

/// Every playbook in force with each of its targets.
pub async fn bind(library: &Library, monitor: &Monitor) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for playbook in library.in_force() {
        let (standing, needs) = (standing(&playbook), needs(&playbook, monitor).await);
        for resolution in monitor.resolve(&playbook).await {
            let (playbook, needs) = (Arc::clone(&playbook), Arc::clone(&needs));
            bindings.push(Binding { playbook, resolution, standing, needs });
        }
    }
    bindings
}

/// Says of each playbook what only shows on this host. False where systemd did not answer for one of them: of that one
/// stands what stood before.
async fn judge_on_host(library: &mut Library, monitor: &Monitor) -> bool {
    let mut told = true;
    for found in &mut library.found {
        let Ok(playbook) = &found.outcome else { continue };
        let resting = monitor.resting(playbook).await;
        told &= resting.is_ok();
        found.judge_on_host(resting.ok().as_ref());
    }
    told
}

/// What a playbook needs, as it is on this host: aliases followed, globs resolved.
pub async fn needs(playbook: &Playbook, monitor: &Monitor) -> Arc<[Needed]> {
    let mut needs = Vec::with_capacity(playbook.needs.len());
    for need in &playbook.needs {
        let targets = match need {
            Need::Playbook(_) => None,
            Need::Target(needed) => Some(monitor.resolve_target(&needed.target).await),
        };
        needs.push(Needed { playbook: need.playbook().into(), targets });
    }
    needs.into()
}

/// Who could write into the system folder, or named a folder at the start, has armed what is in it; what ships with
/// salve is in shadow until armed; what a person saved for themselves asks first.
pub fn standing(playbook: &Playbook) -> ArmingPolicy {
    match playbook.origin {
        _ if playbook.origin.arms() => ArmingPolicy::AsWritten,
        Origin::Shipped => ArmingPolicy::ShadowUntilArmed,
        Origin::System(_) | Origin::User(_) | Origin::Folder(_) => ArmingPolicy::AsksFirst,
    }
}

/// What is wrong now, and was not: files that are rejected, needs and channels that come to nothing, detectors that take
/// a unit's rest for a fault.
fn alerts(former: &Library, latest: &Library) -> Vec<(Arc<str>, Arc<str>)> {
    let mut alerts = rejections(former, latest);
    for found in &latest.found {
        let before = former.found.iter().find(|before| before.name == found.name);
        let known = |text: &str| before.is_some_and(|before| before.warnings.iter().any(|one| one.message == text));
        let beside = found
            .warnings
            .iter()
            .filter(|warning| cross_check::RULES.contains(&warning.rule) || host_check::RULES.contains(&warning.rule));
        let new = beside.filter(|warning| !known(&warning.message));
        let about: Arc<str> = format!("playbook {}", found.name).into();
        alerts.extend(new.map(|warning| (Arc::clone(&about), warning.message.as_str().into())));
    }
    alerts
}

/// Files that are rejected now, and were not, or for another reason.
fn rejections(former: &Library, latest: &Library) -> Vec<(Arc<str>, Arc<str>)> {
    let rejected = |found: &LibraryFile| found.outcome.as_ref().err().map(|diagnostics| format!("{diagnostics:?}"));
    latest
        .found
        .iter()
        .filter(|found| {
            let before = former.found.iter().find(|before| before.name == found.name).and_then(rejected);
            rejected(found).is_some_and(|now| before != Some(now))
        })
        .map(|found| {
            let errors = found.outcome.as_ref().err().into_iter().flatten();
            let first = errors.clone().find(|one| one.is_error()).map_or("", |one| &*one.message);
            let text = if found.former.is_some() {
                format!("the changed file was rejected ({first}); its last good version stays in force")
            } else {
                format!("rejected ({first}); see its diagnostics")
            };
            (Arc::from(format!("playbook {}", found.name)), Arc::from(text))
        })
        .collect()
}

/// The folders that are watched, and what watches them.
#[derive(Debug, Default)]
struct WatchedFolders {
    folders: Vec<PathBuf>,
    /// None without a watcher (too many watches, no inotify): the reconcile look still comes.
    _watcher: Option<notify::RecommendedWatcher>,
}

impl WatchedFolders {
    /// A folder that is not there yet is watched through the nearest one above it, until it is there. Where a folder
    /// does not answer, what was watched stays watched.
    async fn renew(&mut self, sources: &Sources, tell: &mpsc::Sender<()>) {
        let (sources, former, tell) = (sources.clone(), self.folders.clone(), tell.clone());
        let Some(first) = sources.folders().first().map(|folder| folder.to_path_buf()) else { return };
        let renewed = foreign::task("the watch of", &first, WATCH, move |may_hang| {
            let folders = nearest(&sources, may_hang);
            (folders != former).then(|| Self { _watcher: watch(&folders, tell), folders })
        });
        if let Ok(Some(renewed)) = renewed.await {
            // the former one tells nothing more
            *self = renewed;
        }
    }
}

fn nearest(sources: &Sources, may_hang: &MayHang) -> Vec<PathBuf> {
    let is_folder =
        |path: &&Path| read::look(path, may_hang).is_ok_and(|found| found.seen.kind() == FileType::Directory);
    let there = |folder: &Path| folder.ancestors().find(is_folder).map(PathBuf::from);
    let folders = sources.folders().into_iter().filter_map(there);
    // the root's own changes would never end
    folders.filter(|path| path.parent().is_some()).collect()
}

/// Tells of any change in the folders.
fn watch(folders: &[PathBuf], tell: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // full means that a change is told already
            let _ = tell.try_send(());
        }
    })
    .ok()?;
    for folder in folders {
        let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
    }
    Some(watcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_comes_later_is_watched_from_then_on() {
        let config = tempfile::tempdir().unwrap();
        let folder = config.path().join("playbooks");
        let sources = Sources { user: Some(folder.clone()), ..Sources::default() };
        let (tell, mut changes) = mpsc::channel(1);
        let mut watched = WatchedFolders::default();
        watched.renew(&sources, &tell).await;
        assert_eq!(watched.folders, [config.path()]);
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(changes.recv().await, Some(()));
        watched.renew(&sources, &tell).await;
        assert_eq!(watched.folders, [folder.as_path()]);
        std::fs::write(folder.join("mine.toml"), "a = 1").unwrap();
        assert_eq!(changes.recv().await, Some(()), "without waiting for the look that comes every minute");
    }
}
