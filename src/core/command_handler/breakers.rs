//! Commands that close or latch a breaker.

use super::CommandAnswer;
use crate::core::apply::shares_budget;
use crate::core::breaker::Breaker;
use crate::core::command::{Operator, Refusal};
use crate::core::event::Event;
use crate::core::event::reasons::BreakerReason;
use crate::core::id::Key;
use crate::core::incident::BreakerState;
use crate::core::machine::Core;
use crate::core::reason::Reason;
use crate::core::timers::Timer;

impl Core {
    pub(super) fn reset_breaker(&mut self, by: &Operator, key: &Key, reason: &Reason) -> CommandAnswer {
        let rival = self.rival(key).cloned();
        if !self.state.breakers.contains_key(key) && rival.is_none() {
            return if self.keys.contains_key(key) {
                Ok("the breaker is closed".to_owned())
            } else {
                Err(Refusal::NoSuchKey)
            };
        }
        let said = format!("the breaker of {} is closed", key.target);
        self.timers.cancel(&Timer::Breaker(key.clone()));
        let mut keys = vec![key.clone()];
        // one budget, one reset
        if shares_budget(&key.target) {
            let shares = |other: &&Key| other.target == key.target && *other != key;
            keys.extend(self.state.breakers.keys().filter(shares).cloned());
            keys[1..].sort_unstable();
        }
        for key in &keys {
            self.timers.cancel(&Timer::Breaker(key.clone()));
            let (key, why) = (key.clone(), BreakerReason::Operator { reason: reason.clone() });
            self.record(Event::Breaker { key, state: BreakerState::Closed, why, by: Some(by.clone()) });
        }
        let open: Vec<_> = keys.iter().chain(&rival).filter_map(|key| self.state.by_key.get(key).copied()).collect();
        for id in open {
            self.advance(id);
        }
        Ok(said)
    }

    pub(super) fn latch_breaker(&mut self, by: &Operator, key: Key, reason: Reason) -> CommandAnswer {
        if !self.keys.contains_key(&key) {
            return Err(Refusal::NoSuchKey);
        }
        let said = format!("the breaker of {} is latched until it is reset", key.target);
        self.timers.cancel(&Timer::Breaker(key.clone()));
        let open = self.state.by_key.get(&key).copied();
        let (state, why) = (Breaker::latched(self.now.wall), BreakerReason::Operator { reason });
        self.record(Event::Breaker { key, state, why, by: Some(by.clone()) });
        if let Some(id) = open {
            self.advance_if_waiting(id);
        }
        Ok(said)
    }
}
