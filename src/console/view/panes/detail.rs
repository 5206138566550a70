//! Large screens: the selected row with its evidence, its sparkline, and what is being done about it.

use bytesize::ByteSize;
use ratatui::layout::Rect;

use super::detectors;
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::rows::{self, Row};
use crate::console::model::{MainPage, Model};
use crate::console::theme::Role;
use crate::console::view::widgets::story;
use crate::engine::snapshot::{DetectorView, IncidentView};

/// Draws what is known of the selected row into its part of the main screen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, world: &ViewContext<'_>) {
    let row = selected(&model.main, world);
    let name = row.as_ref().map_or("", |row| row.name.as_str());
    canvas.rule(area.x, area.y, area.width, &Line::title("Detail ").text(name));
    let Some(row) = row else { return };
    let room = Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(1), area.height - 1);
    let lines =
        lines(&row, usize::from(room.width), world).into_iter().flat_map(|line| line.wrap(usize::from(room.width)));
    for (index, line) in lines.take(usize::from(room.height)).enumerate() {
        canvas.line(room.x, room.y + columns(index), room.width, &line);
    }
}

/// The row that the cursor is on.
#[must_use]
pub fn selected<'a>(main: &MainPage, world: &ViewContext<'a>) -> Option<Row<'a>> {
    let rows = rows::detectors(world.snapshot, &main.filter);
    let items: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    rows.into_iter().nth(main.detectors.index(&items))
}

/// The row in one sentence, for screens that have no room for more.
#[must_use]
pub fn sentence(row: &Row<'_>, world: &ViewContext<'_>) -> Line {
    let (_, role) = detectors::sign(row.class, &world.look.glyphs);
    let line = Line::new().text(" ").with(Role::Title, &row.name).text(": ");
    let incident = row.detector.incident.and_then(|id| rows::incident(world.snapshot, id));
    if let Some((incident, request)) = incident.and_then(|view| Some((view, rows::request_of(view)?))) {
        let left = format::left(request.expires, world.mono);
        let asks = format!("AWAITING APPROVAL, {} risk {}, expires in {left}", incident.id, incident.risk);
        return line.with(role, asks).dim(format!("; now {}", row.detector.seen.as_deref().unwrap_or("no reading")));
    }
    let seen = row
        .detector
        .seen
        .as_ref()
        .map_or_else(String::new, |seen| format!(" ({seen}, fires when {})", row.detector.condition));
    line.with(role, format::standing(row.detector, world.snapshot, world.mono)).dim(seen)
}

fn lines(row: &Row<'_>, width: usize, world: &ViewContext<'_>) -> Vec<Line> {
    let detector = row.detector;
    let (_, role) = detectors::sign(row.class, &world.look.glyphs);
    let since = format::age(world.mono.since(detector.since));
    let mut lines = vec![
        Line::new()
            .with(role, format::standing(detector, world.snapshot, world.mono))
            .dim(format!("  for {since}"))
            .hanging(2),
        Line::new().text(&detector.target).dim(format!("  {} ({})", detector.playbook, detector.mode)),
    ];
    let seen = detector.seen.as_deref().unwrap_or("no reading yet");
    lines.push(Line::new().dim("now ").text(seen).dim(", fires when ").text(&detector.condition));
    lines.extend(spark(detector, width, world));
    let incident = detector.incident.and_then(|id| rows::incident(world.snapshot, id));
    if let Some(incident) = incident {
        lines.push(Line::new());
        lines.extend(incident_lines(incident, world));
    } else if let Some(key) = &detector.key {
        let breaker = rows::breaker_of(world.snapshot, key);
        lines.extend(breaker.map(|breaker| {
            Line::new().dim("breaker ").text(format!(
                "{} {}/{}",
                breaker.state.word(),
                breaker.invocations,
                breaker.limit
            ))
        }));
    }
    lines
}

/// The latest figures as a row of steps, between their least and their greatest.
fn spark(detector: &DetectorView, width: usize, world: &ViewContext<'_>) -> Option<Line> {
    let figures = &detector.figures;
    if figures.len() < 2 {
        return None;
    }
    let steps = world.look.glyphs.spark;
    let shown = &figures[figures.len().saturating_sub(width.saturating_sub(24).max(8))..];
    let least = shown.iter().map(|(_, figure)| *figure).fold(f64::INFINITY, f64::min);
    let most = shown.iter().map(|(_, figure)| *figure).fold(f64::NEG_INFINITY, f64::max);
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a step of eight"
    )]
    let step = |figure: f64| {
        let part = if most > least { (figure - least) / (most - least) } else { 0.0 };
        steps[((part * steps.len() as f64) as usize).min(steps.len() - 1)]
    };
    let drawn: String = shown.iter().map(|(_, figure)| step(*figure)).collect();
    let first = shown.first().map_or(world.mono, |(at, _)| *at);
    let ago = format::age(world.mono.since(first));
    let (least, most) = (in_unit(least, detector), in_unit(most, detector));
    Some(Line::new().with(Role::Gauge, drawn).dim(format!(" {least}..{most} in {ago}")))
}

/// A figure in the unit of what was seen.
fn in_unit(value: f64, detector: &DetectorView) -> String {
    let words = [detector.seen.as_deref().unwrap_or(""), &detector.condition];
    let is_of = |unit: &str| words.iter().any(|words| words.contains(unit));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are positive and below 2^63")]
    if ["KiB", "MiB", "GiB", "TiB"].into_iter().any(is_of) {
        return ByteSize(value.max(0.0) as u64).display().iec().to_string();
    }
    if is_of("%") { format!("{}%", figure(value)) } else { figure(value) }
}

fn figure(figure: f64) -> String {
    let text = if figure.abs() < 100.0 { format!("{figure:.1}") } else { format!("{figure:.0}") };
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn incident_lines(incident: &IncidentView, world: &ViewContext<'_>) -> Vec<Line> {
    let attempts = format::count(incident.attempts, "attempt", "attempts");
    let tried = format!("{attempts}, {}", format::count(incident.rungs, "rung", "rungs"));
    let head = Line::new()
        .with(Role::Title, format!("Incident {}", incident.id))
        .dim(format!("  risk {}  {tried}", incident.risk));
    let mut lines = vec![head];
    let numbers = incident.numbers();
    lines.extend(incident.readings.iter().map(|reading| story::reading(reading, world)));
    lines.push(Line::new().with(Role::Key, "Enter").dim(" shows the whole incident; latest first:"));
    lines.extend(incident.story.iter().rev().take(20).map(|recorded| story::event(recorded, &numbers, world)));
    lines
}
