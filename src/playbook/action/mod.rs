//! The kinds of actions, as an operator writes them. Each is a folder `src/action/GROUP/KIND`: its `table.rs` belongs to
//! this module's level and changes nothing, its `execute.rs` carries it out. Reading, lint, the JSON Schema, the editor's
//! completion and `salve playbook kinds` follow from the table.

mod kinds;
pub mod table;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub(crate) use self::kinds::for_each_action_kind;
use self::table::{ActionDocs, ActionTable};
use super::diagnostic::Findings;
use super::kind_docs::manual::{KindSide, Manual};
use super::lint::hazards::Hazard;
use super::model::target::TargetSpec;
use super::read::reader::TreeReader;
use super::read::spanned::{SpannedTable, SpannedValue};
use super::value::Template;

macro_rules! actions {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        $($(pub use crate::action::$group::$module::table::*;)*)*

        /// One action. Written as `{ kind = … }` in a rung's `do`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($table),)*)*
        }

        impl Action {
            /// The kinds, as they are written in files.
            pub const KINDS: &'static [&'static str] = &[$($(stringify!($module)),*),*];

            /// Its kind, as it is written in files.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$kind(_) => stringify!($module),)*)*
                }
            }

            /// What its kind says of itself.
            #[must_use]
            pub const fn page(&self) -> ActionDocs {
                match self {
                    $($(Self::$kind(_) => $table::DOCS,)*)*
                }
            }

            /// An ordinary user's engine cannot carry it out, whatever it is given.
            #[must_use]
            pub const fn needs_root(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => <$table as ActionTable>::NEEDS_ROOT,)*)*
                }
            }

            /// Whether it acts on the main process of its target, so that the process must be looked up.
            #[must_use]
            pub const fn needs_pid(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => <$table as ActionTable>::NEEDS_PID,)*)*
                }
            }

            /// The texts that placeholders are filled in.
            #[must_use]
            pub fn templates(&self) -> Vec<&Template> {
                match self {
                    $($(Self::$kind(action) => action.templates(),)*)*
                }
            }

            /// What is dangerous about it, where that shows in its arguments.
            pub(super) fn hazard(&self) -> Option<Hazard> {
                match self {
                    $($(Self::$kind(action) => ActionTable::hazard(action),)*)*
                }
            }

            /// The pages of all kinds, in the order of [`Self::KINDS`].
            #[must_use]
            pub fn manuals() -> Vec<Manual> {
                vec![$($(Manual::of::<$table>(
                    KindSide::Action($table::DOCS), stringify!($module), $table::DOCS.about, $table::DOCS.examples,
                )),*),*]
            }

            /// Reads an entry of a rung's `do`.
            pub(super) fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Self>> {
                const RIGHT: &str = "{ unit = \"restart\" }, { run = [\"...\"] } or { clean = { ... } }";
                let (kind, site) = reader.kind(at, "action", Self::KINDS, RIGHT)?;
                let value = match kind {
                    $($(stringify!($module) => Self::$kind($table::read(reader, site)?),)*)*
                    _ => return None,
                };
                Some(SpannedValue { value, at: site })
            }

            /// What is well-formed and still wrong.
            pub(super) fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
                match self {
                    $($(Self::$kind(action) => ActionTable::lint(action, at, targets, findings),)*)*
                }
            }
        }

        impl JsonSchema for Action {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Action".into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let kinds = [$($(form(stringify!($module), $table::DOCS, &generator.subschema_for::<$table>())),*),*];
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

for_each_action_kind!(actions);

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
