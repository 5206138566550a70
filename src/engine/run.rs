//! The only loop: take an input, call the core, make its records durable, *then* carry out its effects.
//!
//! Nothing slow runs here. Records go to the journal's own thread; the effects that act on the world wait for its
//! answer in order, while the loop goes on hearing. Watching and surveying only look at the host, so they do not wait.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::carry::{Hands, Survey};
use super::handle::{Asked, Lookers};
use super::operator;
use super::page;
use super::past::Today;
use super::playbook_view;
use super::publish::{self, Extras};
use super::reload::Reloaded;
use super::snapshot::{Message, PlaybookView, Snapshot, Strip};
use crate::check::{self, Kept};
use crate::core::{
    Binding, Core, Effect, Event, Input, Operator, PageId, Reading, Recorded, Refusal, RequestId, WatchId,
};
use crate::host::clock::{self, Clock, ClockMark};
use crate::journal::{Journal, KeptReading, RecordError};
use crate::playbook::library::Found;

/// Snapshots go out at most so often.
const FRAME: Duration = Duration::from_millis(50);
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
const COMPANY: Duration = Duration::from_millis(10);
/// Messages that are shown.
const MESSAGES: usize = 200;

/// Everything that the loop hears.
#[derive(Debug)]
pub struct Ears {
    /// The order to stop.
    pub stopped: oneshot::Receiver<()>,
    /// Changed readings.
    pub readings: mpsc::UnboundedReceiver<(WatchId, Reading)>,
    /// What was seen, for backtests.
    pub kept: mpsc::UnboundedReceiver<Kept>,
    /// Notes: about what, and the text.
    pub notes: mpsc::UnboundedReceiver<(Arc<str>, Arc<str>)>,
    /// Results of what was carried out.
    pub inputs: mpsc::UnboundedReceiver<Input>,
    /// Pages that a channel took.
    pub delivered: mpsc::UnboundedReceiver<(PageId, Arc<str>)>,
    /// Playbooks in force.
    pub reloaded: mpsc::UnboundedReceiver<Reloaded>,
    /// Operators' commands.
    pub commands: mpsc::Receiver<Asked>,
    /// Who looks.
    pub lookers: Arc<Lookers>,
}

/// Records that wait to be durable, and the effects that wait for them.
#[derive(Debug)]
struct Batch {
    records: Vec<Arc<Recorded>>,
    effects: Vec<Effect>,
    durable: oneshot::Receiver<Result<(), RecordError>>,
}

/// Is the journal taking records?
#[derive(Debug)]
enum Recording {
    /// Yes.
    Fine,
    /// No: these wait, in order, and are tried again at that moment.
    Failing { waiting: Vec<Arc<Recorded>>, why: Arc<str>, retry: Instant },
}

/// The engine's state beside the core's.
#[derive(Debug)]
pub struct Engine {
    core: Core,
    clock: Clock,
    boot_id: Arc<str>,
    journal: Journal,
    hands: Hands,
    operator: Operator,
    beat: Arc<AtomicU64>,
    batches: VecDeque<Batch>,
    /// Records that wait for company, until then; nothing that is done depends on them.
    held: Option<(Vec<Arc<Recorded>>, Instant)>,
    recording: Recording,
    answers: HashMap<RequestId, oneshot::Sender<Result<Arc<str>, Refusal>>>,
    requests: u64,
    pages: HashMap<PageId, Arc<Recorded>>,
    found: Vec<Found>,
    /// What whoever tells of the past must know of today.
    today: Option<watch::Sender<Arc<Today>>>,
    playbooks: Vec<Arc<PlaybookView>>,
    playbooks_stale: bool,
    messages: VecDeque<Message>,
    strip: Option<Strip>,
    host: Arc<str>,
    generation: u64,
    changed: bool,
    stopping: bool,
}

impl Engine {
    /// Over a core whose journal has been folded.
    pub fn new(
        core: Core,
        clock: Clock,
        boot_id: Arc<str>,
        journal: Journal,
        hands: Hands,
        operator: Operator,
        beat: Arc<AtomicU64>,
    ) -> Self {
        let host = operator::host().into();
        Self {
            core,
            clock,
            boot_id,
            journal,
            hands,
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
            self.hands.keep(&page);
        }
    }

    /// What whoever tells of the past must know of today, now and whenever the playbooks in force change.
    pub fn tell_today(&mut self) -> watch::Receiver<Arc<Today>> {
        let (today, told) = watch::channel(Arc::new(self.today_with(Vec::new())));
        self.today = Some(today);
        told
    }

    fn today_with(&self, bindings: Vec<Binding>) -> Today {
        Today { bindings, found: self.found.clone(), host: Arc::clone(&self.host), operator: self.operator.clone() }
    }

    /// Runs until told to stop.
    pub async fn run(mut self, mut ears: Ears, snapshots: watch::Sender<Arc<Snapshot>>) {
        let (strips_in, mut strips) = mpsc::channel(1);
        let mut due = Due::now();
        let mut inbox = Vec::new();
        loop {
            self.tick();
            let watched = ears.lookers.any();
            if watched {
                self.publish(&snapshots, &mut due);
            }
            let wake = self.wake(&due, watched);
            tokio::select! {
                biased;
                _ = &mut ears.stopped, if !self.stopping => {
                    self.stopping = true;
                    due.stop = Some(Instant::now() + WIND_DOWN);
                }
                durable = first(&mut self.batches) => self.settled(durable),
                _ = ears.readings.recv_many(&mut inbox, 256) => {
                    for (watch, reading) in inbox.drain(..) {
                        self.step(Input::Read { watch, reading });
                    }
                }
                Some(input) = ears.inputs.recv() => self.step(input),
                Some(asked) = ears.commands.recv() => self.asked(asked),
                Some((page, channel)) = ears.delivered.recv() => self.step(Input::Delivered { page, channel }),
                Some(reloaded) = ears.reloaded.recv() => self.reloaded(reloaded),
                Some((about, text)) = ears.notes.recv() => self.step(Input::Note { about, text }),
                Some(kept) = ears.kept.recv() => self.keep(kept),
                Some(strip) = strips.recv() => {
                    self.changed |= self.strip != Some(strip);
                    self.strip = Some(strip);
                }
                () = ears.lookers.came() => self.changed = true,
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

    /// One input through the core; its records on their way, its harmless effects done, the others waiting.
    pub fn step(&mut self, input: Input) {
        let effects = self.core.handle(self.clock.now(), input);
        self.changed = true;
        let mut records = Vec::new();
        let mut waiting = Vec::new();
        let mut surveyed = false;
        for effect in effects {
            match effect {
                Effect::Record(recorded) => {
                    self.note_record(&recorded);
                    records.push(recorded);
                }
                Effect::Watch { watch, check } => self.hands.hub.watch(watch, check),
                Effect::Unwatch(watch) => self.hands.hub.unwatch(&watch),
                Effect::Survey { incident, survey, key, playbook, rung } => {
                    // a stopping engine starts nothing new: without a survey there is no attempt
                    if !self.stopping {
                        let began = self.clock.mono();
                        self.hands.survey(Survey { incident, survey, key, playbook, rung, began });
                        surveyed = true;
                    }
                }
                Effect::Start { .. } | Effect::EmptyScope { .. } | Effect::Deliver(_) | Effect::Reply { .. } => {
                    waiting.push(effect);
                }
            }
        }
        if surveyed && waiting.is_empty() && matches!(self.recording, Recording::Fine) {
            self.hold(records);
        } else {
            self.commit(records, waiting);
        }
    }

    /// Keeps records back for the commit that comes next, but not for long.
    fn hold(&mut self, records: Vec<Arc<Recorded>>) {
        let (held, _) = self.held.get_or_insert_with(|| (Vec::new(), Instant::now() + COMPANY));
        held.extend(records);
    }

    /// Sends records to the journal, after those that were held; the effects follow when they are durable.
    fn commit(&mut self, records: Vec<Arc<Recorded>>, effects: Vec<Effect>) {
        let records = match self.held.take() {
            Some((mut held, _)) => {
                held.extend(records);
                held
            }
            None => records,
        };
        if records.is_empty() && effects.is_empty() {
            return;
        }
        if let Recording::Failing { waiting, why, .. } = &mut self.recording {
            waiting.extend(records);
            let why = Arc::clone(why);
            self.carry_unrecorded(effects, &why);
            return;
        }
        let durable = self.journal.commit(records.clone(), self.mark());
        self.batches.push_back(Batch { records, effects, durable });
    }

    /// The oldest batch is durable, or could not be made so.
    fn settled(&mut self, result: Result<(), RecordError>) {
        let Some(batch) = self.batches.pop_front() else { return };
        match result {
            Ok(()) => {
                for effect in batch.effects {
                    self.carry(effect);
                }
            }
            Err(error) => self.failed(batch, &error),
        }
    }

    /// Records that cannot be written: nothing that they announce is done; they wait, in order, to be written.
    fn failed(&mut self, batch: Batch, error: &RecordError) {
        let why: Arc<str> = error.to_string().into();
        let mut batches = vec![batch];
        batches.extend(self.batches.drain(..));
        let mut waiting = Vec::new();
        let mut effects = Vec::new();
        for batch in batches {
            waiting.extend(batch.records);
            effects.extend(batch.effects);
        }
        match &mut self.recording {
            Recording::Failing { waiting: before, retry, .. } => {
                before.extend(waiting);
                *retry = Instant::now() + RETRY;
            }
            Recording::Fine => {
                let retry = Instant::now() + RETRY;
                self.recording = Recording::Failing { waiting, why: Arc::clone(&why), retry };
            }
        }
        self.carry_unrecorded(effects, &why);
        self.step(Input::Recording(Err(why)));
    }

    /// What may be done without its record: calling a human. Nothing else.
    fn carry_unrecorded(&mut self, effects: Vec<Effect>, why: &Arc<str>) {
        for effect in effects {
            match effect {
                Effect::Start { attempt, plan, .. } => {
                    self.hands.refuse(attempt, &plan, &format!("the journal cannot be written: {why}"));
                }
                Effect::Reply { request, .. } => {
                    self.carry(Effect::Reply { request, answer: Err(Refusal::CannotRecord(Arc::clone(why))) });
                }
                other => self.carry(other),
            }
        }
    }

    /// Tries again to write what waits.
    fn retry_records(&mut self) {
        let Recording::Failing { waiting, .. } = &mut self.recording else { return };
        let records = std::mem::take(waiting);
        let durable = self.journal.commit(records.clone(), self.mark());
        self.recording = Recording::Fine;
        self.batches.push_back(Batch { records, effects: Vec::new(), durable });
        self.step(Input::Recording(Ok(())));
    }

    /// Carries out an effect whose records are durable.
    fn carry(&mut self, effect: Effect) {
        match effect {
            Effect::Start { attempt, plan, .. } if self.stopping => {
                self.hands.refuse(attempt, &plan, "salve is being stopped");
            }
            Effect::Start { attempt, plan, .. } => self.hands.start(attempt, plan),
            Effect::EmptyScope { attempt } => self.hands.empty_scope(attempt),
            Effect::Deliver(id) => {
                let recorded = self.pages.get(&id);
                if let Some(outbound) = recorded.and_then(|recorded| page::of(recorded, &self.core, &self.host)) {
                    self.hands.deliver(outbound);
                }
            }
            Effect::Reply { request, answer } => {
                if let Some(back) = self.answers.remove(&request) {
                    let _ = back.send(answer);
                }
            }
            Effect::Record(_) | Effect::Watch { .. } | Effect::Unwatch(_) | Effect::Survey { .. } => {}
        }
    }

    fn asked(&mut self, asked: Asked) {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.answers.insert(request, asked.answer);
        let by = asked.by.unwrap_or_else(|| self.operator.clone());
        self.step(Input::Command { by, command: asked.command, request });
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

    fn keep(&mut self, kept: Kept) {
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
        match &recorded.event {
            Event::Noted { about, text } => {
                self.messages.push_front(Message { at: recorded.wall, about: about.clone(), text: text.clone() });
                self.messages.truncate(MESSAGES);
            }
            Event::Armed { .. } | Event::Disarmed { .. } => self.playbooks_stale = true,
            _ => {}
        }
    }

    /// Lets the core act on deadlines that have passed.
    fn tick(&mut self) {
        if self.core.next_deadline().is_some_and(|deadline| deadline <= self.clock.mono()) {
            self.step(Input::Tick);
        }
        if self.held.as_ref().is_some_and(|(_, until)| *until <= Instant::now()) {
            self.commit(Vec::new(), Vec::new());
        }
    }

    fn timers(&mut self, due: &mut Due, strips: &mpsc::Sender<Strip>, watched: bool) {
        let now = Instant::now();
        if due.beat <= now {
            self.beat.store(clock::boottime_ms(), Ordering::Relaxed);
            due.beat = now + BEAT;
        }
        if due.mark <= now {
            self.journal.mark(self.mark());
            due.mark = now + MARK;
        }
        if due.strip <= now && watched {
            let strips = strips.clone();
            tokio::task::spawn_blocking(move || {
                if let Some(strip) = check::strip() {
                    // full: the last one has not been looked at yet
                    let _ = strips.try_send(strip.into());
                }
            });
            due.strip = now + STRIP;
        }
        if matches!(&self.recording, Recording::Failing { retry, .. } if *retry <= now) {
            self.retry_records();
        }
    }

    /// When the loop must wake by itself.
    fn wake(&self, due: &Due, watched: bool) -> Instant {
        let mut wake = due.beat.min(due.mark);
        if watched {
            wake = wake.min(due.strip);
            if self.changed {
                wake = wake.min(due.frame);
            }
        }
        if let Some(deadline) = self.core.next_deadline() {
            wake = wake.min(Instant::now() + deadline.since(self.clock.mono()));
        }
        if let Recording::Failing { retry, .. } = &self.recording {
            wake = wake.min(*retry);
        }
        if let Some((_, until)) = &self.held {
            wake = wake.min(*until);
        }
        wake.min(due.stop.unwrap_or(wake))
    }

    fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>, due: &mut Due) {
        let now = Instant::now();
        if !self.changed || due.frame > now {
            return;
        }
        self.changed = false;
        if std::mem::take(&mut self.playbooks_stale) {
            self.playbooks = playbook_view::all(&self.found, &self.core);
        }
        self.generation += 1;
        due.frame = now + FRAME;
        snapshots.send_replace(Arc::new(self.snapshot()));
    }

    /// The state as a screen needs it.
    pub fn snapshot(&self) -> Snapshot {
        let extras = Extras {
            generation: self.generation,
            host: Arc::clone(&self.host),
            operator: self.operator.clone(),
            strip: self.strip,
            recording: match &self.recording {
                Recording::Fine => Ok(()),
                Recording::Failing { why, .. } => Err(Arc::clone(why)),
            },
            playbooks: self.playbooks.clone(),
            messages: self.messages.iter().cloned().collect(),
            condition: crate::check::condition,
        };
        publish::publish(&self.core, self.clock.now(), extras)
    }

    fn wound_down(&self, due: &Due) -> bool {
        let late = due.stop.is_some_and(|stop| stop <= Instant::now());
        late || (self.hands.running() == 0 && self.batches.is_empty() && self.held.is_none())
    }

    fn mark(&self) -> ClockMark {
        ClockMark { boot_id: Arc::clone(&self.boot_id), boottime: clock::boottime_ms(), mono: self.clock.mono() }
    }
}

/// When each of the loop's own timers is due.
#[derive(Debug)]
struct Due {
    beat: Instant,
    strip: Instant,
    mark: Instant,
    frame: Instant,
    stop: Option<Instant>,
}

impl Due {
    fn now() -> Self {
        let now = Instant::now();
        Self { beat: now, strip: now, mark: now + MARK, frame: now, stop: None }
    }
}

/// Waits for the oldest batch; for ever where there is none.
async fn first(batches: &mut VecDeque<Batch>) -> Result<(), RecordError> {
    match batches.front_mut() {
        Some(batch) => (&mut batch.durable).await.unwrap_or(Err(RecordError::Closed)),
        None => std::future::pending().await,
    }
}
