//! Whoever is called is called once per failure, under a name that stays, and is told of the end.

use std::sync::Arc;
use std::time::Duration;

use salve::core::event::Event;
use salve::core::id::{IncidentId, PageId};
use salve::core::incident::{Cause, Outcome, Trip};
use salve::core::input::Input;
use salve::core::time::Now;

use super::{Books, Judged, Outside, hold};

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, event: &Event) -> Judged {
    match event {
        Event::Escalated { incident, page, dedup, cause: Cause::Storm { .. }, .. } => {
            hold!(books.storm.is_none(), "7 one page for a storm", "{incident}: beside {:?}", books.storm);
            let stable = books.storm_dedup.as_ref().is_none_or(|before| before == dedup);
            hold!(stable, "7 stable dedup key", "{incident}: {dedup} after {:?}", books.storm_dedup);
            let own = books.keys.values().all(|book| book.dedup.as_ref() != Some(dedup));
            hold!(own, "7 stable dedup key", "{incident}: {dedup} is another's");
            fresh(books, *page)?;
        }
        Event::Resolved { incident, page, dedup, to } if books.storm_dedup.as_ref() == Some(dedup) => {
            hold!(books.storm.is_some(), "7 resolve", "a storm's resolve and nothing to resolve");
            all_hear(books, books.storm, *incident, to)?;
            fresh(books, *page)?;
        }
        Event::Escalated { incident, page, dedup, cause, .. } => {
            settled(books, outside, now, *incident, cause)?;
            let book = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let open = book.and_then(|book| book.page);
            hold!(open.is_none(), "7 one open escalation per key", "{incident}: {cause:?} beside {open:?}");
            let before = book.and_then(|book| book.dedup.clone());
            let stable = before.as_ref().is_none_or(|before| before == dedup);
            hold!(stable, "7 stable dedup key", "{incident}: {dedup} after {before:?}");
            fresh(books, *page)?;
        }
        Event::Resolved { incident, page, dedup, to } => {
            all_hear(books, books.open_page(*incident, dedup), *incident, to)?;
            let book = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let open = book.and_then(|book| book.page).and_then(|page| books.page(page));
            hold!(open.is_some(), "7 resolve", "{incident}: a resolve and nothing to resolve");
            let same = open.is_some_and(|open| open.dedup == *dedup);
            hold!(same, "7 stable dedup key", "{incident}: resolved as {dedup}");
            fresh(books, *page)?;
        }
        Event::CalledBesides { incident, page, dedup, to, .. } => {
            let open = books.open_page(*incident, dedup);
            hold!(open.is_some(), "7 second call", "{incident}: nobody was called first");
            let answered = open.is_some_and(|open| books.answered.contains_key(&open));
            hold!(!answered, "7 second call", "{incident}: somebody had answered");
            let called = open.and_then(|open| books.called.get(&open));
            let again = called.is_some_and(|called| to.iter().any(|name| called.contains(name)));
            hold!(!to.is_empty() && !again, "7 second call", "{incident}: {to:?} were called before");
            fresh(books, *page)?;
        }
        Event::CalledAgain { incident, page, dedup, to, .. } => {
            let open = books.open_page(*incident, dedup);
            all_hear(books, open, *incident, to)?;
            let seen = open.and_then(|open| books.answered.get(&open));
            let due = seen.is_some_and(|at| now.mono.since(*at) >= Duration::from_hours(4));
            hold!(due, "7 called again", "{incident}: seen at {seen:?}");
            fresh(books, *page)?;
        }
        Event::Relayed { incident, page, dedup, to, .. } => {
            let open = books.open_page(*incident, dedup);
            all_hear(books, open, *incident, to)?;
            hold!(open.is_some(), "7 acknowledgement", "{incident}: nobody was called");
            let answered = open.is_some_and(|open| books.answered.contains_key(&open));
            hold!(!answered, "7 acknowledgement", "{incident}: told twice");
            fresh(books, *page)?;
        }
        Event::Delivered { page, channel, .. } => {
            let resort = books.carries.contains_key(page) && &**channel == "tickets";
            let known = resort || books.page(*page).is_some_and(|it| it.to.is_empty() || it.to.contains(channel));
            hold!(known, "7 escalations", "{page} delivered to {channel}, which it was not for");
            let told = matches!(input, Input::Delivered { page: told, .. } if told == page);
            hold!(told, "7 escalations", "{page} delivered, and nobody said so");
        }
        Event::Closed { incident, outcome } => {
            let called = books.incident(*incident).is_some_and(|it| it.escalated);
            let quiet = !matches!(outcome, Outcome::EscalatedThenCleared | Outcome::HealedByOperator { .. });
            hold!(called || quiet, "outcome", "{incident}: {outcome:?}, and nobody was called");
        }
        _ => {}
    }
    Ok(())
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
fn all_hear(books: &Books, open: Option<PageId>, incident: IncidentId, to: &[Arc<str>]) -> Judged {
    let Some(called) = open.and_then(|open| books.called.get(&open)) else { return Ok(()) };
    let told = |name: &Arc<str>| to.contains(name) || (to.is_empty() && &**name == "tickets");
    hold!(called.iter().all(told), "7 all hear", "{incident}: {called:?} were called, {to:?} are told");
    Ok(())
}

fn fresh(books: &Books, page: PageId) -> Judged {
    hold!(books.page(page).is_none(), "journal", "{page} is used twice");
    Ok(())
}

/// An escalation whose incident is over and that was not resolved.
pub fn unresolved(books: &Books) -> Option<IncidentId> {
    books.keys.values().find_map(|book| {
        let page = books.page(book.page?)?;
        let over = books.incident(page.incident).is_some_and(|incident| !incident.open);
        over.then_some(page.incident)
    })
}
