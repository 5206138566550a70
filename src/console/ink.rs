//! From changed cells to the bytes for a terminal. The library's own writer sends the sixteen colours in the form for
//! 256, which a terminal that has only sixteen does not know, and under `NO_COLOR` it resets bold and reverse.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Each attribute and its number.
const ATTRIBUTES: [(Modifier, u8); 5] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
];

/// Everything about a cell but its sign.
type Pen = (Color, Color, Modifier);

/// The bytes that bring these cells, in the order of their places, onto the screen. They leave the pen as a reset does.
pub fn bytes<'a>(changes: impl IntoIterator<Item = (u16, u16, &'a Cell)>) -> Vec<u8> {
    const PLAIN: Pen = (Color::Reset, Color::Reset, Modifier::empty());
    let mut bytes = Vec::from(b"\x1b[0m");
    let (mut pen, mut next) = (PLAIN, None);
    for (x, y, cell) in changes {
        if next != Some((x, y)) {
            put(&mut bytes, format_args!("\x1b[{};{}H", y + 1, x + 1));
        }
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if wanted != pen {
            change(&mut bytes, wanted);
            pen = wanted;
        }
        bytes.extend_from_slice(cell.symbol().as_bytes());
        // how far a sign of another width moves the cursor is for the terminal to say
        next = (cell.symbol().width() == 1).then_some((x + 1, y));
    }
    if pen != PLAIN {
        bytes.extend_from_slice(b"\x1b[0m");
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, (fg, bg, modifier): Pen) {
    bytes.extend_from_slice(b"\x1b[0");
    for (attribute, number) in ATTRIBUTES {
        if modifier.contains(attribute) {
            put(bytes, format_args!(";{number}"));
        }
    }
    colour(bytes, fg, 0);
    colour(bytes, bg, 10);
    bytes.push(b'm');
}

/// With 0 for the sign, with 10 for its ground.
fn colour(bytes: &mut Vec<u8>, colour: Color, ground: u8) {
    let dark = |number: u8| Some(30 + number + ground);
    let light = |number: u8| Some(90 + number + ground);
    let number = match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => {
            put(bytes, format_args!(";{};2;{red};{green};{blue}", 38 + ground));
            None
        }
        Color::Indexed(index) => {
            put(bytes, format_args!(";{};5;{index}", 38 + ground));
            None
        }
        Color::Black => dark(0),
        Color::Red => dark(1),
        Color::Green => dark(2),
        Color::Yellow => dark(3),
        Color::Blue => dark(4),
        Color::Magenta => dark(5),
        Color::Cyan => dark(6),
        Color::Gray => dark(7),
        Color::DarkGray => light(0),
        Color::LightRed => light(1),
        Color::LightGreen => light(2),
        Color::LightYellow => light(3),
        Color::LightBlue => light(4),
        Color::LightMagenta => light(5),
        Color::LightCyan => light(6),
        Color::White => light(7),
    };
    if let Some(number) = number {
        put(bytes, format_args!(";{number}"));
    }
}

fn put(bytes: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    bytes.write_fmt(what).expect("a write into memory does not fail");
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn written(texts: &[(u16, u16, &str)], style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        let before = buffer.clone();
        for (x, y, text) in texts {
            buffer.set_string(*x, *y, text, style);
        }
        String::from_utf8(bytes(before.diff(&buffer))).unwrap()
    }

    #[test]
    fn the_cursor_is_moved_and_the_pen_changed_only_where_they_must() {
        let red = written(&[(1, 0, "ab"), (0, 1, "c")], Style::new().fg(Color::Red));
        assert_eq!(red, "\x1b[0m\x1b[1;2H\x1b[0;31mab\x1b[2;1Hc\x1b[0m");
        assert_eq!(written(&[(0, 0, "ab")], Style::new()), "\x1b[0m\x1b[1;1Hab");
    }

    #[test]
    fn after_a_wide_sign_the_place_is_said_again() {
        assert_eq!(written(&[(0, 0, "名a")], Style::new()), "\x1b[0m\x1b[1;1H名\x1b[1;3Ha");
    }

    #[test]
    fn each_rung_has_a_form_of_its_own() {
        let in_colour = |style: Style| written(&[(0, 0, "x")], style);
        let bold = Style::new().fg(Color::LightRed).bg(Color::Blue).add_modifier(Modifier::BOLD | Modifier::REVERSED);
        assert!(in_colour(bold).contains("\x1b[0;1;7;91;44mx"));
        assert!(in_colour(Style::new().fg(Color::Indexed(203)).bg(Color::White)).contains("\x1b[0;38;5;203;107mx"));
        assert!(in_colour(Style::new().bg(Color::Rgb(1, 2, 3))).contains("\x1b[0;48;2;1;2;3mx"));
    }
}
