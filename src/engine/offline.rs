//! One operator command while no engine runs: folds the journal, asks the core, records its answer, and ends.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::playbook_files;
use super::reload;
use super::start::{Options, StartError, config};
use crate::check::Monitor;
use crate::core::{Authority, Command, Core, Effect, Input, Refusal, RequestId};
use crate::host::clock::{self, Clock, ClockMark};
use crate::journal::{Journal, Opened, RecordError};
use crate::playbook::library::Library;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The journal cannot be opened, or an engine holds it.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The core refused the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It was accepted and could not be recorded, so it is not in force.
    #[error("not recorded: {0}")]
    NotRecorded(#[from] RecordError),
}

/// Carries one command out on the journal; the answer says in words what was done.
///
/// # Errors
/// See [`OfflineError`].
pub async fn command(options: &Options, command: Command) -> Result<Arc<str>, OfflineError> {
    let boot_id = clock::boot_id().map_err(StartError::BootId)?;
    let Opened { journal, events, mark } = Journal::open(&options.paths.state).map_err(StartError::from)?;
    let clock = mark.map_or_else(Clock::starting, |mark| Clock::continuing(&mark, &boot_id));
    let mut core = Core::new(config(&options.settings));
    for recorded in &events {
        core.replay(recorded);
    }
    let (readings, _readings) = mpsc::unbounded_channel();
    let (kept, _kept) = mpsc::unbounded_channel();
    let (notes, _notes) = mpsc::unbounded_channel();
    let hub = Monitor::new(clock, readings, kept, notes);
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let mut effects = core.handle(clock.now(), Input::Loaded(reload::bind(&library, &hub).await));
    let (by, request) = (options.operator.clone(), RequestId(0));
    effects.extend(core.handle(clock.now(), Input::Command { by, authority: Authority::Arm, command, request }));

    let mut records = Vec::new();
    let mut answer = Err(Refusal::Stopped);
    for effect in effects {
        match effect {
            Effect::Record(recorded) => records.push(recorded),
            Effect::Reply { answer: words, .. } => answer = words,
            // nothing acts here: an engine that starts later surveys anew, and delivers what is undelivered
            _ => {}
        }
    }
    let mark = ClockMark { boot_id, boottime: clock::boottime_ms(), mono: clock.mono() };
    journal.commit(records, mark).await.unwrap_or(Err(RecordError::Closed))?;
    journal.close();
    Ok(answer?)
}
