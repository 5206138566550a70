//! When each subject is probed next: periods with a little chance in them, probes that an event asks for, and readings
//! that wait because only their figure moved.

use std::cmp::Reverse;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::Dispatch;
use super::emit::emit_reading;
use crate::check::events::event_loop::LoopCommand;
use crate::check::kind::SharedSource;
use crate::check::prober::Cost;
use crate::check::report::{MonitorEvent, ProbeResult};
use crate::check::subject::Subject;
use crate::check::units::unit::probe::watch::WatcherCommand;
use crate::core::machine::effect::Cadence;

/// The longest period of a subject while it is verified.
const VERIFYING: Duration = Duration::from_millis(500);

/// The same for probes that cost a child or a request.
const VERIFYING_DEAR: Duration = Duration::from_secs(1);

/// Probes that are due within this time are begun along with those that are due now, in one wake-up.
const TOGETHER: Duration = Duration::from_millis(50);

/// The shortest time between two probes of a subject to which events keep happening.
const CALM: Duration = Duration::from_millis(100);

/// How long to wait until an event source reports a new subject by itself. It may not, if the host is short of memory
/// or its bus is slow.
const FIRST_READING: Duration = Duration::from_secs(5);

impl Dispatch {
    /// Schedules a probe of a new subject, which is skipped if its event source has reported it by then.
    pub(super) fn expect(&mut self, subject: &Arc<Subject>) {
        let Some(entry) = self.entries.get(subject) else { return };
        self.newcomers.insert(subject.clone());
        self.timetable.push(Reverse((Instant::now() + FIRST_READING, entry.ticket, subject.clone())));
    }

    /// Derives how often a subject is probed from its watches.
    pub(super) fn retime(&mut self, subject: &Arc<Subject>) {
        let Some(entry) = self.entries.get(subject) else { return };
        let watched = entry.watches.iter().filter_map(|watch| self.watches.get(watch));
        let shortest = watched.clone().map(|watched| watched.check.every()).min();
        let verifying = watched.clone().any(|watched| watched.cadence == Cadence::Fast);
        let Some(shortest) = shortest else { return };
        let fast = match subject.cost() {
            Cost::Request | Cost::Child => VERIFYING_DEAR,
            Cost::Little | Cost::Connection => VERIFYING,
        };
        let source = subject.shared_source();
        let period = if verifying {
            Some(shortest.min(fast))
        } else if matches!(source, SharedSource::ProcessTable(_)) && self.has_source(subject) {
            // Listing serves all processes at once, so the thread that lists keeps the time.
            None
        } else {
            Some(shortest)
        };
        match (source, &self.units) {
            (SharedSource::ProcessTable(processes), _) => self.prober.send(LoopCommand::Track(processes, shortest)),
            (SharedSource::Unit(_) | SharedSource::AnyUnit, Some(units)) => {
                drop(units.send(WatcherCommand::Track(subject.clone())));
            }
            (SharedSource::Unit(_) | SharedSource::AnyUnit, None)
            | (SharedSource::None | SharedSource::MountTable, _) => {}
        }
        if let Some(entry) = self.entries.get_mut(subject)
            && entry.period != period
        {
            entry.period = period;
            self.schedule(subject);
        }
    }

    /// Schedules the next probe, a little off its period so that probes do not all fall together.
    pub(super) fn schedule(&mut self, subject: &Arc<Subject>) {
        self.tickets += 1;
        let ticket = self.tickets;
        let Some(entry) = self.entries.get_mut(subject) else { return };
        entry.ticket = ticket;
        // The former entry is void now, but the event that it was for still needs a probe.
        if std::mem::take(&mut entry.soon) {
            self.timetable.push(Reverse((Instant::now() + CALM, ticket, subject.clone())));
            return;
        }
        let Some(period) = entry.period else { return };
        let chance = u32::try_from(self.chance.hash_one(ticket) % 1000).unwrap_or_default();
        let wait = period * 9 / 10 + period / 10 * chance / 1000;
        self.timetable.push(Reverse((Instant::now() + wait, ticket, subject.clone())));
    }

    /// Begins the probes that are due, and emits the delayed readings that are due.
    pub(super) fn due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, ..))) = self.timetable.peek() {
            if *due > now + TOGETHER {
                break;
            }
            let Some(Reverse((_, ticket, subject))) = self.timetable.pop() else { break };
            let Some(entry) = self.entries.get_mut(&subject) else { continue };
            if entry.ticket == ticket {
                entry.soon = false;
                // its source has reported it: the next probe is at its usual time
                if !(self.newcomers.remove(&subject) && entry.latest.is_some()) {
                    self.begin(&subject);
                }
                self.schedule(&subject);
            }
        }
        if self.flush.is_some_and(|flush| flush <= now) {
            self.flush = None;
            for watch in std::mem::take(&mut self.held) {
                if let Some(watched) = self.watches.get_mut(&watch)
                    && let Some(reading) = watched.held.take()
                {
                    emit_reading(&self.readings, &watch, watched, *reading);
                }
            }
        }
    }

    /// Probes a subject because of an event: at once, unless it was probed a moment ago.
    pub(super) fn soon(&mut self, subject: &Arc<Subject>) {
        let now = Instant::now();
        let Some(entry) = self.entries.get_mut(subject) else { return };
        match entry.began.map(|began| began + CALM) {
            Some(calm) if calm > now && !entry.probing => {
                if !std::mem::replace(&mut entry.soon, true) {
                    self.timetable.push(Reverse((calm, entry.ticket, subject.clone())));
                }
            }
            _ => self.begin(subject),
        }
    }

    /// Begins a probe, or notes that another must follow the one that is running.
    pub(super) fn begin(&mut self, subject: &Arc<Subject>) {
        let Some(entry) = self.entries.get_mut(subject) else { return };
        if entry.probing {
            entry.again = true;
            return;
        }
        entry.probing = true;
        entry.began = Some(Instant::now());
        let (with, about) = (self.prober.clone(), subject.clone());
        let probe = async move { about.probe(&with).await };
        match subject.cost() {
            Cost::Connection => self.try_at_once(subject, probe),
            Cost::Little | Cost::Request | Cost::Child => self.spawn(subject, probe),
        }
    }

    /// For probes that have mostly nothing to wait for: only the rest becomes a task, which costs more than the probe.
    fn try_at_once(&mut self, subject: &Arc<Subject>, probe: impl Future<Output = ProbeResult> + Send + 'static) {
        let mut probe = Box::pin(probe);
        match probe.as_mut().now_or_never() {
            Some(result) => self.probed(subject, &result),
            None => self.spawn(subject, probe),
        }
    }

    fn spawn(&self, subject: &Arc<Subject>, probe: impl Future<Output = ProbeResult> + Send + 'static) {
        let (subject, events) = (subject.clone(), self.events.clone());
        tokio::spawn(async move {
            let _ = events.send(MonitorEvent::Probed(subject, probe.await));
        });
    }
}
