//! One target of a playbook, found on this host: aliases followed, globs expanded, mounts and links looked up.

use std::path::Path;
use std::sync::Arc;

use super::{FILE, ResolvedTarget, exists};
use crate::check::prober::Prober;
use crate::host::containers::{self, ContainerEngine};
use crate::host::systemd::{Absent, Systemd};
use crate::host::{links, mounts};
use crate::playbook::{Target, TargetSpec};
use crate::text::clean_line;

pub(super) async fn find(prober: &Prober, spec: &TargetSpec) -> ResolvedTarget {
    match spec {
        TargetSpec::Unit(name) => match &prober.systemd {
            Some(systemd) => unit(systemd, name).await,
            None => ResolvedTarget::NotApplicable(Absent::NoSystemd.to_string()),
        },
        TargetSpec::Mount(place) => mount(place),
        TargetSpec::Process(name) => named(name, Target::Process),
        TargetSpec::Path(place) => path(place).await,
        TargetSpec::Url(url) => match reqwest::Url::parse(url) {
            Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => one(Target::Url(parsed.as_str().into())),
            Ok(parsed) => {
                ResolvedTarget::Unresolved(format!("`{}` is neither http nor https", clean_line(parsed.scheme())))
            }
            Err(error) => ResolvedTarget::Unresolved(format!("it is not an address: {error}")),
        },
        TargetSpec::Address(address) => match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                one(Target::Address(address.to_ascii_lowercase().into()))
            }
            _ => ResolvedTarget::Unresolved("it is not a host and a port, as `127.0.0.1:5432`".into()),
        },
        TargetSpec::Container(name) => container(name).await,
        TargetSpec::Link(name) => link(name),
        TargetSpec::Host => one(Target::Host),
    }
}

fn one(target: Target) -> ResolvedTarget {
    ResolvedTarget::Here(vec![target])
}

fn named(name: &str, target: impl Fn(Arc<str>) -> Target) -> ResolvedTarget {
    if name.is_empty() { ResolvedTarget::Unresolved("it has no name".into()) } else { one(target(name.into())) }
}

async fn unit(systemd: &Systemd, name: &str) -> ResolvedTarget {
    if is_glob(name) {
        return match systemd.list_units(name).await {
            Ok(units) => {
                let mut ids: Vec<_> =
                    units.into_iter().filter(|unit| &*unit.load == "loaded").map(|unit| unit.id).collect();
                ids.sort();
                match ids.len() {
                    0 => ResolvedTarget::Unresolved("no loaded unit matches".into()),
                    _ => ResolvedTarget::Here(ids.into_iter().map(Target::Unit).collect()),
                }
            }
            Err(error) => ResolvedTarget::Unresolved(error.to_string()),
        };
    }
    match systemd.unit(name).await {
        Ok(unit) => match &*unit.load {
            "loaded" | "masked" => one(Target::Unit(unit.id)),
            other => ResolvedTarget::Unresolved(format!("systemd cannot load it: {other}")),
        },
        Err(error) => ResolvedTarget::Unresolved(error.to_string()),
    }
}

/// A container need not exist now: its engine reports on one that is gone, too.
async fn container(name: &str) -> ResolvedTarget {
    let Some(engine) = ContainerEngine::of_this_host() else {
        return ResolvedTarget::NotApplicable(containers::NO_ENGINE.into());
    };
    if !is_glob(name) {
        return named(name, Target::Container);
    }
    match engine.names(FILE).await {
        Ok(names) => matching(name, &names, Target::Container, "no container matches"),
        Err(why) => ResolvedTarget::Unresolved(why),
    }
}

fn link(name: &str) -> ResolvedTarget {
    match links::names() {
        Ok(names) => matching(name, &names, Target::Link, "there is no such link"),
        Err(error) => ResolvedTarget::Unresolved(format!("the links cannot be listed: {error}")),
    }
}

fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The names in `names` that match a name or a glob.
fn matching(wanted: &str, names: &[String], target: fn(Arc<str>) -> Target, none: &str) -> ResolvedTarget {
    let pattern = match glob::Pattern::new(wanted) {
        Ok(pattern) => pattern,
        Err(error) => return ResolvedTarget::Unresolved(format!("`{}` is no glob: {error}", clean_line(wanted))),
    };
    let found: Vec<_> =
        names.iter().filter(|name| pattern.matches(name)).map(|name| target(name.as_str().into())).collect();
    if found.is_empty() { ResolvedTarget::Unresolved(none.into()) } else { ResolvedTarget::Here(found) }
}

fn mount(place: &str) -> ResolvedTarget {
    if is_glob(place) {
        return match mounts::mounted() {
            Ok(table) => {
                let points = table.into_iter().filter_map(|one| Some(one.point.to_str()?.to_owned()));
                let mut points: Vec<String> = points.collect();
                points.sort();
                points.dedup();
                matching(place, &points, Target::Mount, "no mount point matches")
            }
            Err(error) => ResolvedTarget::Unresolved(format!("the mount table cannot be read: {error}")),
        };
    }
    let canonical = match place.trim_end_matches('/') {
        "" => "/",
        rest => rest,
    };
    match lexical(canonical) {
        Some(path) => match mounts::is_mount_point(path) {
            Ok(true) => one(Target::Mount(canonical.into())),
            Ok(false) => ResolvedTarget::Unresolved("nothing is mounted there".into()),
            Err(error) => ResolvedTarget::Unresolved(format!("the mount table cannot be read: {error}")),
        },
        None => ResolvedTarget::Unresolved("it is not an absolute path without `.` and `..`".into()),
    }
}

async fn path(place: &str) -> ResolvedTarget {
    let named = named_path(place);
    let ResolvedTarget::Here(_) = &named else { return named };
    match exists(place).await {
        Ok(true) => named,
        Ok(false) => ResolvedTarget::Unresolved("it does not exist".into()),
        Err(why) => ResolvedTarget::Unresolved(why),
    }
}

/// A path as a target, whether or not anything exists there.
pub(super) fn named_path(place: &str) -> ResolvedTarget {
    let canonical = if place == "/" { place } else { place.trim_end_matches('/') };
    match lexical(canonical) {
        Some(_) => one(Target::Path(canonical.into())),
        None => ResolvedTarget::Unresolved("it is not an absolute path without `.` and `..`".into()),
    }
}

/// The path, if it is absolute and without `.`, `..` and empty parts.
fn lexical(place: &str) -> Option<&Path> {
    let plain = place == "/" || place.strip_prefix('/')?.split('/').all(|part| !matches!(part, "" | "." | ".."));
    plain.then_some(Path::new(place))
}
