//! Answers questions about the past, one at a time, on a blocking thread. What was folded is kept for the next
//! question, and dropped when none has come for a while, so that an idle daemon holds none of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::checkpoints::Checkpoints;
use super::client::{FoldProgress, HistoryClient, HistoryQuery, PastError, Replayed, Seek, SeekSide};
use super::historical_readings::HistoricalReadings;
use super::incident_history;
use crate::core::machine::input::Binding;
use crate::core::{Config, Mono, Operator};
use crate::engine::snapshot;
use crate::engine::views::playbook_view;
use crate::engine::views::snapshot_builder::{self, Extras};
use crate::journal::{JournalReader, ReadError};
use crate::playbook::library::LibraryFile;

/// What was folded is forgotten after so long without a question.
const IDLE: Duration = Duration::from_mins(10);

/// What the journal does not tell: which playbooks are bound to what on this host, and who looks.
#[derive(Debug, Clone)]
pub struct HistoryContext {
    /// The playbooks in force now, each with one of its targets.
    pub bindings: Vec<Binding>,
    /// Every file that was found.
    pub found: Vec<LibraryFile>,
    /// This host's name, cleaned.
    pub host: Arc<str>,
    /// The operator whose screen asks, shown in the snapshots.
    pub operator: Operator,
}

/// Serves the past of this state folder until the last line to it is gone. Reads nothing before it is asked.
pub fn start(state: PathBuf, config: Config, today: watch::Receiver<Arc<HistoryContext>>) -> HistoryClient {
    let (asks_in, asks) = mpsc::unbounded_channel();
    let (progress_in, progress) = watch::channel(None);
    tokio::spawn(run(state, config, today, asks, progress_in));
    HistoryClient::new(asks_in, progress)
}

async fn run(
    state: PathBuf,
    config: Config,
    today: watch::Receiver<Arc<HistoryContext>>,
    mut asks: mpsc::UnboundedReceiver<HistoryQuery>,
    progress: watch::Sender<Option<FoldProgress>>,
) {
    let mut past: Option<HistoryState> = None;
    loop {
        let ask = match tokio::time::timeout(IDLE, asks.recv()).await {
            Ok(Some(ask)) => ask,
            Ok(None) => return,
            Err(_) => {
                past = None;
                let Some(ask) = asks.recv().await else { return };
                ask
            }
        };
        let (state, config, today, progress) =
            (state.clone(), config.clone(), Arc::clone(&today.borrow()), progress.clone());
        let known = past.take();
        let answered = tokio::task::spawn_blocking(move || {
            let mut past = known.map_or_else(|| HistoryState::open(&state, config), Ok);
            answer(past.as_mut(), &today, ask, &progress);
            progress.send_replace(None);
            past.ok()
        });
        past = answered.await.ok().flatten();
    }
}

fn answer(
    past: Result<&mut HistoryState, &mut PastError>,
    today: &HistoryContext,
    ask: HistoryQuery,
    progress: &watch::Sender<Option<FoldProgress>>,
) {
    fn give<T>(back: oneshot::Sender<Result<T, PastError>>, answer: Result<T, PastError>) {
        // who asked may have gone away
        let _ = back.send(answer);
    }
    match (ask, past.map_err(|error| error.clone())) {
        (HistoryQuery::Count(back), past) => give(back, past.and_then(|past| past.count())),
        (HistoryQuery::At(goal, back), past) => give(back, past.and_then(|past| past.at(goal, today, progress))),
        (HistoryQuery::Incident(id, back), past) => {
            give(back, past.and_then(|past| incident_history::read_incident(&past.reader, id).map(Arc::new)));
        }
    }
}

/// What a failed read means for whoever asked: an empty journal is no fault of the journal's.
pub(super) fn said(error: &ReadError) -> PastError {
    match error {
        ReadError::None { .. } => PastError::Empty,
        error => PastError::Journal(error.to_string().into()),
    }
}

/// What is known of the past so far.
struct HistoryState {
    reader: JournalReader,
    checkpoints: Checkpoints,
    readings: HistoricalReadings,
}

impl HistoryState {
    fn open(state: &std::path::Path, config: Config) -> Result<Self, PastError> {
        let reader = JournalReader::open(state).map_err(|error| said(&error))?;
        Ok(Self { reader, checkpoints: Checkpoints::new(config), readings: HistoricalReadings::default() })
    }

    fn count(&self) -> Result<u64, PastError> {
        self.reader.last_seq().map_err(|error| said(&error))
    }

    fn at(
        &mut self,
        goal: Seek,
        today: &HistoryContext,
        progress: &watch::Sender<Option<FoldProgress>>,
    ) -> Result<Replayed, PastError> {
        let of = self.count()?;
        let seq = self.seq(goal, of)?;
        self.replay(seq, of, today, progress).map_err(|error| said(&error))?.ok_or(PastError::Empty)
    }

    /// Which event a goal means.
    fn seq(&self, goal: Seek, of: u64) -> Result<u64, PastError> {
        let said = |error: ReadError| said(&error);
        let seq = match goal {
            Seek::Event(seq) => seq.clamp(1, of.max(1)),
            Seek::IncidentBefore(seq) => {
                self.reader.opening_before(seq).map_err(said)?.ok_or(PastError::NoIncident(SeekSide::Before))?
            }
            Seek::IncidentAfter(seq) => {
                self.reader.opening_after(seq).map_err(said)?.ok_or(PastError::NoIncident(SeekSide::After))?
            }
        };
        if of == 0 { Err(PastError::Empty) } else { Ok(seq) }
    }

    fn replay(
        &mut self,
        seq: u64,
        of: u64,
        today: &HistoryContext,
        progress: &watch::Sender<Option<FoldProgress>>,
    ) -> Result<Option<Replayed>, ReadError> {
        let progress = |done| {
            progress.send_replace(Some(FoldProgress { done, of: seq }));
        };
        let Some((fold, event)) = self.checkpoints.at(&self.reader, seq, progress)? else { return Ok(None) };
        // readings are kept without events, so there may be later ones; they belong to no moment of the journal
        let last = self.reader.events_between(of.saturating_sub(1), of)?.last().map_or(Mono(0), |last| last.mono);
        let (detectors, absent) = self.readings.at(&self.reader, fold, today, last)?;
        let now = snapshot_builder::moment(fold.at.0, fold.at.1);
        let mut core = fold.core.clone();
        core.set_past(now, detectors, absent);
        let extras = Extras {
            generation: seq,
            host: Arc::clone(&today.host),
            operator: today.operator.clone(),
            strip: None,
            recording: Ok(()),
            tries: std::collections::BTreeMap::new(),
            playbooks: playbook_view::all(&today.found, &core),
            messages: fold.messages.iter().cloned().collect::<Vec<snapshot::Message>>(),
            engine_stats: None,
            condition: crate::check::condition,
        };
        Ok(Some(Replayed { seq, of, event, snapshot: Arc::new(snapshot_builder::build(&core, now, extras)) }))
    }
}
