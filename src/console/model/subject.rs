//! What a key is about: the row, incident or playbook that is looked at.

use std::sync::Arc;

use super::{Cursor, Model, OpenPage, Pane};
use crate::console::content::context::ViewContext;
use crate::console::content::filtered_list::{self, ListKind};
use crate::console::content::rows::{self, Needy, incident_item};
use crate::console::content::success::{self, About, SuccessSpan};
use crate::console::content::suppressions::{self, Suppression};
use crate::core::incident::Denial;
use crate::core::{IncidentId, Key, Scope};
use crate::engine::snapshot::{BreakerView, IncidentStage, IncidentView};

/// What is looked at.
#[derive(Debug, Clone)]
pub struct SelectedSubject {
    /// The playbook; none of a storm, which is of no single one.
    pub playbook: Option<Arc<str>>,
    /// The key, where the row has one.
    pub key: Option<Key>,
    /// The incident that belongs to the row; none where nothing has fired.
    pub incident: Option<IncidentId>,
}

impl SelectedSubject {
    fn of_incident(incident: &IncidentView) -> Self {
        let playbook = Some(Arc::clone(&incident.playbook));
        Self { playbook, key: Some(incident.key.clone()), incident: Some(incident.id) }
    }

    /// A storm is of no single playbook or target: its page is the incident's that carries it.
    fn of_needy(needy: Needy<'_>) -> Self {
        match needy {
            Needy::Incident(incident) => Self::of_incident(incident),
            Needy::Storm(storm) => Self { playbook: None, key: None, incident: Some(storm.incident) },
        }
    }

    fn of_breaker(breaker: &BreakerView, world: &ViewContext<'_>) -> Self {
        let incident = rows::incident_of(world.snapshot, &breaker.key).map(|incident| incident.id);
        Self { playbook: Some(Arc::clone(&breaker.playbook)), key: Some(breaker.key.clone()), incident }
    }
}

/// The row, incident or playbook that is looked at.
pub fn subject(model: &Model, world: &ViewContext<'_>) -> Option<SelectedSubject> {
    match model.pages.last() {
        None => on_main(model, world),
        Some(OpenPage::Incident { id, .. }) => {
            rows::incident(world.snapshot, *id).map(|view| SelectedSubject::of_incident(view))
        }
        Some(OpenPage::Approval(review)) => {
            rows::incident(world.snapshot, review.incident).map(|view| SelectedSubject::of_incident(view))
        }
        Some(OpenPage::Playbook { name, .. }) => Some(of_playbook(name, world)),
        Some(OpenPage::List { kind, cursor }) => listed(*kind, &model.list_filter, cursor, world),
        Some(OpenPage::Success { cursor, span }) => counted(cursor, *span, world),
        Some(OpenPage::Text { .. } | OpenPage::Trial { .. } | OpenPage::Author(_) | OpenPage::Begin(_)) => None,
    }
}

fn on_main(model: &Model, world: &ViewContext<'_>) -> Option<SelectedSubject> {
    let main = &model.main;
    match main.pane {
        Pane::Detectors | Pane::Timeline => {
            let rows = rows::detectors(world.snapshot, &main.filter);
            let items: Vec<_> = rows.iter().map(|row| Arc::clone(&row.id)).collect();
            let detector = rows.get(main.detectors.index(&items))?.detector;
            let playbook = Some(Arc::clone(&detector.playbook));
            Some(SelectedSubject { playbook, key: detector.key.clone(), incident: detector.incident })
        }
        Pane::NeedsAction => {
            let needy = rows::needs_action(world.snapshot);
            let items: Vec<_> = needy.iter().map(|one| one.id()).collect();
            needy.get(main.needs_action.index(&items)).map(|one| SelectedSubject::of_needy(*one))
        }
        Pane::Breakers => {
            let breakers = rows::breakers(world.snapshot);
            let items: Vec<_> = breakers.iter().map(|breaker| rows::breaker_id(breaker)).collect();
            breakers.get(main.breakers.index(&items)).map(|breaker| SelectedSubject::of_breaker(breaker, world))
        }
        Pane::Gauge => None,
    }
}

/// A playbook with one target stands for it too.
pub fn of_playbook(name: &Arc<str>, world: &ViewContext<'_>) -> SelectedSubject {
    let mut keys = world.snapshot.detectors.iter().filter(|d| d.playbook == *name && d.key.is_some());
    let only = keys.next().filter(|_| keys.next().is_none());
    SelectedSubject {
        playbook: Some(Arc::clone(name)),
        key: only.and_then(|detector| detector.key.clone()),
        incident: only.and_then(|detector| detector.incident),
    }
}

fn listed(kind: ListKind, filter: &str, cursor: &Cursor, world: &ViewContext<'_>) -> Option<SelectedSubject> {
    let items = filtered_list::ids(kind, filter, world.snapshot);
    let item = items.get(cursor.index(&items))?;
    match kind {
        ListKind::Held => {
            suppressions::all(world.snapshot).iter().find(|held| held.id() == *item).and_then(held_subject)
        }
        ListKind::Playbooks => Some(of_playbook(item, world)),
        ListKind::Approvals | ListKind::Incidents => {
            let found = world.snapshot.incidents.iter().find(|incident| incident_item(incident.id) == *item);
            found.map(|incident| SelectedSubject::of_incident(incident))
        }
    }
}

fn held_subject(held: &Suppression<'_>) -> Option<SelectedSubject> {
    match held {
        Suppression::Snooze(snooze) => {
            let (playbook, key) = (Some(Arc::clone(&snooze.playbook)), Some(snooze.key.clone()));
            Some(SelectedSubject { playbook, key, incident: None })
        }
        _ => match held.scope() {
            Some(Scope::Playbook(name)) => {
                Some(SelectedSubject { playbook: Some(Arc::clone(name)), key: None, incident: None })
            }
            _ => None,
        },
    }
}

/// A row of the success page.
fn counted(cursor: &Cursor, span: SuccessSpan, world: &ViewContext<'_>) -> Option<SelectedSubject> {
    let items = success::items(world.snapshot, span);
    let ids: Vec<_> = items.iter().map(success::Item::id).collect();
    let About { playbook, key, incident } = items.get(cursor.index(&ids))?.about(world.snapshot)?;
    Some(SelectedSubject { playbook: Some(playbook), key, incident })
}

/// The open incident that is looked at.
pub fn incident_here(model: &Model, world: &ViewContext<'_>) -> Option<IncidentId> {
    let id = subject(model, world)?.incident?;
    rows::incident(world.snapshot, id)
        .filter(|view| !matches!(view.stage, IncidentStage::Closed { .. }))
        .map(|view| view.id)
}

/// The incident whose page is open for what is looked at: a storm's one page stands for all that it holds.
pub fn page_here(model: &Model, world: &ViewContext<'_>) -> Option<IncidentId> {
    let here = subject(model, world)?.incident?;
    let Some(storm) = &world.snapshot.storm else { return incident_here(model, world) };
    let view = rows::incident(world.snapshot, here);
    let own = view.is_some_and(|view| view.call.is_some());
    let held = view.is_some_and(|view| matches!(view.stage, IncidentStage::Held(Denial::Storm { .. })));
    if here == storm.incident || (held && !own) { Some(storm.incident) } else { incident_here(model, world) }
}

/// What is said where a key is about a playbook, and a storm is looked at.
pub const OF_A_STORM: &str = "a storm belongs to no single playbook";

/// The playbook that is looked at, or why there is none.
pub fn playbook_here(model: &Model, world: &ViewContext<'_>) -> Result<Arc<str>, &'static str> {
    const NONE: &str = "no playbook here";
    let name = subject(model, world).ok_or(NONE)?.playbook.ok_or(OF_A_STORM)?;
    world.snapshot.playbooks.iter().any(|playbook| playbook.name == name).then_some(name).ok_or(NONE)
}
