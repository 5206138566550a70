//! What is held back on purpose: pauses, maintenance windows, snoozes. Which there are, and how each is ended.

use std::sync::Arc;
use std::time::Duration;

use super::form::Form;
use super::view::World;
use crate::core::Scope;
use crate::engine::Snapshot;
use crate::engine::snapshot::{Maintenance, Pause, Snooze};

/// A window that begins within this time is announced.
const NEAR: Duration = Duration::from_hours(1);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub enum Held<'a> {
    /// No new attempts.
    Pause(&'a Pause),
    /// The same, planned.
    Maintenance(&'a Maintenance),
    /// One target left alone.
    Snooze(&'a Snooze),
}

/// All of them: pauses, then windows, then snoozes.
#[must_use]
pub fn all(snapshot: &Snapshot) -> Vec<Held<'_>> {
    let pauses = snapshot.pauses.iter().map(Held::Pause);
    let windows = snapshot.maintenance.iter().map(Held::Maintenance);
    pauses.chain(windows).chain(snapshot.snoozes.iter().map(Held::Snooze)).collect()
}

impl Held<'_> {
    /// What it is known by in a list.
    #[must_use]
    pub fn id(&self) -> Arc<str> {
        match self {
            Self::Pause(pause) => format!("pause {}", pause.scope).into(),
            Self::Maintenance(window) => format!("maintenance {}", window.id).into(),
            Self::Snooze(snooze) => format!("snooze {} {}", snooze.playbook, snooze.key.target).into(),
        }
    }

    /// The question that ends it.
    #[must_use]
    pub fn end(&self, world: &World<'_>) -> Option<Form> {
        match self {
            Self::Pause(pause) => Form::resume(world.snapshot, &pause.scope, world.mono),
            Self::Maintenance(window) => Some(Form::unschedule(world.snapshot, window, world.mono, world.zone)),
            Self::Snooze(snooze) => Some(Form::unsnooze(snooze, world.mono)),
        }
    }
}

/// What pauses most: the whole host before a playbook, a pause before a window.
#[must_use]
pub fn pausing(snapshot: &Snapshot) -> Option<Held<'_>> {
    let windows = snapshot.maintenance.iter().filter(|window| window.until.is_some()).map(Held::Maintenance);
    let all: Vec<Held<'_>> = snapshot.pauses.iter().map(Held::Pause).chain(windows).collect();
    all.iter().find(|held| held.scope() == Some(&Scope::Host)).or_else(|| all.first()).copied()
}

impl<'a> Held<'a> {
    /// What it pauses.
    #[must_use]
    pub const fn scope(&self) -> Option<&'a Scope> {
        match self {
            Self::Pause(pause) => Some(&pause.scope),
            Self::Maintenance(window) => Some(&window.scope),
            Self::Snooze(_) => None,
        }
    }
}

/// The next window and how far ahead it is, if that is near enough to be told.
#[must_use]
pub fn coming<'a>(world: &World<'a>) -> Option<(&'a Maintenance, Duration)> {
    let planned = world.snapshot.maintenance.iter().filter(|window| window.until.is_none());
    let next = planned.min_by_key(|window| window.from)?;
    let ahead = next.from.duration_since(world.wall);
    let ahead = if ahead.is_negative() { Duration::ZERO } else { ahead.unsigned_abs() };
    (ahead <= NEAR).then_some((next, ahead))
}
