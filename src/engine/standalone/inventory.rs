//! Takes stock of a host for the first time: what is there, which playbooks apply, and what each would do. It only
//! reads.

mod certificates;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::dry_run::{self, Rehearsal};
use crate::core::{Reading, Verdict};
use crate::engine::host_queries::target_candidates::offers;
use crate::engine::options::Options;
use crate::engine::snapshot::{Arming, PlaybookState};
use crate::foreign::{self};
use crate::host::containers::ContainerEngine;
use crate::journal::ReadError;
use crate::playbook::write::WantedTarget;
use crate::playbook::{Mode, Playbook, Risk};

pub use certificates::{Certificate, Validity};

/// What is asked apart from playbooks may take so long.
const LIMIT: Duration = Duration::from_secs(3);
/// File systems below these are the kernel's and the boot's own.
const KERNELS: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

/// What was found on the host, and which playbooks apply to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Inventory {
    /// Services that are loaded.
    pub services: usize,
    /// Of these, those that failed.
    pub failed: Vec<String>,
    /// File systems that hold files.
    pub mounts: Vec<MountSummary>,
    /// Certificates that web servers name, and those of certbot.
    pub certificates: Vec<Certificate>,
    /// Containers by name, running or not.
    pub containers: Vec<String>,
    /// Every playbook in force, those that apply first.
    pub playbooks: Vec<Proposal>,
}

/// One mounted file system, and how full it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MountSummary {
    /// Path of the mount point, as text.
    pub point: String,
    /// How full, in words.
    pub about: String,
}

/// What a playbook would be on this host.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Proposal {
    /// The playbook's name.
    pub name: Arc<str>,
    /// The playbook's title, one line.
    pub title: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// What it may do once it is armed.
    pub mode: Mode,
    /// What arming would change.
    pub arming: Arming,
    /// Whether the playbook applies to this host.
    pub fit: Fit,
}

/// Whether a playbook applies to this host, and to which targets.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Not to this host, and why.
    NotApplicable(String),
    /// It applies to these targets of this host.
    Applies {
        /// Its targets, and how each stands.
        targets: Vec<(String, TargetState)>,
        /// What each rung would run, in sentences; or why there is no plan now.
        would: Vec<String>,
        /// Conditions that must hold after a remediation, as phrases for the screen.
        verified_by: Vec<String>,
    },
}

/// How a target stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// The fault is not there.
    Well,
    /// It is, and what was seen.
    Fires(String),
    /// It cannot be seen, and why.
    Unknown(String),
}

impl Proposal {
    /// Low risk, on this host, and not armed yet: what a careful operator begins with.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.risk == Risk::Low && self.may_be_armed()
    }

    /// Would arming it change anything here?
    #[must_use]
    pub fn may_be_armed(&self) -> bool {
        self.applies() && self.arming == Arming::Shadow
    }

    /// Is one of its targets on this host?
    #[must_use]
    pub const fn applies(&self) -> bool {
        matches!(self.fit, Fit::Applies { .. })
    }

    /// Targets at which the fault is there now.
    pub fn firing(&self) -> impl Iterator<Item = (&str, &str)> {
        let targets = match &self.fit {
            Fit::Applies { targets, .. } => targets.as_slice(),
            Fit::NotApplicable(_) => &[],
        };
        targets.iter().filter_map(|(target, standing)| match standing {
            TargetState::Fires(seen) => Some((target.as_str(), seen.as_str())),
            _ => None,
        })
    }
}

/// Looks the host over; `looking` is told what is looked at next.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub async fn gather(options: &Options, looking: impl Fn(String)) -> Result<Inventory, ReadError> {
    looking("services and file systems".into());
    let units = offers(WantedTarget::Unit).await;
    let services: Vec<_> = units.iter().filter(|unit| unit.target.name().ends_with(".service")).collect();
    let failed = services.iter().filter(|unit| unit.about.starts_with("failed"));
    let failed = failed.map(|unit| unit.target.name().to_owned()).collect();
    let mounts = offers(WantedTarget::Mount).await.into_iter();
    let mounts = mounts.filter(|disk| !KERNELS.iter().any(|own| Path::new(disk.target.name()).starts_with(own)));
    let mounts = mounts.map(|disk| MountSummary { point: disk.target.name().to_owned(), about: disk.about }).collect();
    looking("certificates and containers".into());
    let certificates = foreign::task("certificates named in", Path::new("/etc"), LIMIT, |_| certificates::find());
    let certificates = certificates.await.unwrap_or_default();
    let containers = match ContainerEngine::of_this_host() {
        Some(engine) => engine.names(LIMIT).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let rehearsed = dry_run::rehearse_all(options, looking).await?;
    let mut playbooks: Vec<Proposal> = rehearsed
        .rehearsals
        .iter()
        .filter_map(|(playbook, rehearsals)| {
            let view = rehearsed.views.iter().find(|view| view.name == playbook.name)?;
            let PlaybookState::InForce { arming, .. } = view.state else { return None };
            Some(proposal(playbook, arming, rehearsals))
        })
        .collect();
    playbooks.sort_by_key(|one| (!one.applies(), one.risk, Arc::clone(&one.name)));
    Ok(Inventory { services: services.len(), failed, mounts, certificates, containers, playbooks })
}

fn proposal(playbook: &Playbook, arming: Arming, rehearsals: &[Rehearsal]) -> Proposal {
    let (mut targets, mut would, mut verified_by, mut not) = (Vec::new(), Vec::new(), Vec::new(), None);
    for rehearsal in rehearsals {
        match rehearsal {
            // an inventory is of now
            Rehearsal::Past(_) => {}
            Rehearsal::Nothing { why, .. } => {
                not.get_or_insert_with(|| why.to_string());
            }
            Rehearsal::Here { target, detector, verifier, rungs, .. } => {
                targets.push((target.to_string(), standing(detector)));
                if would.is_empty() {
                    would = rungs.iter().map(rung).collect();
                    verified_by = verifier.iter().map(|(condition, _)| condition.clone()).collect();
                }
            }
        }
    }
    let fit = if targets.is_empty() {
        Fit::NotApplicable(not.unwrap_or_else(|| "it has no target".into()))
    } else {
        Fit::Applies { targets, would, verified_by }
    };
    Proposal {
        name: Arc::clone(&playbook.name),
        title: Arc::clone(&playbook.title),
        risk: playbook.risk,
        mode: playbook.mode,
        arming,
        fit,
    }
}

fn rung(planned: &Result<(crate::core::Plan, Vec<crate::action::DryStep>), String>) -> String {
    match planned {
        Ok((plan, _)) => plan.steps.iter().map(|step| step.sentence.to_string()).collect::<Vec<_>>().join(", then "),
        Err(why) => format!("do nothing now: {why}"),
    }
}

/// One that fires is told before one that cannot be seen.
fn standing(detector: &[(String, Reading)]) -> TargetState {
    let fires = detector.iter().find(|(_, reading)| matches!(reading.verdict, Verdict::Holds));
    let unknown = detector.iter().find_map(|(_, reading)| match &reading.verdict {
        Verdict::Unknown(why) => Some(why.to_string()),
        _ => None,
    });
    match (fires, unknown) {
        (Some((_, reading)), _) => TargetState::Fires(reading.seen.to_string()),
        (None, Some(why)) => TargetState::Unknown(why),
        (None, None) => TargetState::Well,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fires_is_told_before_what_cannot_be_seen() {
        let reading = |verdict, seen: &str| {
            let at = crate::core::Mono::default();
            (String::new(), Reading { verdict, seen: seen.into(), figure: None, unit: None, began: at, since: at })
        };
        let well = reading(Verdict::DoesNotHold, "ok");
        let unknown = reading(Verdict::Unknown("hung".into()), "");
        assert_eq!(standing(std::slice::from_ref(&well)), TargetState::Well);
        assert_eq!(standing(&[well, unknown.clone()]), TargetState::Unknown("hung".into()));
        assert_eq!(standing(&[unknown, reading(Verdict::Holds, "97%")]), TargetState::Fires("97%".into()));
    }
}
