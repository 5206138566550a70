//! Sequences that ask the terminal that one sits at for something besides drawing: the clipboard (OSC 52), a
//! notification (OSC 9). tmux and GNU screen stand in between and keep such sequences for themselves, so for them they
//! are wrapped to be passed through.

use std::env;

use crate::text::clean_line;

/// A notification is no page to read, in characters.
const LONGEST: usize = 120;

/// More than this a terminal may drop as a whole, and say nothing: xterm takes 100,000 signs of base64.
pub const LARGEST: usize = 74_994;
/// GNU screen drops a string that is longer than 768 bytes, so it gets pieces.
const SCREEN_PIECE: usize = 600;

/// What stands between this program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// Nothing that is known.
    Nothing,
    /// The multiplexer tmux, which passes a sequence on only in a wrapping of its own.
    Tmux,
    /// The multiplexer GNU screen, which passes a sequence on only in a wrapping of its own.
    Screen,
}

impl Between {
    /// As the environment says.
    #[must_use]
    pub fn here() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self::of(set("TMUX"), set("STY"))
    }

    const fn of(tmux: bool, sty: bool) -> Self {
        match (tmux, sty) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Nothing,
        }
    }

    fn wrapped(self, sequence: &str) -> Vec<u8> {
        match self {
            Self::Nothing => sequence.as_bytes().to_vec(),
            Self::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")).into_bytes(),
            Self::Screen => {
                let pieces = sequence.as_bytes().chunks(SCREEN_PIECE);
                pieces.flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect()
            }
        }
    }
}

/// What the clipboard takes of a text: all of it, or its first whole lines.
#[must_use]
pub fn fitting(text: &str) -> &str {
    if text.len() <= LARGEST {
        return text;
    }
    let end = text.floor_char_boundary(LARGEST);
    let end = text[..end].rfind('\n').map_or(end, |line| line + 1);
    &text[..end]
}

/// The sequence that puts a text on the clipboard.
#[must_use]
pub fn clipboard(text: &str, between: Between) -> Vec<u8> {
    let bare = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    let mut sequence = between.wrapped(&bare);
    if between == Between::Tmux {
        // passed through where `allow-passthrough` is on; and bare, which tmux takes where `set-clipboard` is on
        sequence.extend_from_slice(bare.as_bytes());
    }
    sequence
}

/// The sequence that shows a notification where the terminal knows how; others ignore it.
#[must_use]
pub fn notification(text: &str, between: Between) -> Vec<u8> {
    // a text that begins with a number and a semicolon would be another command to some terminals
    let text: String = clean_line(text).chars().take(LONGEST).collect();
    between.wrapped(&format!("\x1b]9;salve: {text}\x07"))
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * place) & 63) as usize];
            coded.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboard_gets_base64() {
        let coded = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
        assert_eq!(clipboard("foo", Between::Nothing), b"\x1b]52;c;Zm9v\x07");
    }

    #[test]
    fn tmux_and_screen_pass_it_on() {
        let tmux = String::from_utf8(clipboard("foo", Between::Tmux)).unwrap();
        assert_eq!(tmux, "\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\\x1b]52;c;Zm9v\x07");
        assert_eq!(clipboard("foo", Between::Screen), b"\x1bP\x1b]52;c;Zm9v\x07\x1b\\");
        let long = clipboard(&"x".repeat(5000), Between::Screen);
        let text = String::from_utf8(long).unwrap();
        let pieces: Vec<&str> = text.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces.len() > 10 && pieces.iter().all(|piece| piece.starts_with("\x1bP") && piece.len() < 768));
        let whole: String = pieces.iter().map(|piece| &piece[2..]).collect();
        assert_eq!(whole.into_bytes(), clipboard(&"x".repeat(5000), Between::Nothing));
        assert_eq!([Between::of(true, true), Between::of(false, true)], [Between::Tmux, Between::Screen]);
    }

    #[test]
    fn a_text_that_is_too_long_ends_with_a_whole_line() {
        let line = "größe ".repeat(10) + "\n";
        let text = line.repeat(2000);
        let kept = fitting(&text);
        assert!(kept.len() <= LARGEST && kept.len() > LARGEST - 100 && kept.ends_with('\n'));
        assert_eq!(fitting("short"), "short");
        let one = "ö".repeat(LARGEST);
        assert_eq!(fitting(&one).len(), LARGEST, "in the middle of a line, where it has no end");
    }

    #[test]
    fn a_notification_is_wrapped_for_what_stands_between() {
        assert_eq!(notification("4;1;50", Between::Nothing), b"\x1b]9;salve: 4;1;50\x07");
        assert_eq!(notification("x", Between::Tmux), b"\x1bPtmux;\x1b\x1b]9;salve: x\x07\x1b\\");
        assert_eq!(notification("x", Between::Screen), b"\x1bP\x1b]9;salve: x\x07\x1b\\");
    }

    #[test]
    fn a_notification_cannot_be_ended_from_within() {
        let told = notification(&"a\x07\x1b\\\u{9c}\n".repeat(99), Between::Nothing);
        let text = std::str::from_utf8(&told["\x1b]9;".len()..told.len() - 1]).unwrap();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert_eq!(text.chars().count(), LONGEST + "salve: ".len());
    }
}
