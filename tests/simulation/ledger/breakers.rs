//! Breakers change only as they may: never by a restart, from latched only by a hand, doubling, and one trial at a time.

use std::time::Duration;

use salve::core::event::Event;
use salve::core::incident::BreakerState;
use salve::core::machine::input::Input;
use salve::core::time::Now;

use super::{Books, Judged, Outside, hold};
use crate::names;

const DAY: Duration = Duration::from_hours(24);

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, event: &Event) -> Judged {
    let Event::Breaker { key, state, why, by } = event else { return Ok(()) };
    let fresh = super::books::KeyBook::default();
    let book = books.keys.get(key).unwrap_or(&fresh);
    let from = &book.breaker;
    let by_hand = by.is_some();
    if by_hand {
        hold!(matches!(input, Input::Command { .. }), "breaker", "{why}: a hand that nobody lent");
    }
    let limits = outside.contents.get(&key.content).map(|playbook| playbook.breaker).unwrap_or_default();
    let step = format!("{} to {} ({why})", names::breaker(from), names::breaker(state));
    // What was due comes with any input: in the step of a load a probe may heal, on readings of this life.
    if matches!(input, Input::Started { .. } | Input::Loaded(_)) && !probe_healed(books, outside, now, key) {
        hold!(*state != BreakerState::Closed, "breaker: no restart or reload resets it", "{step}");
    }
    match (from, state) {
        (BreakerState::Latched { .. }, _) | (BreakerState::Open { .. }, BreakerState::Closed) => {
            hold!(by_hand, "breaker: only a hand", "{step}");
        }
        (BreakerState::Open { until, .. }, BreakerState::HalfOpen { .. }) => {
            hold!(now.mono >= *until, "breaker: the cooldown passes first", "{step}, {until} at {}", now.mono);
        }
        (BreakerState::Closed, BreakerState::HalfOpen { .. }) => {
            hold!(false, "breaker", "{step}");
        }
        (BreakerState::Closed, BreakerState::Open { cooldown_ms, .. }) => {
            let first = limits.cooldown.millis().min(limits.longest.millis());
            let right = *cooldown_ms == limits.cooldown.millis() || *cooldown_ms == first;
            hold!(right, "breaker: cooldown", "{step}: {cooldown_ms} ms of {:?}", limits.cooldown);
        }
        (BreakerState::HalfOpen { cooldown_ms: before }, BreakerState::Open { cooldown_ms, .. }) => {
            let right = (before * 2).min(limits.longest.millis().max(limits.cooldown.millis()));
            // After a restart without its playbook nobody knows its limits.
            let gone = !outside.bindings.keys().any(|bound| bound.content == key.content);
            let doubled = *cooldown_ms == right || gone && *cooldown_ms == before * 2;
            hold!(doubled, "breaker: it doubles", "{step}: {cooldown_ms} ms where {right} was due");
            let recent = book.reopened.iter().filter(|at| now.mono.since(**at) < DAY).count() + 1;
            let latches = recent >= limits.latch_after.max(1) as usize;
            hold!(!latches || gone, "breaker: it latches", "{step}: reopening {recent} of {}", limits.latch_after);
        }
        (BreakerState::HalfOpen { .. }, BreakerState::Closed) if !by_hand => {
            let healed = matches!(&book.healed, Some((at, _)) if *at == now.mono);
            let soaked = book.open.and_then(|id| books.incident(id)).is_some_and(|incident| {
                incident.attempts.last().and_then(|id| books.attempt(*id)).is_some_and(|it| it.verified.is_some())
            });
            hold!(healed || soaked, "breaker: only a healed probe closes it", "{step}");
        }
        _ => {}
    }
    if let BreakerState::Open { until, cooldown_ms } = state {
        let length = until.since(now.mono);
        hold!(length >= Duration::from_millis(*cooldown_ms), "breaker: cooldown", "{step}: open for {length:?}");
    }
    Ok(())
}

/// The probe of this key's open incident was verified, and by its verifiers as told in this life of the engine it holds.
fn probe_healed(books: &Books, outside: &Outside, now: Now, key: &salve::core::Key) -> bool {
    let incident = books.keys.get(key).and_then(|book| book.open).and_then(|id| books.incident(id));
    let Some(id) = incident.and_then(|incident| incident.attempts.last().copied()) else { return false };
    books.attempt(id).is_some_and(|probe| {
        let soak = outside.playbook(&probe.key).verify.soak.0 * 2;
        let soaked = probe.verified.is_some_and(|at| now.mono.since(at) >= soak);
        soaked && super::attempts::verifiers_hold(outside, now, probe, id).is_ok()
    })
}
