//! Readings come in: the fault of a key, its hold time, and when an incident opens or clears.
//!
//! The fault is there when any detector check holds; it is gone when every one has been seen not to. Unknown neither
//! starts nor ends anything, and when it lasts it calls a human.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::effect::Effect;
use super::event::Event;
use super::id::{IncidentId, Key, Role, WatchId};
use super::incident::{Cause, Outcome};
use super::input::Standing;
use super::machine::{Core, Wait};
use super::reading::{Reading, Verdict};
use super::state::{Incident, KEPT_SAWS, Step};
use super::time::Mono;
use super::timers::Timer;
use crate::playbook::{Mode, Playbook};

/// Where a survey and a watch disagree, it is looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Figures kept for the sparkline.
const KEPT_FIGURES: usize = 120;
/// How far back the timeline goes.
const KEPT_MARKS: Duration = Duration::from_hours(1);

/// One key that is watched.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its playbook.
    pub playbook: Arc<Playbook>,
    /// What its mode needs.
    pub standing: Standing,
    /// The detector checks' latest readings.
    pub detector: Vec<Option<Reading>>,
    /// What the watch of each told last. A watch tells changes only, so where a survey saw something else in between,
    /// silence does not mean that what was surveyed still holds.
    pub told: Vec<Option<Verdict>>,
    /// What they come to.
    pub fault: Fault,
    /// Since when they come to that.
    pub since: Mono,
    /// The first holding reading without a break.
    pub holding: Option<Mono>,
    /// Its latest incident.
    pub last: Option<IncidentId>,
    /// Left alone until it has cleared once: a person has said no to this very fault.
    pub muted: bool,
    /// Readings that began before this tell of a time before the last attempt was over.
    pub stale_before: Mono,
    /// What the timeline shows.
    pub marks: VecDeque<(Mono, Moment)>,
    /// What the sparkline shows.
    pub figures: VecDeque<(Mono, f64)>,
}

/// What the detector says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Some check has not been read yet, and none holds.
    Waiting,
    /// Seen to be gone.
    Clear,
    /// Some check holds.
    Broken,
    /// None holds, and some cannot be seen.
    Unknown,
}

impl Fault {
    /// What the verdicts of a detector's checks come to; none where a check has not been read.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = Option<&'a Verdict>>) -> Self {
        let mut fault = Self::Clear;
        for verdict in verdicts {
            match verdict {
                Some(Verdict::Holds) => return Self::Broken,
                Some(Verdict::Unknown(_)) => fault = Self::Unknown,
                None if fault == Self::Clear => fault = Self::Waiting,
                Some(Verdict::DoesNotHold) | None => {}
            }
        }
        fault
    }
}

/// What happened to a key at one moment, for its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Its fault changed.
    Fault(Fault),
    /// It asked.
    Asked,
    /// An attempt started.
    Fixing,
    /// An attempt was verified.
    Verified,
    /// An attempt failed.
    Failed,
    /// A human was called.
    Escalated,
}

impl Watched {
    /// Nothing read yet.
    pub fn new(playbook: Arc<Playbook>, standing: Standing, now: Mono) -> Self {
        Self {
            detector: vec![None; playbook.detect.checks.len()],
            told: vec![None; playbook.detect.checks.len()],
            playbook,
            standing,
            fault: Fault::Waiting,
            since: now,
            holding: None,
            last: None,
            muted: false,
            stale_before: Mono(0),
            marks: VecDeque::new(),
            figures: VecDeque::new(),
        }
    }

    /// The check that says most: one that holds, else one that cannot be seen, else the first.
    pub fn telling(&self) -> usize {
        let find = |wanted: fn(&Verdict) -> bool| {
            self.detector.iter().position(|reading| reading.as_ref().is_some_and(|reading| wanted(&reading.verdict)))
        };
        find(|verdict| *verdict == Verdict::Holds)
            .or_else(|| find(|verdict| matches!(verdict, Verdict::Unknown(_))))
            .unwrap_or(0)
    }

    /// What the telling check cannot see, in words.
    pub fn why_unknown(&self) -> Arc<str> {
        match self.detector.get(self.telling()).and_then(Option::as_ref).map(|reading| &reading.verdict) {
            Some(Verdict::Unknown(why)) => Arc::clone(why),
            _ => Arc::from("not read"),
        }
    }

    fn judge(&self) -> Fault {
        Fault::of(self.detector.iter().map(|reading| reading.as_ref().map(|reading| &reading.verdict)))
    }

    /// Takes a reading, if it is newer than what is known.
    fn take(&mut self, index: usize, reading: Reading, open: bool) -> Taken {
        let telling = self.telling();
        let Some(slot) = self.detector.get_mut(index) else { return Taken::Old };
        let former = slot.as_ref();
        // While its incident is open, a fault seen a moment too early still counts as one: nothing acts on it unasked.
        let stale = reading.began < self.stale_before;
        let counts = open && former.is_none() && reading.verdict == Verdict::Holds;
        if former.is_some_and(|former| reading.began < former.began) {
            return Taken::Old;
        }
        if stale && !counts {
            // What is too old to count makes what is older still, and says otherwise, no better.
            let void = slot.take_if(|former| !alike(&former.verdict, &reading.verdict)).is_some();
            return if void { Taken::Void } else { Taken::Old };
        }
        let changed = former.is_none_or(|former| !alike(&former.verdict, &reading.verdict));
        if let Some(figure) = reading.figure.filter(|_| index == telling || changed) {
            if self.figures.len() == KEPT_FIGURES {
                self.figures.pop_front();
            }
            self.figures.push_back((reading.began, figure));
        }
        *slot = Some(reading);
        if changed { Taken::Changed } else { Taken::Same }
    }

    pub(super) fn mark(&mut self, at: Mono, moment: Moment) {
        while self.marks.get(1).is_some_and(|(next, _)| at.since(*next) > KEPT_MARKS) {
            self.marks.pop_front();
        }
        self.marks.push_back((at, moment));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Old,
    /// Too old to count, and what was known is older still and says otherwise: nothing is known now.
    Void,
    Same,
    Changed,
}

/// The same verdict, whatever the words.
pub(super) fn alike(one: &Verdict, other: &Verdict) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

impl Core {
    /// One reading of a watched check.
    pub(super) fn read(&mut self, watch: &WatchId, reading: Reading) {
        match watch.role {
            Role::Verifier => self.read_verifier(watch, reading),
            Role::Detector => {
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

    /// A reading that came too late said something, and it may be true still: only changes are told, so look anew.
    fn look_again(&mut self, key: &Key, index: usize, said: &Verdict) {
        let Some(watched) = self.keys.get(key) else { return };
        let known = watched.detector.get(index).and_then(Option::as_ref).is_some_and(|one| alike(&one.verdict, said));
        if !known {
            self.refresh_key(key);
        }
    }

    /// Looks at a key again, until surveys and watches say the same.
    pub(super) fn look_until_agreed(&mut self, key: &Key, due: bool) {
        let Some(watched) = self.keys.get(key) else { return };
        let agreed = watched.detector.iter().zip(&watched.told).all(|(known, told)| match (known, told) {
            (Some(known), Some(told)) => alike(&known.verdict, told),
            _ => true,
        });
        if agreed {
            return self.timers.cancel(&Timer::Look(key.clone()));
        }
        self.timers.set(Timer::Look(key.clone()), self.now.mono + LOOK_AGAIN);
        if due {
            self.refresh_key(key);
        }
    }

    fn refresh_key(&mut self, key: &Key) {
        let open = self.state.by_key.get(key).copied();
        if let Some(incident) = open.or_else(|| self.keys.get(key).and_then(|watched| watched.last)) {
            self.refresh(incident, key);
        }
    }

    /// Takes one detector reading without judging yet; false where it says nothing new.
    pub(super) fn take(&mut self, key: &Key, index: usize, reading: Reading) -> bool {
        let Some(watched) = self.keys.get_mut(key) else { return false };
        let saw = reading.clone();
        let taken = watched.take(index, reading, self.state.by_key.contains_key(key));
        if taken == Taken::Void {
            self.refresh_key(key);
        }
        if taken == Taken::Changed
            && let Some(incident) = self.state.incident_of(key)
            && incident.saws < KEPT_SAWS
        {
            let incident = incident.id;
            self.record(Event::Saw { incident, role: Role::Detector, index, reading: saw });
        }
        taken != Taken::Old
    }

    /// Judges a key: opens, clears, or waits.
    pub(super) fn evaluate(&mut self, key: &Key) {
        self.refault(key);
        let Some(watched) = self.keys.get(key) else { return };
        let (fault, incident) = (watched.fault, self.state.incident_of(key).map(|incident| incident.id));
        if fault != Fault::Unknown {
            self.timers.cancel(&Timer::Blind(key.clone()));
        }
        match (fault, incident) {
            (Fault::Waiting, _) => {}
            (Fault::Clear, Some(id)) => self.cleared(id),
            (Fault::Clear, None) => self.stop_pending(key),
            (Fault::Broken, Some(id)) => self.seen_broken(id, key),
            (Fault::Broken, None) => self.pending(key),
            (Fault::Unknown, id) => self.unseen(key, id),
        }
    }

    /// Follows a change of the fault: the count of failing keys, the timeline, and who waits for this key's health.
    fn refault(&mut self, key: &Key) {
        let Some(watched) = self.keys.get_mut(key) else { return };
        let (former, fault) = (watched.fault, watched.judge());
        if former == fault {
            return;
        }
        watched.fault = fault;
        watched.since = self.now.mono;
        watched.mark(self.now.mono, Moment::Fault(fault));
        let stormed = self.storm().is_some();
        if fault == Fault::Broken {
            self.failing.add(&key.target);
        } else if former == Fault::Broken {
            self.failing.remove(&key.target);
        }
        if stormed && self.storm().is_none() {
            self.storm_over();
        }
        if fault == Fault::Clear {
            self.stop_pending(key);
            self.wake(Wait::Need);
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
        let first = holds.map(|reading| reading.since).min().unwrap_or(self.now.mono);
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
        let (since, why) = (watched.since, watched.why_unknown());
        if since + self.config.unknown_bound > self.now.mono {
            return self.timers.set(Timer::Blind(key.clone()), since + self.config.unknown_bound);
        }
        match id {
            Some(id) if self.incident(id).is_some_and(|incident| matches!(incident.step, Step::Firing)) => {
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
    fn seen_broken(&mut self, id: IncidentId, key: &Key) {
        let Some(incident) = self.incident(id) else { return };
        if incident.blind {
            self.close(id, &Outcome::EscalatedThenCleared);
            self.pending(key);
        } else if matches!(incident.step, Step::Escalated(Cause::CannotSee { .. })) {
            self.advance(id);
        }
    }

    fn open(&mut self, key: &Key, since: Mono) {
        let readings = self.detector_readings(key);
        if let Some(id) = self.open_as(key, since, readings) {
            self.advance(id);
        }
    }

    /// Opens an incident and nothing more.
    pub(super) fn open_as(&mut self, key: &Key, since: Mono, readings: Vec<Reading>) -> Option<IncidentId> {
        let playbook = Arc::clone(&self.keys.get(key)?.playbook.name);
        let incident = IncidentId(self.state.last.incident + 1);
        self.timers.cancel(&Timer::Hold(key.clone()));
        if let Some(watched) = self.keys.get_mut(key) {
            watched.last = Some(incident);
        }
        self.record(Event::Opened { incident, key: key.clone(), playbook, since, readings });
        Some(incident)
    }

    /// What the detector's checks said last.
    pub(super) fn detector_readings(&self, key: &Key) -> Vec<Reading> {
        self.keys.get(key).map(|watched| watched.detector.iter().flatten().cloned().collect()).unwrap_or_default()
    }

    /// It healed less than an hour ago, and now it needs an attempt or a human again: that was not a fix. Not so where
    /// an operator stopped it, or it clears by itself.
    pub(super) fn relapsed(&mut self, by: IncidentId, key: &Key) {
        if self.incident(by).is_none_or(|incident| !incident.attempts.is_empty() || incident.escalation.is_some()) {
            return;
        }
        let healing = self.state.healed.get(key).and_then(|all| all.back());
        if let Some(healing) = healing.filter(|last| self.now.mono.since(last.mono) <= self.config.relapse) {
            let incident = healing.incident;
            self.record(Event::Relapsed { incident, by });
        }
    }

    /// Every detector check says that the fault is gone.
    fn cleared(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let by_hand = self.live.get(&id).is_some_and(|live| live.manual.is_some()) && self.opened_by_hand(id);
        if incident.rests() && !by_hand {
            let outcome = cleared_outcome(incident);
            self.close(id, &outcome);
        }
    }

    /// Ends an incident: requests withdrawn, page resolved, watches and waits given up.
    pub(super) fn close(&mut self, id: IncidentId, outcome: &Outcome) {
        let Some(incident) = self.incident(id) else { return };
        let key = incident.key.clone();
        if let Step::Asking(request) = &incident.step
            && !matches!(outcome, Outcome::Declined { .. })
        {
            let (generation, why) = (request.generation, Arc::from("it is no longer wanted"));
            self.record(Event::Withdrawn { incident: id, generation, why });
        }
        self.end_probe(id);
        self.resolve(id);
        self.answer_manual(id, "the incident was closed");
        self.unwatch_verifier(id);
        self.record(Event::Closed { incident: id, outcome: outcome.clone() });
        self.forget_survey(id);
        self.stop_waiting(id);
        self.live.remove(&id);
        self.after_close(id, &key, outcome);
        self.wake_locked();
        self.wake(Wait::Need);
    }

    fn after_close(&mut self, id: IncidentId, key: &Key, outcome: &Outcome) {
        let Some(watched) = self.keys.get_mut(key) else { return };
        watched.holding = None;
        match outcome {
            Outcome::Declined { .. } | Outcome::ClosedByOperator { .. } => {
                watched.muted = matches!(watched.fault, Fault::Broken | Fault::Unknown);
            }
            Outcome::Healed { .. } | Outcome::HealedByOperator { .. } | Outcome::EscalatedThenCleared => {
                watched.stale_before = self.now.mono;
                let mut dropped = false;
                for slot in &mut watched.detector {
                    dropped |= slot.take_if(|reading| reading.verdict != Verdict::DoesNotHold).is_some();
                }
                if dropped {
                    self.refresh(id, key);
                }
            }
            Outcome::SelfCleared | Outcome::ClearedUnverified | Outcome::Expired | Outcome::Superseded => {}
        }
        self.evaluate(key);
    }

    /// What a detector's Watch is.
    pub(super) fn watch(&mut self, key: &Key, role: Role) {
        let Some(playbook) = self.book(&key.content) else { return };
        let checks = match role {
            Role::Detector => &playbook.detect.checks,
            Role::Verifier => &playbook.verify.checks,
        };
        for (index, check) in checks.iter().enumerate() {
            let watch = WatchId { key: key.clone(), role, index };
            self.out.push(Effect::Watch { watch, check: Arc::new(check.clone()) });
        }
    }

    /// No longer.
    pub(super) fn unwatch(&mut self, key: &Key, role: Role, count: usize) {
        for index in 0..count {
            self.out.push(Effect::Unwatch(WatchId { key: key.clone(), role, index }));
        }
    }

    /// Puts an event on its key's timeline.
    pub(super) fn mark(&mut self, event: &Event) {
        let Some(moment) = super::past::moment(event) else { return };
        let key = event.incident().and_then(|id| self.state.open.get(&id)).map(|incident| &incident.key);
        if let Some(watched) = key.and_then(|key| self.keys.get_mut(key)) {
            watched.mark(self.now.mono, moment);
        }
    }
}

/// How an incident ends whose fault went away by itself.
fn cleared_outcome(incident: &Incident) -> Outcome {
    if incident.expired {
        Outcome::Expired
    } else if incident.escalation.is_some() {
        Outcome::EscalatedThenCleared
    } else if incident.attempts.is_empty() {
        Outcome::SelfCleared
    } else {
        Outcome::ClearedUnverified
    }
}
