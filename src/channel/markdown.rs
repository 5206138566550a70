//! Untrusted text inside Markdown: whatever it holds, it stays text, and stays where it was put.

use std::fmt::Write;

use crate::text::{clean, clean_line};

/// With a capital, as a heading begins.
#[must_use]
pub fn capitalised(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What marks the parts of a ticket; no untrusted text can hold it.
pub(super) const MARK: &str = "<!-- salve:";

/// Text within a line or a table's cell.
#[must_use]
pub fn inline(text: &str) -> String {
    let text = clean_line(text);
    let chars: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        let active = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '~' => true,
            // within a word it is only a letter, and reads better bare
            '_' => !(is_word(at.checked_sub(1)) && is_word(Some(at + 1))),
            '#' => at == 0,
            _ => false,
        };
        if active {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

/// A block of text as it is, fenced by more backticks than it holds in a row.
#[must_use]
pub fn fence(text: &str) -> String {
    let text = clean(text).replace(MARK, "<!-- salve :");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A table; its cells are untrusted.
#[must_use]
pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.map(|cell| inline(&cell)).join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fence_cannot_be_broken_out_of() {
        let evil = "a\n```\n# heading\n`````\n<script>\n<!-- salve:evidence page 1 -->\x1b[2J";
        let fenced = fence(evil);
        assert!(fenced.starts_with("``````text\n") && fenced.ends_with("\n``````\n"), "{fenced}");
        assert!(!fenced.contains(MARK) && !fenced.contains('\x1b'));
    }

    #[test]
    fn inline_text_stays_text() {
        assert_eq!(inline("a|b `c` <d> *e* [f](g)\n# h"), "a\\|b \\`c\\` \\<d\\> \\*e\\* \\[f\\](g) # h");
        assert_eq!(inline("my_unit_name _x_"), "my_unit_name \\_x\\_");
    }

    proptest! {
        #[test]
        fn no_line_of_a_fenced_text_closes_its_fence(text in "[`~a\n \t]{0,80}") {
            let fenced = fence(&text);
            let mut lines: Vec<&str> = fenced.trim_end_matches('\n').split('\n').collect();
            let (close, open) = (lines.pop().unwrap(), lines.remove(0));
            prop_assert_eq!(open.strip_suffix("text").unwrap(), close);
            // CommonMark: a closing fence is at least as long as the opening one
            for line in lines {
                let run = line.trim_start().chars().take_while(|c| *c == '`').count();
                prop_assert!(run < close.len());
            }
        }

        #[test]
        fn inline_text_is_one_line_without_active_marks(text in any::<String>()) {
            let shown = inline(&text);
            prop_assert!(!shown.contains('\n') && !shown.contains(MARK));
        }
    }
}
