//! What the panes list, worked out from a snapshot: which rows, in which order, under which names.

mod breakers;
mod timeline;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::format;
use super::fuzzy::Finder;
use crate::core::incident::ApprovalRequest;
use crate::core::{IncidentId, Key};
use crate::engine::Snapshot;
use crate::engine::snapshot::{DetectorView, Health, IncidentStage, IncidentView, Storm};
use crate::playbook::Mode;

pub use breakers::{breaker_id, breaker_of, breakers};
pub use timeline::timeline;

/// How much a row presses, most first: the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It needs action.
    Asks,
    /// Broken, and nothing is being done.
    Broken,
    /// Being fixed or verified.
    Fixing,
    /// The fault is there, but not yet for its hold time.
    Pending,
    /// It cannot be seen, or was not yet.
    Unknown,
    /// All is well.
    Ok,
    /// Not on this host.
    None,
}

/// Of a state.
#[must_use]
pub fn class(health: &Health) -> Urgency {
    match health {
        Health::Asks | Health::Escalated(_) => Urgency::Asks,
        Health::Held(_) | Health::Broken => Urgency::Broken,
        Health::Fixing { .. } | Health::Verifying { .. } => Urgency::Fixing,
        Health::Pending => Urgency::Pending,
        Health::Unknown(_) | Health::Waiting | Health::Unresolved(_) => Urgency::Unknown,
        Health::Ok => Urgency::Ok,
        Health::NotApplicable(_) => Urgency::None,
    }
}

/// Of a row: what somebody is paged for needs action, whatever else is done about it meanwhile.
#[must_use]
pub fn class_of(detector: &DetectorView) -> Urgency {
    if detector.call.is_some() { Urgency::Asks } else { class(&detector.health) }
}

/// One watched key as a row.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The whole of it.
    pub detector: &'a DetectorView,
    /// How much it presses.
    pub class: Urgency,
    /// Short, and told apart from the others.
    pub name: String,
    /// What the row is known by when rows move.
    pub id: Arc<str>,
    /// The letters of its name that the filter found, in order.
    pub marks: Vec<u32>,
}

/// What a row is known by.
#[must_use]
pub fn row_id(playbook: &str, target: &str) -> Arc<str> {
    format!("{playbook} {target}").into()
}

/// All detector rows that the filter admits, most pressing first.
#[must_use]
pub fn detectors<'a>(snapshot: &'a Snapshot, filter: &str) -> Vec<Row<'a>> {
    let mut shorts: HashMap<String, usize> = HashMap::new();
    for detector in &snapshot.detectors {
        *shorts.entry(format::target(&detector.target)).or_default() += 1;
    }
    let mut finder = Finder::new(filter);
    let mut rows: Vec<Row<'a>> = snapshot
        .detectors
        .iter()
        .map(|detector| {
            let short = format::target(&detector.target);
            let name = match (short.as_str(), shorts.get(&short)) {
                ("host", _) => detector.playbook.to_string(),
                (_, Some(2..)) => format!("{short} {}", detector.playbook),
                _ => short,
            };
            let id = row_id(&detector.playbook, &detector.target);
            // one that flaps is well for the moment only
            let class = match class_of(detector) {
                Urgency::Ok if detector.flapping.is_some() => Urgency::Pending,
                class => class,
            };
            Row { detector, class, name, id, marks: Vec::new() }
        })
        .filter_map(|row| {
            let Some(finder) = &mut finder else { return Some(row) };
            let marks = finder.find(&row.name, &[&row.detector.playbook, &row.detector.target])?.at;
            Some(Row { marks, ..row })
        })
        .collect();
    rows.sort_by(|a, b| {
        let order = |row: &Row<'_>| (row.class, row.detector.health == Health::Waiting);
        order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id))
    });
    rows
}

/// How many rows of each kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Broken, and nothing is being done.
    pub broken: usize,
    /// Being fixed or verified.
    pub fixing: usize,
    /// They need action.
    pub asks: usize,
    /// Not yet for the hold time.
    pub pending: usize,
    /// Cannot be seen.
    pub unknown: usize,
    /// Not read yet.
    pub waiting: usize,
    /// The check passes: nothing is to be done.
    pub ok: usize,
}

/// Counts the rows; a storm's page counts as one more that needs action.
#[must_use]
pub fn counts(snapshot: &Snapshot) -> RowCounts {
    let storm = RowCounts { asks: usize::from(snapshot.storm.is_some()), ..RowCounts::default() };
    snapshot.detectors.iter().fold(storm, |mut counts, detector| {
        match class_of(detector) {
            Urgency::Asks => counts.asks += 1,
            Urgency::Broken => counts.broken += 1,
            Urgency::Fixing => counts.fixing += 1,
            Urgency::Pending => counts.pending += 1,
            Urgency::Unknown if detector.health == Health::Waiting => counts.waiting += 1,
            Urgency::Unknown => counts.unknown += 1,
            Urgency::Ok => counts.ok += 1,
            Urgency::None => {}
        }
        counts
    })
}

/// How many playbooks that watch something on this host are in which mode, from `auto` to `off`; modes without a
/// playbook are left out.
#[must_use]
pub fn modes(snapshot: &Snapshot) -> Vec<(Mode, usize)> {
    let watching = snapshot.detectors.iter().filter(|detector| class(&detector.health) != Urgency::None);
    let playbooks: BTreeSet<(Mode, &str)> = watching.map(|detector| (detector.mode, &*detector.playbook)).collect();
    let mut counts: Vec<(Mode, usize)> = Vec::new();
    for (mode, _) in playbooks {
        match counts.last_mut() {
            Some((last, count)) if *last == mode => *count += 1,
            _ => counts.push((mode, 1)),
        }
    }
    counts
}

/// One thing that needs action.
#[derive(Debug, Clone, Copy)]
pub enum Needy<'a> {
    /// An incident that awaits approval, or that somebody is paged for.
    Incident(&'a Arc<IncidentView>),
    /// A storm that somebody is paged for.
    Storm(&'a Storm),
}

impl<'a> Needy<'a> {
    /// What its row is known by.
    #[must_use]
    pub fn id(self) -> Arc<str> {
        match self {
            Self::Incident(incident) => crate::console::content::rows::incident_item(incident.id),
            Self::Storm(_) => "storm".into(),
        }
    }

    /// The incident, unless it is the storm.
    #[must_use]
    pub const fn incident(self) -> Option<&'a Arc<IncidentView>> {
        match self {
            Self::Incident(incident) => Some(incident),
            Self::Storm(_) => None,
        }
    }

    /// Is a page open for it that nobody acknowledged?
    #[must_use]
    pub fn is_unanswered(self) -> bool {
        match self {
            Self::Incident(incident) => {
                !matches!(incident.stage, IncidentStage::Asking(_)) && incident.acknowledged.is_none()
            }
            Self::Storm(storm) => storm.acknowledged.is_none(),
        }
    }

    /// Requests come first, the soonest to expire before the others; then pages that nobody acknowledged, the storm's
    /// and the newest first.
    fn order(self) -> (u64, u64, u64) {
        match self {
            Self::Incident(incident) => match &incident.stage {
                IncidentStage::Asking(request) => (0, request.expires.0, u64::MAX - incident.id.0),
                _ => (1 + u64::from(incident.acknowledged.is_some()), u64::MAX - incident.since.mono.0, incident.id.0),
            },
            Self::Storm(storm) => (1 + u64::from(storm.acknowledged.is_some()), 0, 0),
        }
    }
}

/// What needs action, most pressing first.
#[must_use]
pub fn needs_action(snapshot: &Snapshot) -> Vec<Needy<'_>> {
    let is_needy = |incident: &&Arc<IncidentView>| {
        incident.call.is_some() || matches!(incident.stage, IncidentStage::Asking(_) | IncidentStage::Escalated(_))
    };
    let incidents = snapshot.incidents.iter().filter(is_needy).map(Needy::Incident);
    let mut needy: Vec<_> = incidents.chain(snapshot.storm.as_ref().map(Needy::Storm)).collect();
    needy.sort_by_key(|one| one.order());
    needy
}

/// What awaits approval.
#[must_use]
pub fn requests(snapshot: &Snapshot) -> Vec<(&Arc<IncidentView>, &ApprovalRequest)> {
    let asking = needs_action(snapshot).into_iter().filter_map(Needy::incident);
    asking.filter_map(|incident| Some((incident, request_of(incident)?))).collect()
}

/// The request of an incident that asks.
#[must_use]
pub fn request_of(incident: &IncidentView) -> Option<&ApprovalRequest> {
    match &incident.stage {
        IncidentStage::Asking(request) => Some(request),
        _ => None,
    }
}

/// The incident of this number.
#[must_use]
pub fn incident(snapshot: &Snapshot, id: IncidentId) -> Option<&Arc<IncidentView>> {
    snapshot.incidents.iter().find(|incident| incident.id == id)
}

/// The newest incident of this key, open ones first.
#[must_use]
pub fn incident_of<'a>(snapshot: &'a Snapshot, key: &Key) -> Option<&'a Arc<IncidentView>> {
    let of_key = || snapshot.incidents.iter().filter(|incident| incident.key == *key);
    of_key().find(|incident| !matches!(incident.stage, IncidentStage::Closed { .. })).or_else(|| of_key().next())
}

/// What an incident is known by in a list.
#[must_use]
pub fn incident_item(id: IncidentId) -> Arc<str> {
    id.to_string().into()
}

/// Every playbook file by its name, rejected ones first.
#[must_use]
pub fn playbooks(snapshot: &Snapshot) -> Vec<&Arc<crate::engine::snapshot::PlaybookView>> {
    use crate::engine::snapshot::PlaybookState;
    let mut playbooks: Vec<_> = snapshot.playbooks.iter().collect();
    playbooks
        .sort_by_key(|playbook| (matches!(playbook.state, PlaybookState::InForce { .. }), Arc::clone(&playbook.name)));
    playbooks
}
