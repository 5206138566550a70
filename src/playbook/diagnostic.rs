//! An error or warning in a playbook file: its place and the fix, rendered with the marked source.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::rule::{Rule, Severity};
use crate::text::{clean, clean_line};

/// The width of a rendered diagnostic, in columns.
const WIDTH: usize = 120;
/// How many diagnostics of one file are reported at most.
const MOST: usize = 200;

/// One error or warning in one file. Its texts are safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Diagnostic {
    /// Which rule was broken.
    pub rule: Rule,
    /// Error or warning.
    pub severity: Severity,
    /// The file's shown name.
    pub file: Arc<str>,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// Where, counted from 1.
    pub line: usize,
    /// Where in the line, in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The right form.
    pub help: String,
}

impl Diagnostic {
    /// Places a mistake in a text. A span beyond the text, or through a character, is moved to where it can be marked.
    pub fn new(rule: Rule, file: &str, text: &str, span: Range<usize>, message: &str, help: &str) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            rule,
            severity: rule.severity(),
            file: clean_line(file).into(),
            span: start..end,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: clean_line(message).into_owned(),
            help: clean_line(help).into_owned(),
        }
    }

    /// Whether it keeps the playbook from loading.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Draws it with the marked source, several lines, no newline at the end. `source` is the file's text.
    #[must_use]
    pub fn render(&self, source: &str, colour: bool) -> String {
        let (shown, span) = shown(source, &self.span);
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mark = AnnotationKind::Primary.span(span);
        let mut group = level
            .primary_title(&*self.message)
            .id(self.rule.code())
            .element(Snippet::source(shown).path(&*self.file).annotation(mark));
        if !self.help.is_empty() {
            group = group.element(Level::HELP.message(&*self.help));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(WIDTH).render(&[group])
    }
}

/// The source as it may be shown, and where the span lies in that: cleaning changes lengths.
fn shown(source: &str, span: &Range<usize>) -> (String, Range<usize>) {
    let start = source.floor_char_boundary(span.start.min(source.len()));
    let end = source.ceil_char_boundary(span.end.clamp(start, source.len()));
    let show = |part: &str| clean(&part.replace("\r\n", "\n")).into_owned();
    let mut shown = show(&source[..start]);
    let from = shown.len();
    shown.push_str(&show(&source[start..end]));
    let to = shown.len();
    shown.push_str(&show(&source[end..]));
    (shown, from..to)
}

/// Mistakes as they are found in one text.
#[derive(Debug)]
pub struct Findings<'t> {
    /// The file's shown name.
    pub file: &'t str,
    /// The file's text, which spans refer to by byte.
    pub text: &'t str,
    /// The errors and warnings found so far, in order of discovery.
    pub found: Vec<Diagnostic>,
}

impl<'t> Findings<'t> {
    /// No findings yet.
    pub fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// Adds a finding; the same one at the same place is added once.
    pub fn add(&mut self, rule: Rule, span: Range<usize>, message: impl AsRef<str>, help: impl AsRef<str>) {
        if self.is_full() {
            return;
        }
        let next = Diagnostic::new(rule, self.file, self.text, span, message.as_ref(), help.as_ref());
        if !self.found.contains(&next) {
            self.found.push(next);
        }
    }

    /// Adds a finding with a severity other than its rule's.
    pub fn add_as(
        &mut self,
        severity: Severity,
        rule: Rule,
        span: Range<usize>,
        message: impl AsRef<str>,
        help: impl AsRef<str>,
    ) {
        let before = self.found.len();
        self.add(rule, span, message, help);
        for found in &mut self.found[before..] {
            found.severity = severity;
        }
    }

    /// Whether the limit of findings is reached.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// Whether any finding keeps the file from being used.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(Diagnostic::is_error)
    }

    /// The findings in the order of the file.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| (found.span.start, found.span.end));
        self.found
    }
}

/// The nearest of some names, if any is near enough to be meant.
pub fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Names as a reader would list them: `` `a`, `b` or `c` ``.
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\nü = \"ß\" x\n";
        let at = text.find('x').unwrap();
        let found = Diagnostic::new(Rule::Syntax, "f.toml", text, at..at + 1, "m", "");
        assert_eq!((found.line, found.column), (2, 9));
    }

    #[test]
    fn a_span_that_fits_no_text_is_drawn_all_the_same() {
        for (text, span) in [("", 0..9), ("ü", 1..1), ("a\n", Range { start: 5, end: 2 }), ("\r\n\r\n", 1..3)] {
            let found = Diagnostic::new(Rule::Syntax, "f", text, span, "m", "h");
            assert!(found.render(text, false).contains("error[syntax]: m"));
        }
    }

    #[test]
    fn nothing_in_the_source_reaches_the_terminal_as_a_command() {
        let text = "a = \"\x1b[2J\u{202e}\"\r\n";
        let found = Diagnostic::new(Rule::Syntax, "\x1b.toml", text, 4..10, "\x1b[31m", "\x07");
        let drawn = found.render(text, false);
        assert!(!drawn.contains(['\x1b', '\x07', '\u{202e}', '\r']), "{drawn}");
        assert!(drawn.contains('␛'));
    }

    #[test]
    fn only_a_near_name_is_offered() {
        assert_eq!(nearest("atempts", ["attempts", "window"]), Some("attempts"));
        assert_eq!(nearest("xyz", ["attempts", "window"]), None);
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
