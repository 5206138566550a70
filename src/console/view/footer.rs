//! The last row: the keys of this place that there is room for, and always the way to all of them.

use crate::console::canvas::Canvas;
use crate::console::keys::{self, Binding, Verb};
use crate::console::line::Line;
use crate::console::model::{Model, Overlay, Place};
use crate::console::theme::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, y: u16, room: u16, model: &Model) {
    let ascii = canvas.look.glyphs.ascii;
    let place = model.place();
    let mut shown: Vec<&Binding> = keys::at(place, model.read_only)
        .filter(|binding| binding.footer.is_some() && binding.verb != Verb::Help)
        .collect();
    shown.sort_by_key(|binding| rank(binding.verb, model));
    let help = keys::at(place, model.read_only).find(|binding| binding.verb == Verb::Help);
    let last = help.map_or_else(Line::new, |binding| label(Line::new(), binding, ascii));
    let room_for_keys = usize::from(room).saturating_sub(last.width() + 2);
    let mut line = Line::new().text(" ");
    for binding in shown {
        let next = label(line.clone(), binding, ascii).text("  ");
        if next.width() > room_for_keys {
            break;
        }
        line = next;
    }
    canvas.line(0, y, room, &line);
    let width = crate::console::canvas::columns(last.width());
    canvas.line(room.saturating_sub(width + 1), y, width, &last);
}

fn label(line: Line, binding: &Binding, ascii: bool) -> Line {
    let key = if ascii { binding.ascii } else { binding.label };
    line.with(Role::Key, key).text(" ").text(binding.footer.unwrap_or(binding.what))
}

/// On the main screen what leads on comes first; elsewhere the table's order is right.
fn rank(verb: Verb, model: &Model) -> u8 {
    match (verb, &model.overlay) {
        (Verb::Back, None) if model.pages.is_empty() => 9,
        (Verb::Open, _) if model.place() == Place::Main => 0,
        (Verb::Filter | Verb::Palette | Verb::Next, None | Some(Overlay::Form(_))) if model.pages.is_empty() => 2,
        _ => 1,
    }
}
