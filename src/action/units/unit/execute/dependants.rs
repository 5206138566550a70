//! The units that systemd stops along with a unit. Most are started along with it as well; those that are not are
//! started again in the same attempt, or in the next one that succeeds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::host::Systemd;
use crate::host::systemd::{JobResult, UnitSeen};
use crate::playbook::action::UnitVerb;
use crate::text::clean_line;

/// How many dependants are remembered at most.
const MOST: usize = 32;

/// Units that were stopped along with a unit that this process stopped or restarted, and have not started again, by
/// that unit.
static FALLEN: Mutex<BTreeMap<Arc<str>, BTreeSet<Arc<str>>>> = Mutex::new(BTreeMap::new());

/// The outcome of starting the dependants again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The outcome as text, each part beginning with `; `.
    pub words: String,
    /// Whether one of them did not start.
    pub failed: bool,
}

/// The units that are up now and that a stop of this one stops.
pub async fn standing(systemd: &Systemd, unit: &str) -> Vec<Arc<str>> {
    let mut queue: VecDeque<Arc<str>> = VecDeque::from([Arc::from(unit)]);
    let (mut seen, mut up) = (BTreeSet::from([Arc::from(unit)]), Vec::new());
    while let Some(name) = queue.pop_front() {
        let Ok(read) = systemd.unit(&name).await else { continue };
        if &*name != unit && is_up(&read) {
            up.push(name);
        }
        let services = read.relations.dependants.into_iter().filter(|name| !name.ends_with(".target"));
        queue.extend(services.filter(|name| seen.len() < MOST && seen.insert(name.clone())));
    }
    up
}

/// Remembers the units that ran before and are down now without a pending start.
pub async fn remember_fallen(systemd: &Systemd, unit: &str, stood: Vec<Arc<str>>) {
    for name in stood {
        if systemd.unit(&name).await.is_ok_and(|read| has_fallen(&read)) {
            locked().entry(unit.into()).or_default().insert(name);
        }
    }
}

/// Starts the units again that were stopped along with this one.
pub async fn restore(systemd: &Systemd, unit: &str, deadline: Instant) -> Restored {
    let fallen: Vec<Arc<str>> = locked().get(unit).into_iter().flatten().cloned().collect();
    let mut restored = Restored::default();
    for name in fallen {
        if !systemd.unit(&name).await.is_ok_and(|read| has_fallen(&read)) {
            forget(unit, &name);
            continue;
        }
        let started = match super::may(&name, UnitVerb::Start) {
            Ok(()) => systemd.job(&name, UnitVerb::Start, deadline).await.map_err(|error| error.to_string()),
            Err(refusal) => Err(refusal.to_string()),
        };
        match started {
            Ok(JobResult::Done) => {
                forget(unit, &name);
                let _ = write!(restored.words, "; {name}, which fell with it, was started");
            }
            Ok(ended) => restored.did_not(&name, &format!("job {ended}")),
            Err(why) => restored.did_not(&name, &clean_line(&why)),
        }
    }
    restored
}

impl Restored {
    fn did_not(&mut self, name: &str, why: &str) {
        self.failed = true;
        let _ = write!(self.words, "; {name}, which fell with it, did not start: {why}");
    }
}

fn is_up(unit: &UnitSeen) -> bool {
    matches!(&*unit.active, "active" | "reloading" | "activating")
}

fn has_fallen(unit: &UnitSeen) -> bool {
    unit.job.is_none() && matches!(&*unit.active, "inactive" | "failed")
}

fn forget(unit: &str, name: &str) {
    let mut fallen = locked();
    if let Some(names) = fallen.get_mut(unit) {
        names.remove(name);
        if names.is_empty() {
            fallen.remove(unit);
        }
    }
}

fn locked() -> std::sync::MutexGuard<'static, BTreeMap<Arc<str>, BTreeSet<Arc<str>>>> {
    FALLEN.lock().unwrap_or_else(PoisonError::into_inner)
}
