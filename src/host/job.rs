//! systemd's jobs, asked for over D-Bus and waited for: systemd itself starts and stops what a unit stands for.

use std::future::poll_fn;
use std::pin::Pin;

use tokio::time::{Instant, timeout_at};
use zbus::export::futures_core::Stream;
use zbus::proxy::CacheProperties;
use zbus::{Connection, ObjectPath, OwnedObjectPath};

/// What systemd can be asked to do with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop and start it.
    Restart,
    /// Ask it to read its configuration.
    Reload,
    /// Stop it.
    Stop,
    /// Clear its failed state and its start counter. No job: done when answered.
    ResetFailed,
}

/// How a job came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// systemd's word: `done`, `failed`, `canceled`, `timeout`, `dependency`, `skipped`.
    pub result: String,
    /// The unit's state afterwards, as `active (running)`; none where it cannot be read.
    pub state: Option<String>,
}

/// Why a job has no end.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The deadline passed; the job may still go on.
    #[error("the deadline passed")]
    TimedOut,
    /// systemd said no, or cannot be asked.
    #[error("systemd cannot be asked, or says no: {0}")]
    Refused(#[from] zbus::Error),
    /// The bus went away while the job ran.
    #[error("the bus was lost while the job ran")]
    Lost,
}

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
trait Manager {
    fn subscribe(&self) -> zbus::Result<()>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn restart_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn reload_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn reset_failed_unit(&self, name: &str) -> zbus::Result<()>;
    fn get_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: ObjectPath<'_>, unit: String, result: String) -> zbus::Result<()>;
}

#[zbus::proxy(interface = "org.freedesktop.systemd1.Unit", default_service = "org.freedesktop.systemd1")]
trait Unit {
    #[zbus(property(emits_changed_signal = "false"))]
    fn active_state(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn sub_state(&self) -> zbus::Result<String>;
}

/// Asks systemd for a job on a unit and waits for its end.
///
/// # Errors
/// Where systemd refuses, or the job has not ended by the deadline; it may still go on then.
pub async fn run(unit: &str, verb: Verb, deadline: Instant) -> Result<JobEnd, JobError> {
    timeout_at(deadline, to_its_end(unit, verb)).await.map_err(|_| JobError::TimedOut)?
}

async fn to_its_end(unit: &str, verb: Verb) -> Result<JobEnd, JobError> {
    const MODE: &str = "replace";
    let bus = Connection::system().await?;
    let manager = ManagerProxy::builder(&bus).cache_properties(CacheProperties::No).build().await?;
    if verb == Verb::ResetFailed {
        manager.reset_failed_unit(unit).await?;
        return Ok(JobEnd { result: "done".into(), state: state(&bus, &manager, unit).await });
    }
    // Listening before asking: a short job may be over before its answer is read.
    let mut removed = manager.receive_job_removed().await?;
    manager.subscribe().await?;
    let job = match verb {
        Verb::Start => manager.start_unit(unit, MODE).await?,
        Verb::Restart => manager.restart_unit(unit, MODE).await?,
        Verb::Reload => manager.reload_unit(unit, MODE).await?,
        Verb::Stop | Verb::ResetFailed => manager.stop_unit(unit, MODE).await?,
    };
    loop {
        let signal = poll_fn(|context| Pin::new(&mut removed).poll_next(context)).await.ok_or(JobError::Lost)?;
        let ended = signal.args()?;
        if *ended.job() == job.as_ref() {
            return Ok(JobEnd { result: ended.result().clone(), state: state(&bus, &manager, unit).await });
        }
    }
}

/// Only for the words of the report: what cannot be read is left out.
async fn state(bus: &Connection, manager: &ManagerProxy<'_>, unit: &str) -> Option<String> {
    let path = manager.get_unit(unit).await.ok()?;
    let unit = UnitProxy::builder(bus).path(path).cache_properties(CacheProperties::No).build().await.ok()?;
    Some(format!("{} ({})", unit.active_state().await.ok()?, unit.sub_state().await.ok()?))
}
