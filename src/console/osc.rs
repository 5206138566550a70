//! Sequences that ask a terminal for something besides drawing: the clipboard, a notification.

use crate::text::clean_line;

/// A notification is no page to read, in characters.
const LONGEST: usize = 120;

/// What stands between this program and the terminal, and lets through only what is wrapped for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Nothing.
    Terminal,
    /// `tmux`, which lets it through where `allow-passthrough` is on.
    Tmux,
    /// GNU `screen`.
    Screen,
}

impl Within {
    /// As the environment says.
    #[must_use]
    pub fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match (set("TMUX"), set("STY")) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Terminal,
        }
    }

    fn wrapped(self, sequence: &str) -> String {
        match self {
            Self::Terminal => sequence.to_owned(),
            Self::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
            Self::Screen => format!("\x1bP{sequence}\x1b\\"),
        }
    }
}

/// Shows a notification where the terminal knows how (OSC 9); others ignore it.
#[must_use]
pub fn notification(text: &str, within: Within) -> String {
    // a text that begins with a number and a semicolon would be another command to some terminals
    let text: String = clean_line(text).chars().take(LONGEST).collect();
    within.wrapped(&format!("\x1b]9;salve: {text}\x07"))
}

/// Puts text on the clipboard of the terminal, wherever that is (OSC 52). `tmux` takes this one itself.
#[must_use]
pub fn clipboard(text: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::from("\x1b]52;c;");
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * place) & 63) as usize];
            coded.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    coded.push('\x07');
    coded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboard_gets_base64() {
        let coded = ["", "f", "fo", "foo", "foob"].map(|text| clipboard(text)[7..].trim_end_matches('\x07').to_owned());
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    #[test]
    fn a_notification_is_wrapped_for_what_stands_between() {
        assert_eq!(notification("4;1;50", Within::Terminal), "\x1b]9;salve: 4;1;50\x07");
        assert_eq!(notification("x", Within::Tmux), "\x1bPtmux;\x1b\x1b]9;salve: x\x07\x1b\\");
        assert_eq!(notification("x", Within::Screen), "\x1bP\x1b]9;salve: x\x07\x1b\\");
    }

    #[test]
    fn a_notification_cannot_be_ended_from_within() {
        let told = notification(&"a\x07\x1b\\\u{9c}\n".repeat(99), Within::Terminal);
        let text = &told["\x1b]9;".len()..told.len() - 1];
        assert!(!text.chars().any(char::is_control), "{told:?}");
        assert_eq!(text.chars().count(), LONGEST + "salve: ".len());
    }
}
