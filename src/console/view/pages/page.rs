//! A page over the main screen: its heading, its text, and how far that reaches.

use crate::console::view::widgets::layout::PageExtent;
use ratatui::layout::Rect;

use super::{approval, editor, engine, help, incident, lists, messages, playbook, success};
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::find;
use crate::console::model::{Model, OpenPage, Overlay, TextKind, incident_history};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::frame;
use crate::console::view::widgets::story;

/// Draws a page into the body: its heading, and below it as much of its text as there is room for.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, page: &OpenPage, model: &Model, world: &ViewContext<'_>) {
    canvas.rule(0, body.y, body.width, &finding(heading(page, model, world), page, body, model, world));
    let room = inside(page, body);
    match page {
        OpenPage::List { kind, cursor } => lists::draw(canvas, room, (*kind, &model.list_filter), cursor, world),
        OpenPage::Author(author) => editor::draw(canvas, body, author, world),
        OpenPage::Begin(begin) => editor::begin::draw(canvas, room, begin, world),
        OpenPage::Success { cursor, span } => success::draw(canvas, room, cursor, *span, world),
        OpenPage::Incident { scroll, .. }
        | OpenPage::Playbook { scroll, .. }
        | OpenPage::Trial { scroll, .. }
        | OpenPage::Text { scroll, .. } => {
            let width = usize::from(room.width);
            let mut lines = page_text(page, width, model, world);
            if let Some(Overlay::Find(find)) = &model.overlay {
                let hits = find::hits(&lines, &find.words);
                lines = find::marked(lines, &hits, find.at);
            }
            draw_lines(canvas, room, &wrapped(lines, width), *scroll);
        }
        OpenPage::Approval(review) => {
            let lines = page_lines(page, usize::from(room.width), model, world);
            draw_lines(canvas, room, &lines, review.scroll);
            if room.height > 0 {
                approval::draw_question(canvas, body, review, model, world);
            }
        }
    }
}

/// The heading, with the words that are looked for in the page.
fn finding(heading: Line, page: &OpenPage, body: Rect, model: &Model, world: &ViewContext<'_>) -> Line {
    let Some(Overlay::Find(find)) = &model.overlay else { return heading };
    let lines = page_text(page, usize::from(inside(page, body).width), model, world);
    let count = find::hits(&lines, &find.words).len();
    let place = match (find.words.is_empty(), count) {
        (true, _) => String::new(),
        (_, 0) => " not here".to_owned(),
        (_, count) => format!(" {} of {count}", find.at.min(count - 1) + 1),
    };
    // first, so that it stays where the page's name is cut
    Line::new()
        .with(Role::Key, "/")
        .with(Role::Input, format!("{}_", find.words))
        .text(place)
        .text("  ")
        .joined(heading)
}

/// The text of the page that is shown, not wrapped yet, and the width that it is wrapped to; none for the main screen.
#[must_use]
pub fn shown_text(model: &Model, world: &ViewContext<'_>) -> Option<(Vec<Line>, usize)> {
    let page = model.pages.last()?;
    let width = usize::from(inside(page, frame(model.size)?.body).width);
    Some((page_text(page, width, model, world), width))
}

/// What a copy takes, and what that is called: the chosen attempt, else the whole page.
#[must_use]
pub fn copied_lines(width: usize, model: &Model, world: &ViewContext<'_>) -> Option<(String, Vec<Line>)> {
    let page = model.pages.last()?;
    if let OpenPage::Incident { id, .. } = page
        && let Some(attempt) = model.recalled.chosen(*id)
        && let Some(view) = incident_history::incident(model, *id, world)
    {
        let lines = story::attempt(&view, attempt, world);
        return Some((view.numbers().attempt(attempt), wrapped(lines, width)));
    }
    Some(("this page".to_owned(), page_lines(page, width, model, world)))
}

/// Where a page's text stands: below its heading, and on a request's page above its question.
pub fn inside(page: &OpenPage, body: Rect) -> Rect {
    let question = if matches!(page, OpenPage::Approval(_)) { approval::QUESTION_ROWS } else { 0 };
    Rect::new(1, body.y + 1, body.width.saturating_sub(2), body.height.saturating_sub(1 + question))
}

fn draw_lines(canvas: &mut Canvas<'_>, room: Rect, lines: &[Line], scroll: usize) {
    let rows = usize::from(room.height);
    let first = scroll.min(lines.len().saturating_sub(rows));
    for (row, line) in lines.iter().skip(first).take(rows).enumerate() {
        canvas.line(room.x, room.y + columns(row), room.width, line);
    }
    let below = lines.len().saturating_sub(first + rows);
    canvas.more(room, below);
}

fn heading(page: &OpenPage, model: &Model, world: &ViewContext<'_>) -> Line {
    match page {
        OpenPage::Incident { id, .. } => incident::heading(*id, model, world),
        OpenPage::Approval(review) => approval::heading(review),
        OpenPage::Playbook { name, .. } => Line::title("Playbook ").with(Role::Focus, name),
        OpenPage::Author(author) => editor::heading(author),
        OpenPage::Begin(begin) => editor::begin::heading(begin),
        OpenPage::Trial { name, .. } => Line::title("Dry run of ").with(Role::Focus, name),
        OpenPage::List { kind, .. } => lists::heading(*kind, &model.list_filter, world),
        OpenPage::Success { .. } => Line::new().with(Role::Focus, "Success rate"),
        OpenPage::Text { kind, .. } => Line::new().with(
            Role::Focus,
            match kind {
                TextKind::Journal => "Journal: what happened, latest first",
                TextKind::Messages => "Messages, latest first",
                TextKind::Engine => "Engine: how salve itself does",
                TextKind::Help(_) => "Keys",
            },
        ),
    }
}

/// A page's text, wrapped to a width.
#[must_use]
pub fn page_lines(page: &OpenPage, width: usize, model: &Model, world: &ViewContext<'_>) -> Vec<Line> {
    wrapped(page_text(page, width, model, world), width)
}

fn wrapped(lines: Vec<Line>, width: usize) -> Vec<Line> {
    lines.into_iter().flat_map(|line| line.wrap(width)).collect()
}

/// A page's text for a width, not wrapped yet.
fn page_text(page: &OpenPage, width: usize, model: &Model, world: &ViewContext<'_>) -> Vec<Line> {
    match page {
        OpenPage::Incident { id, .. } => incident::lines(*id, width, model, world),
        OpenPage::Approval(review) => approval::lines(review, world),
        OpenPage::Playbook { name, .. } => playbook::lines(name, width, world),
        OpenPage::Trial { tried, .. } => editor::trial::lines(tried, world),
        OpenPage::Author(_) | OpenPage::Begin(_) => Vec::new(),
        OpenPage::List { kind, .. } => lists::lines(*kind, &model.list_filter, world),
        OpenPage::Success { span, .. } => success::lines(width, *span, world),
        OpenPage::Text { kind: TextKind::Journal, .. } => messages::journal(world),
        OpenPage::Text { kind: TextKind::Messages, .. } => messages::lines(world),
        OpenPage::Text { kind: TextKind::Engine, .. } => engine::lines(world),
        OpenPage::Text { kind: TextKind::Help(place), .. } => help::lines(*place, model, world),
    }
}

/// Of the page that is shown; none for the main screen and for lists.
#[must_use]
pub fn extent(model: &Model, world: &ViewContext<'_>) -> Option<PageExtent> {
    let whole = |page: &&OpenPage| {
        !matches!(page, OpenPage::List { .. } | OpenPage::Success { .. } | OpenPage::Author(_) | OpenPage::Begin(_))
    };
    let page = model.pages.last().filter(whole)?;
    let room = inside(page, frame(model.size)?.body);
    Some(PageExtent {
        total: page_lines(page, usize::from(room.width), model, world).len(),
        shown: usize::from(room.height),
    })
}
