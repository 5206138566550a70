//! The one thread that waits on every pidfd, the mount table and the PSI triggers, and looks for new processes.
//!
//! One epoll for all of them: ten thousand watched processes cost no more awake threads than one, and nothing while
//! they live. The looking is done here too, so that an exit and a start are never reported in the wrong order.

mod handle;
mod messages;
mod pidfds;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::check::events::event_source::{EventFd, Readiness};
use crate::check::events::folders::Listeners;
use crate::check::events::process_changes::ProcessChanges;
use crate::check::events::process_table::{ProcessSubject, Table};
use crate::core::Mono;
use crate::host::Clock;
pub use handle::EventLoop;
use messages::ProcessesReply;
pub use messages::{LoopCommand, LoopEvent};
use pidfds::Pidfds;
pub use pidfds::more_descriptors;

/// The token of the eventfd that wakes the loop; no process and no event source has it.
const WAKE: u64 = u64::MAX;

/// The token of the inotify instance that all folders share.
const FOLDERS: u64 = u64::MAX - 1;

/// The bits that mark an event source's token; a process's token has neither of them.
const SOURCE_TOKENS: u64 = 0xC000_0000_0000_0000;

/// How soon after an exit a replacement is looked for.
const SOON: Duration = Duration::from_millis(50);

/// When the replacement is looked for once more, because some start slowly.
const LATER: Duration = Duration::from_secs(1);

/// Looking may take at most one part in this many of the time.
const SHARE: u32 = 20;

/// Takes what the loop reports, without waiting.
type Report = Box<dyn Fn(LoopEvent) + Send>;

struct Loop {
    clock: Clock,
    pidfds: Pidfds,
    wake: Arc<OwnedFd>,
    commands: Receiver<LoopCommand>,
    report: Report,
    table: Table,
    /// Collects what the table has to read; none as long as nobody asks for processes.
    changes: Option<ProcessChanges>,
    /// A subject was added or removed, so the shortest period may have changed.
    replan: bool,
    sources: HashMap<u64, EventFd>,
    listeners: Option<Listeners>,
    probes: Vec<(Arc<ProcessSubject>, ProcessesReply)>,
    /// A new subject was added: it is reported even if no process is found.
    due: bool,
    next: Option<Instant>,
    again: Option<Instant>,
    /// The earliest time of the next look: one that took long is not repeated at once.
    not_before: Instant,
}

impl Loop {
    fn new(
        clock: Clock,
        epoll: OwnedFd,
        wake: Arc<OwnedFd>,
        commands: Receiver<LoopCommand>,
        report: Report,
        listeners: Option<Listeners>,
    ) -> Self {
        Self {
            clock,
            pidfds: Pidfds::new(epoll),
            wake,
            commands,
            report,
            table: Table::new(),
            changes: None,
            replan: false,
            sources: HashMap::new(),
            listeners,
            probes: Vec::new(),
            due: false,
            next: None,
            again: None,
            not_before: Instant::now(),
        }
    }

    fn run(mut self) {
        let mut events = Vec::with_capacity(256);
        loop {
            events.clear();
            let limit = self.sleep();
            if epoll::wait(&self.pidfds.epoll, spare_capacity(&mut events), limit.as_ref()).is_err() {
                continue;
            }
            for event in &events {
                let (token, flags) = (event.data.u64(), event.flags);
                self.handle(token, flags);
            }
            // Exits are reported before anybody is looked for.
            self.emit_changes(self.clock.mono());
            if !self.take_commands() {
                return;
            }
            if std::mem::take(&mut self.replan) {
                self.plan();
            }
            if self.due || !self.probes.is_empty() || self.time_has_come() {
                self.look();
            }
            if self.table.is_idle() {
                self.changes = None;
            }
            self.pidfds.open = self.table.attended();
        }
    }

    /// How long the loop may sleep; none means until an event.
    fn sleep(&self) -> Option<Timespec> {
        let due = [self.next, self.again].into_iter().flatten().min().filter(|_| !self.table.is_idle())?;
        let wait = due.max(self.not_before).saturating_duration_since(Instant::now());
        // Whole milliseconds, rounded up: an early wake-up would only sleep again.
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1));
        Timespec::try_from(wait).ok()
    }

    fn time_has_come(&self) -> bool {
        let now = Instant::now();
        let due = [self.next, self.again].into_iter().flatten().any(|due| due <= now);
        due && now >= self.not_before && !self.table.is_idle()
    }

    fn handle(&mut self, token: u64, flags: epoll::EventFlags) {
        if token == WAKE {
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        } else if token == FOLDERS {
            let readiness = self.listeners.as_ref().map(Listeners::drain).unwrap_or_default();
            for (token, readiness) in readiness {
                self.announce(token, readiness);
            }
        } else if token >= SOURCE_TOKENS {
            if let Some(EventFd::Descriptor(descriptor)) = self.sources.get(&token) {
                let readiness = descriptor.drain(flags);
                self.announce(token, readiness);
            }
        } else {
            self.table.ended(token);
            let now = Instant::now();
            self.next = Some(self.next.map_or(now + SOON, |next| next.min(now + SOON)));
            self.again = Some(now + LATER);
        }
    }

    fn announce(&mut self, token: u64, readiness: Readiness) {
        if !self.sources.contains_key(&token) {
            return;
        }
        if readiness != Readiness::Nothing {
            (self.report)(LoopEvent::Woken(token & !SOURCE_TOKENS));
        }
        if readiness == Readiness::Ended {
            self.unregister(token);
            (self.report)(LoopEvent::Lost(token & !SOURCE_TOKENS));
        }
    }

    fn unregister(&mut self, token: u64) {
        match self.sources.remove(&token) {
            Some(EventFd::Descriptor(descriptor)) => drop(epoll::delete(&self.pidfds.epoll, descriptor.fd())),
            Some(EventFd::Folder(watch)) => {
                if let Some(listeners) = &mut self.listeners {
                    listeners.remove(token, &watch);
                }
            }
            None => {}
        }
    }

    /// Carries out the commands that have come; false once the loop must end.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(LoopCommand::Track(subject, period)) => {
                    self.due |= !self.table.tracks(&subject);
                    self.table.track(&subject, period);
                    self.replan = true;
                }
                Ok(LoopCommand::Forget(subject)) => {
                    self.table.forget(&subject);
                    self.replan = true;
                }
                Ok(LoopCommand::Probe(subject, answer)) => self.probes.push((subject, answer)),
                Ok(LoopCommand::Register(token, source)) => self.register(SOURCE_TOKENS | token, source),
                Ok(LoopCommand::Unregister(token)) => self.unregister(SOURCE_TOKENS | token),
                Ok(LoopCommand::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn register(&mut self, token: u64, source: EventFd) {
        let registered = match (&source, &mut self.listeners) {
            (EventFd::Descriptor(descriptor), _) => {
                let data = epoll::EventData::new_u64(token);
                epoll::add(&self.pidfds.epoll, descriptor.fd(), data, descriptor.flags()).is_ok()
            }
            (EventFd::Folder(watch), Some(listeners)) => listeners.add(token, watch),
            (EventFd::Folder(_), None) => false,
        };
        if registered {
            self.sources.insert(token, source);
        }
    }

    /// The next look comes no later than the shortest period from now.
    fn plan(&mut self) {
        let due = self.table.shortest_period().map(|period| Instant::now() + period);
        self.next = match (self.next, due) {
            (Some(next), Some(due)) => Some(next.min(due)),
            (_, due) => due,
        };
    }

    fn look(&mut self) {
        let (began, moment) = (Instant::now(), self.clock.mono());
        let probes = std::mem::take(&mut self.probes);
        // A subject that is not watched is tracked for this one probe only.
        let passing: Vec<_> =
            probes.iter().map(|(subject, _)| subject).filter(|one| !self.table.tracks(one)).cloned().collect();
        for subject in &passing {
            self.table.track(subject, Duration::MAX);
        }
        let changes = self.changes.get_or_insert_with(ProcessChanges::collect);
        let looked = self.table.look(changes, &mut self.pidfds);
        self.not_before = Instant::now() + began.elapsed() * SHARE;
        self.due = false;
        self.next = None;
        self.again = self.again.filter(|again| *again > began);
        self.plan();
        let answer = |subject: &Arc<ProcessSubject>| match &looked {
            Ok(()) => self.table.seen(subject),
            Err(error) => Err(format!("/proc cannot be listed: {error}")),
        };
        for (subject, waiting) in probes {
            let _ = waiting.send(answer(&subject));
        }
        for subject in &passing {
            self.table.forget(subject);
        }
        for subject in self.table.measured() {
            self.emit(&subject, moment);
        }
        self.emit_changes(moment);
    }

    fn emit_changes(&mut self, moment: Mono) {
        for subject in self.table.take_changed() {
            self.emit(&subject, moment);
        }
    }

    fn emit(&self, subject: &Arc<ProcessSubject>, began: Mono) {
        let seen = self.table.seen(subject);
        (self.report)(LoopEvent::Processes { subject: subject.clone(), began, seen });
    }
}
