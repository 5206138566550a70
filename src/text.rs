//! Untrusted text: output, names, paths. Cleaned at the door, and again at the screen.

pub mod redact;
pub mod secret;

use std::borrow::Cow;
use std::fmt::Write;

/// Makes control characters visible and takes the power from marks that reorder text. Newlines and tabs stay.
///
/// `ESC` becomes `␛`, other C0 controls their control pictures, C1 controls and bidi marks `�`.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| disarmed(c) != c) {
        text.chars().map(disarmed).collect::<String>().into()
    } else {
        text.into()
    }
}

/// The same for one line: newlines and tabs become spaces.
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\t', '\r']) {
        clean(&text.trim_end().replace(['\n', '\t', '\r'], " ")).into_owned().into()
    } else {
        clean(text)
    }
}

/// The same, cut to so many characters; what was cut ends in an ellipsis.
#[must_use]
pub fn cut_line(text: &str, most: usize) -> Cow<'_, str> {
    // a control picture takes one character for one, so the cut may come first: what is thrown away is not cleaned
    let Some((end, _)) = text.char_indices().nth(most) else { return clean_line(text) };
    let line = clean_line(&text[..end]);
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…").into()
}

/// JSON text with every character written as its escape that could steer a terminal: the document stays the same.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| disarmed(c) == c) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if disarmed(c) == c {
            out.push(c);
        } else {
            // all of them lie in the first plane
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    out.into()
}

/// Lines of text for people, in which nothing that is written into a line can break out of it: each `writeln!` makes
/// exactly one line, whatever the names and reasons in it hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TextPage(String);

impl TextPage {
    /// The text so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Text of the program's own, with its own line ends.
    pub fn literal(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.0.push('\n');
    }
}

impl Write for TextPage {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(&clean_line(text));
        Ok(())
    }

    fn write_fmt(&mut self, text: std::fmt::Arguments<'_>) -> std::fmt::Result {
        let text = text.to_string();
        let line = text.strip_suffix('\n');
        self.0.push_str(&clean_line(line.unwrap_or(&text)));
        if line.is_some() {
            self.0.push('\n');
        }
        Ok(())
    }
}

fn disarmed(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bidi_marks_lose_their_power() {
        assert_eq!(clean("\x1b[31mred\u{202e}\u{9b}\x07\n"), "␛[31mred\u{fffd}\u{fffd}␇\n");
        assert_eq!(clean_line("two\nlines\n"), "two lines");
    }

    #[test]
    fn a_line_is_cut_between_characters_and_says_so() {
        assert_eq!(cut_line("übel", 4), "übel");
        assert_eq!(cut_line("übel\n\x1bauf", 5), "übel…");
        assert_eq!(cut_line("\n\n", 1), "…");
    }

    #[test]
    fn a_line_of_a_page_stays_one_line_whatever_is_written_into_it() {
        let mut page = TextPage::default();
        let (name, reason, end) = ("a\nforged: ok", "\x1b[2J\u{202e}", "x\r\n");
        let _ = writeln!(page, "{name}: {reason}");
        let _ = write!(page, "{end}");
        page.blank();
        assert_eq!(page.as_str(), "a forged: ok: ␛[2J\u{fffd}\nx\n\n");
    }

    #[test]
    fn escaped_json_is_the_same_document() {
        let value = "\u{202e}\u{9b}\x7f\x1b\"é";
        let text = serde_json::to_string(value).unwrap();
        let safe = json(&text);
        assert!(safe.chars().all(|c| disarmed(c) == c), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), value);
    }
}
