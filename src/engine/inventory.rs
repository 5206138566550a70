//! A host that is met for the first time: what is there, which playbooks apply, and what each would do. Looks only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use schemars::JsonSchema;
use serde::Serialize;

use super::dry_run::{self, Rehearsal};
use super::snapshot::{Arming, PlaybookState};
use super::start::Options;
use super::target_candidates::offers;
use crate::check::tls;
use crate::core::{Reading, Verdict};
use crate::foreign::{self, read};
use crate::host::containers::ContainerEngine;
use crate::journal::ReadError;
use crate::playbook::write::WantedTarget;
use crate::playbook::{Mode, Playbook, Risk};
use crate::text::clean_line;

/// What is asked apart from playbooks may take so long.
const LIMIT: Duration = Duration::from_secs(3);
/// Files of configuration that are read for certificates, at most.
const FILES: usize = 500;
/// File systems below these are the kernel's and the boot's own.
const KERNELS: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];
/// A day, in seconds.
const DAY: i64 = 24 * 3600;

/// What was found.
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

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MountSummary {
    /// Where.
    pub point: String,
    /// How full, in words.
    pub about: String,
}

/// A certificate in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Certificate {
    /// The file.
    pub file: PathBuf,
    /// How long it holds, or why that cannot be said.
    #[serde(flatten)]
    pub validity: Validity,
}

/// How long a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Days until it ends, negative once it has.
    DaysLeft(i64),
    /// It cannot be read, and why.
    Unreadable(String),
}

/// What a playbook would be on this host.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Proposal {
    /// Its name.
    pub name: Arc<str>,
    /// As it says.
    pub title: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// What it may do once it is armed.
    pub mode: Mode,
    /// What arming would change.
    pub arming: Arming,
    /// Whether it applies.
    pub fit: Fit,
}

/// Whether a playbook applies.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Not to this host, and why.
    NotApplicable(String),
    /// To these.
    Applies {
        /// Its targets, and how each stands.
        targets: Vec<(String, TargetState)>,
        /// What each rung would run, in sentences; or why there is no plan now.
        would: Vec<String>,
        /// What must hold afterwards.
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
pub async fn survey(options: &Options, looking: impl Fn(String)) -> Result<Inventory, ReadError> {
    looking("services and file systems".into());
    let units = offers(WantedTarget::Unit).await;
    let services: Vec<_> = units.iter().filter(|unit| unit.target.name().ends_with(".service")).collect();
    let failed = services.iter().filter(|unit| unit.about.starts_with("failed"));
    let failed = failed.map(|unit| unit.target.name().to_owned()).collect();
    let mounts = offers(WantedTarget::Mount).await.into_iter();
    let mounts = mounts.filter(|disk| !KERNELS.iter().any(|own| Path::new(disk.target.name()).starts_with(own)));
    let mounts = mounts.map(|disk| MountSummary { point: disk.target.name().to_owned(), about: disk.about }).collect();
    looking("certificates and containers".into());
    let certificates = foreign::task("certificates named in", Path::new("/etc"), LIMIT, |_| certificates());
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
            // a survey is of now
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

/// Certificates that web servers name in their configuration, and those that certbot keeps.
fn certificates() -> Vec<Certificate> {
    let mut files = BTreeSet::new();
    let mut left = FILES;
    for folder in ["/etc/nginx", "/etc/apache2", "/etc/httpd", "/etc/haproxy"] {
        for text in texts(Path::new(folder), &mut left) {
            files.extend(named(&text, Path::new(folder)));
        }
    }
    for entry in fs::read_dir("/etc/letsencrypt/live").into_iter().flatten().flatten() {
        files.insert(entry.path().join("cert.pem"));
    }
    let now = jiff::Timestamp::now().as_second();
    let read = |file: PathBuf| {
        let seen = CertificateDer::from_pem_file(&file)
            .map_err(|error| clean_line(&error.to_string()).into_owned())
            .and_then(|der| tls::read(&der, "", now));
        let validity = match seen {
            Ok(seen) => Validity::DaysLeft(seen.left_s.div_euclid(DAY)),
            Err(why) => Validity::Unreadable(why),
        };
        Certificate { file, validity }
    };
    files.into_iter().filter(|file| file.is_file()).map(read).collect()
}

/// No configuration is larger, in bytes.
const SMALL: u64 = 256 * 1024;

/// All small files below a folder; links to folders are not followed.
fn texts(folder: &Path, left: &mut usize) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.extend(texts(&entry.path(), left));
        } else if *left > 0 && fs::metadata(entry.path()).is_ok_and(|file| file.is_file() && file.len() < SMALL) {
            *left -= 1;
            found.extend(read::small(&entry.path(), SMALL));
        }
    }
    found
}

/// The files that a configuration names as certificates; relative ones stand below its folder.
fn named(text: &str, folder: &Path) -> Vec<PathBuf> {
    let words = ["ssl_certificate", "SSLCertificateFile", "crt"];
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let mut parts = line.split_whitespace();
        let at = parts.clone().position(|part| words.contains(&part))?;
        parts.nth(at + 1).map(|file| folder.join(file.trim_end_matches(';').trim_matches('"')))
    };
    lines.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_where_servers_name_them() {
        let text = "server {\n  listen 443 ssl;\n  ssl_certificate cert.pem;\n  ssl_certificate_key key.pem;\n  # ssl_certificate old.pem;\n}\n\
                    SSLCertificateFile /etc/ssl/web.pem\nbind :443 ssl crt /etc/haproxy/all.pem\n";
        let found = named(text, Path::new("/etc/nginx"));
        assert_eq!(found, ["/etc/nginx/cert.pem", "/etc/ssl/web.pem", "/etc/haproxy/all.pem"].map(PathBuf::from));
    }

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
