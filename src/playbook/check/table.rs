//! The written side of a kind of check: its table in playbooks, which a kind implements beside how it looks at the host.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::parts::CheckParts;

/// What a kind of check says of itself.
#[derive(Debug, Clone, Copy)]
pub struct CheckDocs {
    /// What it is, in one line.
    pub about: &'static str,
    /// The check as it may stand in a section.
    pub example: &'static str,
    /// Its plainest condition, as a help for a check that asks nothing.
    pub condition: &'static str,
    /// Who reports changes without being asked.
    pub events: &'static str,
    /// What a probe costs the host.
    pub cost: &'static str,
    /// When it is unknown rather than so or not so.
    pub unknown: &'static str,
    /// Seconds between two probes where the check names no `every`.
    pub every: u64,
}

/// One kind of check, as it is written in a file.
pub trait CheckTable: DeserializeOwned + JsonSchema {
    /// What it says of itself.
    const DOCS: CheckDocs;
    /// Whether each change is reported the moment it happens, so that no time passes until it is found.
    const REPORTED_AT_ONCE: bool = false;
    /// Whether systemd answers it, so that it is unknown only because systemd does not answer.
    const ANSWERED_BY_SYSTEMD: bool = false;

    /// The check taken apart, so that lint, reading and the engine need not know which kind it is.
    fn parts(&self) -> CheckParts<'_>;
}
