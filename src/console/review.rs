//! A request under review. What is answered is exactly what was displayed: the page keeps the request that it drew,
//! and a key counts only after the whole of it was on the screen and the keyboard had been quiet.

use std::sync::Arc;

use super::model::At;
use crate::core::incident::Request;
use crate::core::{Command, IncidentId};
use crate::engine::snapshot::IncidentView;
use crate::playbook::Risk;

/// How long the keyboard must have been quiet before a deciding key, in milliseconds.
pub const QUIET: u64 = 350;

/// A request under review.
#[derive(Debug, Clone)]
pub struct Review {
    /// Of which incident.
    pub incident: IncidentId,
    /// The target's name, to be typed where the risk is high.
    pub target: Arc<str>,
    /// The target with its kind.
    pub written: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// As displayed.
    pub request: Request,
    /// Whether it is still asked for.
    pub standing: Standing,
    /// Has it been seen, and are the keys quiet?
    pub guard: Guard,
    /// What was typed of the target's name, once naming it has begun.
    pub naming: Option<String>,
    /// First row of the page that is shown.
    pub scroll: usize,
}

/// Whether a request is still asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Asked,
    /// The plan changed, and the new one is shown.
    Changed,
    /// No longer.
    Gone,
}

/// Keeps out keys that were typed ahead, repeated or pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guard {
    /// So many rows from the top have been on the screen.
    rows: usize,
    /// When the last of them came on the screen.
    seen: Option<At>,
    /// The latest key.
    key: Option<At>,
}

impl Guard {
    /// Rows `first..end` of `total` are on the screen. Rows that were jumped over are still to be seen.
    pub fn saw(&mut self, first: usize, end: usize, total: usize, now: At) {
        if first <= self.rows {
            self.rows = self.rows.max(end);
        }
        if self.rows >= total && end > first {
            self.seen.get_or_insert(now);
        }
    }

    /// Has all of the page been on the screen?
    #[must_use]
    pub fn has_seen_all(&self) -> bool {
        self.seen.is_some()
    }

    /// A key, whichever.
    pub fn pressed(&mut self, now: At) {
        self.key = Some(now);
    }

    /// From when on a deciding key counts; none before the page has been seen.
    #[must_use]
    pub fn opens_at(&self) -> Option<At> {
        let seen = self.seen?;
        Some(At(self.key.map_or(seen, |key| key.max(seen)).0 + QUIET))
    }

    /// Does a deciding key count now?
    #[must_use]
    pub fn is_open(&self, now: At) -> bool {
        self.opens_at().is_some_and(|opens| now >= opens)
    }
}

impl Review {
    /// Of this incident, if it asks.
    #[must_use]
    pub fn of(incident: &IncidentView) -> Option<Self> {
        Some(Self {
            incident: incident.id,
            target: incident.key.target.name().into(),
            written: incident.key.target.to_string().into(),
            risk: incident.risk,
            request: super::rows::request_of(incident)?.clone(),
            standing: Standing::Asked,
            guard: Guard::default(),
            naming: None,
            scroll: 0,
        })
    }

    /// Takes up what became of the request. A changed plan has to be seen anew.
    pub fn follow(&mut self, incident: Option<&IncidentView>) {
        match incident.and_then(Self::of) {
            None => self.standing = Standing::Gone,
            Some(now)
                if now.request.plan.digest == self.request.plan.digest
                    && now.request.generation == self.request.generation =>
            {
                self.request.first = now.request.first;
                self.standing = if self.standing == Standing::Gone { Standing::Changed } else { self.standing };
            }
            Some(now) => *self = Self { standing: Standing::Changed, ..now },
        }
    }

    /// The yes to exactly what was displayed.
    #[must_use]
    pub fn yes(&self) -> Command {
        Command::Approve { incident: self.incident, digest: self.request.plan.digest.clone(), reason: "".into() }
    }

    /// Has the target's name been typed?
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.naming.as_deref() == Some(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_opens_after_the_page_was_seen_and_the_keys_were_quiet() {
        let mut guard = Guard::default();
        assert!(!guard.is_open(At(10_000)), "never seen");
        guard.saw(0, 9, 9, At(1000));
        assert!(!guard.is_open(At(1349)));
        assert!(guard.is_open(At(1350)));
        guard.pressed(At(1349));
        assert!(!guard.is_open(At(1698)));
        assert!(guard.is_open(At(1699)));
        guard.saw(0, 9, 9, At(5000));
        assert!(guard.is_open(At(1699)), "seeing it again changes nothing");
    }

    #[test]
    fn rows_that_were_jumped_over_are_still_to_be_seen() {
        let mut guard = Guard::default();
        guard.saw(0, 0, 9, At(0));
        guard.saw(0, 4, 9, At(1));
        guard.saw(5, 9, 9, At(2));
        assert!(!guard.has_seen_all());
        guard.saw(4, 8, 9, At(3));
        guard.saw(5, 9, 9, At(4));
        assert!(guard.has_seen_all());
    }
}
