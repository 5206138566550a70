//! Who watches what, and when it is looked at next.
//!
//! One task owns all of it, so nothing here is locked. Looks run in tasks of their own: a stuck one holds up nobody.

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

use super::event_loop::{LoopCommand, MonitorEvent};
use super::event_source::Wakeup;
use super::monitor::ObservationChange;
use super::probe::{ProbeResult, Prober};
use super::subject::{Observation, Subject};
use super::unit::watch::WatcherCommand;
use crate::core::effect::Cadence;
use crate::core::{Mono, Reading, UnitRun, Verdict, WatchId};
use crate::playbook::Check;
pub use emit::reading;

/// What the hub asks for.
#[derive(Debug)]
pub enum MonitorCommand {
    /// Read this check from now on, so often.
    Watch(WatchId, Arc<Check>, Cadence),
    /// Stop probing for this watch.
    Unwatch(WatchId),
}

/// What is known of a subject that somebody watches.
struct WatchedSubject {
    watches: Vec<Arc<WatchId>>,
    period: Option<Duration>,
    /// The place in the timetable that counts; older ones are void.
    ticket: u64,
    probing: bool,
    /// Somebody came while a look was under way: it is not fresh enough for them.
    again: bool,
    /// A look because of an event stands in the timetable.
    soon: bool,
    /// When the latest look was begun here.
    began: Option<Instant>,
    /// When the latest look that counts began.
    latest: Option<Mono>,
    kept: Option<Observation>,
}

/// One watch. There may be ten thousand: what is rare is boxed, or stands elsewhere.
struct Watch {
    subject: Arc<Subject>,
    check: Arc<Check>,
    cadence: Cadence,
    emitted: Option<LastEmitted>,
    emitted_at: Instant,
    /// A reading that waits because only its figure moved.
    held: Option<Box<Reading>>,
}

/// What a watch was told last.
struct LastEmitted {
    verdict: Verdict,
    seen: Arc<str>,
    has_figure: bool,
    unit: Option<UnitRun>,
}

/// The one task.
pub struct Dispatch {
    /// What looks need.
    pub prober: Arc<Prober>,
    /// The unit watcher, where systemd runs this host.
    pub units: Option<mpsc::UnboundedSender<WatcherCommand>>,
    /// Where readings go.
    pub readings: mpsc::UnboundedSender<(WatchId, Reading)>,
    /// Where observations go.
    pub kept: mpsc::UnboundedSender<ObservationChange>,
    /// Where notes go.
    pub notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
    /// Where looks, events and bells tell of themselves.
    pub events: mpsc::UnboundedSender<MonitorEvent>,
    entries: HashMap<Arc<Subject>, WatchedSubject>,
    watches: HashMap<Arc<WatchId>, Watch>,
    /// The bells of those watches that have some.
    registered: HashMap<Arc<WatchId>, Vec<u64>>,
    timetable: BinaryHeap<Reverse<(Instant, u64, Arc<Subject>)>>,
    held: HashSet<Arc<WatchId>>,
    /// Those whose source of events is gone.
    unwatched: HashSet<Arc<WatchId>>,
    /// Those whose event source has yet to tell of them for the first time.
    newcomers: HashSet<Arc<Subject>>,
    flush: Option<Instant>,
    tickets: u64,
    sources: u64,
    mounts_registered: bool,
    chance: RandomState,
}

impl Dispatch {
    /// Nobody watches yet.
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
            registered: HashMap::new(),
            timetable: BinaryHeap::new(),
            held: HashSet::new(),
            unwatched: HashSet::new(),
            newcomers: HashSet::new(),
            flush: None,
            tickets: 0,
            sources: 0,
            mounts_registered: false,
            chance: RandomState::new(),
        }
    }

    /// Runs until the hub is gone.
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
        self.unwatch(&watch);
        let subject = match Subject::of(&check, &watch.key.target) {
            Ok(subject) => Arc::new(subject),
            Err(why) => {
                let now = self.prober.clock.mono();
                let probed = ProbeResult { began: now, since: now, result: Err(why.into()) };
                let _ = self.readings.send((watch, reading(&check, &probed)));
                return;
            }
        };
        if let (crate::playbook::Target::Unit(unit), Some(units)) = (&watch.key.target, &self.units) {
            let _ = units.send(WatcherCommand::Attend(unit.clone()));
        }
        let subject = match self.entries.get_key_value(&subject) {
            Some((known, _)) => known.clone(),
            None => subject,
        };
        let watch = Arc::new(watch);
        self.prober.traces.remember(&subject);
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
        // An event source tells of a newcomer by itself; everything else is looked at now.
        if new && self.has_source(&subject) {
            self.expect(&subject);
        } else {
            self.begin(&subject);
        }
    }

    /// Is there somebody who tells of this subject's changes by itself?
    fn has_source(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Unit(_) => self.units.is_some(),
            Subject::Process(_) => matches!(self.prober.kernel.get(), Some(Some(_))),
            _ => false,
        }
    }

    fn unwatch(&mut self, watch: &WatchId) {
        let Some(watched) = self.watches.remove(watch) else { return };
        self.held.remove(watch);
        self.unwatched.remove(watch);
        for token in self.registered.remove(watch).into_iter().flatten() {
            self.prober.send(LoopCommand::Unregister(token));
        }
        let Some(entry) = self.entries.get_mut(&watched.subject) else { return };
        entry.watches.retain(|one| **one != *watch);
        if !entry.watches.is_empty() {
            return self.retime(&watched.subject);
        }
        self.entries.remove(&watched.subject);
        self.prober.traces.forget(&watched.subject);
        match (&*watched.subject, &self.units) {
            (Subject::Process(_), _) => self.prober.send(LoopCommand::Forget(watched.subject)),
            (Subject::Unit(_) | Subject::FailedUnits(_), Some(units)) => {
                drop(units.send(WatcherCommand::Forget(watched.subject)));
            }
            _ => (),
        }
    }

    fn handle(&mut self, event: MonitorEvent) {
        match event {
            MonitorEvent::Seen(subject, probed) => self.emit_observation(&subject, &probed),
            MonitorEvent::Probed(subject, probed) => {
                if let Some(entry) = self.entries.get_mut(&subject) {
                    entry.probing = false;
                    let again = std::mem::take(&mut entry.again);
                    self.emit_observation(&subject, &probed);
                    self.reopen(&subject);
                    if again {
                        self.soon(&subject);
                    }
                }
            }
            MonitorEvent::Woken(Wakeup::Mounts) => {
                let affected =
                    |subject: &&Arc<Subject>| matches!(***subject, Subject::Filesystem(_) | Subject::Mount(_));
                let subjects: Vec<_> = self.entries.keys().filter(affected).cloned().collect();
                for subject in subjects {
                    self.soon(&subject);
                }
            }
            MonitorEvent::Woken(Wakeup::Subject(subject)) => self.soon(&subject),
            MonitorEvent::Sources(watch, subject, sources) => self.register_all(&watch, &subject, sources),
            MonitorEvent::Lost(token) => self.lost(token),
            MonitorEvent::Note(about, text) => drop(self.notes.send((about, text))),
        }
    }
}
