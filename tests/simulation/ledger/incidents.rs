//! How incidents begin and end: one open per key, outcomes absorbing, unknown starts and ends nothing, requests and
//! their answers.

use std::time::Duration;

use salve::core::command::Command;
use salve::core::event::Event;
use salve::core::id::{CheckRole, IncidentId, Key};
use salve::core::incident::Outcome;
use salve::core::machine::input::Input;
use salve::core::plan::Digest;
use salve::core::time::{Mono, Now};
use salve::playbook::Risk;

use super::{Books, Judged, Outside, hold};

/// How long a request waits for a yes.
const EXPIRY: Duration = Duration::from_mins(15);
/// Unknown for so long calls a human.
const BLIND: Duration = Duration::from_mins(5);
/// The same where systemd answers nobody.
const SILENT: Duration = Duration::from_mins(1);

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, event: &Event) -> Judged {
    if let (Some(id), false) = (event.incident(), matches!(event, Event::Opened { .. })) {
        let known = books.incident(id);
        hold!(known.is_some(), "journal", "{event:?} of an incident that never opened");
        let after = match event {
            // a storm outlives the incident that carries its page
            Event::Resolved { .. }
            | Event::EscalationWidened { .. }
            | Event::CalledAgain { .. }
            | Event::AckForwarded { .. }
            | Event::Relapsed { .. } => true,
            // A scope that was left over is empty at last.
            Event::Indeterminate { attempt, .. } => books.attempt(*attempt).is_some_and(|it| it.held),
            _ => false,
        };
        let open = known.is_some_and(|incident| incident.open);
        hold!(open || after, "6 outcomes are absorbing", "{event:?} after {id} ended");
    }
    match event {
        Event::Opened { incident, key, since, .. } => {
            let next = books.incidents.len() as u64 + 1;
            hold!(incident.0 == next, "journal", "{incident} opened where #{next} was due");
            let open = books.keys.get(key).and_then(|book| book.open);
            hold!(open.is_none(), "one open incident per key", "{incident} opened beside {open:?}");
            hold!(outside.bindings.contains_key(key), "8 resolved targets only", "{incident}: {key:?} is not watched");
            if !matches!(input, Input::Command { command: Command::RunNow { .. }, .. }) {
                opened(books, outside, now, *incident, key, *since)?;
            }
        }
        Event::Asked { incident, request } => {
            let known = books.incident(*incident).expect("seen above");
            let before = known.asked.as_ref().map_or(0, |asked| asked.generation);
            hold!(request.generation > before, "4 approvals", "{incident}: generation {before} again");
            let wait = request.expires.since(now.mono);
            hold!(wait > Duration::ZERO && wait <= EXPIRY, "4 approvals", "{incident}: expires after {wait:?}");
        }
        Event::Approved { incident, generation, digest, by, .. } => {
            approved(books, now, input, *incident, *generation, digest)?;
            if two_people(books, outside, *incident) {
                let first = books.incident(*incident).and_then(|known| known.asked.as_ref()?.first);
                let other = first.is_some_and(|first| first != by.uid);
                hold!(other, "4 approvals", "{incident}: high risk and the yes of one person: {first:?}, {by:?}");
            }
        }
        Event::FirstApproved { incident, generation, digest, .. } => {
            approved(books, now, input, *incident, *generation, digest)?;
            hold!(two_people(books, outside, *incident), "4 approvals", "{incident}: one yes is enough");
            let first = books.incident(*incident).and_then(|known| known.asked.as_ref()?.first);
            hold!(first.is_none(), "4 approvals", "{incident}: a second first yes");
        }
        Event::ReadingChanged { incident, role, index, reading } => {
            let key = &books.incident(*incident).expect("seen above").key;
            let told = match input {
                Input::Read { watch, reading: told } => {
                    watch.key == *key && watch.role == *role && watch.index == *index && told == reading
                }
                Input::Surveyed { facts, .. } => {
                    let side = match role {
                        CheckRole::Detector => &facts.detector,
                        CheckRole::Verifier => &facts.verifier,
                    };
                    side.get(*index) == Some(reading)
                }
                _ => false,
            };
            hold!(told, "journal", "{incident}: a reading that nobody told now: {reading:?}");
        }
        Event::Relapsed { incident, by } => {
            let known = books.incident(*incident).expect("seen above");
            let healed = books.keys.get(&known.key).and_then(|book| book.healed);
            let (at, id) = healed.unwrap_or((now.mono, IncidentId(0)));
            let within = now.mono.since(at) <= Duration::from_hours(1);
            hold!(id == *incident && within, "a relapse within the hour", "{incident}, healed at {at}, by {by}");
        }
        Event::Closed { incident, outcome } => closed(books, outside, now, input, *incident, outcome)?,
        _ => {}
    }
    if matches!(input, Input::Loaded(_)) && outside.same_load {
        // What was due at this moment comes with any input; what only a change of the set brings must not.
        let changed = matches!(
            event,
            Event::Adopted { .. }
                | Event::Intent { .. }
                | Event::Armed { .. }
                | Event::Disarmed { .. }
                | Event::Closed { outcome: Outcome::Superseded, .. }
        );
        hold!(!changed, "9 reload", "a reload without change brought {event:?}");
    }
    Ok(())
}

/// The fault was seen for the hold time, or flaps, which counts as one; or nothing could be seen for too long, which calls
/// a human and never acts.
fn opened(books: &Books, outside: &Outside, now: Now, incident: IncidentId, key: &Key, since: Mono) -> Judged {
    let (held, due) = (now.mono.since(since), outside.playbook(key).detect.hold.0);
    if outside.fault_seen(key) || books.flapping.has(key) {
        hold!(held >= due, "the hold time passes first", "{incident}: {held:?} of {due:?}");
    } else {
        hold!(outside.blind(key), "unknown starts nothing", "{incident}: no detector check holds or is unknown");
        let silent = outside.silent_since.is_some_and(|since| now.mono.since(since) >= SILENT);
        hold!(held >= BLIND || silent, "unknown starts nothing", "{incident}: unknown for {held:?}");
    }
    Ok(())
}

/// High risk, where the settings want two people.
fn two_people(books: &Books, outside: &Outside, incident: IncidentId) -> bool {
    let playbook = books.incident(incident).map(|known| outside.playbook(&known.key));
    outside.four_eyes && playbook.is_some_and(|playbook| playbook.risk == Risk::High)
}

fn approved(books: &Books, now: Now, input: &Input, incident: IncidentId, generation: u32, digest: &Digest) -> Judged {
    let sent = matches!(input, Input::Command { command: Command::Approve { incident: i, digest: d, .. }, .. }
        if *i == incident && d == digest);
    hold!(sent, "4 approvals", "{incident}: a yes that nobody gave");
    let asked = books.incident(incident).and_then(|known| known.asked.as_ref());
    hold!(asked.is_some(), "4 approvals", "{incident}: a yes to nothing");
    let asked = asked.expect("just seen");
    hold!(asked.generation == generation, "4 approvals", "{incident}: a yes to generation {generation}");
    hold!(asked.digest == *digest, "4 approvals", "{incident}: a yes to another plan");
    hold!(!asked.withdrawn && !asked.consumed, "4 approvals", "{incident}: a yes to a request that is over");
    hold!(asked.approved.is_none(), "4 approvals", "{incident}: a second yes");
    hold!(now.mono < asked.expires, "4 approvals", "{incident}: a yes after the expiry");
    Ok(())
}

fn closed(books: &Books, outside: &Outside, now: Now, input: &Input, id: IncidentId, outcome: &Outcome) -> Judged {
    let known = books.incident(id).expect("seen above");
    let command = if let Input::Command { command, by, .. } = input { Some((command, by)) } else { None };
    let last = known.attempts.last().and_then(|attempt| books.attempt(*attempt));
    let running = last.is_some_and(|attempt| attempt.ended.is_none());
    hold!(!running, "6 outcomes are absorbing", "{id}: {outcome:?} while an attempt runs");
    match outcome {
        Outcome::Healed { attempt } => {
            healed(books, outside, now, *attempt, id)?;
            let begun = books.attempt(*attempt).map_or(now.mono, |it| it.mono);
            let before = known.called.is_some_and(|called| called < begun);
            hold!(!before, "outcome", "{id}: healed, though a human was called before {attempt}");
        }
        Outcome::HealedByOperator { attempt } => {
            healed(books, outside, now, *attempt, id)?;
            hold!(known.escalated, "outcome", "{id}: {outcome:?} and no human was called");
        }
        Outcome::SelfCleared | Outcome::ClearedUnverified => {
            let acted = matches!(outcome, Outcome::ClearedUnverified);
            hold!(acted != known.attempts.is_empty(), "outcome", "{id}: {outcome:?}, {:?}", known.attempts);
            if acted {
                held(books, outside, now, id)?;
            }
            let unmended = last.is_none_or(|attempt| attempt.concluded && attempt.verified.is_none() || attempt.held);
            hold!(unmended, "outcome", "{id}: self-cleared after an attempt that may have mended it");
            hold!(!known.escalated, "outcome", "{id}: self-cleared after a human was called");
            hold!(outside.seen_clear(&known.key), "unknown ends nothing", "{id}: self-cleared, and not seen clear");
        }
        Outcome::EscalatedThenCleared => {
            hold!(known.escalated, "outcome", "{id}: {outcome:?} and no human was called");
            // An attempt of its own after the page may have healed it.
            let healed = known.attempts.last().is_some_and(|last| healed(books, outside, now, *last, id).is_ok());
            // Or it was blind, and something is seen now.
            let broken = known.unseen && outside.fault_seen(&known.key);
            let clear = outside.seen_clear(&known.key) || broken;
            hold!(clear || healed, "unknown ends nothing", "{id}: cleared, and not seen clear");
            if !healed && !broken {
                held(books, outside, now, id)?;
            }
        }
        Outcome::Declined { by, .. } => {
            let said = command.is_some_and(|(command, who)| {
                matches!(command, Command::Decline { incident, .. } if *incident == id) && who == by
            });
            hold!(said, "outcome", "{id}: declined by nobody");
        }
        Outcome::ClosedByOperator { by, .. } => {
            let said = command.is_some_and(|(command, who)| {
                matches!(command, Command::Close { incident, .. } if *incident == id) && who == by
            });
            // A run by hand of what is well ends with the gate's denial.
            let not_run = outside.by_hand.contains(&id) && known.attempts.is_empty();
            hold!(said || not_run, "outcome", "{id}: closed by nobody");
        }
        Outcome::Expired => {
            let over = known.asked.as_ref().is_some_and(|asked| asked.expires <= now.mono);
            hold!(over, "outcome", "{id}: expired before its time");
            if known.escalated {
                held(books, outside, now, id)?;
            }
        }
        Outcome::Superseded => {
            let named = outside.bindings.contains_key(&known.key) || outside.is_unresolved(&known.key);
            hold!(
                !named,
                "a vanished target ends nothing",
                "{id}: superseded, and its playbook still names its target"
            );
        }
    }
    Ok(())
}

/// What was attempted or called is over when every verifier has been told to hold for the soak, after the last attempt.
fn held(books: &Books, outside: &Outside, now: Now, id: IncidentId) -> Judged {
    let known = books.incident(id).expect("whose end is judged");
    let soak = soak_of(outside, &known.key, known.escalated);
    let held = outside.verifier_held(&known.key, now.mono);
    hold!(held.is_some_and(|held| held >= soak), "healed means verified", "{id}: ended, held for {held:?} of {soak:?}");
    let last = known.attempts.last().and_then(|attempt| Some((books.attempt(*attempt)?, *attempt)));
    match last {
        Some((attempt, id)) if !attempt.held => super::attempts::verifiers_hold(outside, now, attempt, id),
        _ => Ok(()),
    }
}

/// A page is not ended by a blink.
fn soak_of(outside: &Outside, key: &Key, called: bool) -> Duration {
    let soak = outside.playbook(key).verify.soak.0;
    if called && soak.is_zero() { Duration::from_secs(30) } else { soak }
}

/// Healed is: verified, and it stayed so for the soak, which is doubled for a probe.
fn healed(books: &Books, outside: &Outside, now: Now, attempt: salve::core::AttemptId, id: IncidentId) -> Judged {
    let known = books.attempt(attempt);
    let verified = known.and_then(|attempt| attempt.verified);
    hold!(verified.is_some(), "3 outcome before verification", "{id}: healed and not verified");
    let (known, verified) = (known.expect("it was verified"), verified.expect("just seen"));
    hold!(known.incident == id, "journal", "{id}: healed by another incident's {attempt}");
    let called = books.incident(id).is_some_and(|incident| incident.escalated);
    let mut soak = soak_of(outside, &known.key, called);
    if matches!(known.starter, salve::core::incident::AttemptStarter::Probe) {
        soak *= 2;
    }
    let soak = soak.max(books.flapping.soak(&known.key));
    let soaked = now.mono.since(verified);
    hold!(soaked >= soak, "the soak passes first", "{id}: {soaked:?} of {soak:?}");
    super::attempts::verifiers_hold(outside, now, known, attempt)
}
