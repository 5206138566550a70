//! The kinds of actions, as an operator writes them: one file each, registered here once. Reading, lint, the JSON
//! Schema, the editor's completion and `salve playbook kinds` follow from a kind's own file. The `action` module
//! carries them out.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::diagnostic::Findings;
use super::kind_docs::{KindSide, Manual};
use super::lint::hazards::Hazard;
use super::lint::parts::spec_kind;
use super::model::TargetSpec;
use super::read::command_line::{CommandLine, in_brackets};
use super::read::reader::TreeReader;
use super::read::spanned::{SpannedTable, SpannedValue};
use super::rule::Rule;
use super::value::Template;

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

/// One kind of action, as it stands in a file.
pub(super) trait ActionKind: DeserializeOwned + JsonSchema {
    /// What it says of itself.
    const DOCS: ActionDocs;
    /// An ordinary user's engine cannot carry it out, whatever it is given.
    const NEEDS_ROOT: bool = false;

    /// Reads what stands behind the kind's word, with every mistake in it.
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

/// Registers the kinds: the module is called as the kind stands in files.
macro_rules! kinds {
    ($($module:ident: $kind:ident($table:ident);)*) => {
        $(mod $module;)*

        /// One action. Written as `{ kind = … }` in a rung's `do`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($table),)*
        }

        impl Action {
            /// The kinds, as they stand in files.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($module)),*];

            /// Its kind, as it stands in files.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($module),)*
                }
            }

            /// What its kind says of itself.
            #[must_use]
            pub const fn page(&self) -> ActionDocs {
                match self {
                    $(Self::$kind(_) => $table::DOCS,)*
                }
            }

            /// An ordinary user's engine cannot carry it out, whatever it is given.
            #[must_use]
            pub const fn needs_root(&self) -> bool {
                match self {
                    $(Self::$kind(_) => <$table as ActionKind>::NEEDS_ROOT,)*
                }
            }

            /// The texts that placeholders are filled in.
            #[must_use]
            pub fn templates(&self) -> Vec<&Template> {
                match self {
                    $(Self::$kind(action) => action.templates(),)*
                }
            }

            /// What is dangerous about it, where that shows in its arguments.
            pub(super) fn hazard(&self) -> Option<Hazard> {
                match self {
                    $(Self::$kind(action) => ActionKind::hazard(action),)*
                }
            }

            /// The pages of all kinds, in the order of [`Self::KINDS`].
            #[must_use]
            pub fn manuals() -> Vec<Manual> {
                vec![$(Manual::of::<$table>(
                    KindSide::Action($table::DOCS), stringify!($module), $table::DOCS.about, $table::DOCS.examples,
                )),*]
            }

            /// Reads an entry of a rung's `do`.
            pub(super) fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Self>> {
                const RIGHT: &str = "{ unit = \"restart\" }, { run = [\"...\"] } or { clean = { ... } }";
                let (kind, site) = reader.kind(at, "action", Self::KINDS, RIGHT)?;
                let value = match kind {
                    $(stringify!($module) => Self::$kind($table::read(reader, site)?),)*
                    _ => return None,
                };
                Some(SpannedValue { value, at: site })
            }

            /// What is well-formed and still wrong.
            pub(super) fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
                match self {
                    $(Self::$kind(action) => ActionKind::lint(action, at, targets, findings),)*
                }
            }
        }

        impl JsonSchema for Action {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Action".into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let kinds = [$(form(stringify!($module), $table::DOCS, &generator.subschema_for::<$table>())),*];
                json_schema!({
                    "description": "One action. Written as `{ kind = … }` in a rung's `do`.",
                    "oneOf": kinds,
                })
            }
        }
    };
}

/// The table of one kind.
fn form(kind: &str, page: ActionDocs, what: &Schema) -> Schema {
    json_schema!({
        "type": "object",
        "description": format!("{}: `{{ {} }}`.", page.about.trim_end_matches('.'), page.examples[0]),
        "properties": { kind: what },
        "required": [kind],
        "additionalProperties": false,
    })
}

kinds! {
    unit: Unit(UnitAction);
    run: Run(RunAction);
    clean: Clean(CleanAction);
    truncate: Truncate(TruncateAction);
    signal: Signal(SignalAction);
    http: Http(HttpAction);
    remount: Remount(RemountAction);
    container: Container(ContainerAction);
    link: Link(LinkAction);
    limit: Limit(LimitAction);
    wait: Wait(WaitAction);
    snapshot: Snapshot(SnapshotAction);
}

pub use self::clean::CleanAction;
pub use self::container::ContainerAction;
pub use self::http::{HttpAction, Method};
pub use self::limit::{LimitAction, OpenFilesLimit};
pub use self::link::LinkAction;
pub use self::remount::RemountAction;
pub use self::run::{RunAction, RunFull};
pub use self::signal::SignalAction;
pub use self::snapshot::SnapshotAction;
pub use self::truncate::{TruncateAction, is_log};
pub use self::unit::{NamedUnit, UnitAction, UnitVerb};
pub use self::wait::WaitAction;

/// The kind acts on its target, and that must be of one of these kinds.
fn only_for(
    kinds: &[&str],
    action: &str,
    right: &str,
    at: SpannedTable<'_>,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    if let Some(other) = targets.iter().find(|target| !kinds.contains(&spec_kind(target))) {
        let message = format!("`{action}` acts on a {}, and this target is a {}", kinds.join(" or "), spec_kind(other));
        findings.add(Rule::NoObject, at.head(), message, format!("write {right}"));
    }
}

/// Program and arguments, under this key.
pub(super) fn arguments<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>, key: &str) -> Option<Vec<Template>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_something_and_its_examples_are_actions() {
        for manual in Action::manuals() {
            let KindSide::Action(page) = manual.side else { panic!("{} is an action", manual.kind) };
            for said in [page.about, page.does, page.risk] {
                assert!(!said.is_empty(), "{}", manual.kind);
            }
            for example in page.examples {
                let action: Action = toml::from_str(example).unwrap();
                assert_eq!(action.kind(), manual.kind);
            }
        }
    }
}
