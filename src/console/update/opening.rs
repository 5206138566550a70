//! What a key is about: the row, incident or playbook that is looked at, and the page that it leads to.

use std::sync::Arc;

use super::super::filtered_list;
use super::super::keys::KeyAction;
use super::super::model::{Cursor, ListKind, Model, OpenPage, Pane, TextKind, incident_item};
use super::super::review::Review;
use super::super::rows::{self, Needy};
use super::super::success::{self, About, SuccessSpan};
use super::super::suppressions::{self, Suppression};
use super::super::view::ViewContext;
use super::{ConsoleEffect, form};
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

/// Opens what the cursor is on.
pub fn under_cursor(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if model.pages.is_empty() && model.main.pane == Pane::Gauge {
        page(model, KeyAction::Rates);
        return Vec::new();
    }
    if let Some(OpenPage::List { kind: ListKind::Held, cursor }) = model.pages.last() {
        let held = suppressions::all(world.snapshot);
        let ids = filtered_list::ids(ListKind::Held, &model.list_filter, world.snapshot);
        let here = ids.get(cursor.index(&ids)).and_then(|id| held.iter().find(|held| held.id() == *id));
        let end = here.filter(|_| !model.only_looks()).and_then(|held| held.end(world));
        return end.map_or_else(Vec::new, |question| form::ask(model, question));
    }
    let Some(subject) = subject(model, world) else {
        // a window of the success page stands for the incidents that it counts
        if matches!(model.pages.last(), Some(OpenPage::Success { .. })) {
            page(model, KeyAction::Incidents);
        }
        return Vec::new();
    };
    open(model, subject, world);
    Vec::new()
}

/// Opens what this is about.
pub fn open(model: &mut Model, subject: SelectedSubject, world: &ViewContext<'_>) {
    let asks = subject.incident.and_then(|id| rows::incident(world.snapshot, id)).and_then(|view| Review::of(view));
    let list = match model.pages.last() {
        Some(OpenPage::List { kind, .. }) => Some(*kind),
        _ => None,
    };
    let of_playbook = |name| OpenPage::Playbook { name, scroll: 0 };
    let next = match (list, subject.incident, asks) {
        (Some(ListKind::Playbooks), ..) | (_, None, _) => subject.playbook.map(of_playbook),
        (Some(ListKind::Approvals), _, Some(review)) => Some(OpenPage::Approval(Box::new(review))),
        (None, _, Some(review)) if model.main.pane == Pane::NeedsAction && model.pages.is_empty() => {
            Some(OpenPage::Approval(Box::new(review)))
        }
        (_, Some(id), _) => Some(OpenPage::Incident { id, scroll: 0 }),
    };
    model.pages.extend(next);
}

/// Opens a page that needs no subject; once is enough.
pub fn page(model: &mut Model, verb: KeyAction) {
    let list = |kind| OpenPage::List { kind, cursor: Cursor::default() };
    let text = |kind| OpenPage::Text { kind, scroll: 0 };
    let next = match verb {
        KeyAction::Playbooks => list(ListKind::Playbooks),
        KeyAction::Incidents => list(ListKind::Incidents),
        KeyAction::Held => list(ListKind::Held),
        KeyAction::Journal => text(TextKind::Journal),
        KeyAction::Messages => text(TextKind::Messages),
        KeyAction::Rates => OpenPage::success(),
        _ => text(TextKind::Help(model.page_place())),
    };
    let already = match (model.pages.last(), &next) {
        (Some(OpenPage::List { kind: now, .. }), OpenPage::List { kind, .. }) => now == kind,
        (Some(OpenPage::Success { .. }), OpenPage::Success { .. })
        | (Some(OpenPage::Text { kind: TextKind::Help(_), .. }), OpenPage::Text { kind: TextKind::Help(_), .. }) => {
            true
        }
        (Some(OpenPage::Text { kind: now, .. }), OpenPage::Text { kind, .. }) => now == kind,
        _ => false,
    };
    if !already {
        if let OpenPage::List { .. } = next {
            model.list_filter.clear();
        }
        model.pages.push(next);
    }
}

/// Opens the request that is looked at, else the only one, else the list of them.
pub fn review(model: &mut Model, world: &ViewContext<'_>) {
    let requests = rows::requests(world.snapshot);
    let here = subject(model, world).and_then(|subject| subject.incident);
    let chosen = requests.iter().find(|(incident, _)| Some(incident.id) == here);
    let only = if let [only] = &requests[..] { Some(only) } else { None };
    match chosen.or(only) {
        Some((incident, _)) => {
            if let Some(review) = Review::of(incident) {
                model.pages.push(OpenPage::Approval(Box::new(review)));
            }
        }
        None if requests.is_empty() => super::say(model, world, "nothing awaits approval"),
        None => {
            let approvals = matches!(model.pages.last(), Some(OpenPage::List { kind: ListKind::Approvals, .. }));
            if !approvals {
                model.list_filter.clear();
                model.pages.push(OpenPage::List { kind: ListKind::Approvals, cursor: Cursor::default() });
            }
        }
    }
}
