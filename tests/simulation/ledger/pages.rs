//! Whoever is called is called once per failure of a target, under a name that stays, and is told of the end.

use std::sync::Arc;
use std::time::Duration;

use salve::core::event::Event;
use salve::core::id::IncidentId;
use salve::core::incident::{Cause, Outcome, Trip};
use salve::core::machine::input::Input;
use salve::core::time::Now;

use super::calls::CallBook;
use super::{Books, Judged, Outside, hold};

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, event: &Event) -> Judged {
    if let Some(page) = event.page() {
        hold!(books.page(page).is_none(), "journal", "{page} is used twice");
    }
    match event {
        Event::Escalated { incident, dedup, cause: Cause::Storm { .. }, .. } => {
            hold!(books.calls.storm().is_none(), "7 one page for a storm", "{incident}: beside another");
            let own = books.keys.values().all(|book| book.dedup.as_ref() != Some(dedup));
            hold!(own, "7 stable dedup key", "{incident}: {dedup} is another's");
        }
        Event::Escalated { incident, dedup, cause, .. } => {
            settled(books, outside, now, *incident, cause)?;
            let open = books.calls.get(dedup);
            hold!(open.is_none(), "7 one open escalation per key", "{incident}: {cause:?} beside {open:?}");
            let own = books.calls.of(*incident);
            hold!(own.is_none(), "7 one open escalation per key", "{incident}: {cause:?} beside {own:?}");
            one_call_per_target(books, *incident, cause)?;
            let book = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let before = book.and_then(|book| book.dedup.clone());
            let stable = before.as_ref().is_none_or(|before| before == dedup);
            hold!(stable, "7 stable dedup key", "{incident}: {dedup} after {before:?}");
        }
        Event::Joined { incident, dedup, cause, .. } => {
            settled(books, outside, now, *incident, cause)?;
            let open = books.calls.get(dedup);
            hold!(open.is_some(), "7 one call", "{incident} joins {dedup}, which is not open");
            hold!(books.calls.of(*incident).is_none(), "7 one call", "{incident} stands under a call already");
            // what once was its own call may still be open for what contended with it
            let key = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let own = key.is_some_and(|book| book.dedup.as_ref() == Some(dedup));
            let related = own || open.is_some_and(|call| belongs(books, *incident, call));
            hold!(related, "7 one call", "{incident} joins {dedup} of another target: {open:?}");
        }
        Event::Announced { incident, page, dedup, .. } => {
            let open = books.calls.get(dedup);
            hold!(page.is_some() || open.is_some(), "7 one call", "{incident}: announced to nobody");
            let asks = books.incident(*incident).is_some_and(|known| known.stand == super::Stand::Asked);
            hold!(asks, "7 approvals are announced", "{incident}: announced, and it asks nobody");
        }
        Event::Resolved { incident, dedup, to, ended, .. } => {
            let open = books.calls.get(dedup);
            hold!(open.is_some(), "7 resolve", "{incident}: a resolve of {dedup} and nothing to resolve");
            all_hear(open, *incident, to)?;
            let last = ended.as_ref().unwrap_or(incident);
            let others = open.is_some_and(|call| call.all().any(|other| other != last));
            hold!(!others, "7 resolve", "{incident}: {dedup} is resolved, and others stand under it: {open:?}");
        }
        Event::Left { incident, dedup } => {
            let others = books.calls.get(dedup).is_some_and(|call| call.all().any(|other| other != incident));
            hold!(others, "7 resolve", "{incident} leaves {dedup} to nobody");
        }
        Event::EscalationWidened { incident, dedup, to, .. } => {
            let open = books.calls.get(dedup);
            hold!(open.is_some(), "7 second call", "{incident}: nobody was called first");
            hold!(open.is_some_and(|it| it.answered.is_none()), "7 second call", "{incident}: somebody had answered");
            let again = open.is_some_and(|call| to.iter().any(|name| call.called.contains(name)));
            hold!(!to.is_empty() && !again, "7 second call", "{incident}: {to:?} were called before");
        }
        Event::CalledAgain { incident, cause, dedup, to, .. } => {
            let open = books.calls.get(dedup);
            all_hear(open, *incident, to)?;
            let seen = open.and_then(|open| open.answered);
            let due = seen.is_some_and(|at| now.mono.since(at) >= Duration::from_hours(4));
            let before = books.incident(*incident).and_then(|known| known.cause.as_ref());
            let asks = matches!(cause, Cause::AwaitingApproval { .. });
            let news = before.is_some_and(|before| {
                before.leaves_automation_on() && (!cause.leaves_automation_on() || asks && before != cause)
            });
            if news {
                settled(books, outside, now, *incident, cause)?;
            }
            hold!(due || news, "7 called again", "{incident}: seen at {seen:?}, {cause:?} after {before:?}");
        }
        Event::AckForwarded { incident, dedup, to, .. } => {
            let open = books.calls.get(dedup);
            all_hear(open, *incident, to)?;
            hold!(open.is_some(), "7 acknowledgement", "{incident}: nobody was called");
            hold!(open.is_some_and(|it| it.answered.is_none()), "7 acknowledgement", "{incident}: told twice");
        }
        Event::Delivered { page, channel, .. } => {
            let carries = books.calls.iter().any(|(_, call)| call.pages.contains(page)) || books.carried.contains(page);
            let resort = carries && &**channel == "tickets";
            let known = resort || books.page(*page).is_some_and(|it| it.to.is_empty() || it.to.contains(channel));
            hold!(known, "7 escalations", "{page} delivered to {channel}, which it was not for");
            let told = matches!(input, Input::Delivered { page: told, .. } if told == page);
            hold!(told, "7 escalations", "{page} delivered, and nobody said so");
        }
        Event::Closed { incident, outcome } => {
            let called = books.incident(*incident).is_some_and(|it| it.escalated);
            let quiet = !matches!(outcome, Outcome::EscalatedThenCleared | Outcome::HealedByOperator { .. });
            hold!(called || quiet, "outcome", "{incident}: {outcome:?}, and nobody was called");
            let left = books.calls.iter().find(|(_, call)| {
                let under: Vec<_> = call.escalated.union(&call.announced).collect();
                under == [incident]
            });
            hold!(left.is_none(), "7 resolve", "{incident} ends, and its call was not resolved: {left:?}");
        }
        _ => {}
    }
    Ok(())
}

/// What fails on one target calls once; what stands for all of systemd, or for a storm, stands beside it.
fn one_call_per_target(books: &Books, id: IncidentId, cause: &Cause) -> Judged {
    if matches!(cause, Cause::SystemdSilent { .. }) {
        return Ok(());
    }
    let Some(target) = books.incident(id).map(|known| &known.key.target) else { return Ok(()) };
    let own = |call: &CallBook| !call.silent && call.announced.is_empty() && !call.approvals;
    let beside = books.calls.iter().filter(|(_, call)| own(call)).find_map(|(dedup, call)| {
        let shares = |other: &&IncidentId| books.incident(**other).is_some_and(|known| known.key.target == *target);
        call.escalated.iter().find(shares).map(|other| (dedup, other))
    });
    hold!(beside.is_none(), "7 one call per target", "{id} calls for {target} beside {beside:?}");
    Ok(())
}

/// Does an incident belong under this call: for its target, for what it contends with, or for the approval that it asked for?
fn belongs(books: &Books, id: IncidentId, call: &CallBook) -> bool {
    let Some(known) = books.incident(id) else { return false };
    let related = |other: &IncidentId| {
        books.incident(*other).is_some_and(|other| {
            other.key.target == known.key.target || books.contention.contend(&other.key, &known.key)
        })
    };
    call.announced.contains(&id) || call.escalated.iter().any(related)
}

/// The page for a spent budget waits until it is known what the last attempt came to, and says that.
fn settled(books: &Books, outside: &Outside, now: Now, incident: IncidentId, cause: &Cause) -> Judged {
    let Cause::BreakerOpened { trip, .. } = cause else { return Ok(()) };
    let known = books.incident(incident).expect("an incident's records are checked first");
    let last = known.attempts.last().and_then(|attempt| books.attempt(*attempt));
    let verified = last.and_then(|attempt| attempt.verified);
    let judged = last.is_none_or(|attempt| attempt.concluded || attempt.held);
    hold!(judged, "a page waits for the verification", "{incident}: {cause:?} before its last attempt is judged");
    let soak = outside.playbook(&known.key).verify.soak.0;
    let right = match trip {
        Trip::Fixed { .. } => verified.is_some_and(|at| now.mono.since(at) >= soak),
        Trip::NotVerified { .. } | Trip::Probe => verified.is_none() && last.is_some(),
        Trip::AlreadyOpen => true,
        Trip::Unrecorded => false,
    };
    hold!(right, "a page says what happened", "{incident}: {trip:?} where the last attempt was verified: {verified:?}");
    Ok(())
}

/// Whoever was called for a page hears what becomes of it.
fn all_hear(open: Option<&CallBook>, incident: IncidentId, to: &[Arc<str>]) -> Judged {
    let Some(called) = open.map(|open| &open.called) else { return Ok(()) };
    let told = |name: &Arc<str>| to.contains(name) || (to.is_empty() && &**name == "tickets");
    hold!(called.iter().all(told), "7 all hear", "{incident}: {called:?} were called, {to:?} are told");
    Ok(())
}

/// A call that stands for nobody any more and was not resolved.
pub fn unresolved(books: &Books) -> Option<Arc<str>> {
    books.calls.iter().find(|(_, call)| call.is_forsaken()).map(|(dedup, _)| dedup.clone())
}
