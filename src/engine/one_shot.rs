//! Folds the journal, reads the host once and reports its state, without acting. It records nothing
//! and acts on nothing, so it may run beside a real engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::playbook_files;
use super::playbook_view;
use super::reload;
use super::snapshot::Snapshot;
use super::snapshot_builder::{self, Extras};
use super::start::{Options, config};
use crate::check::{Monitor, strip};
use crate::core::{CheckRole, Core, Effect, Input, Recorded};
use crate::host::clock::{self, Clock};
use crate::journal::{JournalReader, ReadError};
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
    let (mut core, clock, _) = fold(&options.paths.state, options)?;
    let (readings_in, mut readings) = mpsc::unbounded_channel();
    let (kept_in, _kept) = mpsc::unbounded_channel();
    let (notes_in, _notes) = mpsc::unbounded_channel();
    let hub = Monitor::new(clock, readings_in, kept_in, notes_in);
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let bindings = reload::bind(&library, &hub).await;

    let mut waiting = BTreeSet::new();
    for effect in core.handle(clock.now(), Input::Loaded(bindings)) {
        if let Effect::Watch { watch, check, cadence } = effect
            && watch.role == CheckRole::Detector
        {
            waiting.insert(watch.clone());
            hub.watch(watch, check, cadence);
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while !waiting.is_empty() {
        let Ok(Some((watch, reading))) = tokio::time::timeout_at(deadline, readings.recv()).await else { break };
        waiting.remove(&watch);
        core.handle(clock.now(), Input::Read { watch, reading });
    }
    let extras = Extras {
        generation: 0,
        host: crate::text::clean_line(&rustix::system::uname().nodename().to_string_lossy()).into(),
        operator: options.operator.clone(),
        strip: strip().map(Into::into),
        recording: Ok(()),
        tries: std::collections::BTreeMap::new(),
        playbooks: playbook_view::all(&library.found, &core),
        messages: Vec::new(),
        condition: crate::check::condition,
    };
    Ok(Snapshot { unwatched: true, ..snapshot_builder::publish(&core, clock.now(), extras) })
}
