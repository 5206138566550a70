//! The one interpreter of effects: hands an input to the machine, makes its records durable, *then* carries out what acts.
//!
//! ```text
//!             handle(input)                    begin(records)
//!   caller -----------------> machine -------> journal port
//!      ^                         |                  | durable, or failed
//!      |                         | only looks       v
//!      +------ inputs ------- host port <------ what acts: start, empty a scope, deliver, reply
//! ```
//!
//! It waits for nothing by itself: whoever drives it calls [`Driver::handle`] with every input, [`Driver::wake`] when
//! [`Driver::next_wake`] has come, and [`Driver::poll_write`] for the journal's answers. So the loop of a running
//! engine, a replay of the past and a simulated world run the same code on three sets of ports.
//!
//! | module | what it does |
//! |---|---|
//! | [`ports`] | what the driver needs of a host, a journal and a clock |
//! | [`forgetful_journal`] | the journal of a run that is not recorded |
//! | [`live_journal`] | the journal of a state folder, written within one boot |
//! | `writes` | records before acts: writes under way, and a journal that fails |

pub mod forgetful_journal;
pub mod live_journal;
pub mod ports;
mod writes;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use self::ports::{AttemptRequest, ClockPort, HostPort, JournalPort, Machine, PreflightRequest};
use self::writes::{HeldBack, PendingAct, PendingWrite, Recording};
use crate::core::{AttemptId, Core, Effect, Input, Mono, Recorded};

/// Records that only begin a preflight wait so long for its answer, so that an incident and its intent share one fsync.
const BATCH_DELAY: Duration = Duration::from_millis(10);
/// After a failed write, the journal is tried again so often.
const RETRY: Duration = Duration::from_secs(5);

/// Drives one machine over a host, a journal and a clock.
#[derive(Debug)]
pub struct Driver<H, J: JournalPort, C, M = Core> {
    machine: M,
    host: H,
    journal: J,
    clock: C,
    /// Writes under way, oldest first.
    writes: VecDeque<PendingWrite<J::Ticket>>,
    /// Records that wait for the next write; nothing that acts depends on them.
    held_back: Option<HeldBack>,
    recording: Recording,
    /// Attempts that were handed to the host, and whose reports have not been handled.
    running: BTreeSet<AttemptId>,
    stopping: bool,
}

impl<H: HostPort, J: JournalPort, C: ClockPort, M: Machine> Driver<H, J, C, M> {
    /// A driver of this machine, whose journal has been folded into it.
    pub fn new(machine: M, host: H, journal: J, clock: C) -> Self {
        Self {
            machine,
            host,
            journal,
            clock,
            writes: VecDeque::new(),
            held_back: None,
            recording: Recording::Fine,
            running: BTreeSet::new(),
            stopping: false,
        }
    }

    /// The core that decides.
    pub fn core(&self) -> &Core {
        self.machine.core()
    }

    /// The machine, for what is no input.
    pub fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The host that this driver acts on.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The same host, to be changed between two inputs.
    pub fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// The journal that this driver writes to.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// The clock that this driver reads.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The same clock, to be set between two inputs.
    pub fn clock_mut(&mut self) -> &mut C {
        &mut self.clock
    }

    /// Hands one input to the machine. What only looks at the host is begun at once; what acts waits until the records of
    /// this input, and of all before it, are durable.
    pub fn handle(&mut self, input: Input) {
        if let Input::AttemptEnded { attempt, .. } = &input {
            self.running.remove(attempt);
        }
        let effects = self.machine.handle(self.clock.now(), input);
        let mut records = Vec::new();
        let mut acts = Vec::new();
        let mut asked = false;
        for effect in effects {
            match effect {
                Effect::Record(recorded) => {
                    self.host.note(&recorded);
                    records.push(recorded);
                }
                Effect::Watch { watch, check, cadence } => self.host.watch(watch, check, cadence),
                Effect::Unwatch(watch) => self.host.unwatch(&watch),
                Effect::Survey { incident, survey, key, playbook, rung, verifier } => {
                    // a stopping engine starts nothing new: without a preflight there is no attempt
                    if !self.stopping {
                        let began = self.clock.mono();
                        let request = PreflightRequest { incident, survey, key, playbook, rung, verifier, began };
                        self.host.preflight(request);
                        asked = true;
                    }
                }
                Effect::Start { incident, attempt, key, playbook, plan } => {
                    acts.push(PendingAct::Start(AttemptRequest { incident, attempt, key, playbook, plan }));
                }
                Effect::EmptyScope { attempt } => acts.push(PendingAct::EmptyScope(attempt)),
                Effect::Deliver(page) => acts.push(PendingAct::Deliver(page)),
                Effect::Reply { request, answer } => acts.push(PendingAct::Reply { request, answer }),
            }
        }
        if asked && acts.is_empty() && self.recording.is_fine() {
            self.hold_back(records);
        } else {
            self.write(records, acts);
        }
    }

    /// Does what has become due by time alone: the machine's deadlines, records that were held back, another try of a
    /// journal that fails.
    pub fn wake(&mut self) {
        let now = self.clock.mono();
        if self.core().next_deadline().is_some_and(|deadline| deadline <= now) {
            self.handle(Input::Tick);
        }
        if self.held_back.as_ref().is_some_and(|held| held.until <= now) {
            self.flush();
        }
        if self.recording.retry_at().is_some_and(|retry| retry <= now) {
            self.retry();
        }
    }

    /// When [`Driver::wake`] is to be called at the latest; none where only an input or an answer of the journal can
    /// bring anything about.
    pub fn next_wake(&self) -> Option<Mono> {
        let held = self.held_back.as_ref().map(|held| held.until);
        [self.core().next_deadline(), held, self.recording.retry_at()].into_iter().flatten().min()
    }

    /// Sends what is held back to the journal now.
    pub fn flush(&mut self) {
        self.write(Vec::new(), Vec::new());
    }

    /// Winds down: from now on no attempt is begun. Everything else goes on, so that a running attempt is recorded.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Writes that are under way.
    pub fn pending_writes(&self) -> usize {
        self.writes.len()
    }

    /// Nothing waits to be written, except what a failing journal refused.
    pub fn is_settled(&self) -> bool {
        self.writes.is_empty() && self.held_back.is_none()
    }

    /// Every attempt that was begun has ended, and that was recorded or cannot be: a stopping engine may go.
    pub fn is_wound_down(&self) -> bool {
        self.stopping && self.running.is_empty() && self.is_settled()
    }

    /// Notes in the journal where the clock stands, so that it goes on from there after a restart.
    pub fn mark(&mut self) {
        self.journal.mark(self.clock.mono());
    }

    /// Writes what is held back, and gives the journal back to be closed.
    pub fn finish(mut self) -> J {
        self.flush();
        self.mark();
        self.journal
    }

    fn hold_back(&mut self, records: Vec<Arc<Recorded>>) {
        let until = self.clock.mono() + BATCH_DELAY;
        self.held_back.get_or_insert(HeldBack { records: Vec::new(), until }).records.extend(records);
    }
}
