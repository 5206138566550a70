//! A picture of every view at every size that people have, in Unicode and in ASCII: one file a view. And what the
//! terminal makes of the bytes: the same cells, colours and attributes.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use termprofile::TermProfile;

use super::super::theme::{Shelf, Theme};
use super::screens::{expect, look};
use super::views::{self, View};
use crate::console::canvas::glyphs::Glyphs;
use crate::console::canvas::{RenderOptions, diff_writer};

const SIZES: [(u16, u16); 5] = [(120, 40), (100, 30), (80, 24), (40, 10), (18, 3)];

/// Holds a view to its picture at every size, in both sets of signs; `draw` is told the size and whether ASCII.
pub fn album(name: &str, draw: impl Fn((u16, u16), bool) -> String) {
    let mut pictures = String::new();
    for (ascii, set) in [(false, "Unicode"), (true, "ASCII")] {
        for size in SIZES {
            let picture = draw(size, ascii);
            let _ = writeln!(pictures, "[{}x{} {set}]\n{}", size.0, size.1, picture.trim_end_matches('\n'));
        }
    }
    expect(name, &pictures);
}

#[test]
fn every_view_at_every_size() {
    for view in views::all() {
        album(view.name, |size, ascii| {
            crate::console::app::once::text(&view.drawn(size, &look(ascii, TermProfile::NoColor)))
        });
    }
}

#[test]
fn without_unicode_nothing_but_ascii_is_drawn_and_no_sign_is_lost() {
    let signs = format!("{:?}", Glyphs::UNICODE);
    for view in views::all() {
        for size in SIZES {
            let ascii = view.drawn(size, &look(true, TermProfile::NoColor));
            assert!(ascii.content().iter().all(|cell| cell.symbol().is_ascii()), "{} {size:?}", view.name);
            // a sign that has no twin would come out as a question mark; what the host sends may
            let unicode = view.drawn(size, &look(false, TermProfile::NoColor));
            for cell in unicode.content().iter().filter(|cell| !cell.symbol().is_ascii()) {
                let known = signs.contains(cell.symbol()) || "‹›←↑→↓␛".contains(cell.symbol());
                assert!(known, "{} {size:?}: {:?} has no twin in ASCII", view.name, cell.symbol());
            }
        }
    }
}

/// Feeds what the terminal would be sent, screen after screen, and compares what it shows.
struct Emulator {
    parser: vt100::Parser,
    shown: Buffer,
}

impl Emulator {
    fn new((width, height): (u16, u16)) -> Self {
        Self { parser: vt100::Parser::new(height, width, 0), shown: Buffer::empty(Rect::new(0, 0, width, height)) }
    }

    fn show(&mut self, next: Buffer, name: &str) {
        self.parser.process(&diff_writer::encode(&self.shown, &next));
        self.shown = next;
        let mut covered = false;
        for position in self.shown.area.positions() {
            let (drawn, seen) = (&self.shown[position], self.parser.screen().cell(position.y, position.x).unwrap());
            if !std::mem::take(&mut covered) {
                let sign = if seen.contents().is_empty() { " " } else { seen.contents() };
                assert_eq!(sign, drawn.symbol(), "{name} at {position}");
                assert_eq!(as_seen(seen), as_drawn(drawn), "{name} at {position}");
            }
            covered = seen.is_wide();
        }
    }
}

type Ink = (vt100::Color, vt100::Color, [bool; 5]);

fn as_seen(cell: &vt100::Cell) -> Ink {
    let attributes = [cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse()];
    visible(!cell.has_contents() || cell.contents() == " ", (cell.fgcolor(), cell.bgcolor(), attributes))
}

fn as_drawn(cell: &Cell) -> Ink {
    let kinds = [Modifier::BOLD, Modifier::DIM, Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED];
    let attributes = kinds.map(|kind| cell.modifier.contains(kind));
    visible(cell.symbol() == " ", (numbered(cell.fg), numbered(cell.bg), attributes))
}

/// The ink of a blank is seen only where it is underlined or reversed; the library leaves it as it was there.
fn visible(blank: bool, (fg, bg, attributes): Ink) -> Ink {
    let [.., underlined, reversed] = attributes;
    if blank && !underlined && !reversed { (vt100::Color::Default, bg, [false; 5]) } else { (fg, bg, attributes) }
}

fn numbered(colour: Color) -> vt100::Color {
    vt100::Color::Idx(match colour {
        Color::Reset => return vt100::Color::Default,
        Color::Rgb(red, green, blue) => return vt100::Color::Rgb(red, green, blue),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    })
}

fn themes() -> Vec<Theme> {
    let shelf = Shelf::new(std::path::Path::new("/nonexistent"));
    shelf.names().iter().map(|name| shelf.find(name).unwrap()).collect()
}

#[test]
fn a_terminal_shows_what_was_drawn() {
    let ladder = [TermProfile::TrueColor, TermProfile::Ansi256, TermProfile::Ansi16, TermProfile::NoColor];
    let looks: Vec<RenderOptions> = themes()
        .iter()
        .flat_map(|theme| ladder.map(|rung| RenderOptions { glyphs: Glyphs::UNICODE, styles: theme.on(rung) }))
        .collect();
    for size in SIZES {
        // one after the other on the same terminal, each in the next look: what was there before must go
        let mut emulator = Emulator::new(size);
        for (index, view) in views::all().into_iter().enumerate() {
            let look = &looks[index % looks.len()];
            emulator.show(view.drawn(size, look), view.name);
        }
    }
}

#[test]
fn a_terminal_shows_every_theme_as_it_is() {
    let views: Vec<View> =
        views::all().into_iter().filter(|view| ["main", "main-paused"].contains(&view.name)).collect();
    for theme in themes() {
        for rung in [TermProfile::TrueColor, TermProfile::Ansi256, TermProfile::Ansi16, TermProfile::NoColor] {
            let look = RenderOptions { glyphs: Glyphs::UNICODE, styles: theme.on(rung) };
            let mut emulator = Emulator::new((80, 24));
            for view in &views {
                let buffer = view.drawn((80, 24), &look);
                let fits = |colour: Color| match colour {
                    Color::Reset => true,
                    Color::Rgb(..) => rung == TermProfile::TrueColor,
                    Color::Indexed(_) => matches!(rung, TermProfile::TrueColor | TermProfile::Ansi256),
                    _ => rung != TermProfile::NoColor,
                };
                assert!(buffer.content().iter().all(|cell| fits(cell.fg) && fits(cell.bg)), "{} {rung:?}", theme.name);
                emulator.show(buffer, &theme.name);
            }
        }
    }
}

#[test]
fn wide_and_hostile_names_leave_nothing_behind() {
    let mut emulator = Emulator::new((100, 30));
    for view in views::all() {
        let evil = view.over(super::super::fixture::hostile());
        let mut drawn = evil.drawn((100, 30), &look(false, TermProfile::Ansi16));
        // the emulator leaves this sign out, as no terminal does
        for cell in drawn.content.iter_mut().filter(|cell| cell.symbol() == "\u{fffd}") {
            cell.set_symbol("?");
        }
        emulator.show(drawn, evil.name);
    }
}
