//! Texts that people read, and names that channels have.

use std::ops::Range;

use crate::playbook::diagnostic::Findings;
use crate::playbook::read::spanned::SpannedValue;
use crate::playbook::rule::Rule;
use crate::playbook::write::draft::Draft;
use crate::text::clean_line;

/// A title fits a line.
const TITLE: usize = 120;
/// What a check looks for in a text.
const WANTED: usize = 1000;

pub fn lint(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    if let Some(title) = &draft.title {
        text(&title.value, "a title", TITLE, title.at.span(), findings);
    }
    for need in &draft.needs {
        text(need.value.playbook(), "a playbook's name or title", TITLE, need.at.span(), findings);
    }
    for channel in &draft.to {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if channel.value.is_empty() || channel.value.len() > 64 || !channel.value.chars().all(plain) {
            let message = format!("`{}` cannot be a channel's name", channel.value);
            findings.add(Rule::BadText, channel.at.span(), message, "letters, digits, `-`, `_` and `.` only");
        }
    }
    twice(&draft.needs, "needed", |need| need.playbook().into(), findings);
    twice(&draft.to, "called", Clone::clone, findings);
    for check in draft.detect.iter().chain(&draft.verify) {
        for (key, wanted) in check.value.parts().texts {
            text(wanted, &format!("`{key}`"), WANTED, check.at.field_span(key), findings);
        }
    }
}

fn text(text: &str, what: &str, most: usize, span: Range<usize>, findings: &mut Findings<'_>) {
    let why = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if text.chars().count() > most {
        format!("has more than {most} characters")
    } else if clean_line(text) != text {
        "holds control characters, or marks that turn text around".to_owned()
    } else {
        return;
    };
    findings.add(Rule::BadText, span, format!("{what} {why}"), "write one plain line");
}

fn twice<T: PartialEq>(
    all: &[SpannedValue<'_, T>],
    what: &str,
    name: impl Fn(&T) -> String,
    findings: &mut Findings<'_>,
) {
    for (nth, one) in all.iter().enumerate() {
        if all[..nth].iter().any(|before| before.value == one.value) {
            let message = format!("`{}` is {what} twice", name(&one.value));
            findings.add(Rule::Duplicate, one.at.span(), message, "leave one out");
        }
    }
}
