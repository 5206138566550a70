//! Untrusted text: output, names, paths. Cleaned at the door, and again at the screen.

pub mod redact;
pub mod secret;

use std::borrow::Cow;

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
}
