//! Which page a key leads to.

use super::super::keys::KeyAction;
use super::super::model::{Cursor, Model, OpenPage, Pane, TextKind};
use super::form;
use crate::console::content::context::ViewContext;
use crate::console::content::filtered_list::{self, ListKind};
use crate::console::content::{rows, suppressions};
use crate::console::form::Form;
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::review::Review;
use crate::console::model::subject::{SelectedSubject, subject};

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
        let end = here.filter(|_| !model.only_looks()).and_then(|held| Form::ending(held, world));
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
        KeyAction::Engine => text(TextKind::Engine),
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
