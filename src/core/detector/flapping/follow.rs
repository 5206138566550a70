//! Follows how the fault of each key comes and goes, and says when it flaps.

use std::time::Duration;

use super::{CALL_AFTER, FlappingState, JUDGED_AGAIN, LOOKS, PERIOD_UNKNOWN, SETTLE, SETTLE_AT_MOST};
use crate::core::detector::flapping::alternation::Alternation;
use crate::core::detector::{Detector, DetectorState};
use crate::core::event::Event;
use crate::core::id::{IncidentId, Key};
use crate::core::incident::{Cause, Outcome, Phase};
use crate::core::machine::Core;
use crate::core::time::Mono;
use crate::core::time::timers::Timer;
use crate::playbook::{Check, Flapping, Playbook};

impl Core {
    /// Follows how the fault of a key comes and goes, from its latest readings.
    pub(in crate::core) fn follow_alternation(&mut self, key: &Key) {
        let now = self.now.mono;
        let Some(watched) = self.keys.get_mut(key).filter(|watched| watches_alternation(&watched.playbook)) else {
            return;
        };
        for (index, reading) in watched.detector.iter().enumerate() {
            if let Some(unit) = reading.as_ref().and_then(|reading| reading.unit) {
                watched.alternation.counted(now, index, unit);
            }
        }
        let since = watched.held_since(now);
        let job = watched.detector.iter().flatten().any(|reading| reading.unit.is_some_and(|unit| unit.job));
        match watched.read_fault() {
            DetectorState::Broken => watched.alternation.look(now, true, since, job),
            DetectorState::Clear => watched.alternation.look(now, false, since, job),
            DetectorState::Waiting | DetectorState::Unknown => watched.alternation.mature(now),
        }
        self.judge_alternation(key);
    }

    /// Does the key flap, or has it come to rest? Asked with each reading, and when its next moment has come.
    fn judge_alternation(&mut self, key: &Key) {
        let now = self.now.mono;
        let known = self.state.flapping().get(key);
        let busy = self.state.incident_of(key).is_some_and(|incident| !incident.rests());
        let Some(watched) = self.keys.get(key) else { return };
        let alternation = &watched.alternation;
        let period = alternation.period();
        let found = FlappingState {
            onsets: u32::try_from(alternation.onsets()).unwrap_or(u32::MAX),
            period_ms: period.map_or(0, |period| u64::try_from(period.as_millis()).unwrap_or(u64::MAX)),
        };
        let calm_at = alternation.calm_at(period.or(known.map(FlappingState::period)).unwrap_or(PERIOD_UNKNOWN));
        match known {
            None if alternation.alternates() && calm_at > now => self.set_flapping(key, true, found),
            // while an attempt is judged, its verification says how that ends
            Some(_) if calm_at <= now && !busy => self.end_flapping(key),
            None | Some(_) => {}
        }
        self.await_alternation(key, calm_at);
    }

    fn await_alternation(&mut self, key: &Key, calm_at: Mono) {
        let flaps = self.state.flapping().contains(key);
        let matures = self.keys.get(key).and_then(|watched| watched.alternation.matures_at());
        let rest = flaps.then(|| calm_at.max(self.now.mono + JUDGED_AGAIN));
        let timer = Timer::Alternation(key.clone());
        match matures.into_iter().chain(rest).min() {
            Some(at) => self.timers.set(timer, at),
            None => self.timers.cancel(&timer),
        }
    }

    fn set_flapping(&mut self, key: &Key, flaps: bool, found: FlappingState) {
        let FlappingState { onsets, period_ms } = found;
        self.record(Event::Flapping { key: key.clone(), flaps, percent: 0, onsets, period_ms });
    }

    /// It has come to rest, or was healed: what happened before counts no more.
    pub(in crate::core) fn end_flapping(&mut self, key: &Key) {
        if let Some(known) = self.state.flapping().get(key) {
            if let Some(watched) = self.keys.get_mut(key) {
                watched.alternation.forget_onsets();
            }
            self.set_flapping(key, false, known);
        }
    }

    /// A key that is bound again after a restart flaps on until it has come to rest.
    pub(in crate::core) fn resume_flapping(&self, key: &Key, watched: &mut Detector) {
        if let Some(known) = self.state.flapping().get(key) {
            watched.alternation = Alternation::resumed(self.now.mono, known.period());
        }
    }

    /// An attempt on what flaps must stay verified for three of its periods.
    pub(in crate::core) fn flapping_soak(&self, key: &Key) -> Duration {
        self.state.flapping().get(key).map_or(Duration::ZERO, |known| super::alternation::soak(known.period()))
    }

    /// The fault of an open incident is gone: has it stayed gone for long enough to be believed?
    pub(in crate::core) fn settled(&mut self, id: IncidentId) -> bool {
        let Some(incident) = self.incident(id) else { return true };
        let (key, blind) = (incident.key.clone(), incident.blind);
        let Some(watched) = self.keys.get(&key).filter(|watched| watches_alternation(&watched.playbook)) else {
            return true;
        };
        let due = watched.since + settle_time(&watched.playbook);
        if blind || due <= self.now.mono {
            return true;
        }
        self.live(id).awaits_onset = true;
        self.timers.set(Timer::Settle(key), due);
        false
    }

    /// The fault is there again while its incident was settling, or waited for it to show: the gate is asked at once.
    pub(in crate::core) fn onset_seen(&mut self, id: IncidentId) {
        let Some(key) = self.incident(id).map(|incident| incident.key.clone()) else { return };
        let holds = self.keys.get(&key).is_some_and(|watched| watched.read_fault() == DetectorState::Broken);
        self.timers.cancel(&Timer::Settle(key));
        if holds && std::mem::take(&mut self.live(id).awaits_onset) {
            self.advance(id);
        }
    }

    /// What flaps, and nothing could be done about it: a human is called.
    pub(in crate::core) fn call_for_flapping(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let waits = matches!(incident.phase(), Phase::Firing) && incident.opened + CALL_AFTER <= self.now.mono;
        if let Some(known) = self.state.flapping().get(&incident.key).filter(|_| waits) {
            self.escalate(id, Cause::Flapping { onsets: known.onsets, period_ms: known.period_ms });
        }
    }

    /// Once its incident is healed or over, a key is given its calm.
    pub(in crate::core) fn rest_after(&mut self, key: &Key, outcome: &Outcome) {
        match outcome {
            Outcome::Healed { .. } | Outcome::HealedByOperator { .. } => self.end_flapping(key),
            Outcome::SelfCleared
            | Outcome::ClearedUnverified
            | Outcome::Declined { .. }
            | Outcome::Expired
            | Outcome::Superseded
            | Outcome::ClosedByOperator { .. }
            | Outcome::EscalatedThenCleared => {}
        }
    }
}

/// Unless its playbook says that it may come and go.
fn watches_alternation(playbook: &Playbook) -> bool {
    playbook.detect.flapping == Flapping::Watch
}

/// How long a fault must have been gone. Events tell at once; of what is looked for from time to time, two looks must
/// have found it gone.
fn settle_time(playbook: &Playbook) -> Duration {
    let of = |check: &Check| check.detection_delay().saturating_mul(LOOKS);
    let longest = playbook.detect.checks.iter().map(of).max().unwrap_or(SETTLE);
    longest.clamp(SETTLE, SETTLE_AT_MOST)
}
