//! The editor page: the text with its gutter, what the reader says below it, a dry run beside it (below, where the
//! screen is narrow), and questions over it.

pub mod begin;
mod completing;
mod findings;
mod question;
mod text;
pub mod trial;

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::editor::{Author, DocumentKind, EditorFocus, Tried};
use crate::console::model::{Model, OpenPage};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::frame;

/// From this width on a dry run stands beside the text.
const BESIDE: u16 = 100;

/// Where everything stands; a room without height is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rooms {
    text: Rect,
    /// Its first row is a rule where it has more than one.
    findings: Rect,
    /// Its first row is a rule.
    tried: Rect,
}

fn rooms(body: Rect, tried: bool) -> Rooms {
    let none = Rect { height: 0, ..body };
    let mut rest = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
    let mut rooms = Rooms { text: rest, findings: none, tried: none };
    if tried && body.width >= BESIDE {
        let wide = body.width / 2;
        rooms.tried = Rect { x: body.right() - wide, y: body.y, width: wide, height: body.height };
        rest.width -= wide + 1;
    } else if tried {
        let high = rest.height / 2;
        rooms.tried = Rect { y: rest.bottom() - high, height: high, ..rest };
        rest.height -= high;
    }
    let high = match rest.height {
        0..4 => 0,
        4..9 => 1,
        9..16 => 3,
        16..24 => 7,
        _ => 10,
    };
    rooms.findings = Rect { y: rest.bottom() - high, height: high, ..rest };
    rooms.text = Rect { height: rest.height - high, ..rest };
    rooms
}

/// How many rows of the text are shown; no screen at all is one.
#[must_use]
pub fn text_rows(model: &Model) -> usize {
    let tried = matches!(model.pages.last(), Some(OpenPage::Author(author)) if author.tried.is_some());
    frame(model.size).map_or(1, |frame| usize::from(rooms(frame.body, tried).text.height)).max(1)
}

/// The page's heading: what is written, where, and how it stands.
#[must_use]
pub fn heading(author: &Author) -> Line {
    let (line, column) = author.text.cursor();
    let title = match (author.subject.kind, &author.subject.opened) {
        (DocumentKind::OneOff, _) => "One-off ",
        (DocumentKind::Copy, _) => "Copy of ",
        (DocumentKind::File, None) => "New ",
        (DocumentKind::File, Some(_)) => "Edit ",
    };
    let state = if author.changed() {
        Line::new().with(Role::Asked, " changed")
    } else if matches!(author.stage, EditorFocus::Saving { .. }) {
        Line::new().with(Role::Fixing, " saving")
    } else {
        Line::new()
    };
    let mut heading = Line::title(title).with(Role::Focus, &author.subject.name);
    heading.pieces.extend(state.pieces);
    heading.dim(format!("  {}:{}", line + 1, column + 1))
}

/// Draws the page below its heading.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, author: &Author, world: &ViewContext<'_>) {
    let rooms = rooms(body, author.tried.is_some());
    text::draw(canvas, rooms.text, author);
    findings::draw(canvas, rooms.findings, author);
    if let Some(tried) = &author.tried {
        draw_tried(canvas, rooms.tried, tried, author, world);
    }
    match &author.stage {
        EditorFocus::Finding { typed, .. } => text::draw_search(canvas, rooms.text, typed),
        EditorFocus::Completing { completion, at } => {
            let below = text::cursor_cell(rooms.text, author, canvas.look.glyphs.ascii);
            completing::draw(canvas, body, below, completion, *at);
        }
        EditorFocus::Leaving => question::leaving(canvas, body, author),
        EditorFocus::Keeping => question::keeping(canvas, body, author),
        EditorFocus::Offered { text, at } => question::offered(canvas, body, author, text, *at, world),
        EditorFocus::Conflict { theirs, scroll } => question::conflict(canvas, body, author, theirs, *scroll),
        EditorFocus::Writing | EditorFocus::Saving { .. } => {}
    }
}

fn draw_tried(canvas: &mut Canvas<'_>, room: Rect, tried: &Tried, author: &Author, world: &ViewContext<'_>) {
    if room.height < 2 {
        return;
    }
    let mut heading = Line::new().with(Role::Focus, "Dry run");
    if tried.revision != author.text.revision {
        heading = heading.text(" of an ").with(Role::Stale, "older text");
    }
    canvas.rule(room.x, room.y, room.width, &heading);
    if room.x > 0 {
        canvas.wall(room.x - 1, room.y + 1, room.bottom());
        canvas.sign(room.x - 1, room.y, Role::Dim, canvas.look.glyphs.tee_down);
    }
    let inside = Rect::new(room.x + 1, room.y + 1, room.width.saturating_sub(2), room.height - 1);
    let lines: Vec<Line> =
        trial::lines(tried, world).into_iter().flat_map(|line| line.wrap(usize::from(inside.width))).collect();
    let rows = usize::from(inside.height);
    let screens = lines.len().div_ceil(rows).max(1);
    let first = tried.scroll % screens * rows;
    for (row, line) in lines.iter().skip(first).take(rows).enumerate() {
        canvas.line(inside.x, inside.y + columns(row), inside.width, line);
    }
    let below = lines.len().saturating_sub(first + rows);
    if below > 0 && inside.width > 40 {
        let words = format!(" {below} more: Ctrl-V ");
        canvas.put_right(inside.right(), room.y, inside.width, Role::Key, &words);
    }
}
