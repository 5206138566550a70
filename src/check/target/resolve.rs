//! Resolves a playbook's targets on this host: aliases followed, globs expanded, mounts looked up. A target that
//! matches nothing is reported.

mod find;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::check::prober::Prober;
use crate::check::registry;
use crate::core::Resolution;
use crate::foreign::{self, read};
use crate::host::systemd::{Absent, UnitIntent};
use crate::playbook::{Check, EnabledWhen, Playbook, Target, TargetSpec};
use crate::text::clean_line;
use find::{find, named_path};

/// How long a file system may take to find a file.
const FILE: Duration = Duration::from_secs(5);

/// The things that a target stands for on this host, or why there are none.
enum ResolvedTarget {
    Here(Vec<Target>),
    NotApplicable(String),
    Unresolved(String),
}

/// Resolves every target of a playbook, in order, each thing once.
pub async fn resolve(prober: &Prober, playbook: &Playbook) -> Vec<Resolution> {
    let condition = playbook.enabled_when.as_ref();
    if let Some(why) = match condition {
        Some(condition) => unmet(prober, condition).await,
        None => None,
    } {
        let not = |spec: &TargetSpec| Resolution::NotApplicable { written: written(spec), why: why.as_str().into() };
        return playbook.targets.iter().map(not).collect();
    }
    let present_only = condition == Some(&EnabledWhen::Present);
    let unavailable = playbook.detect.checks.iter().find_map(registry::unavailable);
    if let (true, Some(why)) = (present_only, unavailable) {
        return vec![Resolution::NotApplicable { written: "its targets".into(), why: why.into() }];
    }
    let mut found = Vec::with_capacity(playbook.targets.len());
    for spec in &playbook.targets {
        let there = match spec {
            TargetSpec::Path(place) if detects_absence(playbook, place) => named_path(place),
            spec => find(prober, spec).await,
        };
        found.push((written(spec), there));
    }
    if present_only { present(prober, found).await } else { said(found) }
}

/// Reports every target, found or not.
fn said(found: Vec<(Arc<str>, ResolvedTarget)>) -> Vec<Resolution> {
    let mut all = Vec::new();
    for (written, found) in found {
        match found {
            ResolvedTarget::Here(targets) => {
                for target in targets.into_iter().map(Resolution::Here) {
                    if !all.contains(&target) {
                        all.push(target);
                    }
                }
            }
            ResolvedTarget::NotApplicable(why) => all.push(Resolution::NotApplicable { written, why: why.into() }),
            ResolvedTarget::Unresolved(why) => all.push(Resolution::Unresolved { written, why: why.into() }),
        }
    }
    all
}

/// Reports only targets that exist and are meant to run; if there are none, one resolution says so.
async fn present(prober: &Prober, found: Vec<(Arc<str>, ResolvedTarget)>) -> Vec<Resolution> {
    let (mut here, mut why) = (Vec::new(), None);
    for (_, found) in found {
        match found {
            ResolvedTarget::Here(targets) => {
                for target in targets {
                    match unwanted(prober, &target).await {
                        Some(reason) => why = Some(reason),
                        None if here.contains(&target) => {}
                        None => here.push(target),
                    }
                }
            }
            ResolvedTarget::NotApplicable(reason) | ResolvedTarget::Unresolved(reason) => why = Some(reason),
        }
    }
    if here.is_empty() {
        let why = why.unwrap_or_default();
        return vec![Resolution::NotApplicable {
            written: "its targets".into(),
            why: format!("none is here: {why}").into(),
        }];
    }
    here.into_iter().map(Resolution::Here).collect()
}

/// Why a target that exists is not meant to run here; none if it is.
async fn unwanted(prober: &Prober, target: &Target) -> Option<String> {
    match target {
        Target::Unit(name) => unmet(prober, &EnabledWhen::Unit(name.to_string())).await,
        _ => None,
    }
}

/// The target as it was written: `unit nginx.service`.
fn written(spec: &TargetSpec) -> Arc<str> {
    let (kind, name) = match spec {
        TargetSpec::Unit(name) => ("unit", name),
        TargetSpec::Mount(name) => ("mount", name),
        TargetSpec::Process(name) => ("process", name),
        TargetSpec::Path(name) => ("path", name),
        TargetSpec::Url(name) => ("url", name),
        TargetSpec::Address(name) => ("address", name),
        TargetSpec::Container(name) => ("container", name),
        TargetSpec::Link(name) => ("link", name),
        TargetSpec::Host => return "host".into(),
    };
    clean_line(&format!("{kind} {name}")).as_ref().into()
}

/// Why a playbook does not apply to this host; none if it does.
async fn unmet(prober: &Prober, condition: &EnabledWhen) -> Option<String> {
    match condition {
        EnabledWhen::Unit(name) => {
            let Some(systemd) = &prober.systemd else { return Some(Absent::NoSystemd.to_string()) };
            let name = clean_line(name).into_owned();
            match systemd.wanted(&name).await {
                Ok(UnitIntent::NotInstalled) => Some(format!("{name} is not installed")),
                Ok(UnitIntent::Disabled) => Some(format!("{name} is disabled")),
                Ok(UnitIntent::Masked) => Some(format!("{name} is masked")),
                // If systemd does not answer, resolving the target fails too, and says why.
                Ok(UnitIntent::Yes) | Err(_) => None,
            }
        }
        EnabledWhen::Present => None,
        EnabledWhen::File(path) => match exists(path).await {
            Ok(true) => None,
            Ok(false) => Some(format!("there is no {}", clean_line(path))),
            Err(why) => Some(why),
        },
    }
}

async fn exists(path: &str) -> Result<bool, String> {
    let place = path.to_owned();
    match foreign::at(Path::new(path), FILE, move |may_hang| read::look(Path::new(&place), may_hang)).await {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(refusal)) if refusal.is_not_found() => Ok(false),
        Ok(Err(refusal)) => {
            Err(format!("{} cannot be looked for: {}", clean_line(path), clean_line(&refusal.to_string())))
        }
        Err(silence) => Err(silence.to_string()),
    }
}

/// Everything that a target stands for on this host; the target as written if that is nothing now.
pub async fn targets(prober: &Prober, spec: &TargetSpec) -> Vec<Target> {
    match find(prober, spec).await {
        ResolvedTarget::Here(targets) => targets,
        ResolvedTarget::NotApplicable(_) | ResolvedTarget::Unresolved(_) => vec![spec.as_written()],
    }
}

/// Whether this playbook detects that the path is missing. Then the path is the target, whether or not it exists.
fn detects_absence(playbook: &Playbook, place: &str) -> bool {
    playbook.detect.checks.iter().any(|check| match check {
        Check::Path(check) => check.exists == Some(false) && check.path.as_deref().is_none_or(|path| path == place),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Clock, Systemd};

    async fn found(spec: TargetSpec) -> Result<Vec<Target>, String> {
        match find(&Prober::new(Clock::starting()), &spec).await {
            ResolvedTarget::Here(targets) => Ok(targets),
            ResolvedTarget::NotApplicable(why) | ResolvedTarget::Unresolved(why) => Err(why),
        }
    }

    #[tokio::test]
    async fn each_kind_of_target_comes_to_one_canonical_thing_or_to_nothing() {
        assert_eq!(found(TargetSpec::Host).await, Ok(vec![Target::Host]));
        assert_eq!(found(TargetSpec::Mount("//".into())).await, Ok(vec![Target::Mount("/".into())]));
        assert_eq!(found(TargetSpec::Mount("/etc".into())).await, Err("nothing is mounted there".into()));
        assert_eq!(found(TargetSpec::Path("/etc/".into())).await, Ok(vec![Target::Path("/etc".into())]));
        let address = found(TargetSpec::Address("LocalHost:80".into())).await;
        assert_eq!(address, Ok(vec![Target::Address("localhost:80".into())]));
        let url = found(TargetSpec::Url("HTTP://Example.org".into())).await;
        assert_eq!(url, Ok(vec![Target::Url("http://example.org/".into())]));
        for nothing in [
            TargetSpec::Mount("mnt".into()),
            TargetSpec::Mount("/a/../b".into()),
            TargetSpec::Path("/no/such".into()),
            TargetSpec::Process(String::new()),
            TargetSpec::Address("localhost".into()),
            TargetSpec::Address(":80".into()),
            TargetSpec::Url("ftp://x/".into()),
            TargetSpec::Url("x".into()),
        ] {
            assert!(found(nothing.clone()).await.is_err(), "{nothing:?}");
        }
    }

    #[tokio::test]
    async fn a_file_whose_absence_is_the_fault_is_a_target_while_it_is_missing() {
        let read = |detect: &str| {
            let text = [
                "title = \"the flag stands\"\ntarget = { path = \"/no/such/flag\" }\nrisk = \"low\"\nmode = \"auto\"",
                &format!("[detect]\npath = {detect}\n[[remediate]]\ndo = [{{ run = [\"/bin/true\"] }}]"),
                "[verify]\npath = { exists = true }\nwithin = \"10s\"\n[escalate]\nattempts = 3\nwindow = \"1h\"\n",
            ]
            .join("\n");
            let name: Arc<str> = "flag".into();
            crate::playbook::read::read(&name, &name, crate::playbook::Origin::Shipped, &text)
                .playbook
                .expect("it is well-formed")
        };
        let prober = Prober::new(Clock::starting());
        let here = vec![Resolution::Here(Target::Path("/no/such/flag".into()))];
        assert_eq!(resolve(&prober, &read("{ exists = false }")).await, here);
        let old = resolve(&prober, &read("{ age = \"> 26h\" }")).await;
        assert!(matches!(&old[..], [Resolution::Unresolved { why, .. }] if &**why == "it does not exist"), "{old:?}");
    }

    #[tokio::test]
    async fn a_unit_does_not_apply_where_systemd_does_not_run() {
        if !Systemd::runs_here() {
            let prober = Prober::new(Clock::starting());
            let found = find(&prober, &TargetSpec::Unit("a.service".into())).await;
            assert!(matches!(found, ResolvedTarget::NotApplicable(why) if why == "systemd does not run this host"));
            let unmet = unmet(&prober, &EnabledWhen::Unit("a.service".into())).await;
            assert_eq!(unmet.as_deref(), Some("systemd does not run this host"));
        }
    }

    #[tokio::test]
    async fn a_file_that_must_exist_is_looked_for() {
        let prober = Prober::new(Clock::starting());
        assert_eq!(unmet(&prober, &EnabledWhen::File("/etc/passwd".into())).await, None);
        let none = unmet(&prober, &EnabledWhen::File("/no/such".into())).await;
        assert_eq!(none.as_deref(), Some("there is no /no/such"));
    }
}
