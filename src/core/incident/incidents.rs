//! Every incident that the journal tells of: the open ones, one per key, and the latest closed ones.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::attempt_record::{AttemptEnd, Intent, RequestAnswer, ScopeEnd};
use super::cause::Escalation;
use super::phase::{Phase, Transition};
use super::record::{Incident, Opening};
use super::{ApprovalRequest, BreakerState, Budget, Cause, Denial, Outcome};
use crate::core::command::Operator;
use crate::core::event::Recorded;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::plan::Digest;
use crate::core::success::success_counters::EntryNumber;
use crate::core::time::Mono;

/// Closed incidents kept whole.
const KEPT_CLOSED: usize = 50;

/// All incidents, and the numbers that they and their attempts were given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Incidents {
    /// Every incident that is not closed, by its number.
    open: BTreeMap<IncidentId, Incident>,
    /// The open incident of a key; at most one.
    by_key: HashMap<Key, IncidentId>,
    /// The latest closed incidents, oldest first.
    closed: VecDeque<Arc<Incident>>,
    /// Number of the latest incident; 0 before the first.
    last_incident: u64,
    /// Number of the latest attempt; 0 before the first.
    last_attempt: u64,
}

impl Incidents {
    /// An open incident.
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.open.get(&id)
    }

    /// An open incident, or one of the latest closed ones.
    pub fn find(&self, id: IncidentId) -> Option<&Incident> {
        self.get(id).or_else(|| self.closed().rev().find(|closed| closed.id == id))
    }

    /// The open incident of a key.
    pub fn of_key(&self, key: &Key) -> Option<&Incident> {
        self.id_of(key).and_then(|id| self.get(id))
    }

    /// Number of the open incident of a key.
    pub fn id_of(&self, key: &Key) -> Option<IncidentId> {
        self.by_key.get(key).copied()
    }

    /// Has the key an open incident?
    pub fn is_open(&self, key: &Key) -> bool {
        self.by_key.contains_key(key)
    }

    /// Every open incident, in order of age.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// The latest closed incidents, oldest first.
    pub fn closed(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.closed.iter().map(|incident| &**incident)
    }

    /// Every open incident, then the latest closed ones.
    pub fn all(&self) -> impl Iterator<Item = &Incident> {
        self.open().chain(self.closed())
    }

    /// The open incidents that stand under a call, in order of age.
    pub fn under<'s>(&'s self, dedup: &'s str) -> impl Iterator<Item = &'s Incident> {
        self.open().filter(move |incident| incident.is_under(dedup))
    }

    /// Number of the latest incident; 0 before the first.
    pub const fn last_id(&self) -> u64 {
        self.last_incident
    }

    /// The number that the next incident gets.
    pub const fn next_id(&self) -> IncidentId {
        IncidentId(self.last_incident + 1)
    }

    /// The number that the next attempt gets.
    pub const fn next_attempt(&self) -> AttemptId {
        AttemptId(self.last_attempt + 1)
    }

    /// Lost records may have given out so many numbers of each kind.
    pub(in crate::core) const fn skip_numbers(&mut self, count: u64) {
        self.last_incident += count;
        self.last_attempt += count;
    }

    /// Adds an event to the story of its incident.
    pub(in crate::core) fn tell(&mut self, recorded: &Arc<Recorded>) {
        if let Some(incident) = recorded.event.incident().and_then(|id| self.open.get_mut(&id)) {
            incident.tell(recorded);
        }
    }

    pub(in crate::core) fn opened(&mut self, opening: &Opening<'_>, recorded: &Arc<Recorded>) {
        self.last_incident = self.last_incident.max(opening.id.0);
        self.by_key.insert(opening.key.clone(), opening.id);
        self.open.insert(opening.id, Incident::opened(opening, recorded));
    }

    pub(in crate::core) fn denied(&mut self, id: IncidentId, denial: &Denial, at: Mono) {
        self.change(id, |incident| incident.denied(denial, at));
    }

    /// What would have been done was recorded; gives the incident.
    pub(in crate::core) fn shadow_planned(&mut self, id: IncidentId) -> Option<&Incident> {
        self.change(id, |incident| incident.shadowed = true);
        self.get(id)
    }

    pub(in crate::core) fn asked(&mut self, id: IncidentId, request: &ApprovalRequest) {
        self.change(id, |incident| incident.asked(request));
    }

    pub(in crate::core) fn approved(&mut self, id: IncidentId, generation: u32, digest: &Digest, by: &Operator) {
        self.change(id, |incident| incident.approved(generation, digest, by));
    }

    pub(in crate::core) fn first_approved(&mut self, id: IncidentId, generation: u32, by: &Operator) {
        self.change(id, |incident| incident.go_on(Transition::FirstApproved { generation, by: by.clone() }));
    }

    pub(in crate::core) fn withdrawn(&mut self, id: IncidentId) {
        self.change(id, Incident::withdrawn);
    }

    /// An attempt was given its number, whether or not its incident is known.
    pub(in crate::core) fn attempt_numbered(&mut self, attempt: AttemptId) {
        self.last_attempt = self.last_attempt.max(attempt.0);
    }

    /// The intent of an attempt; gives the call that announced the request for its approval.
    pub(in crate::core) fn attempt_started(
        &mut self,
        id: IncidentId,
        intent: Intent<'_>,
        at: Mono,
    ) -> Option<Arc<str>> {
        self.change(id, |incident| incident.attempt_started(intent, at)).flatten()
    }

    pub(in crate::core) fn attempt_ended(
        &mut self,
        id: IncidentId,
        attempt: AttemptId,
        end: AttemptEnd,
        scope: ScopeEnd,
        at: Mono,
    ) {
        self.change(id, |incident| incident.attempt_ended(attempt, end, scope, at));
    }

    /// A scope that could not be emptied is empty; is that attempt to be verified now?
    pub(in crate::core) fn scope_emptied_late(&mut self, id: IncidentId, attempt: AttemptId, at: Mono) -> bool {
        self.change(id, |incident| incident.scope_emptied_late(attempt, at)).unwrap_or(false)
    }

    pub(in crate::core) fn verified(&mut self, id: IncidentId, attempt: AttemptId, at: Mono) {
        self.change(id, |incident| incident.verified(attempt, at));
    }

    pub(in crate::core) fn not_verified(&mut self, id: IncidentId, attempt: AttemptId) {
        self.change(id, |incident| incident.not_verified(attempt));
    }

    /// The breaker of a key changed its state. One that opens by itself while an attempt is judged was opened by that
    /// attempt; an operator's reset forgets what failed.
    pub(in crate::core) fn breaker_changed(&mut self, key: &Key, state: &BreakerState, by_itself: bool) {
        let Some(id) = self.id_of(key) else { return };
        self.change(id, |incident| {
            let spent = state.denies() && by_itself && !incident.rests();
            incident.budget = if spent { Budget::Spent } else { Budget::Left };
            if *state == BreakerState::Closed && !by_itself {
                incident.failed = 0;
            }
        });
    }

    /// Its request for approval was announced under this call.
    pub(in crate::core) fn announced(&mut self, id: IncidentId, dedup: &Arc<str>) {
        self.change(id, |incident| {
            incident.announced = Some(Arc::clone(dedup));
            incident.answer = RequestAnswer::Open;
        });
    }

    /// An incident stands under this call no longer.
    pub(in crate::core) fn left(&mut self, id: IncidentId, dedup: &str) {
        self.change(id, |incident| incident.leave(dedup));
    }

    /// A call was resolved: nobody stands under it any more.
    pub(in crate::core) fn resolved(&mut self, dedup: &str) {
        for incident in self.open.values_mut() {
            incident.leave(dedup);
        }
    }

    /// A human was called for it; gives the incident.
    pub(in crate::core) fn escalated(&mut self, id: IncidentId, escalation: Escalation) -> Option<&Incident> {
        self.change(id, |incident| incident.escalated(escalation));
        self.get(id)
    }

    /// A call went out once more, because of this incident: what is known of it may be news, and every incident under
    /// the call wants a new answer.
    pub(in crate::core) fn called_again(&mut self, id: IncidentId, dedup: &str, cause: &Cause) {
        for incident in self.open.values_mut().filter(|incident| incident.is_under(dedup)) {
            incident.acknowledged = None;
        }
        self.change(id, |incident| incident.called_again(cause));
    }

    /// A person has seen the call that this incident stands under.
    pub(in crate::core) fn acknowledged(&mut self, id: IncidentId, by: &Operator) {
        let Some(incident) = self.get(id) else { return };
        let under = incident.escalation.as_ref().map(|escalation| Arc::clone(&escalation.dedup));
        let shares =
            |other: &&mut Incident| other.id == id || under.as_ref().is_some_and(|dedup| other.is_under(dedup));
        for incident in self.open.values_mut().filter(shares) {
            incident.acknowledged = Some(by.clone());
        }
    }

    /// It is counted in the success rate, as this entry.
    pub(in crate::core) fn counted(&mut self, id: IncidentId, place: EntryNumber) {
        self.change(id, |incident| incident.place = Some(place));
    }

    /// Takes an incident that was closed out of the open ones, with the calls that it stood under.
    pub(in crate::core) fn take(&mut self, id: IncidentId) -> Option<(Incident, Vec<Arc<str>>)> {
        let mut incident = self.open.remove(&id)?;
        self.by_key.remove(&incident.key);
        let escalation = incident.escalation.take().map(|escalation| escalation.dedup);
        let calls = escalation.into_iter().chain(incident.announced.take()).collect();
        Some((incident, calls))
    }

    /// Keeps a closed incident, in place of the oldest.
    pub(in crate::core) fn keep_closed(&mut self, mut incident: Incident, outcome: &Outcome, recorded: &Recorded) {
        let (mono, wall) = (recorded.mono, recorded.wall);
        incident.go_on(Transition::Closed { outcome: outcome.clone(), mono, wall });
        if self.closed.len() == KEPT_CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back(Arc::new(incident));
    }

    /// Is this incident's attempt verified, and must it go on holding?
    pub(in crate::core) fn is_soaking(&self, id: IncidentId) -> bool {
        self.get(id).is_some_and(|incident| matches!(incident.phase(), Phase::Soaking { .. }))
    }

    fn change<T>(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident) -> T) -> Option<T> {
        self.open.get_mut(&id).map(change)
    }
}
