//! What follows from an input: its records go to the journal, and its effects are carried out in their order.

use super::EngineLoop;
use super::records::Recording;
use crate::core::{Effect, Input};
use crate::engine::effect_executor::PreflightRequest;
use crate::engine::page;

impl EngineLoop {
    /// Hands one input to the core. Effects that only look at the host are carried out at once; the others wait until the
    /// records are durable.
    pub fn step(&mut self, input: Input) {
        let effects = self.core.handle(self.clock.now(), input);
        self.changed = true;
        let mut records = Vec::new();
        let mut waiting = Vec::new();
        let mut surveyed = false;
        for effect in effects {
            match effect {
                Effect::Record(recorded) => {
                    self.note_record(&recorded);
                    records.push(recorded);
                }
                Effect::Watch { watch, check, cadence } => self.executor.hub.watch(watch, check, cadence),
                Effect::Unwatch(watch) => self.executor.hub.unwatch(&watch),
                Effect::Survey { incident, survey, key, playbook, rung, verifier } => {
                    // a stopping engine starts nothing new: without a survey there is no attempt
                    if !self.stopping {
                        let began = self.clock.mono();
                        self.executor.survey(PreflightRequest {
                            incident,
                            survey,
                            key,
                            playbook,
                            rung,
                            verifier,
                            began,
                        });
                        surveyed = true;
                    }
                }
                Effect::Start { .. } | Effect::EmptyScope { .. } | Effect::Deliver(_) | Effect::Reply { .. } => {
                    waiting.push(effect);
                }
            }
        }
        if surveyed && waiting.is_empty() && matches!(self.recording, Recording::Fine) {
            self.hold(records);
        } else {
            self.commit(records, waiting);
        }
    }

    /// Carries out an effect whose records are durable.
    pub(super) fn carry(&mut self, effect: Effect) {
        match effect {
            Effect::Start { attempt, plan, .. } if self.stopping => {
                self.executor.refuse(attempt, &plan, "salve is being stopped");
            }
            Effect::Start { attempt, plan, .. } => self.executor.start(attempt, plan),
            Effect::EmptyScope { attempt } => self.executor.empty_scope(attempt),
            Effect::Deliver(id) => {
                let recorded = self.pages.get(&id);
                if let Some(outbound) = recorded.and_then(|recorded| page::of(recorded, &self.core, &self.host)) {
                    self.executor.deliver(outbound);
                }
            }
            Effect::Reply { request, answer } => {
                if let Some(back) = self.answers.remove(&request) {
                    let _ = back.send(answer);
                }
            }
            Effect::Record(_) | Effect::Watch { .. } | Effect::Unwatch(_) | Effect::Survey { .. } => {}
        }
    }
}
