//! Rows of breakers.

use std::sync::Arc;

use super::row_id;
use crate::core::Key;
use crate::core::incident::BreakerState;
use crate::engine::Snapshot;
use crate::engine::snapshot::BreakerView;

/// Breakers that are not closed, the tightest first, then closed ones that have counted.
#[must_use]
pub fn breakers(snapshot: &Snapshot) -> Vec<&BreakerView> {
    let mut breakers: Vec<_> = snapshot.breakers.iter().collect();
    breakers.sort_by_key(|breaker| {
        let order = match breaker.state {
            BreakerState::Latched { .. } => 0,
            BreakerState::Open { .. } => 1,
            BreakerState::HalfOpen { .. } => 2,
            BreakerState::Closed => 3,
        };
        (order, usize::MAX - breaker.invocations, Arc::clone(&breaker.playbook), breaker.key.target.clone())
    });
    breakers
}

/// What a breaker's row is known by.
#[must_use]
pub fn breaker_id(breaker: &BreakerView) -> Arc<str> {
    row_id(&breaker.playbook, &breaker.key.target.to_string())
}

/// The breaker of this key.
#[must_use]
pub fn breaker_of<'a>(snapshot: &'a Snapshot, key: &Key) -> Option<&'a BreakerView> {
    snapshot.breakers.iter().find(|breaker| breaker.key == *key)
}
