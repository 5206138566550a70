//! Commands that keep remediation away for a while: pauses and snoozes, and their ends.

use super::CommandAnswer;
use crate::core::command::reason::Reason;
use crate::core::command::{Operator, Refusal, Scope};
use crate::core::event::Event;
use crate::core::id::Key;
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::timers::Timer;
use crate::playbook::value::Period;

impl Core {
    pub(super) fn pause(
        &mut self,
        by: &Operator,
        scope: Scope,
        length: Option<Period>,
        reason: Reason,
    ) -> CommandAnswer {
        if let Scope::Playbook(name) = &scope {
            self.content_of(name)?;
        }
        let until = length.map(|length| self.now.mono + length.0);
        let timer = Timer::Pause(scope.clone());
        match until {
            Some(until) => self.timers.set(timer, until),
            None => self.timers.cancel(&timer),
        }
        let said = match length {
            Some(length) => format!("{scope} is paused for {length}"),
            None => format!("{scope} is paused until resumed"),
        };
        self.record(Event::Paused { scope, until, by: by.clone(), reason });
        // what another pause held until another time is told of this one
        self.wake(BlockedOn::Pause);
        Ok(said)
    }

    pub(super) fn resume_by(&mut self, by: &Operator, scope: Scope) -> String {
        if self.state.suppressions().pause(&scope).is_none() {
            return format!("{scope} was not paused");
        }
        let said = format!("{scope} is resumed");
        self.resume(scope, Some(by.clone()));
        said
    }

    /// The end of a pause, by hand or by its time.
    pub(in crate::core) fn resume(&mut self, scope: Scope, by: Option<Operator>) {
        let Some(pause) = self.state.suppressions().pause(&scope) else { return };
        if by.is_none() && pause.until.is_none_or(|until| until > self.now.mono) {
            return;
        }
        self.timers.cancel(&Timer::Pause(scope.clone()));
        self.record(Event::Resumed { scope, by });
        self.wake(BlockedOn::Pause);
    }

    pub(super) fn snooze(&mut self, by: &Operator, key: Key, length: Period, reason: Reason) -> CommandAnswer {
        if !self.keys.contains_key(&key) {
            return Err(Refusal::NoSuchKey);
        }
        let until = self.now.mono + length.0;
        self.timers.set(Timer::Snooze(key.clone()), until);
        let said = format!("{} is snoozed for {length}", key.target);
        let open = self.state.incidents().id_of(&key);
        self.record(Event::Snoozed { key, until, by: by.clone(), reason });
        if let Some(id) = open {
            self.forget_survey(id);
            self.advance_if_waiting(id);
        }
        Ok(said)
    }

    pub(super) fn unsnooze_by(&mut self, by: &Operator, key: &Key) -> String {
        if self.state.suppressions().snooze(key).is_none() {
            return format!("{} was not snoozed", key.target);
        }
        let said = format!("{} is no longer snoozed", key.target);
        self.unsnooze(key, Some(by.clone()));
        said
    }

    /// The end of a snooze, by hand or by its time.
    pub(in crate::core) fn unsnooze(&mut self, key: &Key, by: Option<Operator>) {
        let Some(snooze) = self.state.suppressions().snooze(key) else { return };
        if by.is_none() && snooze.until > self.now.mono {
            return;
        }
        self.timers.cancel(&Timer::Snooze(key.clone()));
        let open = self.state.incidents().id_of(key);
        self.record(Event::Unsnoozed { key: key.clone(), by });
        if let Some(id) = open.filter(|id| self.waits.contains(&(BlockedOn::Snooze, *id))) {
            self.advance(id);
        }
        self.evaluate(key);
    }
}
