//! Every sign that is not a letter, once in Unicode and once in ASCII, so that no view needs to ask which is meant.

/// The signs of one character set; each is one column wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Only ASCII may reach the terminal.
    pub ascii: bool,
    /// A horizontal rule.
    pub rule: char,
    /// Between two panes.
    pub wall: char,
    /// Where a wall begins below a rule.
    pub tee_down: char,
    /// Where a rule begins to the right of a wall.
    pub tee_right: char,
    /// Where a wall ends on top of a rule.
    pub tee_up: char,
    /// Where a rule from the left ends at a wall.
    pub tee_left: char,
    /// The corners of a frame: top left, top right, bottom left, bottom right.
    pub corners: [char; 4],
    /// Before the selected row.
    pub cursor: char,
    /// Something needs a person.
    pub asks: char,
    /// The fault is there, and nothing is being done about it.
    pub broken: char,
    /// An attempt runs, or its effect is being verified.
    pub fixing: char,
    /// Holds, but not yet for its hold time.
    pub pending: char,
    /// Cannot be seen.
    pub unknown: char,
    /// All is well.
    pub ok: char,
    /// Does not apply here.
    pub none: char,
    /// The gauge: filled, the band's beginning, the figure itself, the rest, its two ends.
    pub gauge: [char; 6],
    /// Text was cut here.
    pub cut: char,
    /// All was well, in the timeline.
    pub calm: char,
    /// The sparkline's steps, lowest first.
    pub spark: &'static [char],
    /// Before an entry of a list.
    pub bullet: char,
}

impl Glyphs {
    /// For terminals in a UTF-8 locale.
    pub const UNICODE: Self = Self {
        ascii: false,
        rule: '─',
        wall: '│',
        tee_down: '┬',
        tee_right: '├',
        tee_up: '┴',
        tee_left: '┤',
        corners: ['┌', '┐', '└', '┘'],
        cursor: '›',
        asks: '!',
        broken: '✗',
        fixing: '*',
        pending: '~',
        unknown: '?',
        ok: '+',
        none: ' ',
        gauge: ['━', '╋', '●', '┄', '┣', '┫'],
        cut: '…',
        calm: '·',
        spark: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        bullet: '•',
    };

    /// For everything else.
    pub const ASCII: Self = Self {
        ascii: true,
        rule: '-',
        wall: '|',
        tee_down: '+',
        tee_right: '+',
        tee_up: '+',
        tee_left: '+',
        corners: ['+'; 4],
        cursor: '>',
        asks: '!',
        broken: 'x',
        fixing: '*',
        pending: '~',
        unknown: '?',
        ok: '+',
        none: ' ',
        gauge: ['=', '+', '#', '-', '|', '|'],
        cut: '~',
        calm: '.',
        spark: &['_', '.', ':', '-', '=', '+', '*', '#'],
        bullet: '*',
    };

    /// As asked for, else by the locale.
    #[must_use]
    pub fn choose(ascii: Option<bool>) -> Self {
        if ascii.unwrap_or_else(locale_is_ascii) { Self::ASCII } else { Self::UNICODE }
    }
}

/// Does the environment promise no UTF-8?
fn locale_is_ascii() -> bool {
    let set = |name: &str| std::env::var(name).ok();
    is_ascii(set("TERM").as_deref(), ["LC_ALL", "LC_CTYPE", "LANG"].map(set))
}

/// By the terminal and the locale, whose first variable that says something wins. The Linux console's own font lacks
/// too many signs to be trusted with Unicode.
fn is_ascii(terminal: Option<&str>, locale: [Option<String>; 3]) -> bool {
    let locale = locale.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default().to_lowercase();
    matches!(terminal, Some("linux" | "dumb" | "vt100" | "vt220"))
        || !(locale.contains("utf-8") || locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn every_sign_is_one_column_and_the_ascii_twins_are_ascii() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let Glyphs { rule, wall, tee_down, tee_right, tee_up, cursor, asks, broken, fixing, .. } = glyphs;
            let Glyphs {
                pending, unknown, ok, none, gauge, cut, calm, spark, bullet, ascii, tee_left, corners, ..
            } = glyphs;
            let single = [rule, wall, tee_down, tee_right, tee_up, cursor, asks, broken, fixing, pending, unknown];
            let all = single
                .into_iter()
                .chain([ok, none, cut, calm, bullet, tee_left])
                .chain(corners)
                .chain(gauge)
                .chain(spark.iter().copied());
            for sign in all {
                assert_eq!(sign.width(), Some(1), "{sign}");
                assert!(!ascii || sign.is_ascii(), "{sign}");
            }
        }
    }

    #[test]
    fn the_first_variable_of_the_locale_that_says_something_wins() {
        let ascii = |term: &str, locale: [&str; 3]| {
            is_ascii(Some(term), locale.map(|value| (value != "-").then(|| value.to_owned())))
        };
        assert!(!ascii("xterm", ["-", "-", "en_US.UTF-8"]));
        assert!(!ascii("xterm", ["C.utf8", "-", "C"]));
        assert!(!ascii("xterm", ["", "de_DE.UTF-8", "POSIX"]), "an empty one says nothing");
        assert!(ascii("xterm", ["C", "en_US.UTF-8", "en_US.UTF-8"]));
        assert!(ascii("xterm", ["-", "de_DE.ISO-8859-1", "en_US.UTF-8"]));
        assert!(ascii("xterm", ["-", "-", "-"]));
        assert!(ascii("linux", ["-", "-", "en_US.UTF-8"]));
    }
}
