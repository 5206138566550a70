//! How detectors, breakers and playbook files stand now, as metrics.

use super::text::Family;
use super::{Names, by_word, count, gauge, plain, yes};
use crate::engine::snapshot::{Health, PlaybookState, Snapshot};

/// Every health that a detector can have.
const HEALTHS: [&str; 12] = [
    "asks",
    "escalated",
    "held",
    "broken",
    "fixing",
    "verifying",
    "pending",
    "unknown",
    "waiting",
    "ok",
    "not_applicable",
    "unresolved",
];

/// The word under which a health is counted.
const fn health(health: &Health) -> &'static str {
    HEALTHS[match health {
        Health::Asks => 0,
        Health::Escalated(_) => 1,
        Health::Held(_) => 2,
        Health::Broken => 3,
        Health::Fixing { .. } => 4,
        Health::Verifying { .. } => 5,
        Health::Pending => 6,
        Health::Unknown(_) => 7,
        Health::Waiting => 8,
        Health::Ok => 9,
        Health::NotApplicable(_) => 10,
        Health::Unresolved(_) => 11,
    }]
}

/// The fault is there, whatever is being done about it.
fn faulty(word: &str) -> bool {
    HEALTHS[..7].contains(&word)
}

/// Every state of a breaker but closed, which is not counted: a key that never acted has no breaker.
const BREAKERS: [&str; 3] = ["open", "half-open", "latched"];

pub(super) fn standing(snapshot: &Snapshot, names: &Names) -> Vec<Family> {
    let healths = |word: &str| count(snapshot.detectors.iter().filter(|row| health(&row.health) == word).count());
    let faults = snapshot.detectors.iter().map(|row| (&*row.playbook, yes(faulty(health(&row.health)))));
    let states = |word: &str| count(snapshot.breakers.iter().filter(|row| row.state.word() == word).count());
    let tripped = snapshot.breakers.iter().map(|row| (&*row.playbook, yes(BREAKERS.contains(&row.state.word()))));
    let rejected = snapshot.playbooks.iter().filter(|one| matches!(one.state, PlaybookState::Rejected { .. }));
    vec![
        gauge("salve_detectors", None, "Watched targets, by health.", by_word("health", &HEALTHS, healths)),
        gauge("salve_playbook_faults", None, "Targets whose fault is there now.", names.sum(faults)),
        gauge("salve_breakers", None, "Breakers that are not closed.", by_word("state", &BREAKERS, states)),
        gauge("salve_playbook_breakers", None, "Breakers that are not closed, by playbook.", names.sum(tripped)),
        gauge(
            "salve_playbooks_rejected",
            None,
            "Playbook files that were not accepted.",
            plain(count(rejected.count())),
        ),
    ]
}
