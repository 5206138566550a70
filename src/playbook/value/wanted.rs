//! Values that are wanted, or with `not` unwanted: a unit's state, a number, a word.

use std::fmt;
use std::str::FromStr;

use super::{ValueError, value_error};
use crate::playbook::diagnostic::nearest;

/// A unit state that is wanted, or wanted not to be: `"active"`, `"not active"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WantedState {
    /// Whether `not` was written before it.
    pub negated: bool,
    /// The state after `not`, or the whole value.
    pub state: UnitState,
}

/// A unit's state, named after systemd's `ActiveState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitState {
    /// Started and running (or exited well, for a one-shot that remains).
    Active,
    /// Not running; it was stopped, or has never been started.
    Inactive,
    /// Not running, because it crashed, timed out or exited with an error.
    Failed,
    /// Starting, or waiting for systemd's own restart.
    Activating,
    /// On its way from active to inactive.
    Deactivating,
    /// Active, and reading its configuration again.
    Reloading,
}

/// A number that is wanted, or wanted not to be: `200`, `"not 200"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WantedNumber {
    /// Whether `not` was written before it.
    pub negated: bool,
    /// The number after `not`, or the whole value.
    pub number: u16,
}

/// A word that is wanted, or wanted not to be: `"healthy"`, `"not healthy"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WantedWord {
    /// Whether `not` was written before it.
    pub negated: bool,
    /// The word after `not`, or the whole value.
    pub word: String,
}

impl WantedWord {
    /// Whether this is as wanted. `is` says whether the observed word is this one.
    #[must_use]
    pub fn admits(&self, is: bool) -> bool {
        is != self.negated
    }
}

impl FromStr for WantedWord {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negated, word) = split_negation(text);
        if word.is_empty() || word == "not" {
            return Err(value_error(format!("`{text}` names nothing"), "a word, or \"not\" and a word"));
        }
        Ok(Self { negated, word: word.to_owned() })
    }
}

impl fmt::Display for WantedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "not " } else { "" }, self.word)
    }
}

impl WantedNumber {
    /// Whether the observed number is as wanted. Without one, `not` is met.
    #[must_use]
    pub fn admits(self, seen: Option<u16>) -> bool {
        (seen == Some(self.number)) != self.negated
    }
}

/// `not` at the head of a text, and the rest.
fn split_negation(text: &str) -> (bool, &str) {
    match text.trim().strip_prefix("not ") {
        Some(rest) => (true, rest.trim()),
        None => (false, text.trim()),
    }
}

impl FromStr for WantedNumber {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negated, number) = split_negation(text);
        let number = number
            .parse()
            .map_err(|_| value_error(format!("`{text}` is not a number from 0 to 65535"), "200, or \"not 200\""))?;
        Ok(Self { negated, number })
    }
}

impl fmt::Display for WantedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "not " } else { "" }, self.number)
    }
}

impl UnitState {
    /// All of them, by systemd's names.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("active", Self::Active),
        ("inactive", Self::Inactive),
        ("failed", Self::Failed),
        ("activating", Self::Activating),
        ("deactivating", Self::Deactivating),
        ("reloading", Self::Reloading),
    ];

    /// systemd's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, state)| *state == self).map_or("active", |(name, _)| name)
    }
}

impl WantedState {
    /// Whether the observed state is as wanted.
    #[must_use]
    pub fn admits(self, seen: UnitState) -> bool {
        (seen == self.state) != self.negated
    }
}

impl FromStr for WantedState {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negated, name) = split_negation(text);
        let state = UnitState::NAMES.into_iter().find_map(|(known, state)| (known == name).then_some(state));
        state.map(|state| Self { negated, state }).ok_or_else(|| {
            let names = UnitState::NAMES.map(|(name, _)| name);
            let message = format!("`{name}` is not a state of a unit ({})", names.join(", "));
            let right = match meant(name) {
                Some((no, state)) => Self { negated: no != negated, state }.to_string(),
                None => return value_error(message, "\"active\", or \"not active\""),
            };
            value_error(message, format!("\"{right}\""))
        })
    }
}

/// The state that people mean by other words, and whether they mean that it is not so; else a state that is spelled
/// nearly like it.
fn meant(word: &str) -> Option<(bool, UnitState)> {
    const WORDS: [(&[&str], bool, UnitState); 7] = [
        (
            &[
                "running",
                "up",
                "ok",
                "okay",
                "alive",
                "ready",
                "started",
                "healthy",
                "well",
                "good",
                "online",
                "on",
                "listening",
            ],
            false,
            UnitState::Active,
        ),
        (&["down", "unhealthy", "bad", "missing", "offline", "off", "not-running"], true, UnitState::Active),
        (&["stopped", "dead", "exited", "stop", "idle"], false, UnitState::Inactive),
        (&["crashed", "broken", "error", "errored", "killed", "oom", "fail"], false, UnitState::Failed),
        (&["starting", "restarting", "auto-restart", "start"], false, UnitState::Activating),
        (&["stopping"], false, UnitState::Deactivating),
        (&["reload"], false, UnitState::Reloading),
    ];
    let word = word.to_lowercase();
    let known = WORDS.into_iter().find(|(words, ..)| words.contains(&word.as_str()));
    known.map(|(_, negated, state)| (negated, state)).or_else(|| {
        let near = nearest(&word, UnitState::NAMES.into_iter().map(|(name, _)| name))?;
        UnitState::NAMES.into_iter().find_map(|(name, state)| (name == near).then_some((false, state)))
    })
}

impl fmt::Display for WantedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "not " } else { "" }, self.state.name())
    }
}
