//! What happened, told: one plain sentence per event, for tickets, screens and the verbs. Times are left to whoever
//! prints the line, and so is the end of line: a sentence is always a single, clean one.

use std::sync::Arc;
use std::time::Duration;

use super::event::{Event, Recorded};
use super::id::{AttemptId, IncidentId, PageId, Role};
use super::incident::{Cause, Outcome, Request};
use super::plan::{AttemptReport, Plan, StepReport, StepResult};
use super::reading::{Reading, Verdict};
use crate::playbook::value::Period;
use crate::text::clean_line;

/// One event as a sentence.
#[must_use]
pub fn sentence(event: &Event) -> String {
    let said = incident_sentence(event).unwrap_or_else(|| host_sentence(event));
    clean_line(&said).into_owned()
}

/// A story in which attempts are counted within their incident, from 1: what people read. Machines know an attempt by
/// its number in the journal.
#[must_use]
pub fn numbered(story: &[Arc<Recorded>]) -> Vec<Arc<Recorded>> {
    let mut known: Vec<AttemptId> = Vec::new();
    let mut told = Vec::with_capacity(story.len());
    for recorded in story {
        if let Event::Intent { attempt, .. } = &recorded.event {
            known.push(*attempt);
        }
        let number = |id: &AttemptId| known.iter().position(|one| one == id).map(|at| AttemptId(at as u64 + 1));
        told.push(
            renumbered(&recorded.event, number)
                .map_or_else(|| Arc::clone(recorded), |event| Arc::new(Recorded { event, ..(**recorded).clone() })),
        );
    }
    told
}

/// How an incident ended, with its attempt counted within it.
#[must_use]
pub fn numbered_outcome(outcome: &Outcome, story: &[Arc<Recorded>]) -> Outcome {
    let event = Event::Closed { incident: IncidentId(0), outcome: outcome.clone() };
    let intents = story.iter().filter_map(|recorded| match &recorded.event {
        Event::Intent { attempt, .. } => Some(*attempt),
        _ => None,
    });
    let known: Vec<AttemptId> = intents.collect();
    let number = |id: &AttemptId| known.iter().position(|one| one == id).map(|at| AttemptId(at as u64 + 1));
    match renumbered(&event, number) {
        Some(Event::Closed { outcome, .. }) => outcome,
        _ => outcome.clone(),
    }
}

/// An event with another number for its attempt; none where it names none, or one that is not known.
fn renumbered(event: &Event, number: impl Fn(&AttemptId) -> Option<AttemptId>) -> Option<Event> {
    let mut event = event.clone();
    let (Event::Intent { attempt, .. }
    | Event::Ended { attempt, .. }
    | Event::Indeterminate { attempt, .. }
    | Event::Verified { attempt, .. }
    | Event::NotVerified { attempt, .. }
    | Event::Closed { outcome: Outcome::Healed { attempt } | Outcome::HealedByOperator { attempt }, .. }
    | Event::Escalated { cause: Cause::Indeterminate { attempt } | Cause::ScopeNotEmpty { attempt }, .. }
    | Event::CalledBesides { cause: Cause::Indeterminate { attempt } | Cause::ScopeNotEmpty { attempt }, .. }
    | Event::CalledAgain { cause: Cause::Indeterminate { attempt } | Cause::ScopeNotEmpty { attempt }, .. }) =
        &mut event
    else {
        return None;
    };
    *attempt = number(attempt)?;
    Some(event)
}

/// A reading in words, as it stands in a sentence: `sees 97%`, `cannot see: timed out`.
#[must_use]
pub fn reading_words(role: Role, reading: &Reading) -> String {
    let meaning = match (role, &reading.verdict) {
        (_, Verdict::Unknown(why)) => return format!("cannot see: {why}"),
        (Role::Detector, Verdict::Holds) => "the fault is there",
        (Role::Detector, Verdict::DoesNotHold) => "the fault is not there",
        (Role::Verifier, Verdict::Holds) => "all is well",
        (Role::Verifier, Verdict::DoesNotHold) => "not well yet",
    };
    format!("sees {} ({meaning})", reading.seen)
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

/// Events of one incident; none for the others.
fn incident_sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::Opened { key, playbook, readings, .. } => {
            format!("{playbook} found {} broken: {}", key.target, seen(readings))
        }
        Event::Saw { role, index, reading, .. } => {
            let side = match role {
                Role::Detector => "the detector's",
                Role::Verifier => "the verifier's",
            };
            format!("{side} check {} {}", index + 1, reading_words(*role, reading))
        }
        Event::Held { denial, .. } => format!("nothing is done for now: {denial}"),
        Event::WouldHave { plan, .. } => {
            format!("in shadow, rung {} was not run: {}", plan.rung + 1, plan_words(plan))
        }
        Event::Asked { request, .. } => asked(request),
        Event::Approved { by, reason, .. } if reason.is_empty() => format!("{by} approved it"),
        Event::Approved { by, reason, .. } => format!("{by} approved it: {reason}"),
        Event::FirstApproved { by, .. } => format!("{by} approved it; a second person must approve it too"),
        Event::Withdrawn { why, .. } => format!("the request was withdrawn: {why}"),
        Event::Intent { attempt, plan, starter, .. } => {
            format!("attempt {attempt} started {starter}, rung {}: {}", plan.rung + 1, plan_words(plan))
        }
        Event::Ended { attempt, report, .. } => format!("attempt {attempt} {}", ended(report)),
        Event::Indeterminate { attempt, scope_empty, .. } => {
            let left =
                if *scope_empty { "what it left running was ended" } else { "what it left running could not be ended" };
            format!("salve was interrupted during attempt {attempt}, so its outcome is unknown; {left}")
        }
        Event::Verified { attempt, .. } => format!("attempt {attempt} is verified: every verifier holds"),
        Event::NotVerified { attempt, why, .. } => format!("attempt {attempt} did not help: {why}"),
        Event::Closed { outcome, .. } => format!("over: {outcome}"),
        Event::Relapsed { by, .. } => format!("it failed again within the hour as incident {by}: it was not a fix"),
        Event::Escalated { page, cause, to, .. } => {
            format!("a human was called through {}: {cause}", called(*page, to))
        }
        Event::Joined { page: None, cause, .. } => format!("it joined the call that is open for its target: {cause}"),
        Event::Joined { page: Some(page), cause, to, .. } => {
            format!("it joined the open call, which went out through {} too: {cause}", called(*page, to))
        }
        Event::Announced { page: None, .. } => {
            "its request for approval joined the call that is open for the same reason".to_owned()
        }
        Event::Announced { page: Some(page), to, .. } => {
            format!("the request for approval went out through {}", called(*page, to))
        }
        Event::Suspected { of, .. } => format!("its fault began while an attempt of incident {of} was running"),
        Event::Resolved { page, to, .. } => format!("the end of the escalation went out to {}", called(*page, to)),
        Event::CalledBesides { page, to, unanswered, .. } => {
            format!("nobody answered the call through {unanswered}: it went out through {} too", called(*page, to))
        }
        Event::CalledAgain { page, cause, to, .. } => {
            format!("still not fixed: a human was called again through {}: {cause}", called(*page, to))
        }
        Event::Relayed { page, by, to, .. } => {
            format!("that {by} has seen the page went out to {}", called(*page, to))
        }
        Event::Acknowledged { by, .. } => format!("{by} has seen the page"),
        _ => return None,
    })
}

/// Events that belong to no single incident.
fn host_sentence(event: &Event) -> String {
    match event {
        Event::Started { version, .. } => format!("salve {version} took up its work"),
        Event::RecordsLost { first, last } => {
            format!("records {first} to {last} of the journal were lost; every attempt asks for a while")
        }
        Event::Adopted { name, .. } => format!("playbook {name} came into force with new content"),
        Event::Breaker { key, state, why, by } => {
            let hand = by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            format!("the breaker of {} is now {}{hand}: {why}", key.target, state.word())
        }
        Event::Delivered { page, channel, instead: None } => format!("{channel} took page {page}"),
        Event::Delivered { page, channel, instead: Some(instead) } => {
            format!("page {page} did not reach {channel}: {instead} took it instead")
        }
        Event::Paused { scope, until, by, reason } => {
            let length = if until.is_some() { "for a time" } else { "until it is resumed" };
            with_reason(format!("{by} paused {scope} {length}"), reason)
        }
        Event::Resumed { scope, by: Some(by) } => format!("{by} resumed {scope}"),
        Event::Resumed { scope, by: None } => format!("the pause of {scope} ended by its time"),
        Event::Scheduled { window, scope, from, length_ms, by, reason } => {
            let length = Period(Duration::from_millis(*length_ms));
            with_reason(format!("{by} planned maintenance {window} of {scope} for {from}, {length} long"), reason)
        }
        Event::MaintenanceBegan { window, .. } => format!("maintenance {window} began: nothing new is started"),
        Event::MaintenanceEnded { window, by: Some(by) } => format!("{by} ended maintenance {window}"),
        Event::MaintenanceEnded { window, by: None } => format!("maintenance {window} is over"),
        Event::Snoozed { key, by, reason, .. } => with_reason(format!("{by} snoozed {}", key.target), reason),
        Event::Unsnoozed { key, by: Some(by) } => format!("{by} ended the snooze of {}", key.target),
        Event::Unsnoozed { key, by: None } => format!("the snooze of {} ended by its time", key.target),
        Event::Flapping { key, flaps: true, onsets: 0, percent, .. } => {
            format!("{} is flapping: its last 20 states changed {percent} % of the time", key.target)
        }
        Event::Flapping { key, flaps: true, onsets, period_ms, .. } => {
            let period = Period(Duration::from_millis(*period_ms));
            format!("{} is flapping: its fault began {onsets} times, usually {period} apart", key.target)
        }
        Event::Flapping { key, flaps: false, .. } => format!("{} is steady again", key.target),
        Event::Armed { playbook, by, .. } => format!("{by} armed playbook {playbook}"),
        Event::Disarmed { playbook, by, .. } => format!("{by} put playbook {playbook} back to shadow"),
        Event::Noted { about, text } => format!("{about}: {text}"),
        // `incident_sentence` has told the others
        _ => String::new(),
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
            Verdict::Unknown(why) => format!("cannot see: {why}"),
            _ => format!("sees {}", reading.seen),
        })
        .collect();
    if words.is_empty() { "the detector holds".to_owned() } else { words.join(", ") }
}

fn asked(request: &Request) -> String {
    format!("asks for a yes to rung {}, because {}: {}", request.plan.rung + 1, request.why, plan_words(&request.plan))
}

fn ended(report: &AttemptReport) -> String {
    let took = Period(Duration::from_millis(report.took_ms));
    let steps: Vec<String> = report.steps.iter().map(step_words).collect();
    let steps = if steps.is_empty() { "nothing was run".to_owned() } else { steps.join("; then ") };
    let left = if report.scope_empty { "" } else { "; its processes could not be ended" };
    format!("ended after {took}: {steps}{left}")
}

fn called(page: PageId, to: &[Arc<str>]) -> String {
    let to = if to.is_empty() { "the ticket folder".to_owned() } else { to.join(", ") };
    format!("{to} (page {page})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::incident::Starter;
    use crate::core::plan::{Digest, PlannedStep, ScopeLevel};
    use crate::core::{Key, Mono};
    use crate::playbook::{ContentKey, Target};

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
            Event::Intent { incident, attempt, plan: plan(), starter: Starter::Auto },
            Event::Ended { incident, attempt, report: Arc::new(report) },
            Event::Escalated {
                incident,
                page: PageId(2),
                cause: Cause::LadderSpent,
                dedup: "d".into(),
                to: vec!["oncall".into()],
            },
        ];
        let told: Vec<String> = story.iter().map(sentence).collect();
        assert_eq!(
            told,
            [
                "service-down found unit nginx.service broken: sees failed (exit-code)",
                "attempt #7 started by itself, rung 1: restart nginx.service",
                "attempt #7 ended after 1s 200ms: restart nginx.service: failed: job failed",
                "a human was called through oncall (page #2): every rung was tried and none verified",
            ]
        );
    }

    #[test]
    fn attempts_are_counted_within_their_incident() {
        let (incident, attempt) = (IncidentId(4), AttemptId(7));
        let events = [
            Event::Intent { incident, attempt, plan: plan(), starter: Starter::Auto },
            Event::Verified { incident, attempt },
            Event::Closed { incident, outcome: Outcome::Healed { attempt } },
        ];
        let record =
            |event: Event| Arc::new(Recorded { seq: 1, mono: Mono(0), wall: jiff::Timestamp::UNIX_EPOCH, event });
        let story = events.map(record);
        let told: Vec<String> = numbered(&story).iter().map(|recorded| sentence(&recorded.event)).collect();
        assert_eq!(told[1..], ["attempt #1 is verified: every verifier holds", "over: healed by attempt #1"]);
        assert_eq!(numbered_outcome(&Outcome::Healed { attempt }, &story).to_string(), "healed by attempt #1");
        assert_eq!(story[1].event, Event::Verified { incident, attempt }, "the journal's own number stays");
    }

    #[test]
    fn a_sentence_is_one_clean_line() {
        let event = Event::Noted { about: "a\nb".into(), text: "\x1b[2J\u{202e}".into() };
        assert_eq!(sentence(&event), "a b: ␛[2J\u{fffd}");
    }
}
