//! Reports the TOML parser's errors without their consequences: one missing bracket makes everything after it look
//! wrong.

use std::collections::BTreeSet;

use toml::de::Error;

use super::duplicate;
use crate::playbook::diagnostic::Findings;
use crate::playbook::rule::Rule;

/// Reports the parser's errors, at most one for each line.
pub fn tell(errors: &[Error], findings: &mut Findings<'_>) {
    let end = findings.text.len();
    let mut lines = BTreeSet::new();
    // the parser tells of a text's own errors last
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map_or(end, |span| span.start));
    for error in errors {
        if findings.is_full() {
            return;
        }
        // where the parser has lost its way, the end of the file is where it noticed
        let span = error.span().unwrap_or(end..end);
        let before = &findings.text[..findings.text.floor_char_boundary(span.start.min(end))];
        if lines.insert(before.matches('\n').count()) {
            let help = if error.message().contains("duplicate key") {
                duplicate::help(findings.text, span.start)
            } else {
                help(error.message()).to_owned()
            };
            findings.add(Rule::Syntax, span, error.message(), help);
        }
        if error.message().contains("array") {
            // a list that is not closed takes in all that follows, and every word of it is in its way
            break;
        }
    }
}

fn help(message: &str) -> &'static str {
    const HELP: [(&str, &str); 7] = [
        ("must be quoted", "write a value here; text stands in quotation marks"),
        ("basic string", "close the text with a quotation mark"),
        ("literal string", "close the text with a quotation mark"),
        ("key with no value", "write key = value"),
        ("unclosed table", "close the header with `]`"),
        ("array", "is the list before it closed with `]`, and are its entries parted by commas?"),
        ("inline table", "is the table before it closed with `}`, and are its entries parted by commas?"),
    ];
    HELP.into_iter().find_map(|(said, help)| message.contains(said).then_some(help)).unwrap_or("see https://toml.io")
}

/// Drops findings that are only due to a guess, because the tree of a file with invalid TOML is a guess.
pub fn forgive(findings: &mut Findings<'_>) {
    let guessed = [Rule::WrongType, Rule::MissingKey, Rule::NoActions, Rule::UnknownKey, Rule::UnknownKind];
    let broken: BTreeSet<usize> =
        findings.found.iter().filter(|found| found.rule == Rule::Syntax).map(|found| found.line).collect();
    findings
        .found
        .retain(|found| found.rule == Rule::Syntax || !(guessed.contains(&found.rule) || broken.contains(&found.line)));
}
