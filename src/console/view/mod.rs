//! From model and snapshot to a screen: one file per region. Drawing changes nothing but the canvas.

mod approval;
mod breakers;
mod caption;
mod detail;
mod detectors;
pub mod editor;
mod footer;
mod form;
mod gauge;
mod header;
mod help;
mod hit;
mod incident;
mod lists;
mod main;
mod messages;
mod needs_action;
mod palette;
mod playbook;
mod story;
mod success;
mod timeline;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::canvas::{Canvas, RenderOptions, columns};
use super::find;
use super::incident_history;
use super::line::Line;
use super::model::{ConsoleTime, Model, OpenPage, Overlay, TextKind};
use super::theme::Role;
use crate::core::Mono;
use crate::engine::Snapshot;

pub use approval::lines as request_lines;
pub use header::headline;
pub use hit::{ClickTarget, hit};
pub use palette::{FAULT, PaletteEntry, entries, picks, theme_under_cursor};

/// Everything that a view may look at besides the model.
#[derive(Debug, Clone, Copy)]
pub struct ViewContext<'a> {
    /// The latest state.
    pub snapshot: &'a Snapshot,
    /// What durations run on, now.
    pub mono: Mono,
    /// The time of day, now.
    pub wall: Timestamp,
    /// Where this terminal is.
    pub zone: &'a TimeZone,
    /// How long ago the engine gave its last sign of progress.
    pub age: Duration,
    /// The console's own clock.
    pub at: ConsoleTime,
    /// How this terminal shows things.
    pub look: &'a RenderOptions,
    /// Themes that can be chosen.
    pub themes: &'a [String],
}

impl ViewContext<'_> {
    /// The engine has missed two of its intervals, which are one second each.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.age > Duration::from_millis(2500)
    }
}

/// How the rows of a screen are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Below line 1.
    pub body: Rect,
    /// What the last key came to.
    pub said: Option<u16>,
    /// The row with the keys that can be pressed; none where the screen is too low for it.
    pub footer: Option<u16>,
}

/// Gives out the rows; no body where there is room for line 1 only.
#[must_use]
pub fn frame((width, height): (u16, u16)) -> Option<ScreenLayout> {
    if width < 20 || height < 4 {
        return None;
    }
    let footer = (height >= 8).then(|| height - 1);
    let said = (height >= 14).then(|| height - 2);
    let bottom = said.or(footer).unwrap_or(height);
    Some(ScreenLayout { body: Rect::new(0, 1, width, bottom - 1), said, footer })
}

/// Draws one screen.
pub fn draw(model: &Model, world: &ViewContext<'_>, buffer: &mut Buffer) {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, world.look);
    header::draw(&mut canvas, area.width, model, world);
    let Some(frame) = frame((area.width, area.height)) else { return };
    match model.pages.last() {
        None => main::draw(&mut canvas, frame.body, model, world),
        Some(page) => draw_page(&mut canvas, frame.body, page, model, world),
    }
    if let Some(row) = frame.footer {
        footer::draw(&mut canvas, row, area.width, model, world);
    }
    match &model.overlay {
        Some(Overlay::Form(question)) => form::draw(&mut canvas, frame.body, question, model.deciding.is_some()),
        Some(Overlay::Palette { typed, at }) => palette::draw(&mut canvas, frame.body, typed, *at, model, world),
        Some(Overlay::Pick(pick)) => palette::draw_pick(&mut canvas, frame.body, pick, world),
        Some(Overlay::Filter { .. } | Overlay::Find(_)) | None => {}
    }
    if let Some(caption) = &model.caption {
        caption::draw(&mut canvas, frame.body, caption);
    }
    if let Some(row) = frame.said {
        messages::draw_said(&mut canvas, row, model, world);
    } else if model.said.is_some() {
        // where there is no row for it, it has the last one of the page for a while
        messages::draw_said(&mut canvas, frame.body.bottom() - 1, model, world);
    }
}

fn draw_page(canvas: &mut Canvas<'_>, body: Rect, page: &OpenPage, model: &Model, world: &ViewContext<'_>) {
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
fn inside(page: &OpenPage, body: Rect) -> Rect {
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
        OpenPage::Text { kind: TextKind::Help(place), .. } => help::lines(*place, model, world),
    }
}

/// How far a page reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageExtent {
    /// Rows of text.
    pub total: usize,
    /// Rows of screen.
    pub shown: usize,
}

impl PageExtent {
    /// The last row that a page can be scrolled to.
    #[must_use]
    pub fn last(self) -> usize {
        self.total.saturating_sub(self.shown)
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

/// Of the question over the page, if there is one.
#[must_use]
pub fn question_extent(model: &Model, world: &ViewContext<'_>) -> Option<PageExtent> {
    let Some(Overlay::Form(question)) = &model.overlay else { return None };
    let body = frame(model.size)?.body;
    question.wants_yes().then(|| form::extent(question, body, &world.look.glyphs))
}

/// A whole screen as plain text, without trailing blanks.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width).max(1));
    let lines = rows.map(|row| {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = super::line::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
