//! One plain sentence per event, for tickets, screens and the command line. Times and line ends are added by the
//! caller: a sentence is always one clean line.

use std::sync::Arc;
use std::time::Duration;

use super::{Event, Recorded};
use crate::core::command::Operator;
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::event::concern::AttemptEvent;
use crate::core::event::reasons::BreakerReason;
use crate::core::id::{AttemptId, CheckRole, PageId};
use crate::core::incident::{ApprovalRequest, BreakerState, Cause, Outcome};
use crate::core::plan::{AttemptReport, Plan, StepReport, StepResult};
use crate::playbook::Target;
use crate::playbook::value::Period;
use crate::text::clean_line;

/// The attempts that a story tells of, in the order of their start.
pub fn started(story: &[Arc<Recorded>]) -> impl Iterator<Item = AttemptId> {
    story.iter().filter_map(|recorded| match recorded.event.attempt()? {
        AttemptEvent::Started { attempt, .. } => Some(attempt),
        AttemptEvent::Finished { .. }
        | AttemptEvent::Indeterminate { .. }
        | AttemptEvent::Verified { .. }
        | AttemptEvent::NotVerified { .. } => None,
    })
}

/// How attempts are counted within their incident, from 1: what people read. Machines know an attempt by its number in
/// the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttemptNumbers {
    /// The incident's attempts, in the order of their start.
    known: Vec<AttemptId>,
    /// How many the playbook allows in its window; 0 where that is not known.
    limit: u32,
}

impl AttemptNumbers {
    /// Of an incident's story, which begins with its opening. `limit` is what its playbook allows, 0 where that is not
    /// known.
    #[must_use]
    pub fn of(story: &[Arc<Recorded>], limit: u32) -> Self {
        Self { known: started(story).collect(), limit }
    }

    /// `attempt 2`; `an attempt` where the story does not tell its start.
    #[must_use]
    pub fn attempt(&self, id: AttemptId) -> String {
        self.number(id).map_or_else(|| "an attempt".to_owned(), |number| format!("attempt {number}"))
    }

    /// `attempt 2 of 3`, as far as the playbook allows so many.
    #[must_use]
    pub fn attempt_of(&self, id: AttemptId) -> String {
        match self.number(id) {
            Some(number) if number <= self.limit as usize => format!("attempt {number} of {}", self.limit),
            _ => self.attempt(id),
        }
    }

    fn number(&self, id: AttemptId) -> Option<usize> {
        self.known.iter().position(|known| *known == id).map(|at| at + 1)
    }

    /// How an incident ended: `fixed by attempt 1`.
    #[must_use]
    pub fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Healed { attempt } => format!("{outcome} by {}", self.attempt(*attempt)),
            Outcome::HealedByOperator { attempt } => format!("{outcome} ({})", self.attempt(*attempt)),
            Outcome::SelfCleared
            | Outcome::ClearedUnverified
            | Outcome::Declined { .. }
            | Outcome::Expired
            | Outcome::Superseded
            | Outcome::ClosedByOperator { .. }
            | Outcome::EscalatedThenCleared => outcome.to_string(),
        }
    }

    /// One event of the incident as a sentence.
    #[must_use]
    pub fn sentence(&self, event: &Event) -> String {
        clean_line(&raw_sentence(event, self)).into_owned()
    }
}

/// One event as a sentence, by itself: an attempt has no number then.
#[must_use]
pub fn sentence(event: &Event) -> String {
    AttemptNumbers::default().sentence(event)
}

/// A reading in words, as it stands in a sentence: `97% (firing)`, `unknown: timed out`.
#[must_use]
pub fn reading_words(role: CheckRole, reading: &Reading) -> String {
    let meaning = match (role, &reading.verdict) {
        (_, Verdict::Unknown(why)) => return format!("unknown: {why}"),
        (CheckRole::Detector, Verdict::Holds) => "firing",
        (CheckRole::Detector, Verdict::DoesNotHold) => "clear",
        (CheckRole::Verifier, Verdict::Holds) => "passing",
        (CheckRole::Verifier, Verdict::DoesNotHold) => "failing",
    };
    format!("{} ({meaning})", reading.seen)
}

/// What a plan does, its steps in order.
#[must_use]
pub fn plan_words(plan: &Plan) -> String {
    let steps: Vec<&str> = plan.steps.iter().map(|step| &*step.sentence).collect();
    steps.join("; then ")
}

/// How one step ended, in words.
#[must_use]
pub fn step_words(step: &StepReport) -> String {
    let result = match &step.result {
        StepResult::Done(how) => how.to_string(),
        StepResult::Failed(how) => format!("failed: {how}"),
        StepResult::TimedOut => "timed out".to_owned(),
        StepResult::Refused(why) => format!("refused: {why}"),
    };
    format!("{}: {result}", step.sentence)
}

/// One event as a sentence, before it is cleaned.
fn raw_sentence(event: &Event, attempts: &AttemptNumbers) -> String {
    match event {
        Event::Started { version, .. } => format!("salve {version} started"),
        Event::RecordsLost { first, last } => {
            format!("journal records {first} to {last} were lost; every attempt needs approval for a while")
        }
        Event::Adopted { name, .. } => format!("playbook {name} loaded with new content"),
        Event::Opened { key, playbook, readings, .. } => {
            format!("{playbook} fired on {}: {}", key.target, seen(readings))
        }
        Event::ReadingChanged { role, index, reading, .. } => reading_changed(*role, *index, reading),
        Event::Denied { denial, .. } => format!("on hold: {denial}"),
        Event::ShadowPlan { plan, .. } => format!("shadow mode, would have run {}", rung_words(plan)),
        Event::Asked { request, .. } => asked(request),
        Event::Approved { by, reason, .. } => with_reason(format!("{by} approved the plan"), reason),
        Event::FirstApproved { by, .. } => format!("{by} approved the plan; a second person must approve it too"),
        Event::Withdrawn { why, .. } => format!("approval request withdrawn: {why}"),
        Event::Intent { attempt, plan, starter, .. } => {
            format!("{} started {starter}, {}", attempts.attempt(*attempt), rung_words(plan))
        }
        Event::AttemptFinished { attempt, report, .. } => format!("{} {}", attempts.attempt(*attempt), ended(report)),
        Event::Indeterminate { attempt, scope_empty, .. } => interrupted(&attempts.attempt(*attempt), *scope_empty),
        Event::Verified { attempt, .. } => format!("{} verified: every check passes", attempts.attempt(*attempt)),
        Event::NotVerified { attempt, why, .. } => format!("{} not verified: {why}", attempts.attempt_of(*attempt)),
        Event::Closed { outcome, .. } => format!("closed: {}", attempts.outcome(outcome)),
        Event::Relapsed { by, .. } => format!("failed again within an hour as incident {by}: the fix did not last"),
        Event::Breaker { key, state, why, by } => breaker(&key.target, state, why, by.as_ref()),
        Event::Escalated { page, cause, to, .. } => format!("paging {}: {cause}", called(*page, to)),
        Event::Joined { page, cause, to, .. } => joined(*page, cause, to),
        Event::Announced { page, to, .. } => announced(*page, to),
        Event::Left { .. } => "removed from that page, which stays open for other incidents".to_owned(),
        Event::Suspected { of, .. } => format!("started to fire while an attempt of incident {of} was running"),
        Event::Resolved { page, to, .. } => format!("page resolved, notifying {}", called(*page, to)),
        Event::EscalationWidened { page, to, unanswered, .. } => {
            format!("nobody acknowledged the page through {unanswered}: also paging {}", called(*page, to))
        }
        Event::CalledAgain { page, cause, to, .. } => {
            format!("still not fixed, paging {} again: {cause}", called(*page, to))
        }
        Event::AckForwarded { page, by, to, .. } => {
            format!("acknowledgement by {by} forwarded to {}", called(*page, to))
        }
        Event::Delivered { page, channel, instead } => delivered(*page, channel, instead.as_ref()),
        Event::Acknowledged { by, .. } => format!("{by} acknowledged the page"),
        Event::Paused { scope, until, by, reason } => {
            let length = if until.is_some() { "for a limited time" } else { "until it is resumed" };
            with_reason(format!("{by} paused {scope} {length}"), reason)
        }
        Event::Resumed { scope, by: Some(by) } => format!("{by} resumed {scope}"),
        Event::Resumed { scope, by: None } => format!("the pause of {scope} expired"),
        Event::Scheduled { window, scope, from, length_ms, by, reason } => {
            let length = Period(Duration::from_millis(*length_ms));
            with_reason(format!("{by} scheduled maintenance {window} of {scope} at {from} for {length}"), reason)
        }
        Event::MaintenanceBegan { window, .. } => format!("maintenance {window} began: no new attempt starts"),
        Event::MaintenanceEnded { window, by: Some(by) } => format!("{by} ended maintenance {window}"),
        Event::MaintenanceEnded { window, by: None } => format!("maintenance {window} ended"),
        Event::Snoozed { key, by, reason, .. } => with_reason(format!("{by} snoozed {}", key.target), reason),
        Event::Unsnoozed { key, by: Some(by) } => format!("{by} ended the snooze of {}", key.target),
        Event::Unsnoozed { key, by: None } => format!("the snooze of {} expired", key.target),
        Event::Flapping { key, flaps, percent, onsets, period_ms } => {
            format!("{} {}", key.target, flapping(*flaps, *percent, *onsets, *period_ms))
        }
        Event::Armed { playbook, by, .. } => format!("{by} armed playbook {playbook}"),
        Event::Disarmed { playbook, by, .. } => format!("{by} disarmed playbook {playbook}: it is back in shadow mode"),
        Event::Notice { about, text } => format!("{about}: {text}"),
    }
}

fn reading_changed(role: CheckRole, index: usize, reading: &Reading) -> String {
    let side = match role {
        CheckRole::Detector => "detector",
        CheckRole::Verifier => "verifier",
    };
    format!("{side} check {}: {}", index + 1, reading_words(role, reading))
}

fn interrupted(attempt: &str, scope_empty: bool) -> String {
    let left = if scope_empty { "were killed" } else { "could not be killed" };
    format!("salve was interrupted during {attempt}, so its outcome is unknown; its remaining processes {left}")
}

fn breaker(target: &Target, state: &BreakerState, why: &BreakerReason, by: Option<&Operator>) -> String {
    let hand = by.map_or_else(String::new, |by| format!(" by {by}"));
    format!("the breaker of {target} is now {}{hand}: {why}", state.word())
}

fn joined(page: Option<PageId>, cause: &Cause, to: &[Arc<str>]) -> String {
    match page {
        None => format!("added to an open page: {cause}"),
        Some(page) => format!("added to an open page, paging {}: {cause}", called(page, to)),
    }
}

fn announced(page: Option<PageId>, to: &[Arc<str>]) -> String {
    match page {
        None => "approval request added to the open page with the same cause".to_owned(),
        Some(page) => format!("requesting approval through {}", called(page, to)),
    }
}

fn delivered(page: PageId, channel: &str, instead: Option<&Arc<str>>) -> String {
    match instead {
        None => format!("page {page} delivered to {channel}"),
        Some(instead) => format!("page {page} not delivered to {channel}; delivered to {instead} instead"),
    }
}

fn flapping(flaps: bool, percent: u8, onsets: u32, period_ms: u64) -> String {
    match (flaps, onsets) {
        (false, _) => "is no longer flapping".to_owned(),
        (true, 0) => format!("is flapping: its last 20 states changed {percent} % of the time"),
        (true, _) => {
            let period = Period(Duration::from_millis(period_ms));
            format!("is flapping: it fired {onsets} times, usually {period} apart")
        }
    }
}

fn with_reason(said: String, reason: &str) -> String {
    if reason.is_empty() { said } else { format!("{said}: {reason}") }
}

/// What the detector's checks saw.
fn seen(readings: &[Reading]) -> String {
    let words: Vec<String> = readings
        .iter()
        .filter(|reading| reading.verdict != Verdict::DoesNotHold)
        .map(|reading| match &reading.verdict {
            Verdict::Unknown(why) => format!("unknown: {why}"),
            Verdict::Holds | Verdict::DoesNotHold => reading.seen.to_string(),
        })
        .collect();
    if words.is_empty() { "the detector fired".to_owned() } else { words.join(", ") }
}

fn asked(request: &ApprovalRequest) -> String {
    format!("awaiting approval for rung {} ({}): {}", request.plan.rung + 1, request.why, plan_words(&request.plan))
}

fn rung_words(plan: &Plan) -> String {
    format!("rung {}: {}", plan.rung + 1, plan_words(plan))
}

fn ended(report: &AttemptReport) -> String {
    let took = Period(Duration::from_millis(report.took_ms));
    let steps: Vec<String> = report.steps.iter().map(step_words).collect();
    let steps = if steps.is_empty() { "no step ran".to_owned() } else { steps.join("; then ") };
    let left = if report.scope_empty { "" } else { "; some of its processes could not be killed" };
    format!("finished after {took}: {steps}{left}")
}

fn called(page: PageId, to: &[Arc<str>]) -> String {
    let to = if to.is_empty() { "the ticket folder".to_owned() } else { to.join(", ") };
    format!("{to} (page {page})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::reasons::NotVerifiedReason;
    use crate::core::incident::AttemptStarter;
    use crate::core::plan::{Digest, PlannedStep, ScopeLevel};
    use crate::core::{IncidentId, Key, Mono};
    use crate::playbook::ContentKey;

    fn plan() -> Arc<Plan> {
        Arc::new(Plan {
            rung: 0,
            steps: vec![PlannedStep {
                kind: "unit".into(),
                sentence: "restart nginx.service".into(),
                details: vec![],
                order: "{}".into(),
            }],
            timeout_ms: 1000,
            digest: Digest("d".into()),
        })
    }

    #[test]
    fn an_incident_reads_as_a_story() {
        let (incident, attempt) = (IncidentId(4), AttemptId(7));
        let key = Key { content: ContentKey("c".into()), target: Target::Unit("nginx.service".into()) };
        let reading = Reading {
            verdict: Verdict::Holds,
            seen: "failed (exit-code)".into(),
            figure: None,
            unit: None,
            began: Mono(0),
            since: Mono(0),
        };
        let report = AttemptReport {
            steps: vec![StepReport {
                sentence: "restart nginx.service".into(),
                result: StepResult::Failed("job failed".into()),
                output: "".into(),
                took_ms: 1200,
            }],
            scope: ScopeLevel::None,
            scope_empty: true,
            took_ms: 1200,
        };
        let story = [
            Event::Opened { incident, key, playbook: "service-down".into(), since: Mono(0), readings: vec![reading] },
            Event::Intent { incident, attempt, plan: plan(), starter: AttemptStarter::Auto },
            Event::AttemptFinished { incident, attempt, report: Arc::new(report) },
            Event::Escalated {
                incident,
                page: PageId(2),
                cause: Cause::LadderSpent,
                dedup: "d".into(),
                to: vec!["oncall".into()],
            },
        ];
        let record =
            |event: Event| Arc::new(Recorded { seq: 1, mono: Mono(0), wall: jiff::Timestamp::UNIX_EPOCH, event });
        let story = story.map(record);
        let numbers = AttemptNumbers::of(&story, 3);
        let told: Vec<String> = story.iter().map(|recorded| numbers.sentence(&recorded.event)).collect();
        assert_eq!(
            told,
            [
                "service-down fired on unit nginx.service: failed (exit-code)",
                "attempt 1 started automatically, rung 1: restart nginx.service",
                "attempt 1 finished after 1s 200ms: restart nginx.service: failed: job failed",
                "paging oncall (page #2): every rung was tried and none verified",
            ]
        );
    }

    #[test]
    fn attempts_are_counted_within_their_incident() {
        let record =
            |event: Event| Arc::new(Recorded { seq: 1, mono: Mono(0), wall: jiff::Timestamp::UNIX_EPOCH, event });
        let told = |incident: IncidentId, attempt: AttemptId| {
            let story = [
                Event::Intent { incident, attempt, plan: plan(), starter: AttemptStarter::Auto },
                Event::NotVerified { incident, attempt, why: NotVerifiedReason::Former("503, wanted 200".into()) },
                Event::Intent {
                    incident,
                    attempt: AttemptId(attempt.0 + 1),
                    plan: plan(),
                    starter: AttemptStarter::Auto,
                },
                Event::Verified { incident, attempt: AttemptId(attempt.0 + 1) },
                Event::Closed { incident, outcome: Outcome::Healed { attempt: AttemptId(attempt.0 + 1) } },
            ]
            .map(record);
            let numbers = AttemptNumbers::of(&story, 3);
            story.iter().map(|recorded| numbers.sentence(&recorded.event)).collect::<Vec<_>>()
        };
        let first = told(IncidentId(1), AttemptId(1));
        let second = told(IncidentId(2), AttemptId(3));
        assert_eq!(
            second,
            [
                "attempt 1 started automatically, rung 1: restart nginx.service",
                "attempt 1 of 3 not verified: 503, wanted 200",
                "attempt 2 started automatically, rung 1: restart nginx.service",
                "attempt 2 verified: every check passes",
                "closed: fixed by attempt 2",
            ]
        );
        assert_eq!(first, second, "each incident begins at 1");
        let past = AttemptNumbers { known: vec![AttemptId(4), AttemptId(9)], limit: 1 };
        assert_eq!(past.attempt_of(AttemptId(9)), "attempt 2", "an operator's comes on top of what is allowed");
        assert_eq!(past.attempt_of(AttemptId(5)), "an attempt", "no number of the journal is read");
    }

    #[test]
    fn a_sentence_is_one_clean_line() {
        let event = Event::Notice { about: "a\nb".into(), text: "\x1b[2J\u{202e}".into() };
        assert_eq!(sentence(&event), "a b: ␛[2J\u{fffd}");
    }
}
