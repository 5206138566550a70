//! The kinds of checks, as an operator writes them. Each is a folder `src/check/GROUP/KIND`: its `table.rs` belongs to
//! this module's level and knows nothing of the host, its `probe.rs` looks at the host. Reading, lint, the JSON Schema,
//! the editor's completion and `salve playbook kinds` follow from the table. A check that leaves its object out takes it
//! from the target.

mod kinds;
pub mod parts;
pub mod table;

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

pub(crate) use self::kinds::for_each_check_kind;
use self::parts::CheckParts;
use self::table::{CheckDocs, CheckTable as _};
use super::kind_docs::manual::{KindSide, Manual};
use super::read::reader::TreeReader;
use super::read::spanned::{SpannedTable, SpannedValue};

macro_rules! checks {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        $($(pub use crate::check::$group::$module::table::$table;)*)*

        /// One check: its kind and its condition. Written as `kind = { … }`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Check {
            $($(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($table),)*)*
        }

        impl Check {
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
            pub const fn page(&self) -> CheckDocs {
                match self {
                    $($(Self::$kind(_) => $table::DOCS,)*)*
                }
            }

            /// Whether systemd answers it, so that it is unknown only because systemd does not answer.
            #[must_use]
            pub const fn is_answered_by_systemd(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => $table::ANSWERED_BY_SYSTEMD,)*)*
                }
            }

            /// Whether each change is reported the moment it happens.
            const fn is_reported_at_once(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => $table::REPORTED_AT_ONCE,)*)*
                }
            }

            /// Gives the conditions of this check, one by one, with what they are compared with.
            pub fn parts(&self) -> CheckParts<'_> {
                match self {
                    $($(Self::$kind(table) => table.parts(),)*)*
                }
            }

            /// The pages of all kinds, in the order of [`Self::KINDS`].
            #[must_use]
            pub fn manuals() -> Vec<Manual> {
                vec![$($(Manual::of::<$table>(
                    KindSide::Check($table::DOCS), stringify!($module), $table::DOCS.about, &[$table::DOCS.example],
                )),*),*]
            }

            /// Reads the table of one kind, with every mistake in it.
            pub(super) fn read<'t>(reader: &mut TreeReader<'t>, kind: &str, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Self>> {
                let what = format!("the `{kind}` check");
                match kind {
                    $($(stringify!($module) => {
                        let SpannedValue { value, at } = reader.typed::<$table>(at, &what, $table::DOCS.example)?;
                        Some(SpannedValue { value: Self::$kind(value), at })
                    })*)*
                    _ => None,
                }
            }

            /// Each kind's key in a section, what it means, and what may stand behind it.
            pub(super) fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, &'static str, Schema)> {
                vec![$($((
                    stringify!($module),
                    $table::DOCS.about,
                    generator.subschema_for::<OneOrMany<$table>>(),
                )),*),*]
            }
        }
    };
}

for_each_check_kind!(checks);

/// One check as a table, or several of one kind as an array of tables.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl Check {
    /// How often it is probed, in addition to its events.
    #[must_use]
    pub fn every(&self) -> Duration {
        // No playbook needs it faster, and it would burden the host.
        let own = self.parts().every.map(|every| every.0);
        own.unwrap_or(Duration::from_secs(self.page().every)).max(Duration::from_millis(100))
    }

    /// How long after a change it is found, at the latest: no time where each is reported at once.
    #[must_use]
    pub fn detection_delay(&self) -> Duration {
        if self.is_reported_at_once() { Duration::ZERO } else { self.every() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_something_and_its_example_is_a_check() {
        for manual in Check::manuals() {
            let KindSide::Check(page) = manual.side else { panic!("{} is a check", manual.kind) };
            for said in [page.about, page.condition, page.events, page.cost, page.unknown] {
                assert!(!said.is_empty(), "{}", manual.kind);
            }
            let check: Check = toml::from_str(page.example).unwrap();
            assert_eq!(check.kind(), manual.kind);
            assert!(!check.parts().conditions.is_empty(), "{}", manual.kind);
        }
    }
}
