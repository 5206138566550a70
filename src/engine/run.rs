//! The loop of a running engine: waits for inputs, timers and the journal's answers, and drives the core with them.
//!
//! Nothing slow runs here: the [`Driver`] leaves it to the journal's own thread and to the executor's tasks.
//!
//! | module | what it does |
//! |---|---|
//! | `effect_executor` | the driver's host port: carries effects out, each in a task of its own |
//! | `noted_records` | what the records leave in memory: pages that may go out again, messages |
//! | `loop_meter` | what the loop measures of itself |
//! | `inputs`, `timers`, `snapshots` | what the loop waits for, what it does by itself, what it sends out |
//! | [`heartbeat`] | tells an external switch that the loop runs |
//! | [`alarm`] | pages a human where salve itself cannot start, or cannot write its journal |
//! | `silence` | tells the core when systemd ceases to answer |

pub mod alarm;
pub(super) mod effect_executor;
pub mod heartbeat;
mod inputs;
mod loop_meter;
pub(super) mod noted_records;
pub(super) mod silence;
mod snapshots;
mod timers;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::effect_executor::EffectExecutor;
use self::loop_meter::LoopMeter;
use self::timers::LoopTimers;
use super::driver::Driver;
use super::driver::live_journal::LiveJournal;
use super::driver::ports::HostPort;
use super::handle::CommandRequest;
use super::history::HistoryContext;
use super::reload::Reloaded;
use super::snapshot::{HostLoad, PlaybookView, Snapshot};
use crate::channel::AcceptedPage;
use crate::check::ObservationChange;
use crate::core::{Authority, Binding, Core, Input, Operator, Recorded};
use crate::host::clock::Clock;
use crate::journal::KeptReading;
use crate::playbook::library::LibraryFile;

pub use self::inputs::LoopInputs;

/// A sign of progress, and the wake-up behind every timer (which suspend may have stopped).
const BEAT: Duration = Duration::from_secs(1);
/// The host's load is read so often while somebody subscribes.
const HOST_LOAD: Duration = Duration::from_secs(5);
/// The clock's mark is kept so often, so that a restart goes on from it.
const MARK: Duration = Duration::from_mins(1);
/// When stopping, a running attempt gets so long to end and be recorded.
const WIND_DOWN: Duration = Duration::from_secs(30);

/// The engine's state beside the core's.
#[derive(Debug)]
pub struct EngineLoop {
    driver: Driver<EffectExecutor, LiveJournal, Clock>,
    operator: Operator,
    beat: Arc<AtomicU64>,
    library: Vec<LibraryFile>,
    /// What queries into the past must know of the present.
    history_context: Option<watch::Sender<Arc<HistoryContext>>>,
    playbooks: Vec<Arc<PlaybookView>>,
    playbooks_stale: bool,
    host_load: Option<HostLoad>,
    meter: LoopMeter,
    generation: u64,
    changed: bool,
    stopping: bool,
}

impl EngineLoop {
    /// Over a core whose journal has been folded.
    pub fn new(
        core: Core,
        clock: Clock,
        journal: LiveJournal,
        executor: EffectExecutor,
        operator: Operator,
        beat: Arc<AtomicU64>,
    ) -> Self {
        Self {
            driver: Driver::new(core, executor, journal, clock),
            operator,
            beat,
            library: Vec::new(),
            history_context: None,
            playbooks: Vec::new(),
            playbooks_stale: false,
            host_load: None,
            meter: LoopMeter::new(),
            generation: 0,
            changed: true,
            stopping: false,
        }
    }

    /// Takes over what earlier engines recorded: pages that may have to go out again, and messages. Some channels must
    /// be told again and again of a page that is open.
    pub fn take_over(&mut self, events: &[Arc<Recorded>]) {
        for recorded in events {
            self.driver.host_mut().note(recorded);
        }
        self.driver.host().keep_open_pages(self.driver.core());
    }

    /// What queries into the past must know of the present, now and whenever the playbooks in force change.
    pub fn history_context(&mut self) -> watch::Receiver<Arc<HistoryContext>> {
        let (sender, receiver) = watch::channel(Arc::new(self.history_context_with(Vec::new())));
        self.history_context = Some(sender);
        receiver
    }

    fn history_context_with(&self, bindings: Vec<Binding>) -> HistoryContext {
        HistoryContext {
            bindings,
            found: self.library.clone(),
            host: Arc::clone(self.driver.host().host()),
            operator: self.operator.clone(),
        }
    }

    /// Hands one input to the core.
    pub fn step(&mut self, input: Input) {
        let began = Instant::now().into_std();
        self.driver.handle(input);
        self.meter.handled(began);
        self.changed = true;
    }

    /// Runs until told to stop.
    pub async fn run(mut self, mut inputs: LoopInputs, snapshots: watch::Sender<Arc<Snapshot>>) {
        let (loads_in, mut loads) = mpsc::channel(1);
        let mut due = LoopTimers::now();
        let mut inbox = Vec::new();
        loop {
            self.wake_driver();
            let watched = inputs.subscribers.any();
            if watched {
                self.send_snapshot(&snapshots, &mut due);
            }
            self.meter.waiting(&inputs, self.driver.pending_writes());
            let wake = self.next_wake(&due, watched);
            tokio::select! {
                biased;
                _ = &mut inputs.stopped, if !self.stopping => {
                    self.stopping = true;
                    self.driver.stop();
                    due.stop = Some(Instant::now() + WIND_DOWN);
                }
                () = poll_fn(|context| self.driver.poll_write(context)) => self.changed = true,
                _ = inputs.readings.recv_many(&mut inbox, 256) => {
                    for (watch, reading) in inbox.drain(..) {
                        self.step(Input::Read { watch, reading });
                    }
                }
                Some(input) = inputs.inputs.recv() => self.step(input),
                Some(request) = inputs.commands.recv() => self.command(request),
                Some(accepted) = inputs.delivered.recv() => self.delivered(accepted),
                Some(reloaded) = inputs.reloaded.recv() => self.reload(reloaded),
                Some((about, text)) = inputs.notes.recv() => self.step(Input::Note { about, text }),
                Some(detectors) = inputs.recalled.recv() => {
                    self.driver.machine_mut().recall(detectors);
                    self.changed = true;
                }
                Some(kept) = inputs.kept.recv() => self.keep(kept),
                Some(load) = loads.recv() => {
                    self.changed |= self.host_load != Some(load);
                    self.host_load = Some(load);
                }
                () = inputs.subscribers.came() => self.changed = true,
                () = inputs.tried.notified() => self.changed = true,
                () = tokio::time::sleep_until(wake) => {
                    self.meter.woke(wake.into_std());
                    self.run_timers(&mut due, &loads_in, watched);
                }
            }
            if self.stopping && self.wound_down(&due) {
                break;
            }
        }
        // a page that a channel took just now need not go out a second time
        while let Ok(accepted) = inputs.delivered.try_recv() {
            self.delivered(accepted);
        }
        self.driver.finish().close();
    }

    fn delivered(&mut self, accepted: AcceptedPage) {
        let AcceptedPage { page, channel, instead } = accepted;
        self.step(Input::Delivered { page, channel, instead });
    }

    fn command(&mut self, request: CommandRequest) {
        let CommandRequest { by, command, answer } = request;
        let request = self.driver.host_mut().expect_reply(answer);
        // whoever runs the engine decides what acts
        let (by, authority) = by.unwrap_or_else(|| (self.operator.clone(), Authority::Arm));
        self.step(Input::Command { by, authority, command, request });
    }

    fn reload(&mut self, reloaded: Reloaded) {
        self.library = reloaded.found;
        if let Some(context) = &self.history_context {
            context.send_replace(Arc::new(self.history_context_with(reloaded.bindings.clone())));
        }
        self.playbooks_stale = true;
        self.step(Input::Loaded(reloaded.bindings));
        for (about, text) in reloaded.alerts {
            self.step(Input::Note { about, text });
        }
    }

    fn keep(&mut self, kept: ObservationChange) {
        self.driver.journal().keep(KeptReading {
            subject: kept.subject,
            mono: kept.at.mono,
            wall: kept.at.wall,
            observation: kept.observation,
        });
    }

    fn wound_down(&self, due: &LoopTimers) -> bool {
        let late = due.stop.is_some_and(|stop| stop <= Instant::now());
        late || self.driver.is_wound_down()
    }
}
