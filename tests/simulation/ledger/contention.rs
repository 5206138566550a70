//! Remedies that break each other's targets: the pair is held only after a whole round was seen.

use salve::core::event::Event;
use salve::core::id::{IncidentId, Key};
use salve::core::incident::{Cause, Denial};

use super::{Books, Judged, hold};

#[derive(Debug, Default)]
pub struct ContentionBook {
    /// Whose attempt was running when whose fault began.
    seen: Vec<(Key, Key)>,
}

impl ContentionBook {
    pub fn suspect(&mut self, acting: Key, harmed: Key) {
        self.seen.push((acting, harmed));
    }

    /// Has each of the two been seen to break the other's target?
    pub fn contend(&self, one: &Key, other: &Key) -> bool {
        let harms = |acting: &Key, harmed: &Key| self.seen.iter().any(|(a, b)| a == acting && b == harmed);
        harms(one, other) && harms(other, one)
    }

    /// Has it been seen in a fight with any other?
    pub fn any(&self, key: &Key) -> bool {
        self.seen.iter().any(|(acting, harmed)| {
            (acting == key && self.contend(key, harmed)) || (harmed == key && self.contend(key, acting))
        })
    }
}

pub fn check(books: &Books, event: &Event) -> Judged {
    match event {
        Event::Suspected { incident, attempt, of } => {
            let acted = books.attempt(*attempt);
            hold!(acted.is_some_and(|it| it.incident == *of), "contention", "{attempt} is not of {of}");
            let acted = acted.expect("just seen");
            let harmed = books.incident(*incident);
            let apart = harmed.is_some_and(|it| !it.key.target.conflicts(&acted.key.target));
            hold!(apart, "contention", "{incident} and {of} are of one target");
        }
        Event::Denied { incident, denial: Denial::Contended { .. } }
        | Event::Escalated { incident, cause: Cause::Contention { .. }, .. }
        | Event::Joined { incident, cause: Cause::Contention { .. }, .. } => whole_round(books, *incident)?,
        _ => {}
    }
    Ok(())
}

fn whole_round(books: &Books, id: IncidentId) -> Judged {
    let known = books.incident(id).is_some_and(|it| books.contention.any(&it.key));
    hold!(known, "contention", "{id} is held for a fight that nobody saw");
    Ok(())
}
