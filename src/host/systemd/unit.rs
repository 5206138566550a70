//! What a unit is right now.

use std::collections::HashMap;
use std::sync::Arc;

use zbus::{OwnedObjectPath, OwnedVariant};

use super::proxy::{PropertiesProxy, SERVICE, UNIT, UnitRow};
use super::{ANSWER, Systemd, SystemdError, within};
use crate::text::clean_line;

/// A unit as systemd describes it. Moments are microseconds of `CLOCK_MONOTONIC`, 0 for never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitSeen {
    /// systemd's own id, aliases followed.
    pub id: Arc<str>,
    /// `loaded`, `not-found`, `bad-setting`, `error`, `masked`.
    pub load: Arc<str>,
    /// `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`, `maintenance`.
    pub active: Arc<str>,
    /// The kind's finer state: `running`, `exited`, `dead`, `auto-restart`, `mounted`.
    pub sub: Arc<str>,
    /// How the last run ended: `success`, `exit-code`, `oom-kill`; none for kinds without a result.
    pub result: Option<Arc<str>>,
    /// How often systemd itself restarted it; services only.
    pub restarts: Option<u32>,
    /// The main process; none where there is none.
    pub main_pid: Option<u32>,
    /// The cgroup, from the hierarchy's root; empty where it has none now.
    pub control_group: Arc<str>,
    /// Which run this is, in hexadecimal; empty before the first.
    pub invocation: Arc<str>,
    /// The job under way.
    pub job: Option<UnitJob>,
    /// When it last changed its state.
    pub changed: u64,
    /// When it last became active.
    pub active_since: u64,
    /// When it last became inactive or failed.
    pub inactive_since: u64,
    /// What it stands or falls with: `Requires`, `BindsTo`, `PartOf`.
    pub leans_on: Vec<Arc<str>>,
}

/// A job that systemd has for a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitJob {
    /// Its number.
    pub id: u32,
    /// `start`, `stop`, `restart`, `reload`, `verify-active`; empty where it ended before it could be asked.
    pub kind: Arc<str>,
}

/// One row of a list of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// systemd's own id.
    pub id: Arc<str>,
    /// What it says of itself; its id where it says nothing.
    pub description: Arc<str>,
    /// As [`UnitSeen::load`].
    pub load: Arc<str>,
    /// As [`UnitSeen::active`].
    pub active: Arc<str>,
    /// As [`UnitSeen::sub`].
    pub sub: Arc<str>,
}

impl From<UnitRow> for Listed {
    fn from(row: UnitRow) -> Self {
        Self {
            id: cleaned(&row.0),
            description: cleaned(&row.1),
            load: cleaned(&row.2),
            active: cleaned(&row.3),
            sub: cleaned(&row.4),
        }
    }
}

fn cleaned(text: &str) -> Arc<str> {
    clean_line(text).as_ref().into()
}

/// Finds the unit's object and reads it. A unit that is not loaded is loaded for the look: systemd reads its file.
pub async fn read(systemd: &Systemd, name: &str) -> Result<UnitSeen, SystemdError> {
    let path = object(systemd, name).await?;
    let common = properties(systemd, &path).await?;
    let all = within(ANSWER, common.get_all(UNIT)).await?;
    let mut unit = described(&all);
    if &*unit.load == "not-found" {
        return Err(SystemdError::NoSuchUnit(unit.id));
    }
    if let Some((id, job)) = job_of(&all) {
        let kind = match properties(systemd, &job).await {
            Ok(job) => within(ANSWER, job.get("org.freedesktop.systemd1.Job", "JobType")).await.ok(),
            Err(_) => None,
        };
        unit.job = Some(UnitJob { id, kind: kind.as_ref().map_or_else(|| "".into(), text) });
    }
    of_its_kind(&mut unit, &common).await?;
    Ok(unit)
}

/// What only some kinds of units have. A few single questions: all of a service's properties would make systemd read
/// its cgroup's accounting each time.
async fn of_its_kind(unit: &mut UnitSeen, object: &PropertiesProxy<'_>) -> Result<(), SystemdError> {
    let Some(interface) = interface(&unit.id) else { return Ok(()) };
    let ask = |name: &'static str| within(ANSWER, object.get(interface, name));
    let known = |answer: Result<OwnedVariant, SystemdError>| match answer {
        Ok(value) => Ok(Some(value)),
        // This kind, or this release, has no such property.
        Err(SystemdError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    };
    let service = unit.id.ends_with(".service");
    let only_services = async |name| if service { known(ask(name).await) } else { Ok(None) };
    let (result, group, restarts, main) =
        tokio::join!(ask("Result"), ask("ControlGroup"), only_services("NRestarts"), only_services("MainPID"));
    unit.result = known(result)?.as_ref().map(text);
    unit.control_group = known(group)?.as_ref().map_or_else(|| "".into(), text);
    unit.restarts = restarts?.as_ref().and_then(|value| u32::try_from(value).ok());
    unit.main_pid = main?.as_ref().and_then(|value| u32::try_from(value).ok()).filter(|pid| *pid != 0);
    Ok(())
}

/// The interface of a unit's kind; none for kinds that have neither result nor cgroup.
fn interface(id: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 9] = [
        ("service", "org.freedesktop.systemd1.Service"),
        ("socket", "org.freedesktop.systemd1.Socket"),
        ("mount", "org.freedesktop.systemd1.Mount"),
        ("automount", "org.freedesktop.systemd1.Automount"),
        ("swap", "org.freedesktop.systemd1.Swap"),
        ("timer", "org.freedesktop.systemd1.Timer"),
        ("path", "org.freedesktop.systemd1.Path"),
        ("slice", "org.freedesktop.systemd1.Slice"),
        ("scope", "org.freedesktop.systemd1.Scope"),
    ];
    let (_, suffix) = id.rsplit_once('.')?;
    KINDS.into_iter().find_map(|(kind, interface)| (kind == suffix).then_some(interface))
}

async fn object(systemd: &Systemd, name: &str) -> Result<OwnedObjectPath, SystemdError> {
    let manager = systemd.manager().await?;
    match within(ANSWER, manager.get_unit(name)).await {
        Err(SystemdError::NoSuchUnit(_)) => within(ANSWER, manager.load_unit(name)).await,
        answer => answer,
    }
}

/// The properties of one of systemd's objects.
pub async fn properties(systemd: &Systemd, path: &OwnedObjectPath) -> Result<PropertiesProxy<'static>, SystemdError> {
    let connection = systemd.connection().await?;
    let build = async {
        PropertiesProxy::builder(&connection)
            .destination(SERVICE)
            .path(path.clone())
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .await
    };
    within(ANSWER, build).await
}

type Properties = HashMap<String, OwnedVariant>;

fn described(all: &Properties) -> UnitSeen {
    let word = |name: &str| all.get(name).map_or_else(|| "".into(), text);
    let moment = |name: &str| all.get(name).and_then(|value| u64::try_from(value).ok()).unwrap_or_default();
    let names = |name: &str| {
        let list = all.get(name).cloned().and_then(|value| Vec::<String>::try_from(value).ok());
        list.unwrap_or_default().into_iter().map(|name| cleaned(&name))
    };
    UnitSeen {
        id: word("Id"),
        load: word("LoadState"),
        active: word("ActiveState"),
        sub: word("SubState"),
        invocation: invocation(all).into(),
        changed: moment("StateChangeTimestampMonotonic"),
        active_since: moment("ActiveEnterTimestampMonotonic"),
        inactive_since: moment("InactiveEnterTimestampMonotonic"),
        leans_on: ["Requires", "BindsTo", "PartOf"].into_iter().flat_map(names).collect(),
        ..UnitSeen::default()
    }
}

fn invocation(all: &Properties) -> String {
    let bytes = all.get("InvocationID").cloned().and_then(|value| Vec::<u8>::try_from(value).ok());
    // Sixteen bytes, or none before the first run.
    let id = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(u128::from_be_bytes);
    id.map_or_else(String::new, |id| format!("{id:032x}"))
}

/// The job's number and object; systemd writes none as (0, "/").
fn job_of(all: &Properties) -> Option<(u32, OwnedObjectPath)> {
    let job = all.get("Job").cloned()?;
    let (id, path) = <(u32, OwnedObjectPath)>::try_from(job).ok()?;
    (id != 0).then_some((id, path))
}

fn text(value: &OwnedVariant) -> Arc<str> {
    <&str>::try_from(value).map_or_else(|_| "".into(), cleaned)
}
