//! What is true of a target right now: does systemd or a container engine itself act on it, and did somebody stop it on
//! purpose?

use std::sync::{Arc, Mutex};

use super::container;
use super::unit::{preflight, records::UnitRecords};
use crate::core::input::StopOrigin;
use crate::host::systemd::Systemd;
use crate::playbook::Target;

/// What the gate asks of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// What systemd or a container engine does with the target by itself, in words.
    pub busy: Option<Arc<str>>,
    /// Who stopped the target.
    pub stop: StopOrigin,
}

impl TargetFacts {
    /// Nothing stands against an attempt: the target is of a kind that nobody stops.
    pub const NONE: Self = Self { busy: None, stop: StopOrigin::Nobody };

    /// It cannot be told who stopped it.
    #[must_use]
    pub fn unclear(known: &str) -> Self {
        Self { busy: None, stop: StopOrigin::Unclear { evidence: known.into() } }
    }
}

/// Asks whoever runs the target.
pub async fn gather(systemd: Option<&Systemd>, records: &Mutex<UnitRecords>, target: &Target) -> TargetFacts {
    match target {
        // boxed: they are large, and most targets need neither
        Target::Unit(name) => Box::pin(preflight::gather(systemd, records, name)).await,
        Target::Container(name) => Box::pin(container::preflight::gather(name)).await,
        Target::Mount(_)
        | Target::Process(_)
        | Target::Path(_)
        | Target::Url(_)
        | Target::Address(_)
        | Target::Link(_)
        | Target::Host => TargetFacts::NONE,
    }
}
