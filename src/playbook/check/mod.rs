//! The kinds of checks, as an operator writes them: one file each, registered here once. Reading, lint, the JSON
//! Schema, the editor's completion and `salve playbook kinds` follow from a kind's own file. The `check` module probes
//! the host; a check that leaves its object out takes it from the target.

pub mod parts;

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::parts::CheckParts;
use super::kind_docs::{KindSide, Manual};
use super::read::reader::TreeReader;
use super::read::spanned::{SpannedTable, SpannedValue};
use super::schema::OneOrMany;

/// What a kind of check says of itself.
#[derive(Debug, Clone, Copy)]
pub struct CheckDocs {
    /// What it is, in one line.
    pub about: &'static str,
    /// The check as it may stand in a section.
    pub example: &'static str,
    /// Its plainest condition, as a help for a check that asks nothing.
    pub condition: &'static str,
    /// Who tells of changes by itself.
    pub events: &'static str,
    /// What a look costs the host.
    pub cost: &'static str,
    /// When it is unknown rather than so or not so.
    pub unknown: &'static str,
    /// Seconds between two looks where the check names no `every`.
    pub every: u64,
}

/// One kind of check, as it stands in a file.
pub trait CheckKind: DeserializeOwned + JsonSchema {
    /// What it says of itself.
    const DOCS: CheckDocs;

    /// The check taken apart, for whoever need not know which kind it is.
    fn parts(&self) -> CheckParts<'_>;
}

/// Registers the kinds: the module is called as the kind stands in files.
macro_rules! kinds {
    ($($module:ident: $kind:ident($table:ident);)*) => {
        $(mod $module;)*
        $(pub use crate::playbook::check::$module::$table;)*

        /// One check: its kind and its condition. Written as `kind = { … }`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Check {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($table),)*
        }

        impl Check {
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
            pub const fn page(&self) -> CheckDocs {
                match self {
                    $(Self::$kind(_) => $table::DOCS,)*
                }
            }

            /// Gives the conditions of this check, one by one, with what they are compared with.
            #[must_use]
            pub fn parts(&self) -> CheckParts<'_> {
                match self {
                    $(Self::$kind(table) => table.parts(),)*
                }
            }

            /// The pages of all kinds, in the order of [`Self::KINDS`].
            #[must_use]
            pub fn manuals() -> Vec<Manual> {
                vec![$(Manual::of::<$table>(
                    KindSide::Check($table::DOCS), stringify!($module), $table::DOCS.about, &[$table::DOCS.example],
                )),*]
            }

            /// Reads the table of one kind, with every mistake in it.
            pub(super) fn read<'t>(reader: &mut TreeReader<'t>, kind: &str, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Self>> {
                let what = format!("the `{kind}` check");
                match kind {
                    $(stringify!($module) => {
                        let SpannedValue { value, at } = reader.typed::<$table>(at, &what, $table::DOCS.example)?;
                        Some(SpannedValue { value: Self::$kind(value), at })
                    })*
                    _ => None,
                }
            }

            /// Each kind's key in a section, what it means, and what may stand behind it.
            pub(super) fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, &'static str, Schema)> {
                vec![$((
                    stringify!($module),
                    $table::DOCS.about,
                    generator.subschema_for::<OneOrMany<$table>>(),
                )),*]
            }
        }
    };
}

kinds! {
    unit: Unit(UnitCheck);
    process: Process(ProcessCheck);
    filesystem: Filesystem(FilesystemCheck);
    http: Http(HttpCheck);
    tcp: Tcp(TcpCheck);
    command: Command(CommandCheck);
    load: Load(LoadCheck);
    memory: Memory(MemoryCheck);
    pressure: Pressure(PressureCheck);
    cpu: Cpu(CpuCheck);
    dns: Dns(DnsCheck);
    link: Link(LinkCheck);
    container: Container(ContainerCheck);
    path: Path(PathCheck);
    tls: Tls(TlsCheck);
    failed_units: FailedUnits(FailedUnitsCheck);
    clock: Clock(ClockCheck);
    mount: Mount(MountCheck);
    log: Log(LogCheck);
    cgroup: Cgroup(CgroupCheck);
}

pub use self::container::{ContainerHealth, ContainerState};

impl Check {
    /// How often it is looked at behind its events, or for want of them.
    #[must_use]
    pub fn every(&self) -> Duration {
        // Faster than this no playbook needs, and the host would feel it.
        let own = self.parts().every.map(|every| every.0);
        own.unwrap_or(Duration::from_secs(self.page().every)).max(Duration::from_millis(100))
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
