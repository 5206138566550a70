//! What a form comes to once it is filled in: a command, the end of the console, or what is still missing.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Form, FormPurpose, Preview, Value};
use crate::console::keys::guard::holds_back;
use crate::core::{Command, Reason, Scope};
use crate::playbook::value::Period;

/// What a form came to.
#[derive(Debug, Clone, PartialEq)]
pub enum FormResult {
    /// Ask the engine for this.
    Send(Command),
    /// End the console.
    Quit,
}

impl FormResult {
    /// Does it only keep salve from acting?
    #[must_use]
    pub fn holds_back(&self) -> bool {
        match self {
            Self::Send(command) => holds_back(command),
            Self::Quit => false,
        }
    }
}

impl Form {
    /// What the answer is, or why there is none yet.
    ///
    /// # Errors
    /// In words, for the form's last line.
    pub fn answer(&self, now: Timestamp, zone: &TimeZone) -> Result<FormResult, String> {
        if matches!(self.preview, Some(Preview::Awaited { .. })) {
            return Err("the plan is not ready yet: you see it before it runs".into());
        }
        for field in &self.fields {
            if let Value::Word { expected, typed } = &field.value
                && typed != &**expected
            {
                return Err(format!("type {expected} in the field {}", field.label));
            }
        }
        Ok(FormResult::Send(match &self.purpose {
            FormPurpose::Quit => return Ok(FormResult::Quit),
            FormPurpose::Pause(scopes) => {
                Command::Pause { scope: self.scope(scopes), length: self.length(), reason: self.reason() }
            }
            FormPurpose::Schedule(scopes) => {
                let (scope, from) = (self.scope(scopes), self.moment(now, zone)?);
                let length = self.length().ok_or("choose how long")?;
                Command::Schedule { scope, from, length, reason: self.reason() }
            }
            FormPurpose::Unschedule(window) => Command::Unschedule { window: *window },
            FormPurpose::Resume(scope) => Command::Resume { scope: scope.clone() },
            FormPurpose::Snooze(key) => {
                let length = self.length().unwrap_or(Period::from_secs(15 * 60));
                Command::Snooze { key: key.clone(), length, reason: self.reason() }
            }
            FormPurpose::Unsnooze(key) => Command::Unsnooze { key: key.clone() },
            FormPurpose::Decline(incident) => Command::Decline { incident: *incident, reason: self.reason() },
            FormPurpose::Close(incident) => Command::Close { incident: *incident, reason: self.needed()? },
            FormPurpose::ResetBreaker(key) => Command::ResetBreaker { key: key.clone(), reason: self.needed()? },
            FormPurpose::LatchBreaker(key) => Command::LatchBreaker { key: key.clone(), reason: self.needed()? },
            FormPurpose::Arm(playbook) => Command::Arm { playbook: Arc::clone(playbook) },
            FormPurpose::Disarm(playbook) => Command::Disarm { playbook: Arc::clone(playbook) },
            FormPurpose::RunNow(key) => Command::RunNow { key: key.clone() },
        }))
    }

    fn scope(&self, scopes: &[Scope]) -> Scope {
        scopes.get(self.chosen(0)).cloned().unwrap_or(Scope::Host)
    }

    /// The place of the chosen option in this field, counted from 0; 0 where the field is no choice.
    pub(super) fn chosen(&self, field: usize) -> usize {
        match self.fields.get(field).map(|field| &field.value) {
            Some(Value::Choice { at, .. }) => *at,
            _ => 0,
        }
    }

    fn reason(&self) -> Reason {
        let text = self.fields.iter().find_map(|field| match &field.value {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        });
        text.unwrap_or_default().into()
    }

    fn needed(&self) -> Result<Reason, String> {
        let reason = self.reason();
        if reason.is_empty() { Err("enter a reason: it is recorded with your name".into()) } else { Ok(reason) }
    }
}
