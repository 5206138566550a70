//! The one thread that sleeps on every pidfd, on the mount table and on PSI triggers, and lists `/proc` for births.
//!
//! One epoll for all of them: ten thousand watched processes cost no more awake threads than one, and nothing while
//! they live. The listing is done here too, so that a death and a birth are never told in the wrong order.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{mpsc, oneshot};

use super::event_source::{EventFd, Readiness, Wakeup};
use super::folders::{Folders, Listeners};
use super::probe::ProbeResult;
use super::process::ProcessSeen;
use super::process::proc;
use super::process::table::{Attended, ExitNotifier, Table};
use super::subject::{Observation, Subject};
use crate::core::{Mono, WatchId};
use crate::host::Clock;

/// The answer to a fresh look at processes.
type ProcessesReply = oneshot::Sender<Result<ProcessSeen, String>>;

/// What the thread is told to do.
#[derive(Debug)]
pub enum LoopCommand {
    /// Tell of every change of these processes, and look for births this often.
    Track(Arc<Subject>, Duration),
    /// Stop tracking these processes.
    Forget(Arc<Subject>),
    /// Read the process table now, and send the result back.
    Look(Arc<Subject>, ProcessesReply),
    /// Ring when this source does.
    Ring(u64, Wakeup, EventFd),
    /// Remove the event source with this token.
    Silence(u64),
    /// Leave the loop and end the thread.
    Stop,
}

/// What the thread, the unit watcher and looks tell.
#[derive(Debug)]
pub enum MonitorEvent {
    /// A subject changed by itself, or was looked at along with others.
    Seen(Arc<Subject>, ProbeResult),
    /// A look that was begun is over.
    Looked(Arc<Subject>, ProbeResult),
    /// What an operator should know, and about what.
    Note(Arc<str>, Arc<str>),
    /// Look again at what hangs on this.
    Rang(Wakeup),
    /// The sources of a watch are ready to be hung up.
    Sources(Arc<WatchId>, Arc<Subject>, Vec<EventFd>),
    /// The source of this watch is gone: its folder was removed, or came anew.
    Lost(u64),
}

/// The line to the thread, which ends with it.
#[derive(Debug)]
pub struct Kernel {
    /// Where folders are watched; none where the host lets no more inotify instances be had.
    pub folders: Option<Arc<Folders>>,
    orders: Sender<LoopCommand>,
    wake: Arc<OwnedFd>,
}

impl Kernel {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where no thread or descriptor can be had.
    pub fn start(clock: Clock, tell: mpsc::UnboundedSender<MonitorEvent>) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let wake = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        let folders = Folders::open().ok();
        if let Some(folders) = &folders {
            epoll::add(&epoll, folders.fd(), epoll::EventData::new_u64(FOLDERS), epoll::EventFlags::IN)?;
        }
        let (waker, listeners) = (wake.clone(), folders.clone().map(Listeners::new));
        let run = move || Loop::new(clock, epoll, waker, received, tell, listeners).run();
        thread::Builder::new().name("kernel-events".into()).spawn(run)?;
        Ok(Self { folders, orders, wake })
    }

    /// Gives an order; lost where the thread has ended.
    pub fn order(&self, order: LoopCommand) {
        if self.orders.send(order).is_ok() {
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.order(LoopCommand::Stop);
    }
}

/// No process has this token, and no bell.
const WAKE: u64 = u64::MAX;

/// Nor has any of them this one, of the folders together.
const FOLDERS: u64 = u64::MAX - 1;

/// Bells count from here; a process's token has neither of these bits.
const BELLS: u64 = 0xC000_0000_0000_0000;

/// After a death the replacement is looked for so soon.
const SOON: Duration = Duration::from_millis(50);

/// And once more, for what starts slowly.
const LATER: Duration = Duration::from_secs(1);

/// Listing takes at most one part in so many of the time.
const SHARE: u32 = 20;

/// So many descriptors stay free for everything else.
const SPARE: u64 = 256;

struct Loop {
    clock: Clock,
    pidfds: Pidfds,
    wake: Arc<OwnedFd>,
    orders: Receiver<LoopCommand>,
    tell: mpsc::UnboundedSender<MonitorEvent>,
    table: Table,
    /// Somebody came or went: the shortest period may be another one.
    replan: bool,
    bells: HashMap<u64, (Wakeup, EventFd)>,
    listeners: Option<Listeners>,
    looks: Vec<(Arc<Subject>, ProcessesReply)>,
    /// A subject that is new must be told of even where nothing is found.
    due: bool,
    next: Option<Instant>,
    again: Option<Instant>,
    /// Not before: a listing that took long is not repeated at once.
    not_before: Instant,
}

/// Opens pidfds and has epoll attend them.
struct Pidfds {
    epoll: OwnedFd,
    /// The soft limit of descriptors as far as it is known to reach.
    room: u64,
    open: u64,
}

impl ExitNotifier for Pidfds {
    fn attend(&mut self, pid: i32, token: u64) -> Attended {
        if self.open + SPARE >= self.room {
            self.room = more_descriptors();
            if self.open + SPARE >= self.room {
                return Attended::ByListing;
            }
        }
        match proc::pidfd(pid) {
            Ok(pidfd) => {
                let data = epoll::EventData::new_u64(token);
                if epoll::add(&self.epoll, &pidfd, data, epoll::EventFlags::IN).is_err() {
                    return Attended::ByListing;
                }
                self.open += 1;
                Attended::By(pidfd)
            }
            Err(Errno::SRCH) => Attended::Gone,
            Err(_) => Attended::ByListing,
        }
    }
}

/// Raises the soft limit of descriptors to the hard one; gives back how far it reaches.
pub fn more_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

impl Loop {
    fn new(
        clock: Clock,
        epoll: OwnedFd,
        wake: Arc<OwnedFd>,
        orders: Receiver<LoopCommand>,
        tell: mpsc::UnboundedSender<MonitorEvent>,
        listeners: Option<Listeners>,
    ) -> Self {
        let room = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        Self {
            clock,
            pidfds: Pidfds { epoll, room, open: 0 },
            wake,
            orders,
            tell,
            table: Table::new(),
            replan: false,
            bells: HashMap::new(),
            listeners,
            looks: Vec::new(),
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
                self.heard(token, flags);
            }
            // Deaths are told before anything is listed.
            self.tell_changes(self.clock.mono());
            if !self.take_orders() {
                return;
            }
            if std::mem::take(&mut self.replan) {
                self.plan();
            }
            if self.due || !self.looks.is_empty() || self.time_has_come() {
                self.list();
            }
            self.pidfds.open = self.table.attended();
        }
    }

    /// How long nothing need be done.
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

    fn heard(&mut self, token: u64, flags: epoll::EventFlags) {
        if token == WAKE {
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        } else if token == FOLDERS {
            let heard = self.listeners.as_ref().map(Listeners::heard).unwrap_or_default();
            for (token, heard) in heard {
                self.rang(token, heard);
            }
        } else if token >= BELLS {
            if let Some((_, EventFd::Descriptor(ringing))) = self.bells.get(&token) {
                let heard = ringing.heard(flags);
                self.rang(token, heard);
            }
        } else {
            self.table.ended(token);
            let now = Instant::now();
            self.next = Some(self.next.map_or(now + SOON, |next| next.min(now + SOON)));
            self.again = Some(now + LATER);
        }
    }

    fn rang(&mut self, token: u64, heard: Readiness) {
        let Some((bell, _)) = self.bells.get(&token) else { return };
        if heard != Readiness::Nothing {
            let _ = self.tell.send(MonitorEvent::Rang(bell.clone()));
        }
        if heard == Readiness::Ended {
            self.silence(token);
            let _ = self.tell.send(MonitorEvent::Lost(token & !BELLS));
        }
    }

    fn silence(&mut self, token: u64) {
        match self.bells.remove(&token) {
            Some((_, EventFd::Descriptor(ringing))) => drop(epoll::delete(&self.pidfds.epoll, ringing.fd())),
            Some((_, EventFd::Folder(watch))) => {
                if let Some(listeners) = &mut self.listeners {
                    listeners.remove(token, &watch);
                }
            }
            None => {}
        }
    }

    /// False at the end.
    fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(LoopCommand::Track(subject, period)) => {
                    self.due |= !self.table.tracks(&subject);
                    self.table.track(&subject, period);
                    self.replan = true;
                }
                Ok(LoopCommand::Forget(subject)) => {
                    self.table.forget(&subject);
                    self.replan = true;
                }
                Ok(LoopCommand::Look(subject, answer)) => self.looks.push((subject, answer)),
                Ok(LoopCommand::Ring(token, bell, fd)) => self.ring(BELLS | token, bell, fd),
                Ok(LoopCommand::Silence(token)) => self.silence(BELLS | token),
                Ok(LoopCommand::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn ring(&mut self, token: u64, bell: Wakeup, source: EventFd) {
        let hung = match (&source, &mut self.listeners) {
            (EventFd::Descriptor(ringing), _) => {
                let data = epoll::EventData::new_u64(token);
                epoll::add(&self.pidfds.epoll, ringing.fd(), data, ringing.flags()).is_ok()
            }
            (EventFd::Folder(watch), Some(listeners)) => listeners.add(token, watch),
            (EventFd::Folder(_), None) => false,
        };
        if hung {
            self.bells.insert(token, (bell, source));
        }
    }

    /// The next listing comes no later than the shortest period from now.
    fn plan(&mut self) {
        let due = self.table.shortest_period().map(|period| Instant::now() + period);
        self.next = match (self.next, due) {
            (Some(next), Some(due)) => Some(next.min(due)),
            (_, due) => due,
        };
    }

    fn list(&mut self) {
        let (began, moment) = (Instant::now(), self.clock.mono());
        let looks = std::mem::take(&mut self.looks);
        // Who is not watched is tracked for this one look.
        let passing: Vec<_> =
            looks.iter().map(|(subject, _)| subject).filter(|one| !self.table.tracks(one)).cloned().collect();
        for subject in &passing {
            self.table.track(subject, Duration::MAX);
        }
        let listed = self.table.list(&mut self.pidfds);
        self.not_before = Instant::now() + began.elapsed() * SHARE;
        self.due = false;
        self.next = None;
        self.again = self.again.filter(|again| *again > began);
        self.plan();
        let answer = |subject: &Arc<Subject>| match &listed {
            Ok(()) => self.table.seen(subject),
            Err(error) => Err(format!("/proc cannot be listed: {error}")),
        };
        for (subject, waiting) in looks {
            let _ = waiting.send(answer(&subject));
        }
        for subject in &passing {
            self.table.forget(subject);
        }
        for subject in self.table.measured() {
            self.tell(&subject, moment);
        }
        self.tell_changes(moment);
    }

    fn tell_changes(&mut self, moment: Mono) {
        for subject in self.table.take_changed() {
            self.tell(&subject, moment);
        }
    }

    fn tell(&self, subject: &Arc<Subject>, began: Mono) {
        let result = self.table.seen(subject).map(Observation::Process).map_err(Into::into);
        let look = ProbeResult { began, since: began, result };
        let _ = self.tell.send(MonitorEvent::Seen(subject.clone(), look));
    }
}
