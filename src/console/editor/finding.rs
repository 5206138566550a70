//! What the reader says about the text: the real one, the same that loads playbooks.

use std::ops::Range;
use std::sync::Arc;

use super::EditedFile;
use super::text::TextBuffer;
use crate::playbook::{Diagnostic, Origin, read};

/// Mistakes and warnings of one revision, in the order of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EditorFindings {
    /// All of them.
    pub all: Vec<EditorFinding>,
    /// What was read.
    source: Arc<str>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct EditorFinding {
    /// What and where.
    pub diagnostic: Diagnostic,
    /// Its line, from 0.
    pub line: usize,
    /// Its characters in that line.
    pub columns: Range<usize>,
}

impl EditorFindings {
    /// Reads a text.
    #[must_use]
    pub fn of(subject: &EditedFile, text: &str) -> Self {
        let file = subject.path.file_name().map_or_else(String::new, |file| file.to_string_lossy().into_owned());
        let read = read::read(&file, &subject.name, Origin::User(subject.path.clone()), text);
        let all = read.diagnostics.into_iter().map(|diagnostic| EditorFinding::of(diagnostic, text)).collect();
        Self { all, source: text.into() }
    }

    /// One of them drawn with its marked source. Only what is looked at is drawn: it takes the whole text each time.
    #[must_use]
    pub fn drawn(&self, finding: &EditorFinding) -> String {
        finding.diagnostic.render(&self.source, false)
    }

    /// How many keep it from loading.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.all.iter().filter(|finding| finding.diagnostic.is_error()).count()
    }

    /// The worst on a line.
    #[must_use]
    pub fn on(&self, line: usize) -> Option<&EditorFinding> {
        let mut here = self.all.iter().filter(|finding| finding.line == line);
        let first = here.clone().next();
        here.find(|finding| finding.diagnostic.is_error()).or(first)
    }

    /// What the cursor is on: on its characters, else on its line, and where it stands among all.
    #[must_use]
    pub fn under(&self, (line, column): (usize, usize)) -> Option<(usize, &EditorFinding)> {
        let mut here = self.all.iter().enumerate().filter(|(_, finding)| finding.line == line);
        let first = here.clone().next();
        here.find(|(_, finding)| finding.columns.start <= column && column < finding.columns.end).or(first)
    }

    /// Moves the cursor to the next or the former one, around the end. False where there is none.
    pub fn go(&self, text: &mut TextBuffer, on: bool) -> bool {
        let here = text.cursor();
        let place = |finding: &EditorFinding| (finding.line, finding.columns.start);
        let next = if on {
            self.all.iter().find(|finding| place(finding) > here).or(self.all.first())
        } else {
            self.all.iter().rfind(|finding| place(finding) < here).or(self.all.last())
        };
        if let Some(finding) = next {
            text.go(finding.line, finding.columns.start);
        }
        next.is_some()
    }
}

impl EditorFinding {
    fn of(diagnostic: Diagnostic, text: &str) -> Self {
        let marked = text.get(diagnostic.span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        let (line, start) = (diagnostic.line - 1, diagnostic.column - 1);
        let columns = start..start + marked.chars().count().max(1);
        Self { diagnostic, line, columns }
    }
}
