//! How the rate went: a column an hour or a day, with the number of incidents under it.

use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::success::SuccessSpan;
use crate::console::theme::Role;
use crate::console::view::widgets::gauge;
use crate::core::success::rate::{Share, WindowRates};

/// Rows of the picture.
const HIGH: usize = 3;

/// The picture; nothing where there is no room or nothing to draw.
#[must_use]
pub fn lines(width: usize, span: SuccessSpan, world: &ViewContext<'_>) -> Vec<Line> {
    let (all, one) = span.columns(world.snapshot);
    if all.iter().all(|rates| rates.coverage.whole == 0) || width < 20 {
        return Vec::new();
    }
    let room = width.saturating_sub(6);
    let step = if all.len() * 2 <= room { 2 } else { 1 };
    let shown = &all[all.len().saturating_sub(room / step)..];
    let gap = " ".repeat(step - 1);
    let mut lines = vec![
        Line::new(),
        Line::title("Trend")
            .dim(format!("  one column {}, newest at the right", if one == "hour" { "per hour" } else { "per day" })),
    ];
    for row in (0..HIGH).rev() {
        let label = if row == HIGH - 1 {
            " 100% "
        } else if row == 0 {
            "   0% "
        } else {
            "      "
        };
        let line = shown.iter().fold(Line::new().dim(label), |line, rates| {
            let (role, sign) = cell(rates.auto_fix, row, world);
            line.with(role, format!("{sign}{gap}"))
        });
        lines.push(line);
    }
    let counts = shown.iter().fold(Line::new().dim("count "), |line, rates| line.dim(format!("{}{gap}", count(rates))));
    lines.push(counts);
    lines
}

/// What one cell of a column shows: the part of the rate that lies in this row.
fn cell(share: Share, row: usize, world: &ViewContext<'_>) -> (Role, char) {
    let glyphs = &world.look.glyphs;
    if share.whole == 0 {
        return (Role::Dim, if row == 0 { glyphs.calm } else { ' ' });
    }
    let steps = glyphs.spark.len();
    let (part, whole) = (share.part as usize, share.whole as usize);
    let high = (part * HIGH * steps + whole / 2) / whole;
    let role = match gauge::role(share) {
        Role::Dim => Role::Text,
        role => role,
    };
    match high.saturating_sub(row * steps).min(steps) {
        // a rate of nothing is drawn all the same: there were incidents
        0 if row == 0 => (Role::Broken, glyphs.spark[0]),
        0 => (role, ' '),
        step => (role, glyphs.spark[step - 1]),
    }
}

/// How many incidents needed action, in one column.
fn count(rates: &WindowRates) -> char {
    match rates.coverage.whole {
        0 => ' ',
        few @ 1..=9 => char::from_digit(few, 10).unwrap_or('9'),
        _ => '+',
    }
}
