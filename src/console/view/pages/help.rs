//! All keys, those of the place that one came from first.

use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::keys::{self, InputMode, PLACES};
use crate::console::model::Model;
use crate::console::theme::Role;

/// The page's text.
#[must_use]
pub fn lines(here: InputMode, model: &Model, world: &ViewContext<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let read_only = model.only_looks();
    if model.replayed().is_some() {
        lines.extend([
            Line::plain("You are viewing the past: keys that act are hidden. t returns to live."),
            Line::new(),
        ]);
    } else if read_only {
        lines.extend([Line::plain("This console is read-only: keys that act are hidden."), Line::new()]);
    }
    if here == InputMode::Main {
        lines.extend(signs(world));
    }
    let others = PLACES.into_iter().filter(|other| *other != here);
    for place in [here].into_iter().chain(others) {
        // what is the same everywhere is told once
        let told = |binding: &&keys::KeyBinding| place == here || !binding.places.contains(&here);
        lines.push(Line::title(keys::place_name(place)));
        for binding in keys::at(place, model.has()).filter(told) {
            let label = if world.look.glyphs.ascii { binding.ascii } else { binding.label };
            lines.push(Line::new().text("  ").with(Role::Key, label).up_to(13).text(binding.what).hanging(13));
        }
        lines.push(Line::new());
    }
    lines
}

/// What the signs before the rows mean.
fn signs(world: &ViewContext<'_>) -> Vec<Line> {
    let glyphs = &world.look.glyphs;
    let signs = [
        (Role::Asked, glyphs.asks, "needs action"),
        (Role::Broken, glyphs.broken, "firing"),
        (Role::Fixing, glyphs.fixing, "being fixed"),
        (Role::Fixing, glyphs.pending, "pending"),
        (Role::Unknown, glyphs.unknown, "unknown"),
        (Role::Ok, glyphs.ok, "ok"),
    ];
    let line = signs
        .iter()
        .fold(Line::new(), |line, (role, sign, words)| line.with(*role, sign.to_string()).text(format!(" {words}   ")));
    vec![line, Line::new()]
}
