//! Readings come in: the fault of a key and its hold time.
//!
//! The fault is there when any detector check holds; it is gone when every one has been seen not to. Unknown neither
//! starts nor ends anything, and when it lasts it calls a human.

use super::reading::{Reading, Verdict};
use super::{DetectorState, Moment, ReadingChange};
use crate::core::event::Event;
use crate::core::id::{CheckRole, IncidentId, Key, WatchId};
use crate::core::incident::{Cause, Outcome, Phase};
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::timers::Timer;
use crate::playbook::Mode;

impl Core {
    /// One reading of a watched check.
    pub(in crate::core) fn read(&mut self, watch: &WatchId, reading: Reading) {
        match watch.role {
            CheckRole::Verifier => self.read_verifier(watch, reading),
            CheckRole::Detector => {
                let verdict = reading.verdict.clone();
                let told = self.keys.get_mut(&watch.key).and_then(|watched| watched.told.get_mut(watch.index));
                if let Some(told) = told {
                    *told = Some(verdict.clone());
                }
                if self.take(&watch.key, watch.index, reading) {
                    self.evaluate(&watch.key);
                } else {
                    self.look_again(&watch.key, watch.index, &verdict);
                }
            }
        }
    }

    /// Takes one detector reading without judging yet; false where it says nothing new.
    pub(in crate::core) fn take(&mut self, key: &Key, index: usize, reading: Reading) -> bool {
        let Some(watched) = self.keys.get_mut(key) else { return false };
        let saw = reading.clone();
        let taken = watched.take(index, reading, self.state.incidents().is_open(key));
        if taken == ReadingChange::Void {
            self.refresh_key(key);
        }
        if taken == ReadingChange::Changed
            && let Some(incident) = self.state.incident_of(key)
            && incident.records_readings()
        {
            let incident = incident.id;
            self.record(Event::ReadingChanged { incident, role: CheckRole::Detector, index, reading: saw });
        }
        taken != ReadingChange::Old
    }

    /// Judges a key: opens, clears, or waits.
    pub(in crate::core) fn evaluate(&mut self, key: &Key) {
        self.follow_alternation(key);
        self.refault(key);
        let Some(watched) = self.keys.get(key) else { return };
        let (fault, incident) = (watched.fault, self.state.incident_of(key).map(|incident| incident.id));
        if fault != DetectorState::Unknown {
            self.timers.cancel(&Timer::Blind(key.clone()));
        }
        match (fault, incident) {
            (DetectorState::Waiting, _) => {}
            (DetectorState::Clear, Some(id)) => self.cleared(id),
            (DetectorState::Clear, None) => self.stop_pending(key),
            (DetectorState::Broken, Some(id)) => self.seen_broken(id),
            (DetectorState::Broken, None) => self.pending(key),
            (DetectorState::Unknown, id) => self.unseen(key, id),
        }
    }

    /// Follows a change of the fault: the count of failing keys, the timeline, and who waits for this key's health.
    fn refault(&mut self, key: &Key) {
        let flaps = self.state.flapping().contains(key);
        let Some(watched) = self.keys.get_mut(key) else { return };
        let (former, fault) = (watched.fault, watched.judge(flaps));
        if former == fault {
            return;
        }
        watched.fault = fault;
        watched.since = self.now.mono;
        watched.mark(self.now.mono, Moment::Fault(fault));
        let stormed = self.storm().is_some();
        if fault == DetectorState::Broken {
            self.storms.broke(&key.target);
        } else if former == DetectorState::Broken {
            self.storms.mended(&key.target);
        }
        // a page that was open before a start ends with the last first reading
        if stormed && self.storm().is_none() || self.state.escalations().storm().is_some() {
            self.end_storm_if_over();
        }
        if fault == DetectorState::Clear {
            self.stop_pending(key);
            self.wake(BlockedOn::Need);
        }
    }

    fn stop_pending(&mut self, key: &Key) {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.holding = None;
            watched.muted = false;
        }
        self.timers.cancel(&Timer::Hold(key.clone()));
    }

    /// The fault is there and no incident is open.
    fn pending(&mut self, key: &Key) {
        let Some(watched) = self.keys.get_mut(key) else { return };
        if watched.muted {
            return;
        }
        let holds = watched.detector.iter().flatten().filter(|reading| reading.verdict == Verdict::Holds);
        let read = holds.map(|reading| reading.since).min().unwrap_or(self.now.mono);
        // what flaps has held since its first onset
        let onset = watched.alternation.first().filter(|_| self.state.flapping().contains(key));
        let first = onset.map_or(read, |onset| onset.min(read));
        let start = *watched.holding.get_or_insert(first.max(watched.stale_before).min(self.now.mono));
        let due = start + watched.playbook.detect.hold.0;
        if due <= self.now.mono {
            self.open(key, start);
        } else {
            self.timers.set(Timer::Hold(key.clone()), due);
        }
    }

    /// Cannot be seen: a human is called after the bound; nothing else follows from it.
    fn unseen(&mut self, key: &Key, id: Option<IncidentId>) {
        let Some(watched) = self.keys.get(key) else { return };
        if self.unseen_by_silence(watched) {
            return self.timers.set(Timer::Blind(key.clone()), self.now.mono + self.config.unknown_bound);
        }
        let (since, why) = (watched.since, watched.why_unknown());
        if since + self.config.unknown_bound > self.now.mono {
            return self.timers.set(Timer::Blind(key.clone()), since + self.config.unknown_bound);
        }
        match id {
            Some(id) if self.incident(id).is_some_and(|incident| matches!(incident.phase(), Phase::Firing)) => {
                self.escalate(id, Cause::CannotSee { why });
            }
            None if matches!(self.mode_in_force(key), Mode::Auto | Mode::Ask) && !watched.muted => {
                if self.quiet(key) {
                    return self.timers.set(Timer::Blind(key.clone()), self.now.mono + self.config.unknown_bound);
                }
                let readings = self.detector_readings(key);
                if let Some(id) = self.open_as(key, since, readings) {
                    self.escalate(id, Cause::CannotSee { why });
                }
            }
            Some(_) | None => {}
        }
    }

    /// The fault is seen while its incident is open.
    fn seen_broken(&mut self, id: IncidentId) {
        self.onset_seen(id);
        self.call_for_flapping(id);
        // whatever it was called for: what seemed to recover does so no longer
        self.judge_recovery(id);
        let Some(incident) = self.incident(id) else { return };
        // an attempt that was begun by hand is waited for: its outcome is the incident's
        if incident.blind && incident.rests() {
            self.close(id, &Outcome::EscalatedThenCleared);
        } else if matches!(
            incident.phase(),
            Phase::Escalated(
                Cause::CannotSee { .. }
                    | Cause::SystemdSilent { .. }
                    | Cause::DeadBand { .. }
                    | Cause::TargetMissing { .. }
            )
        ) {
            self.advance(id);
        }
    }
}
