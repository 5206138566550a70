//! The simulated world as a driver's ports. The driver of a running engine is driven here, so what it does between an
//! input and its effects is simulated too. It may crash at every call of a port: a dead process makes no further call.
//!
//! While the driver runs, the ports hold what they need of the world; what was called is carried out by the world after
//! it, in order, since nothing that is called comes back at once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use salve::core::Core;
use salve::core::command::Refusal;
use salve::core::event::Recorded;
use salve::core::id::{AttemptId, PageId, RequestId, WatchId};
use salve::core::machine::effect::{Cadence, Effect};
use salve::core::machine::input::Input;
use salve::core::time::{Mono, Now};
use salve::engine::driver::Driver;
use salve::engine::driver::ports::{AttemptRequest, ClockPort, HostPort, JournalPort, Machine, PreflightRequest};
use salve::journal::RecordError;
use salve::playbook::Check;

use crate::coverage::Coverage;
use crate::doctor::Doctor;
use crate::fault::{Fault, Faults};
use crate::ledger::{Judged, Ledger, Violation, hold};
use crate::names;
use crate::rng::Rng;
use crate::trace::Trace;

/// The driver of a running engine, on ports of this world.
pub type SimulatedDriver = Driver<HostEnd, JournalEnd, ClockEnd, JudgedCore>;

/// What was called on the host.
pub enum Call {
    Watch(WatchId),
    Unwatch(WatchId),
    Preflight(PreflightRequest),
    Start(AttemptRequest),
    Refuse(AttemptRequest, String),
    EmptyScope(AttemptId),
    Deliver(PageId),
    Reply(RequestId, Result<Arc<str>, Refusal>),
    /// Not of the host: the journal takes its time.
    CommitLater,
}

/// What acts on the world, as it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Attempt(AttemptId),
    EmptyScope(AttemptId),
    Deliver(PageId),
    Reply(RequestId),
}

/// How a deed is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As it was decided.
    AsDecided,
    /// It is refused, and whoever waits for it is told.
    Refused,
}

/// Everything that the ports of one world share.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fault of its own, and any of them may come together")]
pub struct Wire {
    pub lent: Lent,
    pub now: Option<Now>,
    /// Everything durable, over all lives of the engine.
    pub journal: Vec<Arc<Recorded>>,
    /// Nothing can be written.
    pub broken: bool,
    /// Writes that were begun, oldest first.
    queue: VecDeque<(u64, Vec<Arc<Recorded>>)>,
    answers: BTreeMap<u64, Result<(), RecordError>>,
    tickets: u64,
    /// What waits is written later.
    lagging: bool,
    /// Each write takes its time.
    pub slow: bool,
    /// The engine was told that writing failed, and not yet that it works again.
    told_failure: bool,
    /// The engine winds down.
    pub stopping: bool,
    /// What was decided and not done yet, each with the last record that it follows from.
    deeds: VecDeque<(Deed, u64)>,
    /// The last record that was decided.
    decided: u64,
    pub calls: Vec<Call>,
    pub crashed: bool,
    pub violation: Option<Violation>,
    /// Boundaries passed so far, and those to crash at, for the walk over all of them.
    pub boundary: u64,
    pub crash_at: BTreeSet<u64>,
}

/// What the world lends to its ports while the driver runs.
#[derive(Default)]
pub struct Lent {
    pub ledger: Ledger,
    pub coverage: Coverage,
    pub trace: Trace,
    pub faults: Faults,
    pub rng: Rng,
    pub doctor: Option<Doctor>,
    /// True time.
    pub t: u64,
}

impl Wire {
    /// A new process: what the former one was about to do is gone.
    pub fn begin_life(&mut self) {
        self.queue.clear();
        self.answers.clear();
        self.deeds.clear();
        self.calls.clear();
        self.decided = self.durable();
        (self.lagging, self.told_failure, self.stopping, self.crashed) = (false, false, false, false);
    }

    /// The last record that is durable.
    pub fn durable(&self) -> u64 {
        self.journal.last().map_or(0, |last| last.seq)
    }

    /// Passes a boundary; true where the engine is dead after it.
    fn dies(&mut self, fault: Fault) -> bool {
        if self.is_dead() {
            return true;
        }
        self.boundary += 1;
        let Lent { faults, rng, coverage, .. } = &mut self.lent;
        self.crashed = self.crash_at.contains(&self.boundary) || faults.strikes(fault, rng, coverage);
        self.crashed
    }

    fn is_dead(&self) -> bool {
        self.crashed || self.violation.is_some()
    }

    fn judge(&mut self, judged: Judged) {
        if let Err(violation) = judged {
            self.violation.get_or_insert(violation);
        }
    }

    /// The journal's thread takes what waits, unless it takes its time; true where it wrote.
    pub fn take_turn(&mut self) -> bool {
        if self.queue.is_empty() || self.lagging || self.is_dead() {
            return false;
        }
        let Lent { faults, rng, coverage, .. } = &mut self.lent;
        if self.slow || faults.strikes(Fault::LagsCommit, rng, coverage) {
            self.lagging = true;
            self.calls.push(Call::CommitLater);
            return false;
        }
        self.commit();
        true
    }

    /// Group commit: everything that waits goes at once, or none of it.
    pub fn commit(&mut self) {
        self.lagging = false;
        if self.queue.is_empty() || self.dies(Fault::CrashUnwritten) {
            return;
        }
        for (ticket, records) in std::mem::take(&mut self.queue) {
            let answer = if self.broken { Err(RecordError::DiskFull) } else { Ok(()) };
            if answer.is_ok() {
                let follows = records.first().is_none_or(|first| first.seq == self.durable() + 1);
                let (durable, first) = (self.durable(), records.first().map_or(0, |first| first.seq));
                self.judge(in_order(follows, first, durable));
                self.journal.extend(records);
            }
            self.answers.insert(ticket, answer);
        }
    }

    /// Remembers what was decided to be done, and after which record.
    fn decide(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Record(recorded) = effect {
                self.decided = self.decided.max(recorded.seq);
            }
        }
        let deeds = effects.iter().filter_map(|effect| match effect {
            Effect::Start { attempt, .. } => Some(Deed::Attempt(*attempt)),
            Effect::EmptyScope { attempt } => Some(Deed::EmptyScope(*attempt)),
            Effect::Deliver(page) => Some(Deed::Deliver(*page)),
            Effect::Reply { request, .. } => Some(Deed::Reply(*request)),
            Effect::Record(_) | Effect::Watch { .. } | Effect::Unwatch(_) | Effect::Survey { .. } => None,
        });
        let decided = self.decided;
        self.deeds.extend(deeds.map(|deed| (deed, decided)));
    }

    /// Something is done: in the order in which it was decided, and after all records up to its own; without them only
    /// where the journal fails, and then no attempt is begun and no command succeeds.
    fn act(&mut self, deed: Deed, manner: Manner, call: Call) {
        if self.dies(Fault::CrashAfterEffect) {
            return;
        }
        let judged = self.is_due(deed, manner);
        self.judge(judged);
        if self.violation.is_none() {
            self.calls.push(call);
        }
    }

    fn is_due(&mut self, deed: Deed, manner: Manner) -> Judged {
        let next = self.deeds.pop_front();
        let in_order = next.is_some_and(|(decided, _)| decided == deed);
        hold!(in_order, "acts in the order decided", "{deed:?} is done where {next:?} is due");
        let after = next.map_or(0, |(_, after)| after);
        let durable = self.durable();
        if self.told_failure {
            let refused = matches!(deed, Deed::Attempt(_) | Deed::Reply(_));
            let right = refused == (manner == Manner::Refused);
            hold!(right, "records before acts", "{deed:?} {manner:?} while records cannot be written");
            return Ok(());
        }
        hold!(after <= durable, "records before acts", "{deed:?} after {after}, and {durable} is durable");
        let attempt = matches!(deed, Deed::Attempt(_));
        let right = (manner == Manner::Refused) == (attempt && self.stopping);
        hold!(right, "nothing new while winding down", "{deed:?} {manner:?}, stopping: {}", self.stopping);
        Ok(())
    }

    /// Something is looked at, which waits for no record.
    fn look(&mut self, call: Call) {
        if !self.dies(Fault::CrashAfterEffect) {
            self.calls.push(call);
        }
    }
}

fn in_order(follows: bool, first: u64, durable: u64) -> Judged {
    hold!(follows, "journal", "record {first} is written after {durable}");
    Ok(())
}

/// The core, with the ledger listening to all that goes in and comes out.
pub struct JudgedCore {
    pub core: Core,
    pub wire: Rc<RefCell<Wire>>,
}

impl Machine for JudgedCore {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        let mut wire = self.wire.borrow_mut();
        if wire.is_dead() {
            return Vec::new();
        }
        let Lent { coverage, trace, ledger, doctor, t, .. } = &mut wire.lent;
        coverage.inputs += 1;
        coverage.count("input or effect", names::input(&input));
        if trace.is_on() {
            trace.line(*t, format_args!("{} <- {input:?}", now.mono.0));
        }
        let mut effects = self.core.handle(now, input.clone());
        for effect in &effects {
            if trace.is_on() {
                trace.line(*t, format_args!("   -> {}", brief(effect)));
            }
            coverage.count("input or effect", names::effect(effect));
        }
        if let Some(doctor) = doctor {
            doctor.alter(now, &input, &mut effects, &mut ledger.books);
        }
        let judged = ledger.step(now, &input, &effects);
        if judged.is_err() {
            wire.judge(judged);
            return Vec::new();
        }
        wire.decide(&effects);
        effects
    }

    fn core(&self) -> &Core {
        &self.core
    }
}

/// The host's end of the wire.
pub struct HostEnd(pub Rc<RefCell<Wire>>);

impl HostPort for HostEnd {
    fn note(&mut self, _recorded: &Arc<Recorded>) {}

    fn watch(&mut self, watch: WatchId, _check: Arc<Check>, _cadence: Cadence) {
        self.0.borrow_mut().look(Call::Watch(watch));
    }

    fn unwatch(&mut self, watch: &WatchId) {
        self.0.borrow_mut().look(Call::Unwatch(watch.clone()));
    }

    fn preflight(&mut self, request: PreflightRequest) {
        self.0.borrow_mut().look(Call::Preflight(request));
    }

    fn start(&mut self, request: AttemptRequest) {
        let deed = Deed::Attempt(request.attempt);
        self.0.borrow_mut().act(deed, Manner::AsDecided, Call::Start(request));
    }

    fn refuse(&mut self, request: AttemptRequest, why: &str) {
        let deed = Deed::Attempt(request.attempt);
        self.0.borrow_mut().act(deed, Manner::Refused, Call::Refuse(request, why.to_owned()));
    }

    fn empty_scope(&mut self, attempt: AttemptId) {
        self.0.borrow_mut().act(Deed::EmptyScope(attempt), Manner::AsDecided, Call::EmptyScope(attempt));
    }

    fn deliver(&mut self, page: PageId, _core: &Core) {
        self.0.borrow_mut().act(Deed::Deliver(page), Manner::AsDecided, Call::Deliver(page));
    }

    fn reply(&mut self, request: RequestId, answer: Result<Arc<str>, Refusal>) {
        let refused = matches!(answer, Err(Refusal::CannotRecord(_)));
        let manner = if refused { Manner::Refused } else { Manner::AsDecided };
        self.0.borrow_mut().act(Deed::Reply(request), manner, Call::Reply(request, answer));
    }
}

/// The journal's end of the wire.
pub struct JournalEnd(pub Rc<RefCell<Wire>>);

impl JournalPort for JournalEnd {
    type Ticket = u64;

    fn begin(&mut self, records: Vec<Arc<Recorded>>, _at: Mono) -> u64 {
        let mut wire = self.0.borrow_mut();
        wire.tickets += 1;
        let ticket = wire.tickets;
        if !wire.dies(Fault::CrashUnwritten) {
            wire.queue.push_back((ticket, records));
        }
        ticket
    }

    fn poll(&mut self, ticket: &mut u64, _context: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        let mut wire = self.0.borrow_mut();
        if !wire.answers.contains_key(ticket) || wire.dies(Fault::CrashWritten) {
            return Poll::Pending;
        }
        let Some(answer) = wire.answers.remove(ticket) else { return Poll::Pending };
        wire.told_failure = answer.is_err();
        Poll::Ready(answer)
    }

    fn mark(&mut self, _at: Mono) {}

    fn failure(&self) -> Option<RecordError> {
        let mut wire = self.0.borrow_mut();
        let broken = wire.broken;
        wire.told_failure |= broken;
        broken.then_some(RecordError::DiskFull)
    }
}

/// The clock's end of the wire.
pub struct ClockEnd(pub Rc<RefCell<Wire>>);

impl ClockPort for ClockEnd {
    fn now(&self) -> Now {
        self.0.borrow().now.expect("the world sets its clock before it calls the driver")
    }
}

/// An effect on one line.
fn brief(effect: &Effect) -> String {
    match effect {
        Effect::Record(recorded) => format!("[{}] {:?}", recorded.seq, recorded.event),
        Effect::Start { attempt, .. } => format!("Start {attempt}"),
        Effect::Survey { incident, survey, rung, .. } => format!("Survey {incident} {survey} rung {rung}"),
        Effect::Watch { watch, .. } => format!("Watch {watch:?}"),
        other => format!("{other:?}"),
    }
}
