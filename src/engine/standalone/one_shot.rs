//! Folds the journal, reads the host once and reports its state, without acting. It records nothing
//! and acts on nothing, so it may run beside a real engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::check::{Monitor, host_usage};
use crate::core::machine::effect::Cadence;
use crate::core::{AttemptId, CheckRole, Core, Input, PageId, Recorded, Refusal, RequestId, WatchId};
use crate::engine::driver::Driver;
use crate::engine::driver::forgetful_journal::ForgetfulJournal;
use crate::engine::driver::ports::{AttemptRequest, HostPort, PreflightRequest};
use crate::engine::options::{Options, config};
use crate::engine::reload;
use crate::engine::reload::playbook_files;
use crate::engine::snapshot::Snapshot;
use crate::engine::views::playbook_view;
use crate::engine::views::snapshot_builder::{self, Extras};
use crate::host::clock::{self, Clock};
use crate::journal::{JournalReader, ReadError};
use crate::playbook::Check;
use crate::playbook::library::Library;

/// How long to wait for the first readings.
const PATIENCE: Duration = Duration::from_secs(6);

/// The state of the journal in this folder, folded; an empty core where there is no journal yet.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub fn fold(state: &Path, options: &Options) -> Result<(Core, Clock, Vec<Arc<Recorded>>), ReadError> {
    let mut core = Core::new(config(&options.settings));
    let (events, mark) = match JournalReader::open(state) {
        Ok(reader) => reader.replay()?,
        Err(ReadError::None { .. }) => (Vec::new(), None),
        Err(error) => return Err(error),
    };
    for recorded in &events {
        core.replay(recorded);
    }
    let clock = match (mark, clock::boot_id()) {
        (Some(mark), Ok(boot_id)) => Clock::continuing(&mark, &boot_id),
        _ => Clock::starting(),
    };
    Ok((core, clock, events))
}

/// Looks at the host once.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub async fn look(options: &Options) -> Result<Snapshot, ReadError> {
    let (core, clock, _) = fold(&options.paths.state, options)?;
    let (readings_in, mut readings) = mpsc::unbounded_channel();
    let (kept_in, _kept) = mpsc::unbounded_channel();
    let (notes_in, _notes) = mpsc::unbounded_channel();
    let monitor = Monitor::new(clock, readings_in, kept_in, notes_in);
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let bindings = reload::bind(&library, &monitor).await;

    let host = ObservedHost { monitor, detectors: BTreeMap::new() };
    let mut driver = Driver::new(core, host, ForgetfulJournal, clock);
    driver.handle(Input::Loaded(bindings));
    let deadline = Instant::now() + PATIENCE;
    while driver.host().detectors.values().any(|read| !read) {
        let Ok(Some((watch, reading))) = tokio::time::timeout_at(deadline, readings.recv()).await else { break };
        driver.host_mut().detectors.insert(watch.clone(), true);
        driver.handle(Input::Read { watch, reading });
    }
    let core = driver.core();
    let extras = Extras {
        generation: 0,
        host: crate::text::clean_line(&rustix::system::uname().nodename().to_string_lossy()).into(),
        operator: options.operator.clone(),
        strip: host_usage().map(Into::into),
        recording: Ok(()),
        tries: BTreeMap::new(),
        playbooks: playbook_view::all(&library.found, core),
        messages: Vec::new(),
        engine_stats: None,
        condition: crate::check::condition,
    };
    Ok(Snapshot { unwatched: true, ..snapshot_builder::build(core, clock.now(), extras) })
}

/// A host whose detectors are read, and that is left alone: no preflight is answered, so no attempt can follow.
struct ObservedHost {
    monitor: Monitor,
    /// The checks of the detectors, and whether each has been read.
    detectors: BTreeMap<WatchId, bool>,
}

impl HostPort for ObservedHost {
    fn note(&mut self, _recorded: &Arc<Recorded>) {}

    fn watch(&mut self, watch: WatchId, check: Arc<Check>, cadence: Cadence) {
        match watch.role {
            // once is enough: each is read only to be shown
            CheckRole::Detector if !self.detectors.contains_key(&watch) => {
                self.detectors.insert(watch.clone(), false);
                self.monitor.watch(watch, check, cadence);
            }
            CheckRole::Detector | CheckRole::Verifier => {}
        }
    }

    fn unwatch(&mut self, _watch: &WatchId) {}

    fn preflight(&mut self, _request: PreflightRequest) {}

    fn start(&mut self, _request: AttemptRequest) {}

    fn refuse(&mut self, _request: AttemptRequest, _why: &str) {}

    fn empty_scope(&mut self, _attempt: AttemptId) {}

    fn deliver(&mut self, _page: PageId, _core: &Core) {}

    fn reply(&mut self, _request: RequestId, _answer: Result<Arc<str>, Refusal>) {}
}
