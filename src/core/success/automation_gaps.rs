//! Faults that called a human because nothing could be tried, or that were only recorded: the remediations to write
//! next, the most frequent first.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::id::IncidentId;
use crate::core::incident::Cause;
use crate::core::time::Mono;
use crate::playbook::Target;

/// How long it is remembered.
const SPAN: Duration = Duration::from_hours(30 * 24);
/// More times than this are not counted.
const MOST: usize = 999;

/// What kept salve from fixing a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// The failure is known, its mend is not.
    NoRemediation,
    /// No plan could be made.
    NoPlan,
    /// It could not be seen.
    Sight,
    /// A remediation is there, in shadow: what it would have done was recorded.
    Arming,
}

impl Lack {
    /// What a call for a human was lacking, if it was this that made it one.
    pub const fn of(cause: &Cause) -> Option<Self> {
        match cause {
            Cause::NoRemediation => Some(Self::NoRemediation),
            Cause::NoPlan { .. } => Some(Self::NoPlan),
            Cause::CannotSee { .. } | Cause::SystemdSilent { .. } => Some(Self::Sight),
            _ => None,
        }
    }
}

/// One thing that was lacking on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Wanting {
    /// Name of the playbook whose detector fires there.
    pub playbook: Arc<str>,
    /// Target on which the fault was seen.
    pub target: Target,
    /// What kept salve from fixing it.
    pub lack: Lack,
    /// Incidents of the last 30 days that lacked it, at most 999.
    pub times: usize,
    /// The latest of these incidents.
    pub latest: IncidentId,
    /// When the latest of these incidents called a human or was recorded, on the running clock.
    pub at: Mono,
}

/// When and in which incident a thing was lacking, oldest first.
type LackTimes = VecDeque<(Mono, IncidentId)>;

/// Everything that was lacking in the last 30 days, by playbook, target and kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lacks(BTreeMap<(Arc<str>, Target, Lack), LackTimes>);

impl Lacks {
    /// Once more; an incident counts once.
    pub fn push(&mut self, playbook: &Arc<str>, target: &Target, lack: Lack, incident: IncidentId, now: Mono) {
        self.0.retain(|_, times| {
            times.retain(|(at, _)| now.since(*at) <= SPAN);
            !times.is_empty()
        });
        let times = self.0.entry((Arc::clone(playbook), target.clone(), lack)).or_default();
        if times.back().is_none_or(|(_, last)| *last != incident) {
            times.push_back((now, incident));
        }
        if times.len() > MOST {
            times.pop_front();
        }
    }

    /// A playbook that was armed no longer waits for it.
    pub fn armed(&mut self, playbook: &str) {
        self.0.retain(|(name, _, lack), _| &**name != playbook || *lack != Lack::Arming);
    }

    /// All of it as rows, the most frequent first.
    pub fn ranked(&self, now: Mono) -> Vec<Wanting> {
        let wanting = |((playbook, target, lack), times): (&(Arc<str>, Target, Lack), &LackTimes)| {
            let recent = times.iter().filter(|(at, _)| now.since(*at) <= SPAN).count();
            let (at, latest) = *times.back().filter(|_| recent > 0)?;
            Some(Wanting {
                playbook: Arc::clone(playbook),
                target: target.clone(),
                lack: *lack,
                times: recent,
                latest,
                at,
            })
        };
        let mut all: Vec<Wanting> = self.0.iter().filter_map(wanting).collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.times, one.at)));
        all
    }
}
