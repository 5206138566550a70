//! What goes out: a page that calls a human, or the resolve that ends it, with the whole story and its evidence.

use std::sync::Arc;

use jiff::Timestamp;

use crate::core::event::concern::PageOccasion;
use crate::core::event::event_text::AttemptNumbers;
use crate::core::{IncidentId, PageId, Recorded};
use crate::evidence::Evidence;
use crate::playbook::{Risk, Target};
use crate::text::clean_line;

/// A page or a resolve.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its number; the same when it is sent again.
    pub id: PageId,
    /// Call, or end of the call.
    pub kind: PageKind,
    /// The same for an escalation's trigger and its resolve, and for every time that they are sent.
    pub dedup: Arc<str>,
    /// This host's name.
    pub host: Arc<str>,
    /// The incident that the page is about.
    pub incident: IncidentId,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// What should hold, as the playbook says it.
    pub title: Arc<str>,
    /// What it does not hold for.
    pub target: Target,
    /// How much may go wrong.
    pub risk: Risk,
    /// What happened (or how it ended), in words.
    pub why: Arc<str>,
    /// When the page was recorded, on the wall clock.
    pub at: Timestamp,
    /// Channels by name; empty means the ticket folder.
    pub to: Vec<Arc<str>>,
    /// The incident's events so far, oldest first.
    pub story: Vec<Arc<Recorded>>,
    /// Attempts that the playbook allows in its window; 0 where that is not known.
    pub limit: u32,
    /// What the playbook attaches.
    pub evidence: Vec<Evidence>,
    /// Of a storm: every target that fails.
    pub failing: CappedList,
    /// Other incidents on this host, and how each stands.
    pub related: CappedList,
}

/// Lines up to a cap, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CappedList {
    /// Those that are named.
    pub shown: Vec<Arc<str>>,
    /// How many are not.
    pub more: usize,
}

impl CappedList {
    /// The first `cap` of these.
    #[must_use]
    pub fn first(cap: usize, lines: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut lines = lines.into_iter();
        let shown = lines.by_ref().take(cap).collect();
        Self { shown, more: lines.count() }
    }
}

/// Call, or end of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageKind {
    /// A human is called; why, in words.
    Trigger { cause: Arc<str> },
    /// A person has seen the call; who, in words.
    Acknowledge { by: Arc<str> },
    /// The fault has cleared, and nobody need do anything.
    Resolve,
}

impl PageKind {
    /// The word in bodies and environments.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Trigger { .. } => "trigger",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Resolve => "resolve",
        }
    }

    /// How it stands now.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Trigger { .. } => "open",
            Self::Acknowledge { .. } => "acknowledged",
            Self::Resolve => "resolved",
        }
    }
}

impl Page {
    /// Its parts as single lines, by the names that programs and systemd's journal know them by.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let (cause, by) = match &self.kind {
            PageKind::Trigger { cause } => (cause.to_string(), String::new()),
            PageKind::Acknowledge { by } => (String::new(), by.to_string()),
            PageKind::Resolve => (String::new(), String::new()),
        };
        let mut fields = vec![
            ("SALVE_KIND", self.kind.word().to_owned()),
            ("SALVE_DEDUP", self.dedup.to_string()),
            ("SALVE_PAGE", self.id.0.to_string()),
            ("SALVE_INCIDENT", self.incident.0.to_string()),
            ("SALVE_HOST", self.host.to_string()),
            ("SALVE_PLAYBOOK", self.playbook.to_string()),
            ("SALVE_TITLE", self.title.to_string()),
            ("SALVE_TARGET", self.target.to_string()),
            ("SALVE_RISK", self.risk.to_string()),
            ("SALVE_CAUSE", cause),
            ("SALVE_ACKNOWLEDGED_BY", by),
            ("SALVE_WHY", self.why.to_string()),
            ("SALVE_SUMMARY", self.summary()),
            ("SALVE_AT", self.at.to_string()),
        ];
        for (_, value) in &mut fields {
            *value = clean_line(value).into_owned();
        }
        fields
    }

    /// How the incident's attempts are counted, for people.
    #[must_use]
    pub fn numbers(&self) -> AttemptNumbers {
        AttemptNumbers::of(&self.story, self.limit)
    }

    /// When the call went out that this page belongs to, as the story tells it.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        let own = |dedup: &str| self.dedup.strip_suffix(dedup).is_some_and(|host| host.ends_with('/'));
        let (mut began, mut ended) = (None, false);
        for recorded in &self.story {
            let Some(paging) = recorded.event.paging().filter(|paging| own(paging.dedup)) else { continue };
            match paging.occasion {
                PageOccasion::Escalated(_) | PageOccasion::Joined(_) | PageOccasion::Announced(_) => {
                    if began.is_none() || ended {
                        (began, ended) = (Some(recorded.wall), false);
                    }
                }
                PageOccasion::Resolved { .. } => ended = true,
                PageOccasion::Widened { .. } | PageOccasion::CalledAgain(_) | PageOccasion::AckForwarded(_) => {}
            }
        }
        began.map_or(self.at, |began| began.min(self.at))
    }

    /// One line that says it all: `db-1: nginx serves (unit nginx.service): every rung was tried and none verified`.
    #[must_use]
    pub fn summary(&self) -> String {
        let said = match &self.kind {
            PageKind::Trigger { cause } => cause.to_string(),
            PageKind::Acknowledge { by } => format!("acknowledged by {by}"),
            PageKind::Resolve => "resolved".to_owned(),
        };
        let line = format!("{}: {} ({}): {said}", self.host, self.title, self.target);
        crate::text::clean_line(&line).into_owned()
    }
}
