//! The kinds of evidence, as an operator writes them in `attach` and in a `snapshot`: registered here once. The
//! `evidence` module gathers them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::table::arguments;
use super::diagnostic::Findings;
use super::lint::templates::{self, TemplateUse};
use super::model::TargetSpec;
use super::read::reader::TreeReader;
use super::read::spanned::{SpannedTable, SpannedValue};
use super::rule::Rule;
use super::value::Template;

/// Registers the kinds that are tables: the variant's word in snake case stands in files.
macro_rules! kinds {
    ($($(#[$about:meta])* $word:literal $kind:ident($table:ident) $right:literal;)*) => {
        /// Evidence for a page.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Attachment {
            $($(#[$about])* $kind($table),)*
            /// A program's output: `{ run = ["ss", "-tlnp"] }`.
            Run(Vec<Template>),
        }

        impl Attachment {
            /// The kinds, as they stand in files.
            pub const KINDS: &'static [&'static str] = &[$($word,)* "run"];

            /// Reads one entry of a list.
            pub(crate) fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Self>> {
                const RIGHT: &str =
                    "{ journal = { lines = 100 } }, { disk_usage = { depth = 3, top = 20 } } or { run = [\"...\"] }";
                let (kind, site) = reader.kind(at, "attachment", Self::KINDS, RIGHT)?;
                let value = match kind {
                    $($word => Self::$kind(reader.typed::<$table>(site, concat!("`", $word, "`"), $right)?.value),)*
                    _ => Self::Run(arguments(reader, site, "run")?),
                };
                Some(SpannedValue { value, at: site })
            }
        }
    };
}

kinds! {
    /// The target unit's last journal lines: `{ journal = { lines = 100 } }`.
    "journal" Journal(JournalLines) "journal = { lines = 100 }";
    /// The kernel's last lines: `{ kernel = { lines = 50 } }`.
    "kernel" Kernel(KernelLines) "kernel = { lines = 50 }";
    /// What fills the target's file system, and deleted files held open: `{ disk_usage = { depth = 3, top = 20 } }`.
    "disk_usage" DiskUsage(DiskUsage) "disk_usage = { depth = 3, top = 20 }";
    /// The processes that use most: `{ processes = { by = "memory", top = 10 } }`.
    "processes" Processes(ProcessTable) "processes = { by = \"memory\", top = 10 }";
    /// The target's connections, or the host's: `{ sockets = { top = 20 } }`.
    "sockets" Sockets(SocketTable) "sockets = { top = 20 }";
    /// Kernel stacks of the target's processes: `{ stacks = { top = 10 } }`.
    "stacks" Stacks(StackTable) "stacks = { top = 10 }";
    /// Open files of the target unit's processes: `{ open_files = { top = 10 } }`.
    "open_files" OpenFiles(FileTable) "open_files = { top = 10 }";
    /// The most frequent lines of a log: `{ repeated = { path = "/var/log/syslog", top = 5 } }`.
    "repeated" Repeated(RepeatedLines) "repeated = { path = \"/var/log/syslog\", top = 5 }";
    /// The latest results of a container's health check: `{ health = { last = 5 } }`.
    "health" Health(HealthLog) "health = { last = 5 }";
}

/// The number of journal lines to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalLines {
    /// The number of lines, 1 to 10,000.
    pub lines: u32,
}

/// The number of kernel messages to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KernelLines {
    /// The number of lines, 1 to 10,000.
    pub lines: u32,
}

/// The size and order of a disk usage report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskUsage {
    /// How many folder levels below the mount are listed.
    pub depth: u32,
    /// The number of rows to show, largest first.
    pub top: u32,
    /// What is counted: bytes if left out, or the entries that use up inodes.
    #[serde(default, skip_serializing_if = "UsageBy::is_bytes")]
    pub by: UsageBy,
}

/// What a disk usage report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// Space on the disk, in bytes.
    #[default]
    Bytes,
    /// Files and folders, each of which takes an inode.
    Entries,
}

impl UsageBy {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks this way")]
    fn is_bytes(&self) -> bool {
        *self == Self::Bytes
    }
}

/// Which processes come first, and how many are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessTable {
    /// The resource to sort processes by.
    pub by: ProcessBy,
    /// The number of processes to show.
    pub top: u32,
}

/// What makes a process come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessBy {
    /// Time on processors, over half a second.
    Cpu,
    /// Resident memory, in bytes.
    Memory,
    /// Exited children that it has not reaped; shown with its ancestors.
    Zombies,
}

/// How many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SocketTable {
    /// The number of connections to show.
    pub top: u32,
}

/// How many processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackTable {
    /// The number of processes whose stacks are shown.
    pub top: u32,
}

/// How many kinds of open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileTable {
    /// The number of rows for each process.
    pub top: u32,
}

/// Which log, and how many of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatedLines {
    /// The log file's path; the target's path if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of different lines to show, most frequent first.
    pub top: u32,
}

/// How many runs of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthLog {
    /// The number of latest runs to show.
    pub last: u32,
}

impl Attachment {
    /// The argument list of a program, where it runs one.
    pub(super) fn arguments(&self) -> Option<&[Template]> {
        match self {
            Self::Run(argv) => Some(argv),
            Self::Journal(_)
            | Self::Kernel(_)
            | Self::DiskUsage(_)
            | Self::Processes(_)
            | Self::Sockets(_)
            | Self::Stacks(_)
            | Self::OpenFiles(_)
            | Self::Repeated(_)
            | Self::Health(_) => None,
        }
    }
}

/// What is well-formed and still wrong.
pub(crate) fn lint(one: &SpannedValue<'_, Attachment>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let at = one.at;
    let mut range = |key: &str, number: u32, most: u32| {
        if !(1..=most).contains(&number) {
            let message = format!("`{key}` is 1 to {most}, not {number}");
            findings.add(Rule::OutOfRange, at.field_span(key), message, format!("write a number from 1 to {most}"));
        }
    };
    match &one.value {
        Attachment::Journal(JournalLines { lines }) | Attachment::Kernel(KernelLines { lines }) => {
            range("lines", *lines, 10_000);
        }
        Attachment::DiskUsage(usage) => {
            range("depth", usage.depth, 16);
            range("top", usage.top, 1000);
        }
        Attachment::Processes(ProcessTable { top, .. })
        | Attachment::Sockets(SocketTable { top })
        | Attachment::Stacks(StackTable { top })
        | Attachment::OpenFiles(FileTable { top })
        | Attachment::Repeated(RepeatedLines { top, .. }) => range("top", *top, 1000),
        Attachment::Health(HealthLog { last }) => range("last", *last, 100),
        Attachment::Run(argv) => templates::arguments(argv, at, TemplateUse::Evidence, targets, findings),
    }
}
