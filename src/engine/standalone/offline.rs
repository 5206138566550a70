//! One operator command while no engine runs: folds the journal, asks the core, records its answer, and ends.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::check::Monitor;
use crate::core::machine::effect::Cadence;
use crate::core::{AttemptId, Authority, Command, Core, Input, PageId, Recorded, Refusal, RequestId, WatchId};
use crate::engine::driver::Driver;
use crate::engine::driver::live_journal::LiveJournal;
use crate::engine::driver::ports::{AttemptRequest, HostPort, PreflightRequest};
use crate::engine::options::{Options, StartError, config};
use crate::engine::reload;
use crate::engine::reload::playbook_files;
use crate::host::clock::{self, Clock};
use crate::journal::{Journal, Opened};
use crate::playbook::Check;
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
    NotRecorded(Arc<str>),
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
    let monitor = Monitor::new(clock, readings, kept, notes);
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let bindings = reload::bind(&library, &monitor).await;

    let host = AbsentHost { answer: Err(Refusal::Stopped) };
    let mut driver = Driver::new(core, host, LiveJournal::new(journal, boot_id), clock);
    driver.handle(Input::Loaded(bindings));
    let (by, request) = (options.operator.clone(), RequestId(0));
    driver.handle(Input::Command { by, authority: Authority::Arm, command, request });
    driver.flush();
    while !driver.is_settled() {
        poll_fn(|context| driver.poll_write(context)).await;
    }
    driver.recording().map_err(OfflineError::NotRecorded)?;
    let answer = driver.host().answer.clone();
    driver.finish().close();
    Ok(answer?)
}

/// A host that nothing acts on: an engine that starts later makes its own preflight, and delivers what is undelivered.
struct AbsentHost {
    /// What the core says to the command.
    answer: Result<Arc<str>, Refusal>,
}

impl HostPort for AbsentHost {
    fn note(&mut self, _recorded: &Arc<Recorded>) {}

    fn watch(&mut self, _watch: WatchId, _check: Arc<Check>, _cadence: Cadence) {}

    fn unwatch(&mut self, _watch: &WatchId) {}

    fn preflight(&mut self, _request: PreflightRequest) {}

    fn start(&mut self, _request: AttemptRequest) {}

    fn refuse(&mut self, _request: AttemptRequest, _why: &str) {}

    fn empty_scope(&mut self, _attempt: AttemptId) {}

    fn deliver(&mut self, _page: PageId, _core: &Core) {}

    fn reply(&mut self, _request: RequestId, answer: Result<Arc<str>, Refusal>) {
        self.answer = answer;
    }
}
