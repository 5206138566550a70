//! How the engine itself does: what it measured in the last minute or two, each against the bound from which
//! `salve doctor` warns.

use std::time::Duration;

use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::theme::Role;
use crate::engine::snapshot::{EngineStats, Health, short_time};

/// Columns of a bar.
const BAR: usize = 12;
/// Columns of a row's name.
const NAME: usize = 15;

/// The page's text.
#[must_use]
pub fn lines(world: &ViewContext<'_>) -> Vec<Line> {
    let Some(stats) = &world.snapshot.engine_stats else {
        return vec![Line::new().dim("No engine runs here that could measure itself.")];
    };
    let time = |name, measured, limit| {
        let row = named(name).with(Role::Text, format!("{:>9} ", short_time(measured)));
        bar(row, measured.as_secs_f64() / Duration::as_secs_f64(&limit), world).dim(format!(" {}", short_time(limit)))
    };
    let mut lines = vec![
        Line::new().dim("Worst of the last one to two minutes; the bar ends where `salve doctor` warns."),
        Line::new(),
        Line::title("Loop"),
        time("wake-up lag", stats.loop_lag(), EngineStats::LAG_LIMIT),
        time("slowest input", stats.slowest_input(), EngineStats::INPUT_LIMIT),
        Line::new(),
        Line::title("Journal"),
        time("slowest commit", stats.slowest_commit(), EngineStats::COMMIT_LIMIT),
        named("commits").text(writes(stats)),
        Line::new(),
        Line::title("Queues").dim("  the most that waited"),
    ];
    lines.extend(stats.queues.named().into_iter().map(|(name, depth)| {
        let row = named(name).with(Role::Text, format!("{depth:>9} "));
        bar(row, share(depth, EngineStats::QUEUE_LIMIT), world).dim(format!(" {}", EngineStats::QUEUE_LIMIT))
    }));
    lines.extend([Line::new(), Line::title("Pages"), pages(stats, world), Line::new(), Line::title("Checks")]);
    lines.push(unknown(world));
    lines
}

fn named(name: &str) -> Line {
    Line::new().text("  ").dim(format!("{name:<NAME$}"))
}

fn writes(stats: &EngineStats) -> String {
    match stats.mean_commit() {
        Some(mean) => format!("{:>9} since the start, {} on average", stats.commits, short_time(mean)),
        None => "none since the start".to_owned(),
    }
}

fn pages(stats: &EngineStats, world: &ViewContext<'_>) -> Line {
    match (world.snapshot.undelivered, stats.oldest_page()) {
        (0, _) => named("waiting").text("none"),
        (count, None) => named("waiting").with(Role::Asked, count.to_string()),
        (count, Some(age)) => {
            let role = if age > EngineStats::PAGE_LIMIT { Role::Broken } else { Role::Asked };
            named("waiting").with(role, format!("{count}, the oldest for {}", format::age(age)))
        }
    }
}

/// How many of the targets that are watched cannot be seen.
fn unknown(world: &ViewContext<'_>) -> Line {
    let watched = world.snapshot.detectors.iter().filter(|row| row.key.is_some());
    let read: Vec<&Health> = watched
        .map(|row| &row.health)
        .filter(|health| !matches!(health, Health::NotApplicable(_) | Health::Waiting))
        .collect();
    let unknown = read.iter().filter(|health| matches!(health, Health::Unknown(_))).count();
    let role = if unknown == 0 { Role::Text } else { Role::Unknown };
    let row = named("unknown").with(role, format!("{unknown:>9} "));
    bar(row, share(unknown, read.len()), world).dim(format!(" of {}", read.len()))
}

fn share(part: usize, whole: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a bar of a few columns")]
    let [part, whole] = [part as f64, whole as f64];
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A bar that is full at its bound, and red from there on.
fn bar(line: Line, part: f64, world: &ViewContext<'_>) -> Line {
    let [filled, _, _, rest, from, to] = world.look.glyphs.gauge;
    #[allow(clippy::cast_precision_loss, reason = "a bar of a few columns")]
    let full = (0..BAR).filter(|column| part > *column as f64 / BAR as f64).count();
    let role = if part > 1.0 { Role::Broken } else { Role::Gauge };
    line.dim(from.to_string())
        .with(role, filled.to_string().repeat(full))
        .dim(rest.to_string().repeat(BAR - full))
        .dim(to.to_string())
}
