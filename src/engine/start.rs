//! From folders to a running engine: opens the journal, folds it, and lets the loop go.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::driver::live_journal::LiveJournal;
use super::handle::Subscribers;
use super::history::{self, LastHour};
use super::options::{Options, StartError, config};
use super::run::effect_executor::EffectExecutor;
use super::run::{EngineLoop, LoopInputs, heartbeat, silence};
use super::{Handle, host_queries, reload};
use crate::action::Runner;
use crate::channel::Outbox;
use crate::check::Monitor;
use crate::core::Input;
use crate::host::clock::{self, Clock};
use crate::host::spare;
use crate::journal::{Journal, Opened};

/// A running engine, which stops when told to.
#[derive(Debug)]
pub struct Running {
    /// What consoles and commands use to talk to it.
    pub handle: Handle,
    notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    /// Leaves a message, for the record and for screens.
    pub fn note(&self, about: &str, text: &str) {
        let clean = |text: &str| crate::text::clean_line(text).as_ref().into();
        // an engine that has ended has nobody to tell
        let _ = self.notes.send((clean(about), clean(text)));
    }

    /// Starts nothing new, lets a running attempt end (to a deadline) and be recorded, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}

/// Opens the journal, rebuilds the state, and starts the loop.
///
/// # Errors
/// See [`StartError`].
pub fn start(options: Options) -> Result<Running, StartError> {
    let questions = host_queries::answers(options.clone());
    let boot_id = clock::boot_id().map_err(StartError::BootId)?;
    let Opened { journal, events, mark } = Journal::open(&options.paths.state)?;
    let clock = mark.as_ref().map_or_else(Clock::starting, |mark| Clock::continuing(mark, &boot_id));
    let mut last_hour = LastHour::of(&events, config(&options.settings));
    let core = last_hour.core().clone();
    let watched_until = mark.as_ref().map(|mark| mark.mono);
    last_hour.resume(watched_until, clock.now());

    let (readings_in, readings) = mpsc::unbounded_channel();
    let (kept_in, kept) = mpsc::unbounded_channel();
    let (notes_in, notes) = mpsc::unbounded_channel();
    let (inputs_in, inputs) = mpsc::unbounded_channel();
    let (delivered_in, delivered) = mpsc::unbounded_channel();
    let (reloaded_in, reloaded) = mpsc::unbounded_channel();
    let (recalled_in, recalled) = mpsc::unbounded_channel();
    let (commands_in, commands) = mpsc::channel(64);
    let (stop, stopped) = oneshot::channel();

    let monitor = Arc::new(Monitor::new(clock, readings_in, kept_in, notes_in.clone()));
    let (heartbeat_notes, own_notes) = (notes_in.clone(), notes_in.clone());
    let outbox =
        Outbox::start(options.settings.channels.clone(), options.paths.state.join("tickets"), delivered_in, notes_in);
    let silence_in = inputs_in.clone();
    let tried = outbox.tried();
    let executor = EffectExecutor::new(
        Arc::clone(&monitor),
        Runner::new(&options.paths.state),
        outbox,
        inputs_in,
        options.settings.clean_roots.clone(),
    );
    let subscribers = Arc::new(Subscribers::default());
    let loop_inputs = LoopInputs {
        stopped,
        readings,
        kept,
        notes,
        inputs,
        delivered,
        tried,
        reloaded,
        recalled,
        commands,
        subscribers: Arc::clone(&subscribers),
    };
    let beat = Arc::new(AtomicU64::new(clock::boottime_ms()));
    let journal = LiveJournal::new(journal, Arc::clone(&boot_id));
    let mut engine = EngineLoop::new(core, clock, journal, executor, options.operator, Arc::clone(&beat));
    engine.take_over(&events);
    let (snapshots_in, snapshots) = watch::channel(Arc::new(engine.snapshot()));
    let context = engine.history_context();
    tokio::spawn(last_hour.send_readings(options.paths.state.clone(), context.clone(), recalled_in));
    let past = history::start(options.paths.state.clone(), config(&options.settings), context);
    let handle = Handle::new(snapshots, commands_in, Arc::clone(&beat))
        .counted_by(subscribers)
        .with_past(past)
        .answered_by(questions);

    let heartbeat = options
        .settings
        .heartbeat
        .map(|settings| tokio::spawn(heartbeat::run(settings, Arc::clone(&beat), heartbeat_notes)));
    spare::hold();
    let spare = tokio::spawn(spare::keep());
    if let Some(silence) = monitor.systemd_silence() {
        tokio::spawn(silence::follow(silence, silence_in));
    }
    tokio::spawn(reload::run(options.sources, monitor, reloaded_in));
    let ended = tokio::spawn(async move {
        let version = env!("CARGO_PKG_VERSION").into();
        engine.step(Input::Started { version, boot_id, booted: clock.at_boottime(0), watched_until });
        engine.run(loop_inputs, snapshots_in).await;
        // a loop that has ended must not look alive
        if let Some(heartbeat) = heartbeat {
            heartbeat.abort();
        }
        spare.abort();
    });
    Ok(Running { handle, notes: own_notes, stop, ended })
}
