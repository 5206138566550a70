//! The state of a unit, read over the bus.

use std::collections::HashMap;
use std::sync::Arc;

use zbus::{OwnedObjectPath, OwnedVariant};

use super::proxy::{PropertiesProxy, SERVICE, UNIT, UnitRow};
use super::{ANSWER, Systemd, SystemdError, within};
use crate::text::cut_line;

/// No text of a unit is longer, in characters: a name has at most 255, a description what somebody wrote into a file.
const TEXT: usize = 512;

/// No path of a cgroup is longer, in characters: the kernel opens none that is.
const PATH: usize = 4096;

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
    /// A service of type oneshot that does not remain active after its work; only told of one that is inactive.
    pub oneshot: bool,
    /// Its last start was skipped, because one of its conditions was not met.
    pub condition_failed: bool,
    /// The main process; none where there is none.
    pub main_pid: Option<u32>,
    /// The cgroup, from the hierarchy's root; empty where it has none now.
    pub control_group: Arc<str>,
    /// Which run this is, in hexadecimal; empty before the first.
    pub invocation: Arc<str>,
    /// The job that systemd has for the unit; none where there is none.
    pub job: Option<UnitJob>,
    /// When it last changed its state.
    pub changed: u64,
    /// When it last began to start.
    pub starting_since: u64,
    /// When it last became active.
    pub active_since: u64,
    /// When it last became inactive or failed.
    pub inactive_since: u64,
    /// The units that a start or a stop passes to it from, or from it to.
    pub relations: Relations,
}

/// The units that a start or a stop passes between, by how it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relations {
    /// When somebody stops these, it is stopped as well: `Requires`, `BindsTo`, `PartOf`.
    pub stopped_with: Vec<Arc<str>>,
    /// However these end, it is stopped as well: `BindsTo`.
    pub bound_to: Vec<Arc<str>>,
    /// A start of these stops it, and its own start stops them: `Conflicts`, on either side.
    pub conflicts: Vec<Arc<str>>,
    /// Its own start starts these: `Requires`, `BindsTo`, `Wants`.
    pub pulls_in: Vec<Arc<str>>,
    /// Its own stop stops these: `RequiredBy`, `BoundBy`, `ConsistsOf`.
    pub dependants: Vec<Arc<str>>,
    /// These start it when they start: `WantedBy`, `RequiredBy`.
    pub wanted_by: Vec<Arc<str>>,
    /// It is started when one of these fails: `OnFailureOf`.
    pub failure_of: Vec<Arc<str>>,
    /// A timer, socket or path that starts it.
    pub triggered_by: Vec<Arc<str>>,
}

/// A job that systemd has for a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitJob {
    /// systemd's number for the job.
    pub id: u32,
    /// `start`, `stop`, `restart`, `reload`, `verify-active`; empty where it ended before it could be asked.
    pub kind: Arc<str>,
}

/// One row of a list of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUnit {
    /// systemd's own id.
    pub id: Arc<str>,
    /// What it says of itself; its id where it says nothing.
    pub description: Arc<str>,
    /// The `LoadState` property, in systemd's words; see [`UnitSeen::load`].
    pub load: Arc<str>,
    /// The `ActiveState` property, in systemd's words; see [`UnitSeen::active`].
    pub active: Arc<str>,
    /// The `SubState` property, in systemd's words; see [`UnitSeen::sub`].
    pub sub: Arc<str>,
}

impl From<UnitRow> for ListedUnit {
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

/// A text of systemd's as it is kept: clean, and cut to [`TEXT`] characters.
pub(super) fn cleaned(text: &str) -> Arc<str> {
    cut_line(text, TEXT).as_ref().into()
}

/// Finds the unit's object and reads it. A unit that is not loaded is loaded for the look: systemd reads its file.
pub async fn read(systemd: &Systemd, name: &str) -> Result<UnitSeen, SystemdError> {
    let path = object(systemd, name).await?;
    let common = properties(systemd, &path).await?;
    let all = systemd.ask(common.get_all(UNIT)).await?;
    let mut unit = described(&all);
    if &*unit.load == "not-found" {
        return Err(SystemdError::NoSuchUnit(unit.id));
    }
    if let Some((id, job)) = job_of(&all) {
        let kind = match properties(systemd, &job).await {
            Ok(job) => systemd.ask(job.get("org.freedesktop.systemd1.Job", "JobType")).await.ok(),
            Err(_) => None,
        };
        unit.job = Some(UnitJob { id, kind: kind.as_ref().map_or_else(|| "".into(), text) });
    }
    of_its_kind(systemd, &mut unit, &common).await?;
    Ok(unit)
}

/// What only some kinds of units have. A few single questions: all of a service's properties would make systemd read
/// its cgroup's accounting each time.
async fn of_its_kind(systemd: &Systemd, unit: &mut UnitSeen, object: &PropertiesProxy<'_>) -> Result<(), SystemdError> {
    let Some(interface) = interface(&unit.id) else { return Ok(()) };
    let ask = |name: &'static str| systemd.ask(object.get(interface, name));
    let service = unit.id.ends_with(".service");
    let only_services = async |name| if service { known(ask(name).await) } else { Ok(None) };
    let (result, group, restarts, main) =
        tokio::join!(ask("Result"), ask("ControlGroup"), only_services("NRestarts"), only_services("MainPID"));
    unit.result = known(result)?.as_ref().map(text);
    let path =
        |value: &OwnedVariant| <&str>::try_from(value).map_or_else(|_| "".into(), |path| cut_line(path, PATH).into());
    unit.control_group = known(group)?.as_ref().map_or_else(|| "".into(), path);
    unit.restarts = restarts?.as_ref().and_then(|value| u32::try_from(value).ok());
    unit.main_pid = main?.as_ref().and_then(|value| u32::try_from(value).ok()).filter(|pid| *pid != 0);
    if service && &*unit.active == "inactive" {
        unit.oneshot = is_oneshot(systemd, object).await?;
    }
    Ok(())
}

/// Why a unit may be inactive without a fault; none where that would be one.
pub async fn rest(systemd: &Systemd, name: &str) -> Result<Option<super::Rest>, SystemdError> {
    let unit = read(systemd, name).await?;
    if unit.condition_failed && &*unit.active == "inactive" {
        return Ok(Some(super::Rest::ConditionNotMet));
    }
    if !unit.id.ends_with(".service") {
        return Ok(None);
    }
    let path = object(systemd, &unit.id).await?;
    let oneshot = is_oneshot(systemd, &properties(systemd, &path).await?).await?;
    Ok(oneshot.then_some(super::Rest::Oneshot))
}

/// Is a service a oneshot that does not remain active after its work?
async fn is_oneshot(systemd: &Systemd, object: &PropertiesProxy<'_>) -> Result<bool, SystemdError> {
    let ask = |name: &'static str| systemd.ask(object.get("org.freedesktop.systemd1.Service", name));
    let (kind, remains) = tokio::join!(ask("Type"), ask("RemainAfterExit"));
    let remains = known(remains)?.is_some_and(|value| bool::try_from(&value).unwrap_or_default());
    Ok(!remains && known(kind)?.is_some_and(|kind| &*text(&kind) == "oneshot"))
}

/// A property that this kind of unit, or this release, may not have.
fn known(answer: Result<OwnedVariant, SystemdError>) -> Result<Option<OwnedVariant>, SystemdError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(SystemdError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
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
    match systemd.ask(manager.get_unit(name)).await {
        Err(SystemdError::NoSuchUnit(_)) => systemd.ask(manager.load_unit(name)).await,
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

type PropertyMap = HashMap<String, OwnedVariant>;

fn described(all: &PropertyMap) -> UnitSeen {
    let word = |name: &str| all.get(name).map_or_else(|| "".into(), text);
    let moment = |name: &str| all.get(name).and_then(|value| u64::try_from(value).ok()).unwrap_or_default();
    let truth = |name: &str| all.get(name).and_then(|value| bool::try_from(value).ok());
    UnitSeen {
        id: word("Id"),
        condition_failed: moment("ConditionTimestampMonotonic") != 0 && truth("ConditionResult") == Some(false),
        load: word("LoadState"),
        active: word("ActiveState"),
        sub: word("SubState"),
        invocation: invocation(all).into(),
        changed: moment("StateChangeTimestampMonotonic"),
        starting_since: moment("InactiveExitTimestampMonotonic"),
        active_since: moment("ActiveEnterTimestampMonotonic"),
        inactive_since: moment("InactiveEnterTimestampMonotonic"),
        relations: relations(all),
        ..UnitSeen::default()
    }
}

fn relations(all: &PropertyMap) -> Relations {
    let names = |properties: &[&str]| -> Vec<Arc<str>> {
        let mut names = Vec::new();
        for value in properties.iter().filter_map(|name| all.get(*name)) {
            for name in Vec::<String>::try_from(value.clone()).unwrap_or_default() {
                let name = cleaned(&name);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    };
    Relations {
        stopped_with: names(&["Requires", "BindsTo", "PartOf"]),
        bound_to: names(&["BindsTo"]),
        conflicts: names(&["Conflicts", "ConflictedBy"]),
        pulls_in: names(&["Requires", "BindsTo", "Wants"]),
        dependants: names(&["RequiredBy", "BoundBy", "ConsistsOf"]),
        wanted_by: names(&["WantedBy", "RequiredBy"]),
        failure_of: names(&["OnFailureOf"]),
        triggered_by: names(&["TriggeredBy"]),
    }
}

fn invocation(all: &PropertyMap) -> String {
    let bytes = all.get("InvocationID").cloned().and_then(|value| Vec::<u8>::try_from(value).ok());
    // Sixteen bytes, or none before the first run.
    let id = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(u128::from_be_bytes);
    id.map_or_else(String::new, |id| format!("{id:032x}"))
}

/// The job's number and object; systemd writes none as (0, "/").
fn job_of(all: &PropertyMap) -> Option<(u32, OwnedObjectPath)> {
    let job = all.get("Job").cloned()?;
    let (id, path) = <(u32, OwnedObjectPath)>::try_from(job).ok()?;
    (id != 0).then_some((id, path))
}

fn text(value: &OwnedVariant) -> Arc<str> {
    <&str>::try_from(value).map_or_else(|_| "".into(), cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_without_measure_is_cut_before_it_is_kept() {
        let word = |text: &str| text.to_owned();
        let path = || OwnedObjectPath::try_from("/a").unwrap();
        let long = "x".repeat(1 << 20);
        let (name, state) = (word("a.service"), word("active"));
        let row = (name, long.clone(), word("loaded"), state, long, String::new(), path(), 0, String::new(), path());
        let listed = ListedUnit::from(row);
        assert_eq!((&*listed.id, &*listed.active), ("a.service", "active"));
        assert_eq!([&listed.description, &listed.sub].map(|text| text.chars().count()), [TEXT, TEXT]);
    }
}
