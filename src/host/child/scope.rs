//! What holds a child's processes together, so that they can all be ended: a cgroup of its own (v2, else v1), else this
//! process as a subreaper, which finds all descendants in its own tree.
//!
//! Killing a process group misses what called `setsid`; a scope does not. Whatever the level, what left a cgroup by
//! itself (`su` through a login session) is found again by its marks; see `descendants`.

mod cgroup;
mod descendants;
mod ending;
mod scopes;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use self::cgroup::{Cgroup, Parent};
use self::descendants::CHILD;
pub use self::descendants::{Marker, RlimitTag};
use crate::host::sys::Placement;

pub use self::scopes::Scopes;

/// After the main process has ended by itself, its children may take this long to do the same.
const SETTLE: Duration = Duration::from_millis(50);

/// How a child's processes are held together, from best to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainmentLevel {
    /// A cgroup (v2) of its own.
    CgroupV2,
    /// A cgroup (v1) of its own.
    CgroupV1,
    /// This process adopts what loses its parent.
    Subreaper,
}

/// What holds one child's processes together.
#[derive(Debug)]
pub struct ChildScope {
    level: ContainmentLevel,
    cgroup: Option<Cgroup>,
    marker: Marker,
    tag: RlimitTag,
    main: Mutex<MainChild>,
    removed: Mutex<bool>,
}

/// The child that this process started itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct MainChild {
    /// Alive, or dead and reaped by whoever waits for it.
    owned: Option<i32>,
    /// Nobody waits for it any more: it is reaped with the rest.
    abandoned: Option<i32>,
}

/// How a scope came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Emptied {
    /// Nothing lives in it any more.
    pub empty: bool,
    /// What had to be ended, by name and id.
    pub ended: Vec<String>,
}

fn level_of(parent: Option<&Parent>) -> ContainmentLevel {
    parent.map_or(ContainmentLevel::Subreaper, Parent::level)
}

/// Where the scopes of all other children are made; found once. What an earlier process was killed over is ended.
fn for_children() -> Option<&'static Parent> {
    static PARENT: OnceLock<Option<Parent>> = OnceLock::new();
    let find = || {
        let parent = Parent::detect(&format!("salve-child-probe-{}", std::process::id()))?;
        for name in parent.names(CHILD_SCOPE) {
            let owner = name.strip_prefix(CHILD_SCOPE).and_then(|rest| rest.split('-').next());
            let gone = owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists());
            if let Some(cgroup) = parent.find(&name).filter(|_| gone) {
                cgroup.kill();
                cgroup.remove();
            }
        }
        Some(parent)
    };
    PARENT.get_or_init(find).as_ref()
}

/// How the names of these scopes begin; the id of the process that made them follows.
const CHILD_SCOPE: &str = "salve-child-of-";

impl ChildScope {
    /// A fresh one for a child that belongs to no attempt: a check's, evidence's, a channel's.
    pub fn for_child() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (number, own) = (NEXT.fetch_add(1, Ordering::Relaxed), std::process::id());
        let parent = for_children();
        // Where no cgroup can be had just now, the marks alone hold it.
        let cgroup = parent.and_then(|parent| parent.make(&format!("{CHILD_SCOPE}{own}-{number}")).ok());
        let level = level_of(parent.filter(|_| cgroup.is_some()));
        let marker = Marker { name: CHILD, value: format!("{own}:{number}") };
        Self::new(level, cgroup, marker, RlimitTag::of_child(number))
    }

    fn new(level: ContainmentLevel, cgroup: Option<Cgroup>, marker: Marker, tag: RlimitTag) -> Self {
        adoption(1);
        Self { level, cgroup, marker, tag, main: Mutex::default(), removed: Mutex::new(false) }
    }

    /// How it holds.
    pub fn level(&self) -> ContainmentLevel {
        self.level
    }

    /// What marks its processes in their environment.
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// What marks its processes among their limits.
    pub fn tag(&self) -> RlimitTag {
        self.tag
    }

    /// Where a child is put.
    ///
    /// # Errors
    /// Where its cgroup cannot be opened.
    pub fn place(&self) -> io::Result<Placement> {
        self.cgroup.as_ref().map_or(Ok(Placement::Beside), Cgroup::place)
    }

    /// Names the child that this process started itself; whoever waits for it reaps it.
    pub fn main_is(&self, pid: i32) {
        *lock(&self.main) = MainChild { owned: Some(pid), abandoned: None };
        lock(&MAINS).get_or_insert_default().insert(pid);
    }

    /// The main process has been reaped.
    pub fn main_is_reaped(&self) {
        if let Some(pid) = std::mem::take(&mut *lock(&self.main)).owned {
            lock(&MAINS).get_or_insert_default().remove(&pid);
        }
    }

    /// Nobody waits for the main process any more: it is reaped with the rest.
    pub fn abandon_main(&self) {
        let mut main = lock(&self.main);
        if let Some(pid) = main.owned.take() {
            main.abandoned = Some(pid);
            lock(&MAINS).get_or_insert_default().remove(&pid);
        }
    }

    /// Has the main process, which has been reaped, left nothing behind? The usual case, told by one short look that waits
    /// for nobody; false where more has to be looked at.
    pub fn is_plainly_empty(&self) -> bool {
        let populated = self.cgroup.as_ref().is_some_and(Cgroup::is_populated);
        let adopted = || descendants::has_unknown_children(lock(&MAINS).get_or_insert_default());
        // Without a cgroup, who hops from fork to fork may be missed by one look.
        !populated && !adopted() && (self.cgroup.is_some() || !adopted())
    }

    /// The same by as many looks as it takes. Blocks where a process does not answer.
    fn is_left_empty(&self) -> bool {
        let populated = self.cgroup.as_ref().is_some_and(Cgroup::is_populated);
        let adopted = || {
            let others = lock(&MAINS).clone().unwrap_or_default();
            descendants::has_adopted(&self.marker, self.tag, &others)
        };
        !populated && !adopted() && (self.cgroup.is_some() || !adopted())
    }

    /// Removes it, once empty. Blocks for a moment.
    pub fn remove(&self) {
        self.remove_by(|cgroup| {
            cgroup.remove();
            true
        });
    }

    /// The same in one step; false where the kernel is not ready for it yet.
    pub fn remove_at_once(&self) -> bool {
        self.remove_by(Cgroup::remove_at_once)
    }

    fn remove_by(&self, remove: impl FnOnce(&Cgroup) -> bool) -> bool {
        let mut removed = lock(&self.removed);
        if !*removed && self.cgroup.as_ref().is_none_or(remove) {
            *removed = true;
            adoption(-1);
        }
        *removed
    }
}

/// A scope that is dropped before its end (the engine stops, the task was cancelled) takes its processes with it: they
/// are killed at once; another thread waits until they are gone.
impl Drop for ChildScope {
    fn drop(&mut self) {
        if *lock(&self.removed) {
            return;
        }
        self.abandon_main();
        self.kill();
        *lock(&self.removed) = true;
        let rest = Arc::new(Self {
            level: self.level,
            cgroup: self.cgroup.take(),
            marker: self.marker.clone(),
            tag: self.tag,
            main: Mutex::new(*lock(&self.main)),
            removed: Mutex::new(false),
        });
        let waiting = Arc::clone(&rest);
        let ending = std::thread::Builder::new().name("scope".into()).spawn(move || {
            waiting.kill_until_empty();
            waiting.remove();
        });
        if ending.is_err() {
            // No thread to be had: here, then.
            rest.kill_until_empty();
            rest.remove();
        }
    }
}

/// Main processes that somebody waits for, so that none is taken for an adopted orphan.
static MAINS: Mutex<Option<HashSet<i32>>> = Mutex::new(None);

/// While a scope is open this process adopts its orphaned descendants; at other times they go to init, as ever, so
/// that nobody else's orphans gather here unreaped.
fn adoption(change: i64) {
    static OPEN: Mutex<i64> = Mutex::new(0);
    let mut open = lock(&OPEN);
    let before = *open > 0;
    *open += change;
    if before != (*open > 0) {
        let adopter = (*open > 0).then(rustix::process::getpid);
        // Failing (before Linux 3.4) leaves what the cgroup alone can hold.
        let _ = rustix::process::set_child_subreaper(adopter);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic while it was held leaves a plain value behind, which is as good as any.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_that_the_kernel_calls_populated_is_not_empty_whoever_is_seen_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let marker = Marker { name: CHILD, value: "feigned".into() };
        let cgroup = Some(Cgroup::feigned(folder.path()));
        let scope = ChildScope::new(ContainmentLevel::CgroupV2, cgroup, marker, RlimitTag(450_001));
        std::fs::write(folder.path().join("cgroup.procs"), "").unwrap();
        for (populated, empty) in [("populated 1\nfrozen 0\n", false), ("populated 0\nfrozen 0\n", true)] {
            std::fs::write(folder.path().join("cgroup.events"), populated).unwrap();
            assert!(scope.members().is_empty());
            assert_eq!(scope.is_empty(), empty);
        }
        scope.remove();
    }
}
