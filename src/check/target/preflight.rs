//! The state of a target right before an attempt: whether systemd or a container engine itself acts on it, and whether
//! somebody stopped it on purpose.

use std::sync::{Arc, Mutex};

use crate::check::processes::container::probe::preflight as container;
use crate::check::units::unit::probe::preflight as unit;
use crate::check::units::unit::probe::records::UnitRecords;
use crate::core::machine::input::StopOrigin;
use crate::host::systemd::Systemd;
use crate::playbook::Target;

/// The facts about a target that the gate decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// What systemd or a container engine is doing with the target by itself, as text; none if nothing.
    pub busy: Option<Arc<str>>,
    /// Who stopped the target.
    pub stop: StopOrigin,
}

impl TargetFacts {
    /// Nothing speaks against an attempt: the target is of a kind that cannot be stopped.
    pub const NONE: Self = Self { busy: None, stop: StopOrigin::Nobody };

    /// It is unknown who stopped the target.
    #[must_use]
    pub fn unclear(known: &str) -> Self {
        Self { busy: None, stop: StopOrigin::Unclear { evidence: known.into() } }
    }
}

/// Asks systemd or the container engine, whichever runs the target.
pub async fn gather(systemd: Option<&Systemd>, records: &Mutex<UnitRecords>, target: &Target) -> TargetFacts {
    match target {
        // boxed: they are large, and most targets need neither
        Target::Unit(name) => Box::pin(unit::gather(systemd, records, name)).await,
        Target::Container(name) => Box::pin(container::gather(name)).await,
        Target::Mount(_)
        | Target::Process(_)
        | Target::Path(_)
        | Target::Url(_)
        | Target::Address(_)
        | Target::Link(_)
        | Target::Host => TargetFacts::NONE,
    }
}
