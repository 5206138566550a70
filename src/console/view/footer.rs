//! The last row: the keys of this place that there is room for, and always the way to all of them.

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::rows;
use crate::console::keys::{self, InputMode, KeyAction, KeyBinding};
use crate::console::model::Model;
use crate::console::theme::Role;
use crate::core::Scope;
use crate::engine::snapshot::{Arming, PlaybookState};

/// Each key with the column that it begins at.
fn lay_out(room: u16, model: &Model, world: &ViewContext<'_>) -> Vec<(u16, Line, KeyAction)> {
    let ascii = world.look.glyphs.ascii;
    let place = model.place();
    let mut shown: Vec<&KeyBinding> = keys::at(place, model.has())
        .filter(|binding| {
            binding.footer.is_some() && binding.verb != KeyAction::Help && is_of_use(binding.verb, model, world)
        })
        .collect();
    if model.replayed().is_some() {
        shown.sort_by_key(|binding| rank_in_the_past(binding.verb));
    } else if place == InputMode::Main {
        shown.sort_by_key(|binding| rank(binding.verb));
    }
    let help = keys::at(place, model.has()).find(|binding| binding.verb == KeyAction::Help);
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

/// Draws the keys that can be pressed here into the last row of the screen.
pub fn draw(canvas: &mut Canvas<'_>, y: u16, room: u16, model: &Model, world: &ViewContext<'_>) {
    for (x, line, _) in lay_out(room, model, world) {
        canvas.line(x, y, room.saturating_sub(x), &line);
    }
}

/// What the key at this column does.
#[must_use]
pub fn at(x: u16, room: u16, model: &Model, world: &ViewContext<'_>) -> Option<KeyAction> {
    let keys = lay_out(room, model, world);
    keys.into_iter().find(|(from, line, _)| (*from..*from + columns(line.width())).contains(&x)).map(|(.., verb)| verb)
}

fn label(binding: &KeyBinding, ascii: bool, model: &Model, world: &ViewContext<'_>) -> Line {
    let key = if ascii { binding.ascii } else { binding.label };
    let paused = world.snapshot.pauses.iter().any(|pause| pause.scope == Scope::Host);
    let words = match binding.verb {
        KeyAction::Pause if paused => "resume",
        KeyAction::Arm if is_armed(model, world) => "disarm",
        _ => binding.footer.unwrap_or(binding.what),
    };
    Line::new().with(Role::Key, key).text(" ").text(words)
}

/// Would the key for arming take the playbook that is looked at back to shadow?
fn is_armed(model: &Model, world: &ViewContext<'_>) -> bool {
    let here = crate::console::model::subject::subject(model, world);
    let view =
        here.and_then(|here| world.snapshot.playbooks.iter().find(|view| Some(&view.name) == here.playbook.as_ref()));
    view.is_some_and(|view| matches!(view.state, PlaybookState::InForce { arming: Arming::Armed, .. }))
}

/// A key that has nothing to work on now is not worth its room here; it still works.
fn is_of_use(verb: KeyAction, model: &Model, world: &ViewContext<'_>) -> bool {
    match verb {
        KeyAction::Review => !rows::requests(world.snapshot).is_empty(),
        KeyAction::Acknowledge => rows::needs_action(world.snapshot).into_iter().any(rows::Needy::is_unanswered),
        KeyAction::Back => model.place() != InputMode::Main || !model.main.filter.is_empty(),
        KeyAction::Earlier => model.replayed().is_some() || model.place() == InputMode::Main,
        KeyAction::Later | KeyAction::IncidentBefore | KeyAction::IncidentAfter | KeyAction::Live => {
            model.replayed().is_some()
        }
        KeyAction::PageDown if model.place() == InputMode::Question => {
            super::question_extent(model, world).is_some_and(|extent| extent.last() > 0)
        }
        _ => true,
    }
}

/// Looking back: first what steps through the past, and the way out of it.
fn rank_in_the_past(verb: KeyAction) -> u8 {
    match verb {
        KeyAction::Earlier | KeyAction::Later => 0,
        KeyAction::Live => 1,
        KeyAction::Back => 2,
        KeyAction::IncidentBefore | KeyAction::IncidentAfter => 3,
        _ => 4,
    }
}

/// On the main screen: first what leads on, then what acts.
fn rank(verb: KeyAction) -> u8 {
    match verb {
        KeyAction::Back => 0,
        KeyAction::Open => 1,
        KeyAction::Review | KeyAction::Acknowledge | KeyAction::Pause => 2,
        KeyAction::Filter | KeyAction::Palette | KeyAction::Next => 3,
        KeyAction::Quit => 5,
        _ => 4,
    }
}
