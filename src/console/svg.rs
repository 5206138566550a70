//! One screen as a picture, for the README.

use std::fmt::Write as _;

use ratatui::style::{Color, Modifier};
use termprofile::TermProfile;
use unicode_width::UnicodeWidthStr;

use super::{ConsoleError, Options};
use crate::engine::Snapshot;

const CELL: (u16, u16) = (9, 18);

/// Draws one screen as an SVG picture on a dark ground.
///
/// # Errors
/// Where the theme that was asked for cannot be had.
pub fn to_svg(snapshot: &Snapshot, width: u16, height: u16, options: &Options) -> Result<String, ConsoleError> {
    let buffer = super::drawn(snapshot, width, height, options, TermProfile::TrueColor)?;
    let (wide, high) = (u32::from(width * CELL.0) + 20, u32::from(height * CELL.1) + 20);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"monospace\" \
         font-size=\"15\" xml:space=\"preserve\"><rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#14181e\"/>"
    );
    for position in buffer.area.positions() {
        let cell = &buffer[position];
        let (x, y) = (position.x * CELL.0 + 10, position.y * CELL.1 + 10);
        let (mut ink, mut ground) = (hex(cell.fg, "#d5dae1"), hex(cell.bg, "#14181e"));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut ink, &mut ground);
        }
        if ground != "#14181e" {
            let _ =
                write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{ground}\"/>", CELL.0, CELL.1);
        }
        if cell.symbol().trim().is_empty() {
            continue;
        }
        let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
        let faint = if cell.modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
        let text = cell.symbol().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let length = u16::try_from(cell.symbol().width()).unwrap_or(1) * CELL.0;
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{length}\" fill=\"{ink}\"{weight}{faint}>{text}</text>",
            y + 14
        );
    }
    svg.push_str("</svg>\n");
    Ok(svg)
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
