//! Decides which subjects are watched, and handles the events that concern them.
//!
//! One task owns all of it, so nothing here is locked. Probes run in tasks of their own, so that one that hangs delays
//! no other.

mod emit;
mod event_sources;
mod timetable;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::check::events::event_loop::{LoopCommand, LoopEvent};
use crate::check::kind::SharedSource;
use crate::check::prober::Prober;
use crate::check::report::{MonitorEvent, ObservationChange, ProbeResult};
use crate::check::subject::{Observation, Subject};
use crate::check::units::unit::probe::watch::WatcherCommand;
use crate::core::machine::effect::Cadence;
use crate::core::{Mono, Reading, UnitRun, Verdict, WatchId};
use crate::playbook::Check;
pub use emit::reading;
use event_sources::Wakeup;

/// A command of the monitor for the scheduler.
#[derive(Debug)]
pub enum MonitorCommand {
    /// Probe this check from now on, at this cadence.
    Watch(WatchId, Arc<Check>, Cadence),
    /// Stop probing for this watch.
    Unwatch(WatchId),
}

/// The state of a subject that at least one watch needs.
struct WatchedSubject {
    watches: Vec<Arc<WatchId>>,
    period: Option<Duration>,
    /// The ticket of the valid entry in the timetable; entries with older tickets are ignored.
    ticket: u64,
    probing: bool,
    /// A probe was asked for while another was running, which is not fresh enough.
    again: bool,
    /// The timetable holds a probe that an event caused.
    soon: bool,
    /// When the scheduler began the latest probe.
    began: Option<Instant>,
    /// When the latest probe began whose result was used.
    latest: Option<Mono>,
    kept: Option<Observation>,
}

/// One watch. There may be ten thousand, so rare data is boxed or kept elsewhere.
struct Watch {
    subject: Arc<Subject>,
    check: Arc<Check>,
    cadence: Cadence,
    emitted: Option<LastEmitted>,
    emitted_at: Instant,
    /// A reading that is delayed because only its figure changed.
    held: Option<Box<Reading>>,
}

/// The reading that a watch emitted last.
struct LastEmitted {
    verdict: Verdict,
    seen: Arc<str>,
    has_figure: bool,
    unit: Option<UnitRun>,
}

/// The scheduler's task.
pub struct Dispatch {
    /// Probes the subjects.
    pub prober: Arc<Prober>,
    /// The unit watcher, where systemd runs this host.
    pub units: Option<mpsc::UnboundedSender<WatcherCommand>>,
    /// Where readings are sent, each with its watch.
    pub readings: mpsc::UnboundedSender<(WatchId, Reading)>,
    /// Where changed observations are sent, to be recorded for backtests.
    pub kept: mpsc::UnboundedSender<ObservationChange>,
    /// Where notes for the operator are sent, as (about, text).
    pub notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
    /// Where probes, the event loop and the unit watcher send their events to this task.
    pub events: mpsc::UnboundedSender<MonitorEvent>,
    entries: HashMap<Arc<Subject>, WatchedSubject>,
    watches: HashMap<Arc<WatchId>, Watch>,
    /// What has to be probed when an event source announces a change, by the source's token.
    sources: HashMap<u64, Wakeup>,
    /// The tokens of the registered event sources, by watch.
    registered: HashMap<Arc<WatchId>, Vec<u64>>,
    timetable: BinaryHeap<Reverse<(Instant, u64, Arc<Subject>)>>,
    held: HashSet<Arc<WatchId>>,
    /// The watches whose event source is gone.
    unwatched: HashSet<Arc<WatchId>>,
    /// The subjects whose event source has not yet reported them for the first time.
    newcomers: HashSet<Arc<Subject>>,
    flush: Option<Instant>,
    tickets: u64,
    tokens: u64,
    mounts_registered: bool,
    chance: RandomState,
}

impl Dispatch {
    /// A scheduler without a watch.
    pub fn new(
        prober: Arc<Prober>,
        units: Option<mpsc::UnboundedSender<WatcherCommand>>,
        readings: mpsc::UnboundedSender<(WatchId, Reading)>,
        kept: mpsc::UnboundedSender<ObservationChange>,
        notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
        events: mpsc::UnboundedSender<MonitorEvent>,
    ) -> Self {
        Self {
            prober,
            units,
            readings,
            kept,
            notes,
            events,
            entries: HashMap::new(),
            watches: HashMap::new(),
            sources: HashMap::new(),
            registered: HashMap::new(),
            timetable: BinaryHeap::new(),
            held: HashSet::new(),
            unwatched: HashSet::new(),
            newcomers: HashSet::new(),
            flush: None,
            tickets: 0,
            tokens: 0,
            mounts_registered: false,
            chance: RandomState::new(),
        }
    }

    /// Runs until the monitor is dropped.
    pub async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<MonitorCommand>,
        mut events: mpsc::UnboundedReceiver<MonitorEvent>,
    ) {
        loop {
            let due = [self.timetable.peek().map(|Reverse((due, ..))| *due), self.flush].into_iter().flatten().min();
            let wait = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.handle(event),
                command = commands.recv() => match command {
                    Some(MonitorCommand::Watch(watch, check, cadence)) => self.watch(watch, check, cadence),
                    Some(MonitorCommand::Unwatch(watch)) => self.unwatch(&watch),
                    None => return,
                },
                () = wait => self.due(),
            }
        }
    }

    fn watch(&mut self, watch: WatchId, check: Arc<Check>, cadence: Cadence) {
        let subject = match Subject::of(&check, &watch.key.target) {
            Ok(subject) => Arc::new(subject),
            Err(why) => {
                let now = self.prober.clock.mono();
                let probed = ProbeResult { began: now, since: now, result: Err(why.into()) };
                self.unwatch(&watch);
                let _ = self.readings.send((watch, reading(&check, &probed)));
                return;
            }
        };
        if let Some(watched) = self.watches.get_mut(&watch).filter(|watched| watched.subject == subject) {
            // only at another pace: what is remembered of the subject, growth above all, goes on
            (watched.cadence, watched.emitted, watched.held) = (cadence, None, None);
            self.held.remove(&watch);
            self.retime(&subject);
            return self.begin(&subject);
        }
        self.unwatch(&watch);
        if let (crate::playbook::Target::Unit(unit), Some(units)) = (&watch.key.target, &self.units) {
            let _ = units.send(WatcherCommand::Attend(unit.clone()));
        }
        let subject = match self.entries.get_key_value(&subject) {
            Some((known, _)) => known.clone(),
            None => subject,
        };
        let watch = Arc::new(watch);
        subject.remember(&self.prober.traces);
        self.open_sources(&watch, &subject, &check);
        let (emitted, emitted_at, held) = (None, Instant::now(), None);
        let watched = Watch { subject: subject.clone(), check, cadence, emitted, emitted_at, held };
        self.watches.insert(watch.clone(), watched);
        let new = !self.entries.contains_key(&subject);
        let entry = self.entries.entry(subject.clone()).or_insert_with(|| WatchedSubject {
            watches: Vec::with_capacity(1),
            period: None,
            ticket: 0,
            probing: false,
            again: false,
            soon: false,
            began: None,
            latest: None,
            kept: None,
        });
        entry.watches.push(watch);
        self.retime(&subject);
        // An event source reports a new subject by itself; everything else is probed now.
        if new && self.has_source(&subject) {
            self.expect(&subject);
        } else {
            self.begin(&subject);
        }
    }

    /// Whether an event source reports this subject's changes without a probe.
    fn has_source(&self, subject: &Subject) -> bool {
        match subject.shared_source() {
            SharedSource::Unit(_) => self.units.is_some(),
            SharedSource::ProcessTable(_) => matches!(self.prober.event_loop.get(), Some(Some(_))),
            SharedSource::None | SharedSource::AnyUnit | SharedSource::MountTable => false,
        }
    }

    fn unwatch(&mut self, watch: &WatchId) {
        let Some(watched) = self.watches.remove(watch) else { return };
        self.held.remove(watch);
        self.unwatched.remove(watch);
        for token in self.registered.remove(watch).into_iter().flatten() {
            self.sources.remove(&token);
            self.prober.send(LoopCommand::Unregister(token));
        }
        let Some(entry) = self.entries.get_mut(&watched.subject) else { return };
        entry.watches.retain(|one| **one != *watch);
        if !entry.watches.is_empty() {
            return self.retime(&watched.subject);
        }
        self.entries.remove(&watched.subject);
        watched.subject.forget(&self.prober.traces);
        match (watched.subject.shared_source(), &self.units) {
            (SharedSource::ProcessTable(processes), _) => self.prober.send(LoopCommand::Forget(processes)),
            (SharedSource::Unit(_) | SharedSource::AnyUnit, Some(units)) => {
                drop(units.send(WatcherCommand::Forget(watched.subject)));
            }
            (SharedSource::Unit(_) | SharedSource::AnyUnit, None)
            | (SharedSource::None | SharedSource::MountTable, _) => {}
        }
    }

    fn handle(&mut self, event: MonitorEvent) {
        match event {
            MonitorEvent::Seen(subject, probed) => self.emit_observation(&subject, &probed),
            MonitorEvent::Probed(subject, probed) => self.probed(&subject, &probed),
            MonitorEvent::Woken(subject) => self.soon(&subject),
            MonitorEvent::Sources(watch, subject, sources) => self.register_all(&watch, &subject, sources),
            MonitorEvent::Loop(LoopEvent::Processes { subject, began, seen }) => {
                let result = seen.map(Observation::from).map_err(Into::into);
                let subject = Subject::from(Arc::unwrap_or_clone(subject));
                self.emit_observation(&subject, &ProbeResult { began, since: began, result });
            }
            MonitorEvent::Loop(LoopEvent::Woken(token)) => self.woken(token),
            MonitorEvent::Loop(LoopEvent::Lost(token)) => self.lost(token),
            MonitorEvent::Note(about, text) => drop(self.notes.send((about, text))),
        }
    }

    /// Takes the result of a probe that has finished.
    fn probed(&mut self, subject: &Arc<Subject>, probed: &ProbeResult) {
        let Some(entry) = self.entries.get_mut(subject) else { return };
        entry.probing = false;
        let again = std::mem::take(&mut entry.again);
        self.emit_observation(subject, probed);
        self.reopen(subject);
        if again {
            self.soon(subject);
        }
    }
}
