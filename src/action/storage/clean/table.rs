//! Safe deletion of aged files.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::diagnostic::Findings;
use crate::playbook::library::allow_list::{ALLOWED_ROOTS, is_never_cleaned};
use crate::playbook::lint::names;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::{Amount, Period};

/// The shortest `older_than`: younger files may still be in use, whatever their times are.
const YOUNG: Period = Period::from_secs(24 * 3600);

/// `clean = { path = "/tmp", older_than = "7d" }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanAction {
    /// The folder to clean, on the allow-list or below an entry of it.
    pub path: String,
    /// Only files are deleted whose three times are all older than this.
    pub older_than: Period,
    /// The largest number of files to delete; 10,000 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_files: Option<u64>,
    /// The largest number of bytes to delete; no limit if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<Amount>,
}

impl ActionTable for CleanAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "Safe deletion of aged files.",
        examples: &["clean = { path = \"/tmp\", older_than = \"7d\" }"],
        does: "deletes regular files that are old enough and that nobody has open, oldest first, until the verifier has enough",
        replay: Replay::Same,
        risk: "deletion is final; only folders of the allow-list, and what the host's settings add to it",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.typed::<Self>(at, "`clean`", Self::DOCS.examples[0])?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, _: &[&TargetSpec], findings: &mut Findings<'_>) {
        aged(self, at, findings);
    }
}

fn aged(clean: &CleanAction, at: SpannedTable<'_>, findings: &mut Findings<'_>) {
    let span = at.field_span("path");
    if names::path(&clean.path, span.clone(), findings) {
        let roots: Vec<&str> = ALLOWED_ROOTS.iter().map(|root| root.path).collect();
        let path = Path::new(&clean.path);
        if is_never_cleaned(path) {
            let message = format!("`{}` is a system folder or a home, and is never cleaned", clean.path);
            let help = format!("{} may be, and what is below them", roots.join(", "));
            findings.add(Rule::CleanOutside, span, message, help);
        } else if !roots.iter().any(|root| path.starts_with(root)) {
            let message = format!("`{}` may be cleaned only where the host's settings allow it", clean.path);
            let help = format!(
                "without a setting {} may be, and what is below them (`clean_roots` adds to it)",
                roots.join(", ")
            );
            findings.add(Rule::CleanNeedsSetting, span, message, help);
        }
    }
    if clean.older_than.0.is_zero() {
        let message = "`older_than` of no time at all would take every file";
        findings.add(Rule::ZeroTime, at.field_span("older_than"), message, "write older_than = \"7d\"");
    } else if clean.older_than < YOUNG {
        let message = format!("files of {} may still be in use", clean.older_than);
        findings.add(Rule::YoungFiles, at.field_span("older_than"), message, "write older_than = \"1d\" or more");
    }
    if clean.max_files == Some(0) {
        let message = "`max_files` of none at all would delete nothing";
        findings.add(
            Rule::OutOfRange,
            at.field_span("max_files"),
            message,
            "leave it out, or write a number from 1 up",
        );
    }
    if let Some(bytes) = clean.max_bytes
        && !matches!(bytes, Amount::Bytes(1..))
    {
        let message = format!("`max_bytes` is an amount of bytes, not {bytes}");
        findings.add(Rule::WrongAmount, at.field_span("max_bytes"), message, "write max_bytes = \"5GiB\"");
    }
}
