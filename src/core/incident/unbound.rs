//! The target of an open incident is gone, or its playbook is. An open incident never ends without a word.
//!
//! | what is gone | what becomes of the incident |
//! |---|---|
//! | the target, and the playbook still names it | it stays open; after a bound a human is called, for nothing can be done |
//! | the target, one of many that a pattern matched | it is closed, and that stands among the messages |
//! | the playbook, or its content changed | the same; whoever was called is told of the end |

use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Denial, Outcome, Phase};
use crate::core::event::Event;
use crate::core::event::reasons::WithdrawalReason;
use crate::core::gate::denial_bounds::DenialBound;
use crate::core::id::{IncidentId, Key};
use crate::core::machine::Core;
use crate::core::machine::input::{Binding, Resolution};
use crate::core::time::timers::Timer;

impl Core {
    /// The binding in force that names this key's target and found nothing there, with what it found.
    pub(in crate::core) fn missing(&self, key: &Key) -> Option<(&Binding, &Arc<str>)> {
        let target = key.target.to_string();
        self.absent.iter().filter(|binding| binding.playbook.content == key.content).find_map(|binding| match &binding
            .resolution
        {
            Resolution::Unresolved { written, why } if **written == *target => Some((binding, why)),
            Resolution::Unresolved { .. } | Resolution::NotApplicable { .. } | Resolution::Here(_) => None,
        })
    }

    /// An open incident at rest whose key is no longer watched.
    pub(in crate::core) fn unbound(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let (key, playbook) = (incident.key.clone(), Arc::clone(&incident.playbook));
        if let Some(why) = self.missing(&key).map(|(_, why)| Arc::clone(why)) {
            return self.await_target(id, &playbook, &why);
        }
        let why = self.why_unbound(&key);
        self.tell(playbook, format!("incident {id} ({}) is closed: {why}", key.target));
        self.close(id, &Outcome::Superseded);
    }

    fn why_unbound(&self, key: &Key) -> String {
        let inapplicable = self.absent.iter().find_map(|binding| match &binding.resolution {
            Resolution::NotApplicable { why, .. } if binding.playbook.content == key.content => Some(why),
            Resolution::NotApplicable { .. } | Resolution::Unresolved { .. } | Resolution::Here(_) => None,
        });
        let in_force = self.keys.keys().any(|other| other.content == key.content)
            || self.absent.iter().any(|binding| binding.playbook.content == key.content);
        match inapplicable {
            Some(why) => format!("its playbook no longer applies to this host: {why}"),
            None if in_force => "its target is no longer there".to_owned(),
            None => "its playbook was changed or removed".to_owned(),
        }
    }

    /// Nothing can be read or done there: it stays open, and a human is called where that lasts.
    fn await_target(&mut self, id: IncidentId, playbook: &Arc<str>, why: &Arc<str>) {
        let now = self.now.mono;
        let Some(incident) = self.incident(id) else { return };
        let (target, called) = (incident.key.target.clone(), incident.escalation.is_some());
        let known = self.live(id).missing.is_some();
        let since = *self.live(id).missing.get_or_insert(now);
        if !known {
            let text = format!("incident {id} stays open, but its target is missing ({target}): {why}");
            self.tell(Arc::clone(playbook), text);
            self.forget_survey(id);
            self.withdraw(id, WithdrawalReason::TargetMissing);
            self.refuse_manual(id, "its target is missing");
        }
        if called || self.incident(id).is_none() {
            return;
        }
        let denial = Denial::TargetMissing { why: Arc::clone(why) };
        let bound = match denial.bound() {
            DenialBound::After(length) => length,
            DenialBound::AtOnce | DenialBound::OwnEnd | DenialBound::Wanted => Duration::ZERO,
        };
        if self.incident(id).is_some_and(|one| !matches!(one.phase(), Phase::Held(Denial::TargetMissing { .. }))) {
            self.record(Event::Denied { incident: id, denial });
        }
        self.stop_waiting(id);
        let snoozed =
            self.incident(id).and_then(|one| self.state.suppressions().snooze(&one.key)).map(|snooze| snooze.until);
        self.timers.cancel(&Timer::Denied(id));
        let due = (since + bound).max(snoozed.unwrap_or(now));
        if due <= now {
            self.escalate(id, Cause::TargetMissing { why: Arc::clone(why) });
        } else {
            self.timers.set(Timer::Incident(id), due);
        }
    }

    /// Its target is watched (again).
    pub(in crate::core) fn bound_again(&mut self, id: IncidentId) {
        let missed = self.live.get_mut(&id).is_some_and(|live| live.missing.take().is_some());
        if missed && self.incident(id).is_some_and(|one| matches!(one.phase(), Phase::Held(_))) {
            self.advance(id);
        }
    }

    /// An operator should know of it: it stands among the messages.
    pub(in crate::core) fn tell(&mut self, about: Arc<str>, text: String) {
        self.record(Event::Notice { about, text: text.into() });
    }
}
