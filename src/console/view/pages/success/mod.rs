//! The success page: does the automation fix what it touches, does it touch enough, and what should a person do about
//! it? Rows under the cursor lead to their playbook or incident; the window under the cursor is the one that is shown.

mod bars;
mod trend;

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::success::{Item, SuccessSpan, items, pattern};
use crate::console::content::{format, rows};
use crate::console::model::Cursor;
use crate::console::theme::Role;
use crate::console::view::widgets::gauge;
use crate::console::view::widgets::layout::first_row;
use crate::core::success::automation_gaps::{Lack, Wanting};
use crate::core::success::rate::{Band, PlaybookRates, Share};
use crate::engine::snapshot::Recurring;

/// A line, and which row it is, if the cursor can stand on it.
type SuccessLine = (Line, Option<usize>);

/// Draws it, scrolled so that the selected row is seen.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, cursor: &Cursor, span: SuccessSpan, world: &ViewContext<'_>) {
    let told = told(usize::from(room.width.saturating_sub(2)), span, world);
    let ids = crate::console::content::success::ids(world.snapshot, span);
    let selected = cursor.index(&ids);
    let row = told.iter().position(|(_, item)| *item == Some(selected)).unwrap_or(0);
    let height = usize::from(room.height);
    let first = first_row(row, told.len(), height);
    for (slot, (line, item)) in told.iter().skip(first).take(height).enumerate() {
        let y = room.y + columns(slot);
        canvas.line(room.x + 2, y, room.width.saturating_sub(2), line);
        if *item == Some(selected) {
            let sign = canvas.look.glyphs.cursor;
            canvas.tint(Rect { y, height: 1, ..room }, Role::Selected);
            canvas.sign(room.x, y, Role::Focus, sign);
        }
    }
    canvas.more(room, told.len().saturating_sub(first + height));
}

/// One rate as a row, for other pages.
#[must_use]
pub fn rate(name: &str, share: Share, width: usize, world: &ViewContext<'_>) -> Line {
    bars::row(name, false, share, width, world)
}

/// The page's text, for the clipboard.
#[must_use]
pub fn lines(width: usize, span: SuccessSpan, world: &ViewContext<'_>) -> Vec<Line> {
    told(width, span, world).into_iter().map(|(line, _)| line).collect()
}

fn told(width: usize, span: SuccessSpan, world: &ViewContext<'_>) -> Vec<SuccessLine> {
    let items = items(world.snapshot, span);
    let mut told: Vec<SuccessLine> = Vec::new();
    let say = |told: &mut Vec<SuccessLine>, lines: Vec<Line>| {
        told.extend(lines.into_iter().flat_map(|line| line.wrap(width)).map(|line| (line, None)));
    };
    let mut section = None;
    for (index, item) in items.iter().enumerate() {
        let now = std::mem::discriminant(item);
        if section != Some(now) {
            if matches!(section, Some(last) if last == std::mem::discriminant(&Item::Window(span))) {
                say(&mut told, of_window(width, span, world));
            }
            // where room is short the figures come first
            if width >= 60 || section.is_some() {
                say(&mut told, heading(item, span));
            }
            section = Some(now);
        }
        told.push((row(item, span, width, world), Some(index)));
    }
    if items.len() == SuccessSpan::ALL.len() {
        say(&mut told, of_window(width, span, world));
    }
    told
}

/// What stands before the first row of a kind.
fn heading(item: &Item<'_>, span: SuccessSpan) -> Vec<Line> {
    let (title, words) = match item {
        Item::Window(_) => {
            return vec![
                Line::new().dim("Share of incidents with an automatic attempt that were fixed and did not come back."),
            ];
        }
        Item::Playbook(_) => (format!("By playbook, {}", span.words()), None),
        Item::Wanting(_) => ("Write these next".into(), Some("paged without an attempt, or only recorded, in 30 days")),
        Item::Recurring(_) => ("Needs a real fix".into(), Some("fixed repeatedly, but the cause remains")),
        Item::Failing(_) => ("Consider disarming".into(), Some("attempts rarely fix it, in 30 days")),
    };
    let line = Line::title(title);
    vec![Line::new(), words.into_iter().fold(line, |line, words| line.dim(format!("  {words}")))]
}

/// What is told of the chosen window, below the four.
fn of_window(width: usize, span: SuccessSpan, world: &ViewContext<'_>) -> Vec<Line> {
    let rates = span.of(&world.snapshot.rates);
    let mut lines = vec![bars::legend(world)];
    lines.push(Line::new());
    lines.push(
        Line::new()
            .with(gauge::role(rates.auto_fix), gauge::words(rates.auto_fix))
            .text(format!(" in {}. ", span.words()))
            .text(meaning(rates.auto_fix)),
    );
    lines.push(
        Line::new()
            .dim("coverage ")
            .text(share(rates.coverage))
            .dim("  assisted ")
            .text(share(rates.assisted))
            .dim("  self-cleared ")
            .text(rates.self_cleared.to_string())
            .dim("  shadow ")
            .text(rates.shadow.to_string()),
    );
    lines.extend(trend::lines(width, span, world));
    lines
}

fn share(share: Share) -> String {
    share.percent().map_or_else(|| "-".into(), |percent| format!("{percent:.0}% {}/{}", share.part, share.whole))
}

fn meaning(share: Share) -> &'static str {
    match share.band() {
        Band::NoVerdict => "Fewer than 10 incidents: too few to judge.",
        Band::TooLow => "Remediations run but do not fix.",
        Band::InBand => "Most attempted incidents are fixed; the rest are paged.",
        Band::UnderAutomated => "Only easy faults are automated: those that page have no playbook yet.",
    }
}

fn row(item: &Item<'_>, span: SuccessSpan, width: usize, world: &ViewContext<'_>) -> Line {
    match item {
        Item::Window(one) => {
            let share = one.of(&world.snapshot.rates).auto_fix;
            bars::row(one.label(), *one == span, share, width, world)
        }
        Item::Playbook(book) => bars::row(&book.playbook, false, span.of(&book.rates).auto_fix, width, world),
        Item::Wanting(one) => wanting(one, world),
        Item::Recurring(one) => recurring(one, world),
        Item::Failing(book) => failing(book),
    }
}

fn wanting(one: &Wanting, world: &ViewContext<'_>) -> Line {
    let (role, lack) = match one.lack {
        Lack::NoRemediation => (Role::Asked, "no remediation"),
        Lack::NoPlan => (Role::Asked, "no plan could be made"),
        Lack::Sight => (Role::Unknown, "state unknown"),
        Lack::Arming => (Role::Unknown, "in shadow mode: A arms it"),
    };
    Line::new()
        .with(Role::Title, format!("{:>3}x ", one.times))
        .text(format::target(&one.target.to_string()))
        .dim(format!(" ({}) ", one.playbook))
        .with(role, lack)
        .dim(format!("  last {} {} ago", one.latest, format::age(world.mono.since(one.at))))
}

fn recurring(one: &Recurring, world: &ViewContext<'_>) -> Line {
    let breaker = rows::breaker_of(world.snapshot, &one.key)
        .map_or_else(String::new, |breaker| format!(", breaker {}", breaker.state.word()));
    let last = one
        .healed
        .last()
        .map_or_else(String::new, |now| format!(", last {} ago", format::age(world.mono.since(now.mono))));
    let pattern = pattern(one, world.zone);
    let pattern = if pattern.is_empty() { pattern } else { format!(", {pattern}") };
    Line::new()
        .with(Role::Title, format!("{:>3}x ", one.healed.len()))
        .with(Role::Fixing, format::target(&one.key.target.to_string()))
        .dim(format!(" ({})", one.playbook))
        .text(format!(" in 7 days{last}{pattern}{breaker}"))
}

fn failing(book: &PlaybookRates) -> Line {
    let share = book.rates.month.auto_fix;
    let (percent, high) = (share.percent().unwrap_or(0.0), share.interval().map_or(0.0, |(_, high)| high));
    Line::new()
        .with(Role::Broken, format!("{percent:>3.0}% "))
        .text(&book.playbook)
        .dim(format!("  fixed {} of {}, at most {high:.0}% (95%)", share.part, share.whole))
}
