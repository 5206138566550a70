//! The gauge: does the automation fix what it touches? In words, with the uncertainty, and with a bar where there is
//! room for one.

use crate::console::canvas::Canvas;
use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::theme::Role;
use crate::core::success::rate::{Band, Share, WindowRates};

/// Draws it in one row.
pub fn draw(canvas: &mut Canvas<'_>, y: u16, room: u16, focused: bool, world: &ViewContext<'_>) {
    let wide = usize::from(room);
    let day = &world.snapshot.rates.day;
    let forms = [Some(28), Some(20), Some(12), None].map(|bar| line("24h", day, bar, focused, world));
    let short = short(day.auto_fix, focused);
    let fits = forms.into_iter().find(|line| line.width() <= wide).unwrap_or(short);
    canvas.line(0, y, room, &fits);
}

/// One window's rate in words; with a bar of so many columns.
#[must_use]
pub fn line(window: &str, rates: &WindowRates, bar: Option<usize>, focused: bool, world: &ViewContext<'_>) -> Line {
    let share = rates.auto_fix;
    let label = if focused { Role::Focus } else { Role::Text };
    let mut line = Line::new().with(label, format!(" auto-fixed {window:>3} "));
    if let Some(columns) = bar {
        line = self::bar(line, share, columns, world);
    }
    if let (Some(percent), Some((low, high))) = (share.percent(), share.interval()) {
        line = line
            .with(role(share), format!(" {percent:.0}%"))
            .text(format!(" {}/{}", share.part, share.whole))
            .dim(format!(" [{low:.0}-{high:.0}]"));
    }
    line = line.text("  ").with(role(share), words(share));
    if let Some(covered) = rates.coverage.percent() {
        line = line.dim(format!("  attempted {covered:.0}%"));
    }
    line
}

fn short(share: Share, focused: bool) -> Line {
    let label = if focused { Role::Focus } else { Role::Text };
    let line = Line::new().with(label, "fixed 24h ");
    match share.percent() {
        Some(percent) => line.with(role(share), format!("{percent:.0}% {}/{}", share.part, share.whole)),
        None => line.dim("no incidents"),
    }
}

/// What to make of the figure.
#[must_use]
pub fn words(share: Share) -> String {
    match share.band() {
        Band::NoVerdict if share.whole == 0 => "none counted yet".into(),
        Band::NoVerdict => "under 10 incidents".into(),
        Band::TooLow => "TOO LOW <70".into(),
        Band::InBand => "IN BAND 70-<100".into(),
        Band::UnderAutomated => "UNDER-AUTOMATED at 100".into(),
    }
}

/// How the figure looks.
#[must_use]
pub fn role(share: Share) -> Role {
    match share.band() {
        Band::NoVerdict => Role::Dim,
        Band::TooLow => Role::Broken,
        Band::InBand => Role::Gauge,
        Band::UnderAutomated => Role::Asked,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage of a few columns")]
fn bar(line: Line, share: Share, columns: usize, world: &ViewContext<'_>) -> Line {
    let [filled, band, point, rest, from, to] = world.look.glyphs.gauge;
    let place = |percent: u32| (columns * percent as usize / 100).min(columns - 1);
    let at = share.percent().map(|percent| place(percent as u32));
    let signs: Vec<(Role, char)> = (0..columns)
        .map(|column| match at {
            Some(at) if column == at => (role(share), point),
            _ if column == place(70) => (Role::Text, band),
            Some(at) if column < at => (role(share), filled),
            _ => (Role::Dim, rest),
        })
        .collect();
    let mut line = line.dim(from.to_string());
    line.pieces.extend(Line::gathered(0, &signs).pieces);
    line.dim(to.to_string())
}
