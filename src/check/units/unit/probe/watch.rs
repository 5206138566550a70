//! Waits for systemd's signals and reads the units that changed. A broken connection is opened again and everything is
//! read again; if it stays broken for longer than a short grace, every unit is unknown.
//!
//! Signals are taken the moment they come, by a plain function, into what is bounded by the units of the host
//! ([`PendingChanges`], [`UnitRecords`]); the reads that they cause go over another connection, a few at a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::UnitFacts;
use super::pending::{Changed, PendingChanges};
use super::records::UnitRecords;
use crate::check::kind::SharedSource;
use crate::check::prober::since_event;
use crate::check::report::{MonitorEvent, ProbeResult};
use crate::check::subject::Subject;
use crate::host::Clock;
use crate::host::clock::monotonic_us;
use crate::host::systemd::{Systemd, SystemdError, UnitSeen};

/// How long a broken connection is not reported: the bus may only be restarting.
const GRACE: Duration = Duration::from_secs(5);

/// The wait before the connection is opened again doubles from here …
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// … up to here.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// How many units are read at once.
const READS: usize = 16;

/// How often systemd is probed while it does not answer.
const PROBE: Duration = Duration::from_secs(1);

/// A command for the unit watcher.
#[derive(Debug)]
pub enum WatcherCommand {
    /// Report every change of the unit of this subject.
    Track(Arc<Subject>),
    /// Stop reporting changes of the unit of this subject.
    Forget(Arc<Subject>),
    /// Remember who stops units: an attempt may be made on this one.
    Attend(Arc<str>),
}

/// Watches units until its commands end.
#[derive(Debug)]
pub struct Watcher {
    /// The D-Bus connection on which signals arrive.
    pub systemd: Systemd,
    /// What durations run on.
    pub clock: Clock,
    /// Where its commands come from; the watcher ends when the sender is dropped.
    pub commands: mpsc::UnboundedReceiver<WatcherCommand>,
    /// Where changes are reported.
    pub events: mpsc::UnboundedSender<MonitorEvent>,
    /// The record of what happened to units.
    pub records: Arc<Mutex<UnitRecords>>,
}

/// What is watched, and under which id systemd speaks of it.
#[derive(Debug, Default)]
struct WatchedUnit {
    subjects: BTreeSet<Arc<Subject>>,
    by_id: HashMap<Arc<str>, BTreeSet<Arc<Subject>>>,
    attended: BTreeSet<Arc<str>>,
}

/// One unit that was read.
struct UnitReading {
    subject: Arc<Subject>,
    began: crate::core::Mono,
    unit: Result<UnitSeen, SystemdError>,
}

impl Watcher {
    /// Runs until the sender of its commands is dropped.
    pub async fn run(mut self) {
        let mut watched = WatchedUnit::default();
        let mut broken_since = Instant::now();
        let (mut retry, mut reported) = (FIRST_RETRY, false);
        loop {
            // Nothing is watched: no connection is needed.
            while watched.subjects.is_empty() && watched.attended.is_empty() {
                let Some(command) = self.commands.recv().await else { return };
                watched.take(command);
                broken_since = Instant::now();
            }
            match self.follow(&mut watched).await {
                Ok(true) => {
                    (retry, reported) = (FIRST_RETRY, false);
                    broken_since = Instant::now();
                }
                Ok(false) => return,
                Err(error) => {
                    if !reported && broken_since.elapsed() > GRACE {
                        reported = true;
                        self.all_unknown(&watched, &error.to_string());
                    }
                    if !self.pause(retry, &mut watched).await {
                        return;
                    }
                    retry = (retry * 2).min(LAST_RETRY);
                }
            }
        }
    }

    /// Waits for this long while carrying out commands; false once their sender is dropped.
    async fn pause(&mut self, length: Duration, watched: &mut WatchedUnit) -> bool {
        let wait = sleep(length);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return true,
                command = self.commands.recv() => match command {
                    Some(command) => drop(watched.take(command)),
                    None => return false,
                },
            }
        }
    }

    /// Follows one connection until it breaks; false once the sender of the commands is dropped.
    async fn follow(&mut self, watched: &mut WatchedUnit) -> Result<bool, SystemdError> {
        let pending = Arc::new(PendingChanges::default());
        let (noted, records) = (Arc::clone(&pending), Arc::clone(&self.records));
        locked(&records).begin(monotonic_us());
        let sink = move |change| {
            locked(&records).note(&change, monotonic_us());
            noted.note(&change);
        };
        let mut listening = self.systemd.listen(sink).await?;
        let mut silence = self.systemd.silence();
        let mut dirty = watched.subjects.clone();
        let mut reads = JoinSet::new();
        loop {
            let silent = silence.borrow_and_update().is_some();
            while !silent && reads.len() < READS {
                let Some(subject) = dirty.pop_first() else { break };
                self.begin_read(subject, &mut reads);
            }
            tokio::select! {
                () = listening.broken() => return Ok(true),
                changed = pending.take() => self.changed(changed, watched, &mut dirty),
                Some(read) = reads.join_next() => {
                    if let Ok(read) = read {
                        self.was_read(read, watched);
                    }
                }
                // What was missed meanwhile is read once it answers again.
                Ok(()) = silence.changed() => dirty.clone_from(&watched.subjects),
                () = probe(&self.systemd), if silent => {}
                command = self.commands.recv() => match command {
                    Some(command) => dirty.extend(watched.take(command)),
                    None => return Ok(false),
                },
            }
        }
    }

    fn changed(&self, changed: Changed, watched: &WatchedUnit, dirty: &mut BTreeSet<Arc<Subject>>) {
        for subject in watched.subjects.iter().filter(|one| one.shared_source() == SharedSource::AnyUnit) {
            let _ = self.events.send(MonitorEvent::Woken(subject.clone()));
        }
        match changed {
            Changed::Units(ids) => {
                dirty.extend(ids.iter().filter_map(|id| watched.by_id.get(id)).flatten().cloned());
            }
            Changed::Everything => dirty.extend(watched.subjects.iter().cloned()),
        }
    }

    fn begin_read(&self, subject: Arc<Subject>, reads: &mut JoinSet<UnitReading>) {
        let SharedSource::Unit(name) = subject.shared_source() else { return };
        let (systemd, clock) = (self.systemd.clone(), self.clock);
        reads.spawn(async move {
            let began = clock.mono();
            UnitReading { subject, began, unit: systemd.unit(&name).await }
        });
    }

    fn was_read(&self, read: UnitReading, watched: &mut WatchedUnit) {
        let UnitReading { subject, began, unit } = read;
        if !watched.subjects.contains(&subject) {
            return;
        }
        let probed = match unit {
            Ok(seen) => {
                watched.by_id.entry(seen.id.clone()).or_default().insert(subject.clone());
                let since = since_event(&self.clock, seen.changed, began);
                ProbeResult { began, since, result: Ok(UnitFacts::of(&seen, &self.clock).into()) }
            }
            Err(error) => ProbeResult { began, since: began, result: Err(error.to_string().into()) },
        };
        let _ = self.events.send(MonitorEvent::Seen(subject, probed));
    }

    fn all_unknown(&self, watched: &WatchedUnit, why: &str) {
        let (now, why): (_, Arc<str>) = (self.clock.mono(), why.into());
        for subject in &watched.subjects {
            let probed = ProbeResult { began: now, since: now, result: Err(why.clone()) };
            let _ = self.events.send(MonitorEvent::Seen(subject.clone(), probed));
        }
    }
}

/// Probes systemd after a moment; everyone who waits for it to answer is notified.
async fn probe(systemd: &Systemd) {
    sleep(PROBE).await;
    let _ = systemd.probe().await;
}

/// Locks the records of units; a poisoned lock is used all the same.
pub fn locked(records: &Mutex<UnitRecords>) -> MutexGuard<'_, UnitRecords> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WatchedUnit {
    /// Carries out a command, and returns the subject that must be read for the first time.
    fn take(&mut self, command: WatcherCommand) -> Option<Arc<Subject>> {
        match command {
            WatcherCommand::Track(subject) => self.subjects.insert(subject.clone()).then_some(subject),
            WatcherCommand::Forget(subject) => {
                self.subjects.remove(&subject);
                self.by_id.retain(|_, subjects| {
                    subjects.remove(&subject);
                    !subjects.is_empty()
                });
                None
            }
            WatcherCommand::Attend(unit) => {
                self.attended.insert(unit);
                None
            }
        }
    }
}
