//! The last row: the keys of this place that there is room for, and always the way to all of them.

use super::World;
use crate::console::canvas::{Canvas, columns};
use crate::console::keys::{self, Binding, Verb};
use crate::console::line::Line;
use crate::console::model::{Model, Place};
use crate::console::rows;
use crate::console::theme::Role;
use crate::core::Scope;
use crate::engine::snapshot::{Arming, PlaybookState};

/// Each key with the column that it begins at.
fn lay_out(room: u16, model: &Model, world: &World<'_>) -> Vec<(u16, Line, Verb)> {
    let ascii = world.look.glyphs.ascii;
    let place = model.place();
    let mut shown: Vec<&Binding> = keys::at(place, model.has())
        .filter(|binding| {
            binding.footer.is_some() && binding.verb != Verb::Help && is_of_use(binding.verb, model, world)
        })
        .collect();
    if model.replayed().is_some() {
        shown.sort_by_key(|binding| rank_in_the_past(binding.verb));
    } else if place == Place::Main {
        shown.sort_by_key(|binding| rank(binding.verb));
    }
    let help = keys::at(place, model.has()).find(|binding| binding.verb == Verb::Help);
    let help = help.map(|binding| (label(binding, ascii, model, world), binding.verb));
    let last = help.as_ref().map_or(0, |(line, _)| columns(line.width()));
    let (mut x, mut keys) = (1, Vec::new());
    for binding in shown {
        let line = label(binding, ascii, model, world);
        let width = columns(line.width());
        if x + width + last + 2 > room {
            break;
        }
        keys.push((x, line, binding.verb));
        x += width + 2;
    }
    keys.extend(help.map(|(line, verb)| (room.saturating_sub(last + 1), line, verb)));
    keys
}

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, y: u16, room: u16, model: &Model, world: &World<'_>) {
    for (x, line, _) in lay_out(room, model, world) {
        canvas.line(x, y, room.saturating_sub(x), &line);
    }
}

/// What the key at this column does.
#[must_use]
pub fn at(x: u16, room: u16, model: &Model, world: &World<'_>) -> Option<Verb> {
    let keys = lay_out(room, model, world);
    keys.into_iter().find(|(from, line, _)| (*from..*from + columns(line.width())).contains(&x)).map(|(.., verb)| verb)
}

fn label(binding: &Binding, ascii: bool, model: &Model, world: &World<'_>) -> Line {
    let key = if ascii { binding.ascii } else { binding.label };
    let paused = world.snapshot.pauses.iter().any(|pause| pause.scope == Scope::Host);
    let words = match binding.verb {
        Verb::Pause if paused => "resume",
        Verb::Arm if is_armed(model, world) => "disarm",
        _ => binding.footer.unwrap_or(binding.what),
    };
    Line::new().with(Role::Key, key).text(" ").text(words)
}

/// Would the key for arming take the playbook that is looked at back to shadow?
fn is_armed(model: &Model, world: &World<'_>) -> bool {
    let here = crate::console::update::subject(model, world);
    let view =
        here.and_then(|here| world.snapshot.playbooks.iter().find(|view| Some(&view.name) == here.playbook.as_ref()));
    view.is_some_and(|view| matches!(view.state, PlaybookState::InForce { arming: Arming::Armed, .. }))
}

/// A key that has nothing to work on now is not worth its room here; it still works.
fn is_of_use(verb: Verb, model: &Model, world: &World<'_>) -> bool {
    match verb {
        Verb::Review => !rows::requests(world.snapshot).is_empty(),
        Verb::Acknowledge => rows::needs_action(world.snapshot).into_iter().any(rows::Needy::is_unanswered),
        Verb::Back => model.place() != Place::Main || !model.main.filter.is_empty(),
        Verb::Earlier => model.replayed().is_some() || model.place() == Place::Main,
        Verb::Later | Verb::IncidentBefore | Verb::IncidentAfter | Verb::Live => model.replayed().is_some(),
        Verb::PageDown if model.place() == Place::Question => {
            super::question_extent(model, world).is_some_and(|extent| extent.last() > 0)
        }
        _ => true,
    }
}

/// Looking back: first what steps through the past, and the way out of it.
fn rank_in_the_past(verb: Verb) -> u8 {
    match verb {
        Verb::Earlier | Verb::Later => 0,
        Verb::Live => 1,
        Verb::Back => 2,
        Verb::IncidentBefore | Verb::IncidentAfter => 3,
        _ => 4,
    }
}

/// On the main screen: first what leads on, then what acts.
fn rank(verb: Verb) -> u8 {
    match verb {
        Verb::Back => 0,
        Verb::Open => 1,
        Verb::Review | Verb::Acknowledge | Verb::Pause => 2,
        Verb::Filter | Verb::Palette | Verb::Next => 3,
        Verb::Quit => 5,
        _ => 4,
    }
}
