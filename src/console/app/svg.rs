//! One screen as a picture, or several as a film, for the README.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use termprofile::TermProfile;
use unicode_width::UnicodeWidthStr;

use crate::console::options::{ConsoleError, Options};
use crate::engine::Snapshot;

const CELL: (u16, u16) = (9, 18);
const GROUND: &str = "#14181e";

/// Draws one screen as an SVG picture on a dark ground.
///
/// # Errors
/// Where the theme that was asked for cannot be had.
pub fn to_svg(snapshot: &Snapshot, width: u16, height: u16, options: &Options) -> Result<String, ConsoleError> {
    Ok(framed((width, height), &still(snapshot, (width, height), options)?))
}

/// One screen of a film.
///
/// # Errors
/// Where the theme that was asked for cannot be had.
pub fn still(snapshot: &Snapshot, (width, height): (u16, u16), options: &Options) -> Result<String, ConsoleError> {
    let buffer = crate::console::app::once::drawn(snapshot, width, height, options, TermProfile::TrueColor)?;
    let mut svg = String::new();
    for row in 0..height {
        let mut from = 0;
        while from < width {
            let (mut to, cell) = (from + 1, &buffer[(from, row)]);
            // wide signs keep their own place
            let alone = |cell: &Cell| cell.symbol().width() != 1;
            while to < width && !alone(cell) && !alone(&buffer[(to, row)]) && cell.style() == buffer[(to, row)].style()
            {
                to += 1;
            }
            let text: String = (from..to).map(|column| buffer[(column, row)].symbol()).collect();
            run(&mut svg, (from, row), cell, &text);
            from = to.max(from + u16::try_from(cell.symbol().width()).unwrap_or(1));
        }
    }
    Ok(svg)
}

/// Stills one after the other, each for so many seconds, over and over.
#[must_use]
pub fn film(size: (u16, u16), stills: &[(String, f64)]) -> String {
    let whole: f64 = stills.iter().map(|(_, seconds)| seconds).sum();
    let (mut body, mut from) = (String::new(), 0.0);
    for (still, seconds) in stills {
        let (begin, end) = (from / whole, (from + seconds) / whole);
        from += seconds;
        let _ = write!(
            body,
            "<g visibility=\"hidden\"><animate attributeName=\"visibility\" calcMode=\"discrete\" dur=\"{whole:.1}s\" \
             repeatCount=\"indefinite\" values=\"hidden;visible;hidden\" keyTimes=\"0;{begin:.4};{end:.4}\"/>{still}</g>"
        );
    }
    framed(size, &body)
}

fn framed((width, height): (u16, u16), body: &str) -> String {
    let (wide, high) = (u32::from(width * CELL.0) + 20, u32::from(height * CELL.1) + 20);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"monospace\" \
         font-size=\"15\" xml:space=\"preserve\"><rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>{body}</svg>\n"
    )
}

/// Text of one style, at its place.
fn run(svg: &mut String, (column, row): (u16, u16), cell: &Cell, text: &str) {
    let (x, y) = (column * CELL.0 + 10, row * CELL.1 + 10);
    let length = u16::try_from(text.width()).unwrap_or(1).max(1) * CELL.0;
    let (mut ink, mut ground) = (hex(cell.fg, "#d5dae1"), hex(cell.bg, GROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    if ground != GROUND {
        let _ = write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{length}\" height=\"{}\" fill=\"{ground}\"/>", CELL.1);
    }
    // blanks at the ends need no ink
    let before = text.len() - text.trim_start().len();
    let shown = text.trim();
    if shown.is_empty() {
        return;
    }
    let x = x + u16::try_from(before).unwrap_or(0) * CELL.0;
    let length = u16::try_from(shown.width()).unwrap_or(1) * CELL.0;
    let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let faint = if cell.modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
    let text = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = write!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{length}\" fill=\"{ink}\"{weight}{faint}>{text}</text>",
        y + 14
    );
}

fn hex(colour: Color, otherwise: &str) -> String {
    let named = match colour {
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Black => "#14181e",
        Color::Red | Color::LightRed => "#ff7b72",
        Color::Green | Color::LightGreen => "#7ee787",
        Color::Yellow | Color::LightYellow => "#e3b341",
        Color::Blue | Color::LightBlue => "#6cb6ff",
        Color::Magenta | Color::LightMagenta => "#d2a8ff",
        Color::Cyan | Color::LightCyan => "#56d4dd",
        Color::Gray | Color::White => "#ffffff",
        Color::DarkGray => "#7d8794",
        Color::Reset | Color::Indexed(_) => otherwise,
    };
    named.to_owned()
}
