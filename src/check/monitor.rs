//! Watches checks for the engine: the entry point of this module.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::check::events::event_loop::EventLoop;
use crate::check::host::{load, memory, pressure};
use crate::check::judge::conditions::share;
use crate::check::prober::Prober;
use crate::check::report::{MonitorEvent, ObservationChange, ProbeResult};
use crate::check::scheduler::{Dispatch, MonitorCommand, reading};
use crate::check::subject::Subject;
use crate::check::target::facts::TargetFacts;
use crate::check::target::{preflight, resolve};
use crate::check::units::unit::probe::records::UnitRecords;
use crate::check::units::unit::probe::watch::Watcher;
use crate::core::machine::effect::Cadence;
use crate::core::{Reading, Resolution, WatchId};
use crate::host::systemd::SystemdError;
use crate::host::{Clock, Systemd};
use crate::playbook::lint::host_check::{self, Resting};
use crate::playbook::{Check, Playbook, Target, TargetSpec};

/// The signals of one transaction's jobs arrive within this time.
const TRANSACTION: Duration = Duration::from_secs(2);

/// Probes the host on behalf of every watch.
///
/// Dropping it ends everything that it started; probes that hang in the kernel end once the kernel returns.
#[derive(Debug)]
pub struct Monitor {
    commands: mpsc::UnboundedSender<MonitorCommand>,
    prober: Arc<Prober>,
    records: Arc<Mutex<UnitRecords>>,
}

/// The host's load, memory and pressure, for the header of the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostUsage {
    /// One-minute load average.
    pub load: f64,
    /// Processors that are online.
    pub cores: usize,
    /// Memory that is not available, percent.
    pub memory: f64,
    /// Swap in use, percent; 0 without swap.
    pub swap: f64,
    /// `some avg10` for cpu, `full avg10` for memory and io, percent; none where the kernel has no PSI.
    pub pressure: Option<[f64; 3]>,
}

impl Monitor {
    /// Starts the monitor, within a tokio runtime. Nothing is probed before it is watched.
    ///
    /// `readings` receives every change of a reading and every probe of a verifier; `kept` every change of what was
    /// observed; `notes` what an operator should know about the monitoring itself, as (about, text).
    #[must_use]
    pub fn new(
        clock: Clock,
        readings: mpsc::UnboundedSender<(WatchId, Reading)>,
        kept: mpsc::UnboundedSender<ObservationChange>,
        notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
    ) -> Self {
        let (commands, commands_here) = mpsc::unbounded_channel();
        let (events, events_here) = mpsc::unbounded_channel();
        let records = Arc::new(Mutex::new(UnitRecords::new(TRANSACTION)));
        let prober = Arc::new(Prober::new(clock));
        let loop_events = events.clone();
        let report = move |event| drop(loop_events.send(MonitorEvent::Loop(event)));
        let event_loop = EventLoop::start(clock, report).map_err(|error| {
            let text = format!("processes and mounts cannot be watched: {error}");
            let _ = events.send(MonitorEvent::Note("host".into(), text.into()));
        });
        let _ = prober.event_loop.set(event_loop.ok());
        let units = prober.systemd.clone().map(|systemd| {
            let (units, unit_commands) = mpsc::unbounded_channel();
            tokio::spawn(
                Watcher { systemd, clock, commands: unit_commands, events: events.clone(), records: records.clone() }
                    .run(),
            );
            units
        });
        let dispatch = Dispatch::new(prober.clone(), units, readings, kept, notes, events);
        tokio::spawn(dispatch.run(commands_here, events_here));
        Self { commands, prober, records }
    }

    /// Probes a check from now on and reports every change; a check without an object of its own probes the key's
    /// target. Each probe of a verifier's check is reported.
    pub fn watch(&self, watch: WatchId, check: Arc<Check>, cadence: Cadence) {
        let _ = self.commands.send(MonitorCommand::Watch(watch, check, cadence));
    }

    /// Ends a watch. Readings that are already under way may still arrive.
    pub fn unwatch(&self, watch: &WatchId) {
        let _ = self.commands.send(MonitorCommand::Unwatch(watch.clone()));
    }

    /// One fresh probe within its deadline, independent of all watches.
    pub fn read(&self, check: Arc<Check>, target: Target) -> impl Future<Output = Reading> + Send + 'static {
        let prober = self.prober.clone();
        async move {
            let result = match Subject::of(&check, &target) {
                Ok(subject) => subject.probe(&prober).await,
                Err(why) => {
                    let now = prober.clock.mono();
                    ProbeResult { began: now, since: now, result: Err(why.into()) }
                }
            };
            reading(&check, &result)
        }
    }

    /// Resolves a playbook's targets on this host.
    pub async fn resolve(&self, playbook: &Playbook) -> Vec<Resolution> {
        resolve::resolve(&self.prober, playbook).await
    }

    /// The units that a playbook's detector asks about and that rest on this host: of a target that stands for several,
    /// the first. Units that systemd does not know are not among them.
    ///
    /// # Errors
    /// Where systemd does not answer.
    pub async fn resting(&self, playbook: &Playbook) -> Result<Resting, SystemdError> {
        let mut resting = Resting::new();
        let Some(systemd) = &self.prober.systemd else { return Ok(resting) };
        for name in host_check::asked(playbook) {
            let units: Vec<Arc<str>> = match name {
                Some(name) => vec![name.into()],
                None => self.resolve(playbook).await.into_iter().filter_map(unit_here).collect(),
            };
            for unit in units {
                if let Some(rest) = answered(systemd.rest(&unit).await)? {
                    resting.insert(name.map(str::to_owned), (unit, rest));
                    break;
                }
            }
        }
        Ok(resting)
    }

    /// A channel that holds the error while systemd does not answer; none if systemd does not run this host.
    pub fn systemd_silence(&self) -> Option<watch::Receiver<Option<SystemdError>>> {
        self.prober.systemd.as_ref().map(Systemd::silence)
    }

    /// Resolves one target on this host; a target that does not exist now stands for itself.
    pub async fn resolve_target(&self, spec: &TargetSpec) -> Vec<Target> {
        resolve::targets(&self.prober, spec).await
    }

    /// The facts about a target right before an attempt, besides its detector.
    pub async fn target_facts(&self, target: &Target) -> TargetFacts {
        preflight::gather(self.prober.systemd.as_ref(), &self.records, target).await
    }
}

/// Turns "no such unit" and refusals into an answer without a unit; a missing answer stays an error.
fn answered<T>(answer: Result<Option<T>, SystemdError>) -> Result<Option<T>, SystemdError> {
    match answer {
        Err(SystemdError::NoSuchUnit(_) | SystemdError::Refused(_) | SystemdError::Odd(_)) => Ok(None),
        other => other,
    }
}

fn unit_here(resolution: Resolution) -> Option<Arc<str>> {
    match resolution {
        Resolution::Here(Target::Unit(unit)) => Some(unit),
        Resolution::Here(_) | Resolution::NotApplicable { .. } | Resolution::Unresolved { .. } => None,
    }
}

/// The host at a glance; none where the kernel does not tell.
pub fn host_usage() -> Option<HostUsage> {
    let (load, memory) = (load::probe::now().ok()?, memory::probe::now().ok()?);
    let pressure =
        pressure::probe::now().ok().map(|seen| [seen.cpu, seen.memory, seen.io].map(Option::unwrap_or_default));
    Some(HostUsage {
        load: load.one,
        cores: load.cores,
        memory: share(memory.used(), memory.total).unwrap_or_default(),
        swap: share(memory.swap_used, memory.swap_total).unwrap_or_default(),
        pressure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_of_systemd_is_not_taken_for_an_answer_about_a_unit() {
        let answer_to = |error| answered::<()>(Err(error));
        assert_eq!(answer_to(SystemdError::NoSuchUnit("job.service".into())), Ok(None));
        assert_eq!(answer_to(SystemdError::Refused("no".into())), Ok(None));
        for silent in [SystemdError::NoAnswer(TRANSACTION), SystemdError::Line("closed".into())] {
            assert_eq!(answer_to(silent.clone()), Err(silent));
        }
    }
}
