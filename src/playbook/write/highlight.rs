//! Finds the class of each character of a text, for colours. The text need not be TOML yet.

use std::ops::Range;

use super::lex::{LineEnd, Token, What, lex};
use super::scanner::Walker;

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HighlightClass {
    /// From `#` to the line's end.
    Comment,
    /// `[detect]`, with its brackets.
    Header,
    /// What stands before `=`.
    Key,
    /// Between quotes, with them.
    Text,
    /// A number or a time.
    Number,
    /// A boolean, `true` or `false`.
    Word,
    /// `=`, commas and brackets.
    Punctuation,
    /// What cannot stand here, and a text whose closing quotes are missing.
    Wrong,
}

/// The classes of each line, as ranges of its characters in rising order; blanks between them have none. Lines are
/// parted by `\n`, as an editor counts them: a text that ends with one has an empty last line.
#[must_use]
pub fn highlight(source: &str) -> Vec<Vec<(Range<usize>, HighlightClass)>> {
    let mut walker = Walker::new();
    lex(source).iter().enumerate().map(|(nth, tokens)| line(&mut walker, nth, tokens)).collect()
}

fn line(walker: &mut Walker, nth: usize, tokens: &[Token]) -> Vec<(Range<usize>, HighlightClass)> {
    walker.line(nth, tokens);
    let mut inks: Vec<(Range<usize>, HighlightClass)> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut ink = walker.step(nth, token);
        if matches!(&token.what, What::Text(text) if text.end == LineEnd::Unfinished) {
            ink = HighlightClass::Wrong;
        }
        match inks.last_mut() {
            // a header is one piece, with the blanks in it
            Some((range, HighlightClass::Header)) if ink == HighlightClass::Header => range.end = token.chars.end,
            _ => inks.push((token.chars.clone(), ink)),
        }
    }
    inks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::library::SHIPPED;

    /// Each piece with its ink's first letter: `k:title`.
    fn told(source: &str) -> Vec<String> {
        let pieces = |(line, inks): (&str, Vec<(Range<usize>, HighlightClass)>)| {
            let chars: Vec<char> = line.chars().collect();
            let piece = |(range, ink): (Range<usize>, HighlightClass)| {
                let ink = format!("{ink:?}").chars().next().unwrap().to_ascii_lowercase();
                format!("{ink}:{}", chars[range].iter().collect::<String>())
            };
            inks.into_iter().map(piece).collect::<Vec<_>>()
        };
        source.split('\n').zip(highlight(source)).flat_map(pieces).collect()
    }

    #[test]
    fn a_playbook_has_its_inks() {
        assert_eq!(told("# é\ntitle = \"x\" # y"), ["c:# é", "k:title", "p:=", "t:\"x\"", "c:# y"]);
        assert_eq!(told("[[ detect.unit ]] # x"), ["h:[[ detect.unit ]]", "c:# x"]);
        assert_eq!(told("a = [1, 2.5,]"), ["k:a", "p:=", "p:[", "n:1", "p:,", "n:2.5", "p:,", "p:]"]);
        assert_eq!(told("a.b = { c = true }"), ["k:a.b", "p:=", "p:{", "k:c", "p:=", "w:true", "p:}"]);
    }

    #[test]
    fn what_cannot_stand_there_is_wrong() {
        assert_eq!(told("a = \"x"), ["k:a", "p:=", "w:\"x"]);
        assert_eq!(told("a = active"), ["k:a", "p:=", "w:active"]);
        assert_eq!(highlight("a = active")[0][2].1, HighlightClass::Wrong);
        assert_eq!(highlight("a = 1 2")[0][3].1, HighlightClass::Wrong);
        assert_eq!(highlight("[a] b")[0], [(0..3, HighlightClass::Header), (4..5, HighlightClass::Wrong)]);
        assert_eq!(highlight("a = ]")[0][2].1, HighlightClass::Wrong);
        assert_eq!(highlight("a = { b = 1 ]")[0][6].1, HighlightClass::Wrong);
    }

    #[test]
    fn a_bracket_left_open_spoils_nothing_beyond_the_next_header_or_key() {
        let lines =
            highlight("[remediate]\ndo = [{ unit = \"restart\" }\ntimeout = \"30s\"\nto = [\n[verify]\nwithin = 1");
        assert_eq!(
            lines[2],
            [(0..7, HighlightClass::Key), (8..9, HighlightClass::Punctuation), (10..15, HighlightClass::Text)]
        );
        assert_eq!(lines[4], [(0..8, HighlightClass::Header)]);
        assert_eq!(lines[5][0].1, HighlightClass::Key);
    }

    #[test]
    fn texts_of_several_lines_are_text_on_each() {
        let lines = highlight("a = '''\nb = 1\n[c]'''\nd = 2");
        assert_eq!(lines[1], [(0..5, HighlightClass::Text)]);
        assert_eq!(lines[2], [(0..6, HighlightClass::Text)]);
        assert_eq!(lines[3][0].1, HighlightClass::Key);
    }

    #[test]
    fn nothing_in_a_shipped_playbook_is_wrong() {
        for (name, text) in SHIPPED {
            assert!(highlight(text).iter().flatten().all(|(_, ink)| *ink != HighlightClass::Wrong), "{name}");
        }
    }

    /// Pieces of TOML, rightly and wrongly put together.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "[", "]", "{", "}", "=", ",", ".", "\"", "\"\"\"", "'", "'''", "\\", "#", "\n", "\r\n", " ", "a", "1", "é",
            "true",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// A value, with lists over several lines and tables in them.
    fn value() -> impl Strategy<Value = String> {
        let plain = vec![
            "1",
            "-2.5e3",
            "0xff",
            "true",
            "inf",
            "1979-05-27T07:32:00Z",
            "\"a # b\"",
            "'\\'",
            "\"\\\"\"",
            "\"\"",
            "'''a\n]'b\n'''",
            "\"\"\"\n[a]\nb = \\\"\"\"\"\"\"",
        ];
        let leaf = prop::sample::select(plain).prop_map(str::to_owned);
        leaf.prop_recursive(3, 12, 4, |inner| {
            let comma = prop::sample::select(vec![",", ", ", ",\n", " , # ] }\n"]);
            let list = (prop::collection::vec(inner.clone(), 0..4), comma.clone(), any::<bool>()).prop_map(
                |(values, comma, last)| {
                    format!("[{}{}]", values.join(comma), if last && !values.is_empty() { comma } else { "" })
                },
            );
            let table = prop::collection::vec(inner, 0..3).prop_map(|values| {
                let entry = |(nth, value)| format!("k{nth} = {value}");
                format!("{{ {} }}", values.iter().enumerate().map(entry).collect::<Vec<_>>().join(", "))
            });
            prop_oneof![list, table]
        })
    }

    /// A file that is mostly TOML.
    fn file() -> impl Strategy<Value = String> {
        let header = prop::sample::select(vec!["", "", "[h]\n", "[[ h . \"i j\" ]] # k\r\n", "# [x\n"]);
        prop::collection::vec((header, value()), 1..5).prop_map(|lines| {
            let line = |(nth, (header, value)): (usize, (&str, String))| format!("{header}a{nth}.'b' = {value} # c\n");
            lines.into_iter().enumerate().map(line).collect::<Vec<_>>().concat()
        })
    }

    proptest! {
        #[test]
        fn every_text_has_inks_that_stand_in_its_lines(text in prop_oneof![any::<String>(), pieces()]) {
            let painted = highlight(&text);
            let lines: Vec<&str> = text.split('\n').collect();
            prop_assert_eq!(painted.len(), lines.len());
            for (line, inks) in lines.iter().zip(painted) {
                let mut last = 0;
                for (range, _) in &inks {
                    prop_assert!(last <= range.start && range.start < range.end && range.end <= line.chars().count());
                    last = range.end;
                }
            }
        }

        /// What `toml` reads without a word has nothing wrong in it.
        #[test]
        fn what_is_toml_is_not_called_wrong(text in prop_oneof![pieces(), file(), file()]) {
            if toml::from_str::<toml::Table>(&text).is_ok() {
                prop_assert!(highlight(&text).iter().flatten().all(|(_, ink)| *ink != HighlightClass::Wrong), "{}", text);
            }
        }
    }
}
