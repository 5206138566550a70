//! A mistake, its place and its mend, drawn with the marked source.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::text::{clean, clean_line};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The playbook loads all the same.
    Warning,
    /// The playbook is rejected.
    Error,
}

/// Something wrong with a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which rule it breaks.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The right form.
    pub help: Option<String>,
}

/// Every rule, with a stable code.
macro_rules! rules {
    ($($rule:ident => $code:literal, $severity:ident;)*) => {
        /// The rules that a playbook must keep.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule { $(#[doc = concat!("`", $code, "`")] $rule,)* }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$rule => $code,)* }
            }

            /// How bad it is to break it.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    Syntax => "syntax", Error;
    UnknownKey => "unknown-key", Error;
    UnknownKind => "unknown-kind", Error;
    MissingKey => "missing-key", Error;
    WrongValue => "wrong-value", Error;
    FileName => "file-name", Error;
    FileTooLarge => "file-too-large", Error;
    FileNotTrusted => "file-not-trusted", Error;
    EmptyTitle => "empty-title", Error;
    ControlCharacter => "control-character", Error;
    NoTarget => "no-target", Error;
    TwoTargets => "two-targets", Error;
    TargetName => "target-name", Error;
    TargetPath => "target-path", Error;
    TargetGlob => "target-glob", Error;
    NoDetector => "no-detector", Error;
    NoVerifier => "no-verifier", Error;
    NoCondition => "no-condition", Error;
    ObjectMissing => "object-missing", Error;
    WrongUnit => "wrong-unit", Error;
    HighRiskActs => "high-risk-acts", Error;
    WeakVerifier => "weak-verifier", Error;
    Contradiction => "contradiction", Error;
    CleanOutside => "clean-outside", Error;
    CleanNeedsSetting => "clean-needs-setting", Warning;
    EmptyRung => "empty-rung", Error;
    EmptyArguments => "empty-arguments", Error;
    RelativeProgram => "relative-program", Error;
    ShellWithPlaceholder => "shell-with-placeholder", Error;
    Shell => "shell", Warning;
    UnknownPlaceholder => "unknown-placeholder", Error;
    UnfilledPlaceholder => "unfilled-placeholder", Error;
    VerbNeedsUnit => "verb-needs-unit", Error;
    ZeroTime => "zero-time", Error;
    LongTime => "long-time", Error;
    ZeroAttempts => "zero-attempts", Error;
    ManyAttempts => "many-attempts", Error;
    NarrowWindow => "narrow-window", Error;
    TwiceNamed => "twice-named", Error;
    NeedsItself => "needs-itself", Error;
    BreakerTimes => "breaker-times", Error;
    AttachmentSize => "attachment-size", Error;
    NothingToDo => "nothing-to-do", Warning;
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Diagnostic {
    /// At a place of a text.
    #[must_use]
    pub fn at(rule: Rule, file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor(text, span.start);
        let end = floor(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            rule,
            severity: rule.severity(),
            file: clean_line(file).into_owned(),
            span: start..end,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: clean_line(&message.into()).into_owned(),
            help: None,
        }
    }

    /// With the right form.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(clean_line(&help.into()).into_owned());
        self
    }

    /// Drawn, with the marked source: `source` is the text that was read.
    #[must_use]
    pub fn render(&self, source: &str, colour: bool) -> String {
        // one replacement for one byte range: control characters would move the marks
        let shown: String = source.chars().map(|c| if is_harmless(c) { c } else { '?' }).collect();
        let shift = |at: usize| source[..floor(source, at)].chars().map(shown_len).sum::<usize>();
        let span = shift(self.span.start)..shift(self.span.end);
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let snippet = Snippet::source(&shown).path(&self.file).annotation(AnnotationKind::Primary.span(span));
        let title = level.primary_title(self.message.as_str()).id(self.rule.code());
        let mut report = vec![title.element(snippet)];
        if let Some(help) = &self.help {
            report.push(annotate_snippets::Group::with_title(Level::HELP.secondary_title(help.as_str())));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let drawn = renderer.render(&report);
        if colour { drawn } else { clean(&drawn).into_owned() }
    }
}

fn is_harmless(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    c == '\r' || clean(text) == text
}

fn shown_len(c: char) -> usize {
    if is_harmless(c) { c.len_utf8() } else { 1 }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The known name that is nearest to what was written, if one is near at all.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(name, written), name))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
