//! A rate as a bar from 0 to 100: the figure, its 95 % interval, and where the band begins.

use crate::console::canvas::line::{Line, cut};
use crate::console::content::context::ViewContext;
use crate::console::theme::Role;
use crate::console::view::widgets::gauge;
use crate::core::success::rate::{Band, Share};

/// How much room a row gives to its name and its bar.
fn room(width: usize) -> (usize, usize) {
    match width {
        ..30 => (width.saturating_sub(12), 0),
        30..60 => (13, (width - 30).min(24)),
        60..100 => (16, width.saturating_sub(56).min(26)),
        _ => (24, 42),
    }
}

/// One rate in a row; the chosen one stands out.
#[must_use]
pub fn row(name: &str, chosen: bool, share: Share, width: usize, world: &ViewContext<'_>) -> Line {
    let (wide, columns) = room(width);
    let role = if chosen { Role::Focus } else { Role::Text };
    let mut line = Line::new().with(role, format!("{:<wide$} ", cut(name, wide, world.look.glyphs.cut)));
    line.pieces.extend(bar(share, columns, world).pieces);
    let (Some(percent), Some((low, high))) = (share.percent(), share.interval()) else {
        return line.dim("    - no automatic attempt");
    };
    let line = line
        .with(gauge::role(share), format!(" {percent:>3.0}%"))
        .text(format!(" {:>7}", format!("{}/{}", share.part, share.whole)));
    if width < 60 {
        return line;
    }
    line.dim(format!(" {:<8}", format!("[{low:.0}-{high:.0}]"))).with(gauge::role(share), format!(" {}", word(share)))
}

fn word(share: Share) -> &'static str {
    match share.band() {
        Band::NoVerdict => "under 10 incidents",
        Band::TooLow => "TOO LOW",
        Band::InBand => "IN BAND",
        Band::UnderAutomated => "UNDER-AUTOMATED",
    }
}

/// What the bar's signs mean.
#[must_use]
pub fn legend(world: &ViewContext<'_>) -> Line {
    let [filled, band, point, ..] = world.look.glyphs.gauge;
    Line::new().dim(format!("{point} rate  {filled} 95% interval  {band} target band: 70% to below 100%"))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage of a few columns")]
fn bar(share: Share, columns: usize, world: &ViewContext<'_>) -> Line {
    if columns == 0 {
        return Line::new();
    }
    let [filled, band, point, rest, from, to] = world.look.glyphs.gauge;
    let place = |percent: f64| (columns * percent as usize / 100).min(columns - 1);
    let at = share.percent().map(place);
    let inside = share.interval().map(|(low, high)| place(low)..=place(high));
    let signs: Vec<(Role, char)> = (0..columns)
        .map(|column| {
            let sure = inside.as_ref().is_some_and(|inside| inside.contains(&column));
            match column {
                _ if at == Some(column) => (gauge::role(share), point),
                _ if column == place(70.0) => (Role::Text, band),
                _ if sure => (gauge::role(share), filled),
                _ => (Role::Dim, rest),
            }
        })
        .collect();
    let mut line = Line::new().dim(from.to_string());
    line.pieces.extend(Line::gathered(0, &signs).pieces);
    line.dim(to.to_string())
}
