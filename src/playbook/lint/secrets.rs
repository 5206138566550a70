//! Values that may be secrets: where they stand, and the files that they come from.

use super::templates::{self, TemplateUse};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::Sourced;
use crate::text::redact::{names_secret, redact};

/// The value of a variable or a header.
pub fn sourced(
    name: &str,
    value: &Sourced,
    at: SpannedTable<'_>,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    match value {
        Sourced::Text(text) => {
            templates::template(text, at, TemplateUse::Attempt, targets, findings);
            if (names_secret(name) && !text.0.is_empty()) || redact(&text.0) != text.0 {
                let message = format!("the value of `{name}` is a secret that everyone who may read this file can see");
                let help =
                    format!("put it alone into a file of mode 0600: {name} = {{ file = \"/etc/salve/NAME.key\" }}");
                findings.add(Rule::SecretInText, at.span(), message, help);
            }
        }
        Sourced::File(from) if !from.file.is_absolute() => {
            let help = "write the whole path: { file = \"/etc/salve/NAME.key\" }";
            findings.add(Rule::BadValue, at.field_span("file"), "a secret's file has an absolute path", help);
        }
        Sourced::File(_) => {}
    }
}
