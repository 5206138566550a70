//! The state of a target right before an attempt: whether systemd or a container engine itself acts on it, and whether
//! somebody stopped it on purpose.

use std::sync::Mutex;

use crate::check::processes::container::probe::preflight as container;
use crate::check::target::facts::TargetFacts;
use crate::check::units::unit::probe::preflight as unit;
use crate::check::units::unit::probe::records::UnitRecords;
use crate::host::systemd::Systemd;
use crate::playbook::Target;

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
