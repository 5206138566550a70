//! What the automation came to: the success rate's counters, the totals, what was lacking, and the memory of healings.

pub mod automation_gaps;
pub mod period_report;
pub mod rate;
pub mod success_counters;
pub mod totals;
pub(super) mod trend;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use automation_gaps::{Lack, Lacks, Wanting};
use jiff::Timestamp;
use rate::{PlaybookRates, Rates, Trend};
use success_counters::{Actor, CountedOutcome, Disposition, EntryNumber, SuccessCounters};
use totals::Totals;

use super::event::{Event, Recorded};
use super::id::{AttemptId, IncidentId, Key};
use super::incident::{Attempt, AttemptStarter, Cause, Incident, Outcome};
use super::time::Mono;

/// How long a healing is remembered for the recurring list.
const RECURRING_SPAN: Duration = Duration::from_hours(7 * 24);
/// More healings than this in that span want a real fix.
const RECURRING_LIMIT: usize = 5;

/// One healing of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Healing {
    /// When the incident was closed as healed, on the running clock.
    pub mono: Mono,
    /// The same moment on the wall clock.
    pub wall: Timestamp,
    /// The incident that was healed.
    pub incident: IncidentId,
    /// Its entry in the counters.
    pub place: Option<EntryNumber>,
}

/// Everything that is counted of incidents and attempts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SuccessRecord {
    /// What the success rate is computed from.
    counters: SuccessCounters,
    /// Counts that only rise, for metrics.
    totals: Totals,
    /// What called a human with nothing to try, or was only recorded.
    gaps: Lacks,
    /// When and as which incident a key healed, in the last 7 days.
    healed: HashMap<Key, VecDeque<Healing>>,
    /// Keys that healed more often than is well.
    frequent: BTreeSet<Key>,
}

impl SuccessRecord {
    /// How the incident of this entry counts, if it is not too old.
    pub fn counted(&self, place: EntryNumber) -> Option<CountedOutcome> {
        self.counters.get(place)
    }

    /// The success rate now.
    pub fn rates(&self, now: Mono) -> Rates {
        self.counters.rates(now)
    }

    /// The same for every playbook that had an incident in the last 30 days, by name.
    pub fn by_playbook(&self, now: Mono) -> Vec<PlaybookRates> {
        self.counters.by_playbook(now)
    }

    /// How the success rate went.
    pub fn trend(&self, now: Mono) -> Trend {
        self.counters.trend(now)
    }

    /// Counts since the journal began.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The remediations to write next, most wanted first.
    pub fn wanting(&self, now: Mono) -> Vec<Wanting> {
        self.gaps.ranked(now)
    }

    /// The latest healing of a key.
    pub fn last_healing(&self, key: &Key) -> Option<&Healing> {
        self.healed.get(key)?.back()
    }

    /// Keys that healed so often in the last 7 days that they need a real fix, with their healings.
    pub fn recurring(&self, now: Mono) -> Vec<(&Key, Vec<&Healing>)> {
        let recent = |key| {
            let all = self.healed.get(key)?;
            let kept: Vec<&Healing> = all.iter().filter(|one| now.since(one.mono) <= RECURRING_SPAN).collect();
            (kept.len() > RECURRING_LIMIT).then_some((key, kept))
        };
        self.frequent.iter().filter_map(recent).collect()
    }

    /// Counts one event of the journal in the totals.
    pub(super) fn count(&mut self, event: &Event) {
        self.totals.count(event);
    }

    /// What would have been done for this incident was recorded, and not done.
    pub(super) fn shadow_planned(&mut self, incident: &Incident, at: Mono) {
        self.gaps.push(&incident.playbook, &incident.key.target, Lack::Arming, incident.id, at);
    }

    /// A playbook was armed, and no longer waits for it.
    pub(super) fn armed(&mut self, playbook: &str) {
        self.gaps.armed(playbook);
    }

    /// A human was called for this incident; gives its new entry where it was not counted before.
    pub(super) fn escalated(&mut self, incident: &Incident, cause: &Cause, at: Mono) -> Option<EntryNumber> {
        if let Some(lack) = Lack::of(cause) {
            self.gaps.push(&incident.playbook, &incident.key.target, lack, incident.id, at);
        }
        let counts = incident.place.is_none() && !incident.blind;
        let verdict = CountedOutcome { hands: actor(incident), end: Disposition::Unhealed };
        counts.then(|| self.counters.push(at, &incident.playbook, verdict))
    }

    /// This incident was closed, and stands under no call any more; notes its entry.
    pub(super) fn closed(&mut self, incident: &mut Incident, outcome: &Outcome, recorded: &Recorded) {
        let verdict = CountedOutcome { hands: actor(incident), end: disposition(incident, outcome) };
        match incident.place {
            Some(place) => self.counters.amend(place, verdict),
            None => incident.place = Some(self.counters.push(recorded.mono, &incident.playbook, verdict)),
        }
        if matches!(outcome, Outcome::Healed { .. } | Outcome::HealedByOperator { .. }) {
            self.remember_healing(incident, recorded);
        }
    }

    fn remember_healing(&mut self, incident: &Incident, recorded: &Recorded) {
        let healed = self.healed.entry(incident.key.clone()).or_default();
        while healed.front().is_some_and(|first| recorded.mono.since(first.mono) > RECURRING_SPAN) {
            healed.pop_front();
        }
        let healing =
            Healing { mono: recorded.mono, wall: recorded.wall, incident: incident.id, place: incident.place };
        healed.push_back(healing);
        if healed.len() > RECURRING_LIMIT {
            self.frequent.insert(incident.key.clone());
        } else {
            self.frequent.remove(&incident.key);
        }
    }

    /// The healing of the former incident of this key was no fix, because the same fault came back: it counts as
    /// unhealed.
    pub(super) fn relapsed(&mut self, key: &Key, former: IncidentId) {
        let healing = self.healed.get(key).and_then(|all| all.iter().rev().find(|one| one.incident == former));
        let Some(place) = healing.and_then(|healing| healing.place) else { return };
        if let Some(verdict) = self.counters.get(place) {
            self.counters.amend(place, CountedOutcome { end: Disposition::Unhealed, ..verdict });
        }
    }
}

/// Whether operators, the automation or both attempted something.
fn actor(incident: &Incident) -> Actor {
    let automatic = |attempt: &Attempt| matches!(attempt.starter, AttemptStarter::Auto | AttemptStarter::Probe);
    let auto = incident.attempts.iter().any(automatic);
    let assisted = incident.attempts.iter().any(|attempt| !automatic(attempt));
    match (auto, assisted) {
        (false, false) => Actor::None,
        (true, false) => Actor::Auto,
        (false, true) => Actor::Assisted,
        (true, true) => Actor::Both,
    }
}

/// How an incident with this outcome counts in the success rate.
fn disposition(incident: &Incident, outcome: &Outcome) -> Disposition {
    if incident.blind {
        return Disposition::Nowhere;
    }
    if incident.shadowed && incident.attempts.is_empty() && incident.escalation.is_none() {
        return Disposition::Shadow;
    }
    let by_hand = |id: &AttemptId| {
        incident.attempt(*id).is_some_and(|attempt| {
            matches!(attempt.starter, AttemptStarter::Approved { .. } | AttemptStarter::Manual { .. })
        })
    };
    match outcome {
        Outcome::Healed { attempt } if by_hand(attempt) => Disposition::HealedAssisted,
        Outcome::Healed { .. } => Disposition::Healed,
        Outcome::HealedByOperator { .. } => Disposition::HealedAssisted,
        Outcome::SelfCleared if incident.attempts.is_empty() => Disposition::SelfCleared,
        Outcome::Superseded if incident.attempts.is_empty() && incident.place.is_none() => Disposition::Nowhere,
        Outcome::SelfCleared
        | Outcome::ClearedUnverified
        | Outcome::Superseded
        | Outcome::Declined { .. }
        | Outcome::Expired
        | Outcome::ClosedByOperator { .. }
        | Outcome::EscalatedThenCleared => Disposition::Unhealed,
    }
}
