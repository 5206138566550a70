//! One incident, as the journal tells it.

use std::sync::Arc;

use jiff::Timestamp;

use super::attempt_record::{Approval, Attempt, AttemptEnd, Budget, Intent, RequestAnswer, ScopeEnd};
use super::{ApprovalRequest, Cause, Denial, Escalation, Phase, Transition};
use crate::core::Mono;
use crate::core::command::Operator;
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::event::{Event, Recorded};
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::plan::Digest;
use crate::core::success::success_counters::EntryNumber;

/// Changes of reading kept in one incident's story.
const KEPT_READING_CHANGES: usize = 64;
/// Events kept in one incident's story; the journal has the rest.
const KEPT_STORY: usize = 1000;

/// One incident as the journal tells it: the fold of all events about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The incident's number, unique in the journal.
    pub id: IncidentId,
    /// Content of the playbook and canonical target that it is about.
    pub key: Key,
    /// Name of the playbook that detected the fault.
    pub playbook: Arc<str>,
    /// When the fault began, on the running clock.
    pub since: Mono,
    /// When the incident was opened, on the running clock.
    pub opened: Mono,
    /// When the incident was opened, on the wall clock.
    pub wall: Timestamp,
    /// It was opened because nothing could be seen.
    pub blind: bool,
    /// Where it stands; only [`Phase::after`] moves it on.
    phase: Phase,
    /// Its attempts, in the order in which they were started.
    pub attempts: Vec<Attempt>,
    /// Rungs done with: the next is this, modulo the ladder.
    pub tried: usize,
    /// Attempts that did not verify, since the start or an operator's reset.
    pub failed: u32,
    /// Its last attempt spent the budget: a human is called as soon as that attempt's verification is settled.
    pub budget: Budget,
    /// A human is called for it.
    pub escalation: Option<Escalation>,
    /// The call that announced its request for approval, until the request is answered.
    pub announced: Option<Arc<str>>,
    /// Since when the gate has denied it without a break, where such a denial calls a human in the end.
    pub denied_since: Option<Mono>,
    /// How many requests for approval it has made.
    pub generation: u32,
    /// The approval that was given and not used yet.
    pub yes: Option<Approval>,
    /// How its last request for approval was answered.
    pub answer: RequestAnswer,
    /// A person has seen the page.
    pub acknowledged: Option<Operator>,
    /// What would have been done was recorded.
    pub shadowed: bool,
    /// Its entry in the tally.
    pub place: Option<EntryNumber>,
    /// Every event of it; changes of reading up to a bound.
    pub story: Vec<Arc<Recorded>>,
    /// How many changes of readings were recorded for it.
    reading_changes: usize,
}

/// What a new incident is opened with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The incident's number.
    pub id: IncidentId,
    /// Content of the playbook and target that it is about.
    pub key: &'a Key,
    /// Name of the playbook that detected the fault.
    pub playbook: &'a Arc<str>,
    /// When the fault began, on the running clock.
    pub since: Mono,
    /// What the detector's checks said.
    pub readings: &'a [Reading],
}

impl Incident {
    /// An incident that was opened by this record.
    pub(super) fn opened(opening: &Opening<'_>, recorded: &Arc<Recorded>) -> Self {
        let readings = opening.readings;
        let blind = !readings.is_empty()
            && readings.iter().all(|reading| reading.verdict != Verdict::Holds)
            && readings.iter().any(|reading| matches!(reading.verdict, Verdict::Unknown(_)));
        Self {
            id: opening.id,
            key: opening.key.clone(),
            playbook: Arc::clone(opening.playbook),
            since: opening.since,
            opened: recorded.mono,
            wall: recorded.wall,
            blind,
            phase: Phase::Firing,
            attempts: Vec::new(),
            tried: 0,
            failed: 0,
            budget: Budget::Left,
            escalation: None,
            announced: None,
            denied_since: None,
            generation: 0,
            yes: None,
            answer: RequestAnswer::Open,
            acknowledged: None,
            shadowed: false,
            place: None,
            story: vec![Arc::clone(recorded)],
            reading_changes: 0,
        }
    }

    /// Where it stands.
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Nothing runs and nothing is being verified.
    pub const fn rests(&self) -> bool {
        self.phase.rests()
    }

    /// Something was attempted, or a human was called: only the verifier ends it.
    pub const fn ends_by_verifier(&self) -> bool {
        !self.attempts.is_empty() || self.escalation.is_some()
    }

    /// Is one more change of its readings worth a record?
    pub const fn records_readings(&self) -> bool {
        self.reading_changes < KEPT_READING_CHANGES
    }

    /// The attempt that was started last; none where nothing was attempted yet.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The attempt of this number.
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.id == id)
    }

    /// Does it stand under this call?
    pub fn is_under(&self, dedup: &str) -> bool {
        let announced = self.announced.as_deref() == Some(dedup);
        announced || self.escalation.as_ref().is_some_and(|escalation| *escalation.dedup == *dedup)
    }

    /// Adds an event to its story.
    pub(super) fn tell(&mut self, recorded: &Arc<Recorded>) {
        if matches!(recorded.event, Event::ReadingChanged { .. }) {
            self.reading_changes += 1;
            if self.reading_changes > KEPT_READING_CHANGES {
                return;
            }
        }
        if self.story.len() < KEPT_STORY {
            self.story.push(Arc::clone(recorded));
        }
    }

    /// The one place where its phase changes.
    pub(super) fn go_on(&mut self, happened: Transition) {
        let called = self.escalation.as_ref().map(|escalation| &escalation.cause);
        self.phase = std::mem::replace(&mut self.phase, Phase::Firing).after(happened, called);
    }

    pub(super) fn denied(&mut self, denial: &Denial, at: Mono) {
        if self.escalation.is_none() {
            self.denied_since = denial.is_bounded().then(|| self.denied_since.unwrap_or(at));
        }
        self.go_on(Transition::Denied(denial.clone()));
    }

    pub(super) fn asked(&mut self, request: &ApprovalRequest) {
        self.generation = request.generation;
        if self.answer == RequestAnswer::Expired {
            self.answer = RequestAnswer::Open;
        }
        self.yes = None;
        self.denied_since = None;
        self.go_on(Transition::Asked(request.clone()));
    }

    pub(super) fn approved(&mut self, generation: u32, digest: &Digest, by: &Operator) {
        let Some(request) = self.phase.request() else { return };
        self.yes = Some(Approval { generation, digest: digest.clone(), by: by.clone(), expires: request.expires });
        self.answer = RequestAnswer::Approved;
        self.go_on(Transition::Approved);
    }

    pub(super) fn withdrawn(&mut self) {
        self.yes = None;
        self.go_on(Transition::Withdrawn);
    }

    /// The intent of an attempt consumes the approval; gives the call that announced the request, which is answered.
    pub(super) fn attempt_started(&mut self, intent: Intent<'_>, at: Mono) -> Option<Arc<str>> {
        self.yes = None;
        self.denied_since = None;
        self.attempts.push(Attempt {
            id: intent.attempt,
            plan: Arc::clone(intent.plan),
            starter: intent.starter.clone(),
            started: at,
            probe: intent.probe,
            after_page: self.escalation.is_some(),
            verified: false,
            ended: None,
            end: AttemptEnd::Runs,
        });
        self.go_on(Transition::AttemptStarted(intent.attempt));
        self.announced.take()
    }

    pub(super) fn attempt_ended(&mut self, attempt: AttemptId, end: AttemptEnd, scope: ScopeEnd, at: Mono) {
        if let Some(own) = self.attempts.iter_mut().rev().find(|own| own.id == attempt) {
            own.end = end;
            own.ended = Some(at);
        }
        self.go_on(match scope {
            ScopeEnd::Empty => Transition::ScopeEmptied { attempt, at },
            ScopeEnd::NotEmpty => Transition::ScopeNotEmpty,
        });
    }

    /// The scope of its last attempt is empty at last: what that did is looked at before anything else is tried. False
    /// where the incident has gone on since.
    pub(super) fn scope_emptied_late(&mut self, attempt: AttemptId, at: Mono) -> bool {
        let waits = self.rests() && self.attempts.last().is_some_and(|last| last.id == attempt);
        if waits {
            self.yes = None;
            self.go_on(Transition::ScopeEmptied { attempt, at });
        }
        waits
    }

    pub(super) fn verified(&mut self, attempt: AttemptId, at: Mono) {
        self.go_on(Transition::Verified { attempt, at });
        self.judge_attempt(attempt, true);
    }

    pub(super) fn not_verified(&mut self, attempt: AttemptId) {
        let rerun = self.attempt(attempt).is_some_and(|attempt| attempt.end == AttemptEnd::Indeterminate);
        self.tried += usize::from(!rerun);
        self.failed = self.failed.saturating_add(1);
        self.judge_attempt(attempt, false);
        self.go_on(Transition::NotVerified);
    }

    /// Every verifier held after this attempt, or no longer does.
    fn judge_attempt(&mut self, id: AttemptId, verified: bool) {
        if let Some(attempt) = self.attempts.iter_mut().rev().find(|attempt| attempt.id == id) {
            attempt.verified = verified;
        }
    }

    pub(super) fn escalated(&mut self, escalation: Escalation) {
        self.denied_since = None;
        if escalation.cause == Cause::Expired {
            self.answer = RequestAnswer::Expired;
        }
        self.go_on(Transition::Escalated(escalation.cause.clone()));
        // its request for approval goes on under the same call
        self.announced.take_if(|announced| *announced == escalation.dedup);
        self.escalation = Some(escalation);
    }

    /// A human is called once more, perhaps because more is known of it.
    pub(super) fn called_again(&mut self, cause: &Cause) {
        self.answer = if *cause == Cause::Expired { RequestAnswer::Expired } else { RequestAnswer::Open };
        if let Some(escalation) = self.escalation.as_mut().filter(|escalation| escalation.cause != *cause) {
            escalation.cause = cause.clone();
            self.go_on(Transition::CalledAgain(cause.clone()));
        }
    }

    /// It stands under this call no longer.
    pub(super) fn leave(&mut self, dedup: &str) {
        self.announced.take_if(|announced| **announced == *dedup);
        self.escalation.take_if(|escalation| *escalation.dedup == *dedup);
    }
}
