//! The way to a new playbook: a question, what is typed, and what can be chosen.

use ratatui::layout::Rect;

use super::ViewContext;
use crate::console::canvas::line::{Line, width};
use crate::console::canvas::{Canvas, columns};
use crate::console::content::format;
use crate::console::editor::{Begin, BeginRow, BeginStep};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;

/// The page's heading: what was chosen so far.
#[must_use]
pub fn heading(begin: &Begin) -> Line {
    let heading = Line::new().with(Role::Focus, "New playbook");
    match &begin.step {
        BeginStep::Class => heading,
        BeginStep::Target { class, .. } => heading.text(": ").text(class.title()),
        BeginStep::Name { class, target } => heading.text(": ").text(class.title()).text(", ").text(target.to_string()),
    }
}

/// Draws the page below its heading.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, begin: &Begin, world: &ViewContext<'_>) {
    if room.height == 0 {
        return;
    }
    let (question, hint) = match &begin.step {
        BeginStep::Class => ("What can fail? ", "type to find"),
        BeginStep::Target { .. } => ("Of what? ", "type to find, or enter a new name"),
        BeginStep::Name { .. } => ("Its name? ", "the file gets the same name"),
    };
    let typed = Line::title(question).with(Role::Input, format!("{}_", begin.typed));
    let typed = if begin.typed.is_empty() { typed.dim(format!("  {hint}")) } else { typed };
    canvas.line(room.x, room.y, room.width, &typed);
    let list = Rect { y: room.y + 1, height: room.height - 1, ..room };
    let rows = begin.rows();
    if rows.is_empty() {
        for (row, line) in instead(begin).into_iter().flat_map(|line| line.wrap(usize::from(list.width))).enumerate() {
            if row < usize::from(list.height) {
                canvas.line(list.x, list.y + columns(row), list.width, &line);
            }
        }
        return;
    }
    let height = usize::from(list.height);
    let label = rows.iter().map(|row| width(&label(row))).max().unwrap_or(0);
    let column = label.min(usize::from(list.width) / 2) + 2;
    let first = first_row(begin.at, rows.len(), height);
    for (slot, row) in rows.iter().skip(first).take(height).enumerate() {
        let y = list.y + columns(slot);
        canvas.line(list.x, y, list.width, &told(row, column, world));
        if first + slot == begin.at {
            canvas.tint(Rect { y, height: 1, ..list }, Role::Selected);
            canvas.sign(list.x, y, Role::Selected, canvas.look.glyphs.cursor);
        }
    }
    canvas.more(room, rows.len().saturating_sub(first + height));
    // what is cut in its row is told in full below the list
    if let Some(row) = rows.get(begin.at)
        && told(row, column, world).width() > usize::from(list.width)
    {
        let about = Line::new().dim(about(row, world)).wrap(usize::from(list.width));
        if rows.len() + about.len() < height {
            for (slot, line) in about.iter().enumerate() {
                canvas.line(list.x + 1, list.y + columns(rows.len() + 1 + slot), list.width - 1, line);
            }
        }
    }
}

/// What stands where there is nothing to choose.
fn instead(begin: &Begin) -> Vec<Line> {
    match &begin.step {
        BeginStep::Class => vec![Line::new().dim("No match.")],
        BeginStep::Target { offers: None, .. } => vec![Line::new().with(Role::Fixing, "scanning this host")],
        BeginStep::Target { offers: Some(_), .. } => {
            vec![Line::new().dim("This host has none: type a name.")]
        }
        BeginStep::Name { .. } => vec![
            Line::new(),
            Line::plain("Enter opens the editor with a complete playbook to edit."),
            Line::new().dim("Nothing is written until you save, and a saved playbook is not armed."),
        ],
    }
}

fn told(row: &BeginRow, column: usize, world: &ViewContext<'_>) -> Line {
    let role = if matches!(row, BeginRow::Draft(_)) { Role::Asked } else { Role::Text };
    Line::new().text(" ").with(role, label(row)).up_to(column).dim(about(row, world))
}

fn label(row: &BeginRow) -> String {
    match row {
        BeginRow::Draft(draft) => format!("draft {}", draft.name),
        BeginRow::Class(class) => class.title().into(),
        BeginRow::Target(target, _) => target.to_string(),
    }
}

fn about(row: &BeginRow, world: &ViewContext<'_>) -> String {
    match row {
        BeginRow::Draft(draft) => format!("from {}: continue it", format::date(draft.at, world.zone)),
        BeginRow::Class(class) => class.about().into(),
        BeginRow::Target(_, about) => about.clone(),
    }
}
