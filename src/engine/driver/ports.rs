//! What the driver needs of the world, as traits: a running engine, a replay of the past and a simulation each bring
//! their own.

use std::sync::Arc;
use std::task::{Context, Poll};

use crate::core::machine::effect::Cadence;
use crate::core::{
    AttemptId, Core, Effect, IncidentId, Input, Key, Mono, Now, PageId, Plan, Recorded, Refusal, RequestId, SurveyId,
    WatchId,
};
use crate::host::clock::Clock;
use crate::journal::RecordError;
use crate::playbook::{Check, Playbook};

/// What is done on a host. No call waits: what takes time comes back as an input.
pub trait HostPort {
    /// Hears of every record as soon as it is decided, before it is durable: to show it and to remember it, never to act
    /// on it.
    fn note(&mut self, recorded: &Arc<Recorded>);
    /// Reads this check from now on, at this cadence, and reports its reading now and whenever it changes.
    fn watch(&mut self, watch: WatchId, check: Arc<Check>, cadence: Cadence);
    /// Stops reading a check for the core.
    fn unwatch(&mut self, watch: &WatchId);
    /// Reads the host afresh before an attempt and makes its plan; the answer is [`Input::Surveyed`].
    fn preflight(&mut self, request: PreflightRequest);
    /// Carries a plan out, whose intent is durable; the answer is [`Input::AttemptEnded`].
    fn start(&mut self, request: AttemptRequest);
    /// Answers for a plan that is not carried out at all, with a report that says why: [`Input::AttemptEnded`] too.
    fn refuse(&mut self, request: AttemptRequest, why: &str);
    /// Ends what a crash left of this attempt's processes; the answer is [`Input::ScopeEmptied`].
    fn empty_scope(&mut self, attempt: AttemptId);
    /// Sends a page out; the core knows what is to be said, and to whom.
    fn deliver(&mut self, page: PageId, core: &Core);
    /// Gives a command its answer.
    fn reply(&mut self, request: RequestId, answer: Result<Arc<str>, Refusal>);
}

/// Where records become durable.
pub trait JournalPort {
    /// Stands for one write until its answer has been taken.
    type Ticket;

    /// Begins to write these records, all or none. `at` is where the clock stands. No records at all asks whether writing
    /// works.
    fn begin(&mut self, records: Vec<Arc<Recorded>>, at: Mono) -> Self::Ticket;
    /// Ready when the write is durable or has failed; where it is neither, the context's task is woken later.
    fn poll(&mut self, ticket: &mut Self::Ticket, context: &mut Context<'_>) -> Poll<Result<(), RecordError>>;
    /// Notes where the clock stands, without waiting for it.
    fn mark(&mut self, at: Mono);
    /// Why nothing can be written, where that is known although nothing waits to be.
    fn failure(&self) -> Option<RecordError>;
}

/// What time it is.
pub trait ClockPort {
    /// This moment on both clocks.
    fn now(&self) -> Now;

    /// This moment on the clock that durations run on.
    fn mono(&self) -> Mono {
        self.now().mono
    }
}

/// What decides: the core, or a core with somebody who listens in.
pub trait Machine {
    /// Takes one input; the effects begin with what must be made durable.
    fn handle(&mut self, now: Now, input: Input) -> Vec<Effect>;
    /// The core that decides.
    fn core(&self) -> &Core;
}

/// Everything that a preflight needs to know.
#[derive(Debug)]
#[allow(clippy::struct_field_names, reason = "the question's number has the name that it has everywhere")]
pub struct PreflightRequest {
    /// The incident that is about to be acted on.
    pub incident: IncidentId,
    /// The number of this preflight, which its answer carries.
    pub survey: SurveyId,
    /// The key that is about to be acted on.
    pub key: Key,
    /// The playbook that the incident began with.
    pub playbook: Arc<Playbook>,
    /// The rung that is next.
    pub rung: usize,
    /// Is the verifier read as well?
    pub verifier: bool,
    /// When it was asked for.
    pub began: Mono,
}

/// Everything that an attempt needs to know.
#[derive(Debug)]
pub struct AttemptRequest {
    /// The incident that it is to end.
    pub incident: IncidentId,
    /// The number of this attempt, under which its intent was recorded.
    pub attempt: AttemptId,
    /// The key that is acted on.
    pub key: Key,
    /// The playbook that the incident began with.
    pub playbook: Arc<Playbook>,
    /// What is to be run, as it was recorded.
    pub plan: Arc<Plan>,
}

impl Machine for Core {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        Self::handle(self, now, input)
    }

    fn core(&self) -> &Core {
        self
    }
}

impl ClockPort for Clock {
    fn now(&self) -> Now {
        Self::now(self)
    }

    fn mono(&self) -> Mono {
        Self::mono(self)
    }
}
