//! The written side of a kind of action: what is written behind its name in a rung's `do`, which a kind implements beside how
//! it is carried out.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::hazards::Hazard;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::command_line::{CommandLine, in_brackets};
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::Template;

/// What a kind of action says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ActionDocs {
    /// What it is, in one line.
    pub about: &'static str,
    /// Its forms, each as it may stand in a rung's `do`.
    pub examples: &'static [&'static str],
    /// What it does, and when it is done.
    pub does: &'static str,
    /// What doing it twice comes to.
    pub replay: Replay,
    /// What may go wrong with it.
    pub risk: &'static str,
}

/// What doing an action twice comes to: after a crash nobody knows whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The same as doing it once.
    Same,
    /// Something else, or nobody knows.
    Unsafe,
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "comes to the same as once, so its rung may say `idempotent = true`",
            Self::Unsafe => "may come to something else than once; `idempotent = true` only where you know better",
        })
    }
}

/// One kind of action, as it is written in a file.
pub(crate) trait ActionTable: DeserializeOwned + JsonSchema {
    /// What it says of itself.
    const DOCS: ActionDocs;
    /// An ordinary user's engine cannot carry it out, whatever it is given.
    const NEEDS_ROOT: bool = false;
    /// Whether it acts on the main process of its target, so that the process must be looked up.
    const NEEDS_PID: bool = false;

    /// Reads the value behind the kind's name, with every mistake in it.
    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self>;

    /// What is well-formed and still wrong.
    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>);

    /// The texts that placeholders are filled in.
    fn templates(&self) -> Vec<&Template> {
        Vec::new()
    }

    /// What is dangerous about it, where that shows in its arguments.
    fn hazard(&self) -> Option<Hazard> {
        None
    }
}

/// The kind acts on its target, and that must be of one of these kinds.
pub(crate) fn only_for(
    kinds: &[&str],
    action: &str,
    right: &str,
    at: SpannedTable<'_>,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    if let Some(other) = targets.iter().find(|target| !kinds.contains(&target.kind())) {
        let message = format!("`{action}` acts on a {}, and this target is a {}", kinds.join(" or "), other.kind());
        findings.add(Rule::NoObject, at.head(), message, format!("write {right}"));
    }
}

/// Program and arguments, under this key.
pub(crate) fn arguments<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>, key: &str) -> Option<Vec<Template>> {
    if let Some(line) = at.value().as_str() {
        let message = format!("`{key}` is a list of arguments; there is no shell that could split a line");
        let help = match CommandLine::of(line) {
            CommandLine::One(words) if !words.is_empty() => format!("write {key} = {}", in_brackets(&words)),
            CommandLine::Several(programs) => {
                let each: Vec<String> =
                    programs.iter().map(|words| format!("{{ {key} = {} }}", in_brackets(words))).collect();
                format!("write an action of its own for each program: do = [{}]", each.join(", "))
            }
            CommandLine::One(_) => format!("write {key} = [\"apt-get\", \"clean\"]"),
            CommandLine::Shell => format!(
                "put the line into a script of root's, and write {key} = [\"/usr/local/sbin/fix\"]: pipes, variables and globs are a shell's"
            ),
        };
        reader.findings.add(Rule::WrongType, at.span(), message, help);
        return None;
    }
    if !reader.is_list(at, key, "[\"apt-get\", \"clean\"]") {
        return None;
    }
    let arguments: Vec<Option<Template>> =
        at.elements().into_iter().map(|at| reader.leaf(at, "an argument").map(|argument| argument.value)).collect();
    arguments.into_iter().collect()
}
