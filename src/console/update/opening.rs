//! What a key is about: the row, incident or playbook that is looked at, and the page that it leads to.

use std::sync::Arc;

use super::super::held::{self, Held};
use super::super::keys::Verb;
use super::super::listed;
use super::super::model::{Cursor, ListKind, Model, Page, Pane, TextKind, incident_item};
use super::super::review::Review;
use super::super::rows::{self, Needy};
use super::super::success::{self, About, Span};
use super::super::view::World;
use super::{Request, form};
use crate::core::incident::Denial;
use crate::core::{IncidentId, Key, Scope};
use crate::engine::snapshot::{Breaker, IncidentView, Stage};

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The playbook; none of a storm, which is of no single one.
    pub playbook: Option<Arc<str>>,
    /// The key, where the row has one.
    pub key: Option<Key>,
    /// Its incident.
    pub incident: Option<IncidentId>,
}

impl Subject {
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

    fn of_breaker(breaker: &Breaker, world: &World<'_>) -> Self {
        let incident = rows::incident_of(world.snapshot, &breaker.key).map(|incident| incident.id);
        Self { playbook: Some(Arc::clone(&breaker.playbook)), key: Some(breaker.key.clone()), incident }
    }
}

/// The row, incident or playbook that is looked at.
pub fn subject(model: &Model, world: &World<'_>) -> Option<Subject> {
    match model.pages.last() {
        None => on_main(model, world),
        Some(Page::Incident { id, .. }) => rows::incident(world.snapshot, *id).map(|view| Subject::of_incident(view)),
        Some(Page::Approval(review)) => {
            rows::incident(world.snapshot, review.incident).map(|view| Subject::of_incident(view))
        }
        Some(Page::Playbook { name, .. }) => Some(of_playbook(name, world)),
        Some(Page::List { kind, cursor }) => listed(*kind, &model.list_filter, cursor, world),
        Some(Page::Success { cursor, span }) => counted(cursor, *span, world),
        Some(Page::Text { .. } | Page::Trial { .. } | Page::Author(_) | Page::Begin(_)) => None,
    }
}

fn on_main(model: &Model, world: &World<'_>) -> Option<Subject> {
    let main = &model.main;
    match main.pane {
        Pane::Detectors | Pane::Timeline => {
            let rows = rows::detectors(world.snapshot, &main.filter);
            let items: Vec<_> = rows.iter().map(|row| Arc::clone(&row.id)).collect();
            let detector = rows.get(main.detectors.index(&items))?.detector;
            let playbook = Some(Arc::clone(&detector.playbook));
            Some(Subject { playbook, key: detector.key.clone(), incident: detector.incident })
        }
        Pane::NeedsAction => {
            let needy = rows::needs_action(world.snapshot);
            let items: Vec<_> = needy.iter().map(|one| one.id()).collect();
            needy.get(main.needs_action.index(&items)).map(|one| Subject::of_needy(*one))
        }
        Pane::Breakers => {
            let breakers = rows::breakers(world.snapshot);
            let items: Vec<_> = breakers.iter().map(|breaker| rows::breaker_id(breaker)).collect();
            breakers.get(main.breakers.index(&items)).map(|breaker| Subject::of_breaker(breaker, world))
        }
        Pane::Gauge => None,
    }
}

/// A playbook with one target stands for it too.
pub fn of_playbook(name: &Arc<str>, world: &World<'_>) -> Subject {
    let mut keys = world.snapshot.detectors.iter().filter(|d| d.playbook == *name && d.key.is_some());
    let only = keys.next().filter(|_| keys.next().is_none());
    Subject {
        playbook: Some(Arc::clone(name)),
        key: only.and_then(|detector| detector.key.clone()),
        incident: only.and_then(|detector| detector.incident),
    }
}

fn listed(kind: ListKind, filter: &str, cursor: &Cursor, world: &World<'_>) -> Option<Subject> {
    let items = listed::ids(kind, filter, world.snapshot);
    let item = items.get(cursor.index(&items))?;
    match kind {
        ListKind::Held => held::all(world.snapshot).iter().find(|held| held.id() == *item).and_then(held_subject),
        ListKind::Playbooks => Some(of_playbook(item, world)),
        ListKind::Approvals | ListKind::Incidents => {
            let found = world.snapshot.incidents.iter().find(|incident| incident_item(incident.id) == *item);
            found.map(|incident| Subject::of_incident(incident))
        }
    }
}

fn held_subject(held: &Held<'_>) -> Option<Subject> {
    match held {
        Held::Snooze(snooze) => {
            let (playbook, key) = (Some(Arc::clone(&snooze.playbook)), Some(snooze.key.clone()));
            Some(Subject { playbook, key, incident: None })
        }
        _ => match held.scope() {
            Some(Scope::Playbook(name)) => {
                Some(Subject { playbook: Some(Arc::clone(name)), key: None, incident: None })
            }
            _ => None,
        },
    }
}

/// A row of the success page.
fn counted(cursor: &Cursor, span: Span, world: &World<'_>) -> Option<Subject> {
    let items = success::items(world.snapshot, span);
    let ids: Vec<_> = items.iter().map(success::Item::id).collect();
    let About { playbook, key, incident } = items.get(cursor.index(&ids))?.about(world.snapshot)?;
    Some(Subject { playbook: Some(playbook), key, incident })
}

/// The open incident that is looked at.
pub fn incident_here(model: &Model, world: &World<'_>) -> Option<IncidentId> {
    let id = subject(model, world)?.incident?;
    rows::incident(world.snapshot, id).filter(|view| !matches!(view.stage, Stage::Closed { .. })).map(|view| view.id)
}

/// The incident whose page is open for what is looked at: a storm's one page stands for all that it holds.
pub fn page_here(model: &Model, world: &World<'_>) -> Option<IncidentId> {
    let here = subject(model, world)?.incident?;
    let Some(storm) = &world.snapshot.storm else { return incident_here(model, world) };
    let view = rows::incident(world.snapshot, here);
    let own = view.is_some_and(|view| view.call.is_some());
    let held = view.is_some_and(|view| matches!(view.stage, Stage::Held(Denial::Storm { .. })));
    if here == storm.incident || (held && !own) { Some(storm.incident) } else { incident_here(model, world) }
}

/// What is said where a key is about a playbook, and a storm is looked at.
pub const OF_A_STORM: &str = "a storm is of no single playbook";

/// The playbook that is looked at, or why there is none.
pub fn playbook_here(model: &Model, world: &World<'_>) -> Result<Arc<str>, &'static str> {
    const NONE: &str = "no playbook here";
    let name = subject(model, world).ok_or(NONE)?.playbook.ok_or(OF_A_STORM)?;
    world.snapshot.playbooks.iter().any(|playbook| playbook.name == name).then_some(name).ok_or(NONE)
}

/// Opens what the cursor is on.
pub fn under_cursor(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    if model.pages.is_empty() && model.main.pane == Pane::Gauge {
        page(model, Verb::Rates);
        return Vec::new();
    }
    if let Some(Page::List { kind: ListKind::Held, cursor }) = model.pages.last() {
        let held = held::all(world.snapshot);
        let ids = listed::ids(ListKind::Held, &model.list_filter, world.snapshot);
        let here = ids.get(cursor.index(&ids)).and_then(|id| held.iter().find(|held| held.id() == *id));
        let end = here.filter(|_| !model.only_looks()).and_then(|held| held.end(world));
        return end.map_or_else(Vec::new, |question| form::ask(model, question));
    }
    let Some(subject) = subject(model, world) else {
        // a window of the success page stands for the incidents that it counts
        if matches!(model.pages.last(), Some(Page::Success { .. })) {
            page(model, Verb::Incidents);
        }
        return Vec::new();
    };
    open(model, subject, world);
    Vec::new()
}

/// Opens what this is about.
pub fn open(model: &mut Model, subject: Subject, world: &World<'_>) {
    let asks = subject.incident.and_then(|id| rows::incident(world.snapshot, id)).and_then(|view| Review::of(view));
    let list = match model.pages.last() {
        Some(Page::List { kind, .. }) => Some(*kind),
        _ => None,
    };
    let of_playbook = |name| Page::Playbook { name, scroll: 0 };
    let next = match (list, subject.incident, asks) {
        (Some(ListKind::Playbooks), ..) | (_, None, _) => subject.playbook.map(of_playbook),
        (Some(ListKind::Approvals), _, Some(review)) => Some(Page::Approval(Box::new(review))),
        (None, _, Some(review)) if model.main.pane == Pane::NeedsAction && model.pages.is_empty() => {
            Some(Page::Approval(Box::new(review)))
        }
        (_, Some(id), _) => Some(Page::Incident { id, scroll: 0 }),
    };
    model.pages.extend(next);
}

/// Opens a page that needs no subject; once is enough.
pub fn page(model: &mut Model, verb: Verb) {
    let list = |kind| Page::List { kind, cursor: Cursor::default() };
    let text = |kind| Page::Text { kind, scroll: 0 };
    let next = match verb {
        Verb::Playbooks => list(ListKind::Playbooks),
        Verb::Incidents => list(ListKind::Incidents),
        Verb::Held => list(ListKind::Held),
        Verb::Journal => text(TextKind::Journal),
        Verb::Messages => text(TextKind::Messages),
        Verb::Rates => Page::success(),
        _ => text(TextKind::Help(model.page_place())),
    };
    let already = match (model.pages.last(), &next) {
        (Some(Page::List { kind: now, .. }), Page::List { kind, .. }) => now == kind,
        (Some(Page::Success { .. }), Page::Success { .. })
        | (Some(Page::Text { kind: TextKind::Help(_), .. }), Page::Text { kind: TextKind::Help(_), .. }) => true,
        (Some(Page::Text { kind: now, .. }), Page::Text { kind, .. }) => now == kind,
        _ => false,
    };
    if !already {
        if let Page::List { .. } = next {
            model.list_filter.clear();
        }
        model.pages.push(next);
    }
}

/// Opens the request that is looked at, else the only one, else the list of them.
pub fn review(model: &mut Model, world: &World<'_>) {
    let requests = rows::requests(world.snapshot);
    let here = subject(model, world).and_then(|subject| subject.incident);
    let chosen = requests.iter().find(|(incident, _)| Some(incident.id) == here);
    let only = if let [only] = &requests[..] { Some(only) } else { None };
    match chosen.or(only) {
        Some((incident, _)) => {
            if let Some(review) = Review::of(incident) {
                model.pages.push(Page::Approval(Box::new(review)));
            }
        }
        None if requests.is_empty() => super::say(model, world, "nothing awaits approval"),
        None => {
            let approvals = matches!(model.pages.last(), Some(Page::List { kind: ListKind::Approvals, .. }));
            if !approvals {
                model.list_filter.clear();
                model.pages.push(Page::List { kind: ListKind::Approvals, cursor: Cursor::default() });
            }
        }
    }
}
