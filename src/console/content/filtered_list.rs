//! Which rows of a list page the filter admits, and which letters of their names it found.

use std::sync::Arc;

use super::fuzzy::Finder;
use super::suppressions::{self, Suppression};
use super::{format, rows};
use crate::engine::Snapshot;
use crate::engine::snapshot::{IncidentView, PlaybookState, PlaybookView};

/// What a list page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// What waits for a yes.
    Approvals,
    /// Every playbook file.
    Playbooks,
    /// Open and closed incidents.
    Incidents,
    /// Pauses, maintenance windows and snoozes.
    Held,
}

/// One row that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredRow {
    /// Which of all rows of the page.
    pub index: usize,
    /// What it is known by.
    pub id: Arc<str>,
    /// Its name, as the row shows it.
    pub name: String,
    /// The letters of it that the filter found.
    pub marks: Vec<u32>,
}

/// The rows that the filter admits, in the order of the page.
#[must_use]
pub fn rows(kind: ListKind, filter: &str, snapshot: &Snapshot) -> Vec<FilteredRow> {
    let mut finder = Finder::new(filter);
    let names = names(kind, snapshot);
    let all = list_items(kind, snapshot).into_iter().zip(names).enumerate();
    all.filter_map(|(index, (id, (name, others)))| {
        let marks = match &mut finder {
            Some(finder) => {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                finder.find(&name, &others)?.at
            }
            None => Vec::new(),
        };
        Some(FilteredRow { index, id, name, marks })
    })
    .collect()
}

/// What the rows are known by.
#[must_use]
pub fn ids(kind: ListKind, filter: &str, snapshot: &Snapshot) -> Vec<Arc<str>> {
    rows(kind, filter, snapshot).into_iter().map(|row| row.id).collect()
}

/// Each row's name, and the words that it answers to besides.
fn names(kind: ListKind, snapshot: &Snapshot) -> Vec<(String, Vec<String>)> {
    match kind {
        ListKind::Approvals => rows::requests(snapshot).iter().map(|(view, _)| incident(view)).collect(),
        ListKind::Incidents => snapshot.incidents.iter().map(|view| incident(view)).collect(),
        ListKind::Playbooks => rows::playbooks(snapshot).into_iter().map(|view| playbook(view)).collect(),
        ListKind::Held => suppressions::all(snapshot).iter().map(held).collect(),
    }
}

fn incident(view: &IncidentView) -> (String, Vec<String>) {
    let target = view.key.target.to_string();
    (format::target(&target), vec![target, view.id.to_string(), view.playbook.to_string(), format::stage(view)])
}

fn playbook(view: &PlaybookView) -> (String, Vec<String>) {
    let others = match &view.state {
        PlaybookState::InForce { title, in_force, .. } => vec![title.to_string(), in_force.word().to_owned()],
        PlaybookState::Rejected { .. } => vec!["rejected".to_owned()],
    };
    (view.name.to_string(), others)
}

fn held(held: &Suppression<'_>) -> (String, Vec<String>) {
    let (name, reason) = match held {
        Suppression::Pause(pause) => (pause.scope.to_string(), &pause.reason),
        Suppression::Maintenance(window) => (window.scope.to_string(), &window.reason),
        Suppression::Snooze(snooze) => (format::target(&snooze.key.target.to_string()), &snooze.reason),
    };
    (name, vec![held.id().to_string(), reason.to_string()])
}

/// What a list page's items are known by, in its order.
#[must_use]
pub fn list_items(kind: ListKind, snapshot: &Snapshot) -> Vec<Arc<str>> {
    match kind {
        ListKind::Approvals => {
            rows::requests(snapshot).iter().map(|(incident, _)| rows::incident_item(incident.id)).collect()
        }
        ListKind::Incidents => snapshot.incidents.iter().map(|incident| rows::incident_item(incident.id)).collect(),
        ListKind::Held => suppressions::all(snapshot).iter().map(suppressions::Suppression::id).collect(),
        ListKind::Playbooks => rows::playbooks(snapshot).iter().map(|playbook| Arc::clone(&playbook.name)).collect(),
    }
}
