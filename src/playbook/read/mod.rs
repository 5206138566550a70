//! Reads a playbook from text: every error of a file is reported at once, each with its place and the right form.
//!
//! ```text
//! text --TOML--> tree with spans --sections--> draft --lint--> playbook, or what is wrong
//! ```

pub(super) mod command_line;
mod duplicate;
mod forms;
mod misplaced;
mod other_formats;
pub mod reader;
mod sections;
mod serde_error;
pub mod spanned;
mod syntax;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::misplaced::KindNames;
use self::reader::TreeReader;
use self::spanned::SpannedTable;
use super::action::Action;
use super::check::Check;
use super::diagnostic::{Diagnostic, Findings};
use super::lint;
use super::model::{Origin, Playbook};
use super::rule::Rule;

/// No playbook needs more bytes than this.
pub const MAX_BYTES: usize = 64 * 1024;

/// The kinds that a playbook's keys are looked up in.
const KINDS: KindNames = KindNames { checks: Check::KINDS, actions: Action::KINDS };

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFile {
    /// The playbook; only where no diagnostic is an error.
    pub playbook: Option<Playbook>,
    /// Errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl ParsedFile {
    /// The result for a file that could not be read at all: one error, and no source to mark.
    #[must_use]
    pub fn refused(file: &str, rule: Rule, message: &str, help: &str) -> Self {
        Self { playbook: None, diagnostics: vec![Diagnostic::new(rule, file, "", 0..0, message, help)] }
    }
}

/// Reads and lints one playbook. `file` is how the file is called in diagnostics, `name` the playbook's name.
#[must_use]
pub fn read(file: &str, name: &str, origin: Origin, text: &str) -> ParsedFile {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; a playbook has at most {MAX_BYTES}", text.len());
        return ParsedFile::refused(file, Rule::FileTooLarge, &message, "make one playbook of each failure class");
    }
    let mut findings = Findings::new(file, text);
    check_name(name, &mut findings);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty()
        && let Some(other) = other_formats::recognise(text)
    {
        let message = format!("this is {}, and a playbook is TOML", other.name);
        let help = format!("write {}; `salve playbook new` prints whole playbooks to begin with", other.right);
        findings.add(Rule::Syntax, other.span, message, help);
        return ParsedFile { playbook: None, diagnostics: findings.sorted() };
    }
    syntax::tell(&errors, &mut findings);
    let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    let mut reader = TreeReader { findings, kinds: Some(KINDS) };
    let draft = sections::draft(&mut reader, SpannedTable::root(&root), !errors.is_empty());
    let TreeReader { mut findings, .. } = reader;
    lint::lint(&draft, name, &mut findings);
    if !errors.is_empty() {
        syntax::forgive(&mut findings);
    }
    let diagnostics = findings.sorted();
    let rejected = diagnostics.iter().any(Diagnostic::is_error);
    ParsedFile { playbook: if rejected { None } else { draft.finish(name, origin, text) }, diagnostics }
}

/// Reads any other TOML file of salve's with diagnostics of the same kind: `with` reads its tree and adds what is wrong
/// to the reader's findings. The diagnostics come in the order of the file. What `with` makes of a file with errors is
/// a guess.
pub fn document<T>(
    file: &str,
    text: &str,
    with: impl for<'t> FnOnce(&mut TreeReader<'t>, SpannedTable<'t>) -> T,
) -> (T, Vec<Diagnostic>) {
    let mut findings = Findings::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    syntax::tell(&errors, &mut findings);
    let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    let mut reader = TreeReader { findings, kinds: None };
    let read = with(&mut reader, SpannedTable::root(&root));
    let TreeReader { mut findings, .. } = reader;
    if !errors.is_empty() {
        syntax::forgive(&mut findings);
    }
    (read, findings.sorted())
}

/// A name is typed on command lines, shown in lists and looked up: plain characters only.
fn check_name(name: &str, findings: &mut Findings) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || name.len() > 100 || name.starts_with(['.', '-']) || !name.chars().all(plain) {
        findings.add(
            Rule::BadName,
            0..0,
            format!("`{name}` cannot be a playbook's name"),
            "name the file with letters, digits, `-`, `_`, `.` and `@` only, as `nginx-up.toml`",
        );
    }
}
