//! Compares two texts line by line.

use similar::{ChangeTag, TextDiff};

/// Whether a line is in both texts or in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineChange {
    /// The line stands in both texts.
    Same,
    /// Only in the old text.
    Gone,
    /// Only in the new text.
    New,
}

/// The lines of both texts in the order of reading, without their line ends.
#[must_use]
pub fn difference(old: &str, new: &str) -> Vec<(LineChange, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let compared = TextDiff::from_slices(&old, &new);
    let told = |tag| match tag {
        ChangeTag::Equal => LineChange::Same,
        ChangeTag::Delete => LineChange::Gone,
        ChangeTag::Insert => LineChange::New,
    };
    compared.iter_all_changes().map(|change| (told(change.tag()), change.value().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_changed_line_goes_and_comes() {
        let told = difference("a\nb\nc\n", "a\nB\nc");
        let lines: Vec<(LineChange, &str)> = told.iter().map(|(change, line)| (*change, line.as_str())).collect();
        assert_eq!(
            lines,
            [(LineChange::Same, "a"), (LineChange::Gone, "b"), (LineChange::New, "B"), (LineChange::Same, "c")]
        );
        assert_eq!(difference("", ""), []);
        assert_eq!(difference("", "x\n"), [(LineChange::New, "x".to_owned())]);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_had_back(old in "([ab]\n){0,12}", new in "([ab]\n){0,12}") {
            let told = difference(&old, &new);
            let of = |other: LineChange| -> String {
                let lines = told.iter().filter(|(change, _)| *change != other);
                lines.flat_map(|(_, line)| [line.as_str(), "\n"]).collect()
            };
            prop_assert_eq!(of(LineChange::New), old);
            prop_assert_eq!(of(LineChange::Gone), new);
        }
    }
}
