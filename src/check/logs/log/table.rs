//! Lines of a log that match a pattern, counted over a window: of a file, or of a unit's journal.

use regex::RegexBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// A pattern may take this much memory once it is made ready.
const READY: usize = 1 << 20;

/// `log = { path = "/var/log/app.log", pattern = "ERROR", count = "> 10", window = "5m" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogCheck {
    /// The file; the target's where neither it nor a unit is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The unit whose journal is read instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// A regular expression that a line must match; `(?i)` in front of it to take both cases.
    #[schemars(extend("examples" = ["(?i)out of memory", "connect.*refused"]))]
    pub pattern: String,
    /// How many lines match within the window.
    #[schemars(extend("examples" = ["> 10", "= 0"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Bound>,
    /// The window; 5 minutes if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Period>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl LogCheck {
    /// The pattern made ready. Matching takes time linear in the line, whatever the pattern.
    ///
    /// # Errors
    /// In words, on one line.
    pub fn ready(pattern: &str) -> Result<regex::bytes::Regex, String> {
        RegexBuilder::new(pattern).size_limit(READY).build().map_err(|error| in_words(&error))?;
        let ready = regex::bytes::RegexBuilder::new(pattern).size_limit(READY).build();
        ready.map_err(|error| in_words(&error))
    }
}

/// The last line says what is wrong; those before it draw the pattern.
fn in_words(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

impl CheckTable for LogCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Lines of a log that match a pattern, counted over a window.",
        example: "log = { path = \"/var/log/app.log\", pattern = \"ERROR\", count = \"> 10\", window = \"5m\" }",
        condition: "count = \"> 10\"",
        events: "inotify on a file's folder; a journal is read again each time",
        cost: "a file: what was written since the last look, through any rotation. A journal: one journalctl over the window",
        unknown: "the log cannot be read, or grows faster than it can be read; before a whole window was watched, `count = \"= 0\"` does not hold",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        let wrong = Self::ready(&self.pattern).err().filter(|_| !self.pattern.is_empty());
        let both = self.path.is_some() && self.unit.is_some();
        let both =
            both.then(|| ("unit", "a log is a file's or a unit's, not both".to_owned(), "keep `path` or `unit`"));
        let help = "write a regular expression; a special character stands for itself behind a backslash";
        CheckParts::with("path", &["path", "unit"], self.path.as_deref().or(self.unit.as_deref()))
            .every(self.every)
            .timeout(self.timeout)
            .named("path", self.path.as_deref(), NameKind::Path)
            .named("unit", self.unit.as_deref(), NameKind::Unit)
            .text("pattern", Some(&self.pattern))
            .besides(self.pattern.clone())
            .bound("count", self.count, Unit::Count)
            .window("window", self.window)
            .wrong(wrong.map(|why| ("pattern", format!("`pattern` is no regular expression: {why}"), help)))
            .wrong(both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_patterns_are_refused_in_words() {
        for pattern in ["(", "a{1000}{1000}{1000}", "[z-a]", "\\", "(?P<a>b", "*", "\\p{No_such}"] {
            let why = LogCheck::ready(pattern).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{pattern}: {why}");
        }
        assert!(LogCheck::ready("(a+)+$").unwrap().is_match(&[b'a'; 10_000]));
    }
}
