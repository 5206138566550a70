//! Whoever is called is called once per failure, under a name that stays, and is told of the end.

use salve::core::event::Event;
use salve::core::id::{IncidentId, PageId};
use salve::core::incident::{Cause, Outcome};
use salve::core::input::Input;
use salve::core::time::Now;

use super::{Books, Judged, Outside, hold};

pub fn check(books: &Books, _: &Outside, _: Now, input: &Input, event: &Event) -> Judged {
    match event {
        Event::Escalated { incident, page, dedup, cause: Cause::Storm { .. }, .. } => {
            hold!(books.storm.is_none(), "7 one page for a storm", "{incident}: beside {:?}", books.storm);
            let stable = books.storm_dedup.as_ref().is_none_or(|before| before == dedup);
            hold!(stable, "7 stable dedup key", "{incident}: {dedup} after {:?}", books.storm_dedup);
            let own = books.keys.values().all(|book| book.dedup.as_ref() != Some(dedup));
            hold!(own, "7 stable dedup key", "{incident}: {dedup} is another's");
            fresh(books, *page)?;
        }
        Event::Resolved { page, dedup, .. } if books.storm_dedup.as_ref() == Some(dedup) => {
            hold!(books.storm.is_some(), "7 resolve", "a storm's resolve and nothing to resolve");
            fresh(books, *page)?;
        }
        Event::Escalated { incident, page, dedup, cause, .. } => {
            let book = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let open = book.and_then(|book| book.page);
            hold!(open.is_none(), "7 one open escalation per key", "{incident}: {cause:?} beside {open:?}");
            let before = book.and_then(|book| book.dedup.clone());
            let stable = before.as_ref().is_none_or(|before| before == dedup);
            hold!(stable, "7 stable dedup key", "{incident}: {dedup} after {before:?}");
            fresh(books, *page)?;
        }
        Event::Resolved { incident, page, dedup, .. } => {
            let book = books.incident(*incident).and_then(|known| books.keys.get(&known.key));
            let open = book.and_then(|book| book.page).and_then(|page| books.page(page));
            hold!(open.is_some(), "7 resolve", "{incident}: a resolve and nothing to resolve");
            let same = open.is_some_and(|open| open.dedup == *dedup);
            hold!(same, "7 stable dedup key", "{incident}: resolved as {dedup}");
            fresh(books, *page)?;
        }
        Event::Delivered { page, channel } => {
            let known = books.page(*page).is_some_and(|it| it.to.is_empty() || it.to.contains(channel));
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
