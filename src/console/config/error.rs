//! What is wrong with a file that was written by hand, and where: one sentence that an editor can jump to.

use std::path::{Path, PathBuf};

use crate::text::clean_line;

/// A file says something that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", clean_line(&file.to_string_lossy()))]
pub struct Misread {
    /// Path of the file that was read.
    file: PathBuf,
    /// Number of the line with the mistake, counted from 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// What is wrong, and the right form; cleaned, because it may quote the file.
    message: String,
}

impl Misread {
    /// At this byte of the file's text.
    #[must_use]
    pub fn at(file: &Path, text: &str, byte: usize, message: &str) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let column = before.chars().rev().take_while(|sign| *sign != '\n').count() + 1;
        let (line, message) = (before.matches('\n').count() + 1, clean_line(message).into_owned());
        Self { file: file.into(), line, column, message }
    }

    /// From what the TOML reader says.
    #[must_use]
    pub fn toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().replace('\n', "; ");
        Self::at(file, text, error.span().map_or(0, |span| span.start), &message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_and_column_count_characters_from_one() {
        let at = |byte| {
            let wrong = Misread::at(Path::new("f"), "ä = 1\nöx = 2\n", byte, "no");
            (wrong.line, wrong.column)
        };
        assert_eq!([at(0), at(2), at(7), at(9), at(400)], [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]);
        let wrong = Misread::at(Path::new("a/b.toml"), "x", 0, "forged\n\x1b[2J");
        assert_eq!(wrong.to_string(), "a/b.toml:1:1: forged ␛[2J");
    }
}
