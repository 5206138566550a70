//! The only loop: take an input, call the core, make its records durable, *then* carry out its effects.
//!
//! Nothing slow runs here. Records go to the journal's own thread; the effects that act on the world wait for its
//! answer in order, while the loop goes on hearing. Watching and surveying only look at the host, so they do not wait.

mod effects;
mod inputs;
mod publish;
mod records;
mod timers;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use self::records::{Batch, Recording, first};
use self::timers::LoopTimers;
use super::effect_executor::EffectExecutor;
use super::handle::CommandRequest;
use super::history::HistoryContext;
use super::operator;
use super::page;
use super::reload::Reloaded;
use super::snapshot::{HostLoad, Message, PlaybookView, Snapshot};
use crate::channel::AcceptedPage;
use crate::check::ObservationChange;
use crate::core::event::event_text::sentence;
use crate::core::{Authority, Binding, Core, Input, Operator, PageId, Recorded, Refusal, RequestId};
use crate::core::event::concern::Concern;
use crate::core::event::concern::EngineEvent;
use crate::core::event::concern::RuleEvent;
use crate::host::clock::{self, Clock, ClockMark};
use crate::journal::{Journal, KeptReading};
use crate::playbook::library::LibraryFile;

pub use self::inputs::LoopInputs;

/// A sign of progress, and the look behind every timer (which suspend may have stopped).
const BEAT: Duration = Duration::from_secs(1);
/// The host strip is read so often while somebody looks.
const STRIP: Duration = Duration::from_secs(5);
/// The clock's mark is kept so often, so that a restart goes on from it.
const MARK: Duration = Duration::from_mins(1);
/// When stopping, a running attempt gets so long to end and be recorded.
const WIND_DOWN: Duration = Duration::from_secs(30);
/// After a failed write, the journal is tried again so often.
const RETRY: Duration = Duration::from_secs(5);
/// Records that only begin a survey wait so long for its answer, so that an incident and its intent share one fsync.
const BATCH_DELAY: Duration = Duration::from_millis(10);
/// Messages that are shown.
const MESSAGES: usize = 200;

/// The engine's state beside the core's.
#[derive(Debug)]
pub struct EngineLoop {
    core: Core,
    clock: Clock,
    boot_id: Arc<str>,
    journal: Journal,
    executor: EffectExecutor,
    operator: Operator,
    beat: Arc<AtomicU64>,
    batches: VecDeque<Batch>,
    /// Records that wait for company, until then; nothing that is done depends on them.
    held: Option<(Vec<Arc<Recorded>>, Instant)>,
    recording: Recording,
    answers: HashMap<RequestId, oneshot::Sender<Result<Arc<str>, Refusal>>>,
    requests: u64,
    pages: HashMap<PageId, Arc<Recorded>>,
    found: Vec<LibraryFile>,
    /// What whoever tells of the past must know of today.
    today: Option<watch::Sender<Arc<HistoryContext>>>,
    playbooks: Vec<Arc<PlaybookView>>,
    playbooks_stale: bool,
    messages: VecDeque<Message>,
    strip: Option<HostLoad>,
    host: Arc<str>,
    generation: u64,
    changed: bool,
    stopping: bool,
}

impl EngineLoop {
    /// Over a core whose journal has been folded.
    pub fn new(
        core: Core,
        clock: Clock,
        boot_id: Arc<str>,
        journal: Journal,
        executor: EffectExecutor,
        operator: Operator,
        beat: Arc<AtomicU64>,
    ) -> Self {
        let host = operator::host().into();
        Self {
            core,
            clock,
            boot_id,
            journal,
            executor,
            operator,
            beat,
            batches: VecDeque::new(),
            held: None,
            recording: Recording::Fine,
            answers: HashMap::new(),
            requests: 0,
            pages: HashMap::new(),
            found: Vec::new(),
            today: None,
            playbooks: Vec::new(),
            playbooks_stale: false,
            messages: VecDeque::new(),
            strip: None,
            host,
            generation: 0,
            changed: true,
            stopping: false,
        }
    }

    /// Takes over what earlier engines recorded: pages that may have to go out again, and messages.
    pub fn remember(&mut self, events: &[Arc<Recorded>]) {
        for recorded in events {
            self.note_record(recorded);
        }
    }

    /// Open calls that were delivered in an earlier life: some channels must be told of them again and again.
    pub fn go_on_calling(&self) {
        for page in page::open(&self.core, |page| self.pages.get(&page), &self.host) {
            self.executor.keep(&page);
        }
    }

    /// What whoever tells of the past must know of today, now and whenever the playbooks in force change.
    pub fn tell_today(&mut self) -> watch::Receiver<Arc<HistoryContext>> {
        let (today, told) = watch::channel(Arc::new(self.today_with(Vec::new())));
        self.today = Some(today);
        told
    }

    fn today_with(&self, bindings: Vec<Binding>) -> HistoryContext {
        HistoryContext {
            bindings,
            found: self.found.clone(),
            host: Arc::clone(&self.host),
            operator: self.operator.clone(),
        }
    }

    /// Runs until told to stop.
    pub async fn run(mut self, mut inputs: LoopInputs, snapshots: watch::Sender<Arc<Snapshot>>) {
        let (strips_in, mut strips) = mpsc::channel(1);
        let mut due = LoopTimers::now();
        let mut inbox = Vec::new();
        loop {
            self.tick();
            let watched = inputs.subscribers.any();
            if watched {
                self.publish(&snapshots, &mut due);
            }
            let wake = self.wake(&due, watched);
            tokio::select! {
                biased;
                _ = &mut inputs.stopped, if !self.stopping => {
                    self.stopping = true;
                    due.stop = Some(Instant::now() + WIND_DOWN);
                }
                durable = first(&mut self.batches) => self.settled(durable),
                _ = inputs.readings.recv_many(&mut inbox, 256) => {
                    for (watch, reading) in inbox.drain(..) {
                        self.step(Input::Read { watch, reading });
                    }
                }
                Some(input) = inputs.inputs.recv() => self.step(input),
                Some(asked) = inputs.commands.recv() => self.asked(asked),
                Some(AcceptedPage { page, channel, instead }) = inputs.delivered.recv() => {
                    self.step(Input::Delivered { page, channel, instead });
                }
                Some(reloaded) = inputs.reloaded.recv() => self.reloaded(reloaded),
                Some((about, text)) = inputs.notes.recv() => self.step(Input::Note { about, text }),
                Some(detectors) = inputs.recalled.recv() => {
                    self.core.recall(detectors);
                    self.changed = true;
                }
                Some(kept) = inputs.kept.recv() => self.keep(kept),
                Some(strip) = strips.recv() => {
                    self.changed |= self.strip != Some(strip);
                    self.strip = Some(strip);
                }
                () = inputs.subscribers.came() => self.changed = true,
                () = inputs.tried.notified() => self.changed = true,
                () = tokio::time::sleep_until(wake) => self.timers(&mut due, &strips_in, watched),
            }
            if self.stopping && self.wound_down(&due) {
                break;
            }
        }
        self.commit(Vec::new(), Vec::new());
        self.journal.mark(self.mark());
        self.journal.close();
    }

    fn asked(&mut self, asked: CommandRequest) {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.answers.insert(request, asked.answer);
        // whoever runs the engine decides what acts
        let (by, authority) = asked.by.unwrap_or_else(|| (self.operator.clone(), Authority::Arm));
        self.step(Input::Command { by, authority, command: asked.command, request });
    }

    fn reloaded(&mut self, reloaded: Reloaded) {
        self.found = reloaded.found;
        if let Some(today) = &self.today {
            today.send_replace(Arc::new(self.today_with(reloaded.bindings.clone())));
        }
        self.playbooks_stale = true;
        self.step(Input::Loaded(reloaded.bindings));
        for (about, text) in reloaded.alerts {
            self.step(Input::Note { about, text });
        }
    }

    fn keep(&mut self, kept: ObservationChange) {
        self.journal.keep(KeptReading {
            subject: kept.subject,
            mono: kept.at.mono,
            wall: kept.at.wall,
            observation: kept.observation,
        });
    }

    /// Pages and messages that a record carries.
    fn note_record(&mut self, recorded: &Arc<Recorded>) {
        if let Some(page) = recorded.event.page() {
            self.pages.insert(page, Arc::clone(recorded));
        }
        match recorded.event.concern() {
            Concern::Engine(event) => self.note_message(event, recorded),
            Concern::Rule(RuleEvent::Arming(_)) => self.playbooks_stale = true,
            Concern::Rule(
                RuleEvent::Breaker(_)
                | RuleEvent::Snooze(_)
                | RuleEvent::Flapping(_)
                | RuleEvent::Pause(_)
                | RuleEvent::Maintenance,
            )
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_) => {}
        }
    }

    fn note_message(&mut self, event: EngineEvent<'_>, recorded: &Recorded) {
        let (about, text) = match event {
            EngineEvent::Notice { about, text } => (Arc::clone(about), Arc::clone(text)),
            EngineEvent::RecordsLost => ("journal".into(), sentence(&recorded.event).into()),
            EngineEvent::Started { .. } | EngineEvent::Adopted { .. } => return,
        };
        self.messages.push_front(Message { at: recorded.wall, about, text });
        self.messages.truncate(MESSAGES);
    }

    fn wound_down(&self, due: &LoopTimers) -> bool {
        let late = due.stop.is_some_and(|stop| stop <= Instant::now());
        late || (self.executor.running() == 0 && self.batches.is_empty() && self.held.is_none())
    }

    fn mark(&self) -> ClockMark {
        ClockMark { boot_id: Arc::clone(&self.boot_id), boottime: clock::boottime_ms(), mono: self.clock.mono() }
    }
}
