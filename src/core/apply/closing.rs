//! How a closed incident is folded: what it held is released, and it enters the success rate and the memory of
//! healings.

use std::sync::Arc;

use super::{RECURRING_LIMIT, RECURRING_SPAN};
use crate::core::event::Recorded;
use crate::core::id::{AttemptId, IncidentId};
use crate::core::incident::{AttemptStarter, Outcome};
use crate::core::state::{Attempt, Healing, Incident, KEPT_CLOSED, State, Step};
use crate::core::success_counters::{Actor, CountedOutcome, Disposition};

impl State {
    pub(super) fn close(&mut self, id: IncidentId, outcome: &Outcome, recorded: &Recorded) {
        self.unlock(id);
        let Some(mut incident) = self.open.remove(&id) else { return };
        self.by_key.remove(&incident.key);
        let by_key = &self.by_key;
        self.contention.closed(&incident.key, recorded.mono, |other| by_key.contains_key(other));
        let under = incident.escalation.take().map(|escalation| escalation.dedup);
        for dedup in under.into_iter().chain(incident.announced.take()) {
            self.hand_over(id, &dedup);
        }
        if let Some(last) = incident.attempts.last() {
            self.running.remove(&last.id);
        }
        let verdict = CountedOutcome { hands: actor(&incident), end: disposition(&incident, outcome) };
        match incident.place {
            Some(place) => self.tally.amend(place, verdict),
            None => incident.place = Some(self.tally.push(recorded.mono, &incident.playbook, verdict)),
        }
        if matches!(outcome, Outcome::Healed { .. } | Outcome::HealedByOperator { .. }) {
            self.remember_healing(&incident, recorded);
        }
        incident.step = Step::Closed { outcome: outcome.clone(), mono: recorded.mono, wall: recorded.wall };
        if self.closed.len() == KEPT_CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back(Arc::new(incident));
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

    /// The healing of the former incident was no fix, because the same fault came back: it counts as unhealed.
    pub(super) fn relapse(&mut self, former: IncidentId, by: IncidentId) {
        let Some(key) = self.open.get(&by).map(|incident| &incident.key) else { return };
        let healing = self.healed.get(key).and_then(|all| all.iter().rev().find(|one| one.incident == former));
        let Some(place) = healing.and_then(|healing| healing.place) else { return };
        if let Some(verdict) = self.tally.get(place) {
            self.tally.amend(place, CountedOutcome { end: Disposition::Unhealed, ..verdict });
        }
    }
}

/// Whether operators, the automation or both attempted something.
pub(super) fn actor(incident: &Incident) -> Actor {
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
