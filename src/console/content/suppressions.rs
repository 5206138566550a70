//! What is held back on purpose: pauses, maintenance windows, snoozes. Which there are, and how each is ended.

use std::sync::Arc;
use std::time::Duration;

use crate::console::content::context::ViewContext;
use crate::core::Scope;
use crate::engine::Snapshot;
use crate::engine::snapshot::{MaintenanceView, PauseView, Snooze};

/// A window that begins within this time is announced.
const NEAR: Duration = Duration::from_hours(1);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub enum Suppression<'a> {
    /// No new attempts.
    Pause(&'a PauseView),
    /// The same, planned.
    Maintenance(&'a MaintenanceView),
    /// One target left alone.
    Snooze(&'a Snooze),
}

/// All of them: pauses, then windows, then snoozes.
#[must_use]
pub fn all(snapshot: &Snapshot) -> Vec<Suppression<'_>> {
    let pauses = snapshot.pauses.iter().map(Suppression::Pause);
    let windows = snapshot.maintenance.iter().map(Suppression::Maintenance);
    pauses.chain(windows).chain(snapshot.snoozes.iter().map(Suppression::Snooze)).collect()
}

impl Suppression<'_> {
    /// What it is known by in a list.
    #[must_use]
    pub fn id(&self) -> Arc<str> {
        match self {
            Self::Pause(pause) => format!("pause {}", pause.scope).into(),
            Self::Maintenance(window) => format!("maintenance {}", window.id).into(),
            Self::Snooze(snooze) => format!("snooze {} {}", snooze.playbook, snooze.key.target).into(),
        }
    }
}

/// What pauses most: the whole host before a playbook, a pause before a window.
#[must_use]
pub fn pausing(snapshot: &Snapshot) -> Option<Suppression<'_>> {
    let windows = snapshot.maintenance.iter().filter(|window| window.until.is_some()).map(Suppression::Maintenance);
    let all: Vec<Suppression<'_>> = snapshot.pauses.iter().map(Suppression::Pause).chain(windows).collect();
    all.iter().find(|held| held.scope() == Some(&Scope::Host)).or_else(|| all.first()).copied()
}

impl<'a> Suppression<'a> {
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
pub fn coming<'a>(world: &ViewContext<'a>) -> Option<(&'a MaintenanceView, Duration)> {
    let planned = world.snapshot.maintenance.iter().filter(|window| window.until.is_none());
    let next = planned.min_by_key(|window| window.from)?;
    let ahead = next.from.duration_since(world.wall);
    let ahead = if ahead.is_negative() { Duration::ZERO } else { ahead.unsigned_abs() };
    (ahead <= NEAR).then_some((next, ahead))
}
