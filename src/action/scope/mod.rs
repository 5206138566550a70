//! What holds an attempt's processes together, so that they can all be ended: a cgroup of the attempt's own (v2, else
//! v1), else this process as a subreaper, which finds all descendants in its own tree.
//!
//! Killing a process group misses what called `setsid`; a scope does not. Whatever the level, what left a cgroup by
//! itself (`su` through a login session, `systemd-run`) is found again by its marks; see `kin`.

mod cgroup;
mod kin;

use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use self::cgroup::{Cgroup, Parent};
use self::kin::Process;
pub use self::kin::{Brand, MARKER};
use super::raw::Place;
use crate::core::AttemptId;
use crate::core::plan::ScopeLevel;

/// After the main process has ended by itself, its children may take this long to do the same.
const SETTLE: Duration = Duration::from_millis(50);
/// From the first SIGKILL until a scope that is still not empty counts as impossible to empty.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where scopes are made.
#[derive(Debug)]
pub struct Scopes {
    /// Names this state folder, so that two of them on one host never touch each other's scopes.
    id: String,
    parent: Option<Parent>,
}

/// What holds one attempt's processes together.
#[derive(Debug)]
pub struct Scope {
    level: ScopeLevel,
    cgroup: Option<Cgroup>,
    marker: String,
    brand: Brand,
    main: Mutex<Option<i32>>,
    removed: Mutex<bool>,
}

/// How a scope came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Emptied {
    /// Nothing lives in it any more.
    pub empty: bool,
    /// What had to be ended, by name and id.
    pub ended: Vec<String>,
}

impl Scopes {
    /// Finds the best level that works here.
    pub fn detect(id: &str) -> Self {
        Self { id: id.into(), parent: Parent::detect(&format!("salve-{id}-probe-{}", std::process::id())) }
    }

    /// Without cgroups, as on a host that lets this process make none.
    pub fn subreaper(id: &str) -> Self {
        Self { id: id.into(), parent: None }
    }

    /// The level in force.
    pub fn level(&self) -> ScopeLevel {
        self.parent.as_ref().map_or(ScopeLevel::Subreaper, Parent::level)
    }

    /// What marks an attempt's processes in their environment.
    pub fn marker(&self, attempt: AttemptId) -> String {
        format!("{}:{}", self.id, attempt.0)
    }

    /// A fresh scope for an attempt.
    pub fn open(&self, attempt: AttemptId) -> io::Result<Scope> {
        let cgroup = self.parent.as_ref().map(|parent| parent.make(&self.name(attempt))).transpose()?;
        adoption(1);
        Ok(self.scope(attempt, cgroup))
    }

    /// What a crash left of an attempt's scope; to be emptied.
    pub fn leftover(&self, attempt: AttemptId) -> Scope {
        let cgroup = self.parent.as_ref().and_then(|parent| parent.find(&self.name(attempt)));
        adoption(1);
        self.scope(attempt, cgroup)
    }

    fn scope(&self, attempt: AttemptId, cgroup: Option<Cgroup>) -> Scope {
        let marker = self.marker(attempt);
        let brand = Brand::of(&marker);
        let (main, removed) = (Mutex::new(None), Mutex::new(false));
        Scope { level: self.level(), cgroup, marker, brand, main, removed }
    }

    fn name(&self, attempt: AttemptId) -> String {
        format!("salve-{}-attempt-{}", self.id, attempt.0)
    }
}

impl Scope {
    /// How it holds.
    pub fn level(&self) -> ScopeLevel {
        self.level
    }

    /// What marks its processes.
    pub fn brand(&self) -> Brand {
        self.brand
    }

    /// Where a child is put.
    pub fn place(&self) -> io::Result<Place> {
        self.cgroup.as_ref().map_or(Ok(Place::Beside), Cgroup::place)
    }

    /// Names the child that this process started itself (and reaps elsewhere); none once it has been reaped.
    pub fn main_is(&self, pid: Option<i32>) {
        *lock(&self.main) = pid;
    }

    /// Ends what is still there after the main process has ended by itself: a moment to settle, TERM, a second, KILL.
    pub fn end_leavings(&self) -> Emptied {
        if self.wait_empty(SETTLE) {
            return Emptied { empty: true, ended: Vec::new() };
        }
        self.end(Duration::from_secs(1))
    }

    /// TERM, a grace period, KILL, until nothing lives in it or it is out of patience. Blocks.
    pub fn end(&self, grace: Duration) -> Emptied {
        let ended = self.members().iter().map(Process::named).collect();
        self.signal(Signal::TERM);
        Emptied { empty: self.wait_empty(grace) || self.kill_until_empty(), ended }
    }

    fn kill_until_empty(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(cgroup) = &self.cgroup {
                cgroup.kill();
            }
            self.strays().iter().for_each(|stray| stray.signal(Signal::KILL));
            if self.wait_empty(Duration::from_millis(20)) {
                return true;
            }
        }
        false
    }

    fn signal(&self, signal: Signal) {
        if let Some(cgroup) = &self.cgroup {
            cgroup.signal(signal);
        }
        self.strays().iter().for_each(|stray| stray.signal(signal));
    }

    /// Waits, looking ever less often, and reaps what has died.
    fn wait_empty(&self, length: Duration) -> bool {
        let until = Instant::now() + length;
        let mut pause = Duration::from_micros(500);
        loop {
            // Without a cgroup, who hops from fork to fork may be missed by one look at the tree.
            let empty = self.members().is_empty() && (self.cgroup.is_some() || self.members().is_empty());
            kin::dead_of_attempt(*lock(&self.main), self.brand).into_iter().for_each(kin::reap);
            let left = until.saturating_duration_since(Instant::now());
            if empty || left.is_zero() {
                return empty;
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    fn members(&self) -> Vec<Process> {
        let mut members: Vec<Process> =
            self.cgroup.iter().flat_map(Cgroup::members).filter_map(Process::look).collect();
        members.retain(|process| !process.zombie);
        for stray in self.strays() {
            if !members.contains(&stray) {
                members.push(stray);
            }
        }
        members
    }

    /// What is below this process but (where there is a cgroup) may have left it.
    fn strays(&self) -> Vec<Process> {
        kin::of_attempt(*lock(&self.main), &self.marker, self.brand)
    }

    /// Ends whatever on this host bears the attempt's marks, whoever its parent is now.
    pub fn end_leftover(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            let marked = kin::marked_on_host(&self.marker);
            if marked.is_empty() && self.members().is_empty() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            for process in &marked {
                process.signal(Signal::KILL);
            }
            self.kill_until_empty();
        }
    }

    /// Removes it, once empty. Blocks for a moment.
    pub fn remove(&self) {
        let mut removed = lock(&self.removed);
        if !std::mem::replace(&mut *removed, true) {
            if let Some(cgroup) = &self.cgroup {
                cgroup.remove();
            }
            adoption(-1);
        }
    }
}

/// A scope that is dropped before its end (the engine stops, the task was cancelled) takes its processes with it.
impl Drop for Scope {
    fn drop(&mut self) {
        if !*lock(&self.removed) {
            self.kill_until_empty();
            self.remove();
        }
    }
}

/// While a scope is open this process adopts its orphaned descendants; at other times they go to init, as ever, so
/// that nobody else's orphans gather here unreaped.
fn adoption(change: i64) {
    static OPEN: Mutex<i64> = Mutex::new(0);
    let mut open = lock(&OPEN);
    *open += change;
    let adopter = (*open > 0).then(rustix::process::getpid);
    // Failing (before Linux 3.4) leaves what the cgroup alone can hold.
    let _ = rustix::process::set_child_subreaper(adopter);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic while it was held leaves a plain value behind, which is as good as any.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
