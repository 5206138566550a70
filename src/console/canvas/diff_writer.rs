//! From one screen to the bytes that turn it into the next. Only what differs is written, colours and weight only
//! where they change: over a slow link a first screen must not take a second.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::line::width;

/// What turns one screen into the next; nothing where nothing differs. A terminal that knows the mode 2026 shows the
/// change at once, others ignore it.
#[must_use]
pub fn encode(shown: &Buffer, next: &Buffer) -> Vec<u8> {
    let mut ink = DiffWriter { text: String::new(), pen: Pen::default(), at: None };
    let columns = usize::from(next.area.width).max(1);
    let rows = shown.content().chunks(columns).zip(next.content().chunks(columns));
    for (y, (shown, next)) in (0..).zip(rows) {
        if shown != next {
            ink.row(y, shown, next);
        }
    }
    if ink.text.is_empty() {
        return Vec::new();
    }
    ink.text.insert_str(0, "\x1b[?2026h");
    ink.dip(Pen::default());
    ink.text.push_str("\x1b[?2026l");
    ink.text.into_bytes()
}

/// How the next letter looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    front: Color,
    back: Color,
    weight: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self { front: Color::Reset, back: Color::Reset, weight: Modifier::empty() }
    }
}

struct DiffWriter {
    text: String,
    pen: Pen,
    /// Where the terminal's cursor is known to be.
    at: Option<(u16, u16)>,
}

impl DiffWriter {
    /// Half of a wide letter cannot be replaced, and terminals disagree on what is left of it: a row that has or had
    /// one is written whole.
    fn row(&mut self, y: u16, shown: &[Cell], next: &[Cell]) {
        let whole = shown.iter().chain(next).any(|cell| width(cell.symbol()) != 1);
        let mut covered = 0;
        for (x, (shown, next)) in (0..).zip(shown.iter().zip(next)) {
            if covered > 0 {
                covered -= 1;
            } else {
                if whole || shown != next {
                    self.cell(x, y, next);
                }
                covered = width(next.symbol()).saturating_sub(1);
            }
        }
    }

    fn cell(&mut self, x: u16, y: u16, cell: &Cell) {
        if self.at != Some((x, y)) {
            let _ = write!(self.text, "\x1b[{};{}H", y + 1, x + 1);
        }
        let next = Pen { front: cell.fg, back: cell.bg, weight: cell.modifier };
        self.dip(if cell.symbol() == " " { self.blank(next) } else { next });
        self.text.push_str(cell.symbol());
        // terminals disagree on how wide some signs are
        let known = cell.symbol().is_ascii() || (width(cell.symbol()) == 1 && cell.symbol().chars().count() == 1);
        self.at = known.then_some((x + 1, y));
    }

    /// A blank shows what is behind it and no letter, so the pen keeps the colour in front if it can.
    fn blank(&self, next: Pen) -> Pen {
        let seen = Modifier::UNDERLINED | Modifier::REVERSED | Modifier::CROSSED_OUT;
        if next.weight.intersects(seen) || self.pen.weight.intersects(seen) {
            return next;
        }
        Pen { back: next.back, ..self.pen }
    }

    fn dip(&mut self, next: Pen) {
        if self.pen == next {
            return;
        }
        let mut codes = String::new();
        let mut weight = self.pen.weight;
        for (flags, code) in LIGHTER {
            if weight.difference(next.weight).intersects(flags) {
                let _ = write!(codes, "{code};");
                weight.remove(flags);
            }
        }
        for (flag, code) in WEIGHTS {
            if next.weight.difference(weight).contains(flag) {
                let _ = write!(codes, "{code};");
            }
        }
        if next.front != self.pen.front {
            colour(&mut codes, next.front, 30);
        }
        if next.back != self.pen.back {
            colour(&mut codes, next.back, 40);
        }
        if next == Pen::default() {
            codes.clear();
        }
        let _ = write!(self.text, "\x1b[{}m", codes.trim_end_matches(';'));
        self.pen = next;
    }
}

const WEIGHTS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// What takes weight away; some take two kinds at once.
const LIGHTER: [(Modifier, u8); 7] = [
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

/// The code of a colour; `base` is 30 in front, 40 behind.
fn colour(codes: &mut String, colour: Color, base: u8) {
    let _ = match colour {
        Color::Reset => write!(codes, "{};", base + 9),
        Color::Black => write!(codes, "{base};"),
        Color::Red => write!(codes, "{};", base + 1),
        Color::Green => write!(codes, "{};", base + 2),
        Color::Yellow => write!(codes, "{};", base + 3),
        Color::Blue => write!(codes, "{};", base + 4),
        Color::Magenta => write!(codes, "{};", base + 5),
        Color::Cyan => write!(codes, "{};", base + 6),
        Color::Gray => write!(codes, "{};", base + 7),
        Color::DarkGray => write!(codes, "{};", base + 60),
        Color::LightRed => write!(codes, "{};", base + 61),
        Color::LightGreen => write!(codes, "{};", base + 62),
        Color::LightYellow => write!(codes, "{};", base + 63),
        Color::LightBlue => write!(codes, "{};", base + 64),
        Color::LightMagenta => write!(codes, "{};", base + 65),
        Color::LightCyan => write!(codes, "{};", base + 66),
        Color::White => write!(codes, "{};", base + 67),
        Color::Indexed(index) => write!(codes, "{};5;{index};", base + 8),
        Color::Rgb(red, green, blue) => write!(codes, "{};2;{red};{green};{blue};", base + 8),
    };
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn cells() -> impl Strategy<Value = Vec<(u16, u16, &'static str, Style)>> {
        let colours = vec![Color::Reset, Color::Red, Color::White, Color::Indexed(200), Color::Rgb(1, 2, 3)];
        let weights =
            vec![Modifier::empty(), Modifier::BOLD, Modifier::REVERSED, Modifier::BOLD | Modifier::UNDERLINED];
        let style = (select(colours.clone()), select(colours), select(weights))
            .prop_map(|(front, back, weight)| Style::new().fg(front).bg(back).add_modifier(weight));
        vec((0..12_u16, 0..4_u16, select(vec!["a", "b", " ", "é", "日", "long"]), style), 0..30)
    }

    fn screen(cells: &[(u16, u16, &str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 4));
        for (x, y, text, style) in cells {
            buffer.set_stringn(*x, *y, text, usize::from(12 - x), *style);
        }
        buffer
    }

    fn pen(cell: &Cell) -> (vt100::Color, vt100::Color, [bool; 3]) {
        let colour = |colour| match colour {
            Color::Red => vt100::Color::Idx(1),
            Color::White => vt100::Color::Idx(15),
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            _ => vt100::Color::Default,
        };
        let has = |flag| cell.modifier.contains(flag);
        let weight = [has(Modifier::BOLD), has(Modifier::REVERSED), has(Modifier::UNDERLINED)];
        (colour(cell.fg), colour(cell.bg), weight)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_terminal_shows_what_was_drawn(first in cells(), second in cells()) {
            let mut terminal = vt100::Parser::new(4, 12, 0);
            let empty = Buffer::empty(Rect::new(0, 0, 12, 4));
            let (first, second) = (screen(&first), screen(&second));
            terminal.process(&encode(&empty, &first));
            terminal.process(&encode(&first, &second));
            let mut covered = 0;
            for (index, cell) in (0_u16..).zip(second.content()) {
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                covered = width(cell.symbol()).saturating_sub(1);
                let shown = terminal.screen().cell(index / 12, index % 12).unwrap();
                let text = if shown.contents().is_empty() { " " } else { shown.contents() };
                prop_assert_eq!(text, cell.symbol());
                let is = (shown.fgcolor(), shown.bgcolor(), [shown.bold(), shown.inverse(), shown.underline()]);
                let (front, back, weight) = pen(cell);
                let seen = weight[1] || weight[2];
                // nobody sees how a blank would write
                let unseen = text == " " && !seen && !is.2[1] && !is.2[2];
                prop_assert_eq!(is, if unseen { (is.0, back, is.2) } else { (front, back, weight) });
            }
            prop_assert_eq!(encode(&second, &second), Vec::<u8>::new());
        }
    }
}
