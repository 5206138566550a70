//! Commands that close or latch a breaker.

use super::CommandAnswer;
use crate::core::breaker::Breaker;
use crate::core::command::reason::Reason;
use crate::core::command::{Operator, Refusal};
use crate::core::event::Event;
use crate::core::event::reasons::BreakerReason;
use crate::core::gate::budget::shares_budget;
use crate::core::id::Key;
use crate::core::incident::BreakerState;
use crate::core::machine::Core;
use crate::core::time::timers::Timer;

impl Core {
    pub(super) fn reset_breaker(&mut self, by: &Operator, key: &Key, reason: &Reason) -> CommandAnswer {
        let rival = self.rival(key).cloned();
        if self.state.breakers().get(key).is_none() && rival.is_none() {
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
            let others = self.state.breakers().on_target(&key.target).filter(|other| *other != key);
            keys.extend(others.cloned());
            keys[1..].sort_unstable();
        }
        for key in &keys {
            self.timers.cancel(&Timer::Breaker(key.clone()));
            let (key, why) = (key.clone(), BreakerReason::Operator { reason: reason.clone() });
            self.record(Event::Breaker { key, state: BreakerState::Closed, why, by: Some(by.clone()) });
        }
        let open: Vec<_> = keys.iter().chain(&rival).filter_map(|key| self.state.incidents().id_of(key)).collect();
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
        let open = self.state.incidents().id_of(&key);
        let (state, why) = (Breaker::latched(self.now.wall), BreakerReason::Operator { reason });
        self.record(Event::Breaker { key, state, why, by: Some(by.clone()) });
        if let Some(id) = open {
            self.advance_if_waiting(id);
        }
        Ok(said)
    }
}
