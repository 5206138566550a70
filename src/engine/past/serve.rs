//! Answers questions about the past, one at a time, on a blocking thread. What was folded is kept for the next step,
//! and forgotten when nobody has asked for a while: a daemon that nobody looks at holds none of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::ladder::Ladder;
use super::line::{Ask, Goal, Line, PastError, Progress, Replayed, Side};
use super::sight::Sight;
use super::told;
use crate::core::input::Binding;
use crate::core::{Config, Mono, Operator};
use crate::engine::publish::{self, Extras};
use crate::engine::{playbook_view, snapshot};
use crate::journal::{ReadError, Reader};
use crate::playbook::library::Found;

/// What was folded is forgotten after so long without a question.
const IDLE: Duration = Duration::from_mins(10);

/// What the journal does not tell: which playbooks are bound to what on this host, and who looks.
#[derive(Debug, Clone)]
pub struct Today {
    /// In force today.
    pub bindings: Vec<Binding>,
    /// Every file that was found.
    pub found: Vec<Found>,
    /// This host's name, cleaned.
    pub host: Arc<str>,
    /// Who looks.
    pub operator: Operator,
}

/// Serves the past of this state folder until the last line to it is gone. Reads nothing before it is asked.
pub fn start(state: PathBuf, config: Config, today: watch::Receiver<Arc<Today>>) -> Line {
    let (asks_in, asks) = mpsc::unbounded_channel();
    let (progress_in, progress) = watch::channel(None);
    tokio::spawn(run(state, config, today, asks, progress_in));
    Line::new(asks_in, progress)
}

async fn run(
    state: PathBuf,
    config: Config,
    today: watch::Receiver<Arc<Today>>,
    mut asks: mpsc::UnboundedReceiver<Ask>,
    progress: watch::Sender<Option<Progress>>,
) {
    let mut past: Option<Past> = None;
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
            let mut past = known.map_or_else(|| Past::open(&state, config), Ok);
            answer(past.as_mut(), &today, ask, &progress);
            progress.send_replace(None);
            past.ok()
        });
        past = answered.await.ok().flatten();
    }
}

fn answer(
    past: Result<&mut Past, &mut PastError>,
    today: &Today,
    ask: Ask,
    progress: &watch::Sender<Option<Progress>>,
) {
    fn give<T>(back: oneshot::Sender<Result<T, PastError>>, answer: Result<T, PastError>) {
        // who asked may have gone away
        let _ = back.send(answer);
    }
    match (ask, past.map_err(|error| error.clone())) {
        (Ask::Count(back), past) => give(back, past.and_then(|past| past.count())),
        (Ask::At(goal, back), past) => give(back, past.and_then(|past| past.at(goal, today, progress))),
        (Ask::Incident(id, back), past) => {
            give(back, past.and_then(|past| told::tell(&past.reader, id).map(Arc::new)));
        }
    }
}

/// In words.
pub(super) fn said(error: &ReadError) -> PastError {
    match error {
        ReadError::None { .. } => PastError::Empty,
        error => PastError::Journal(error.to_string().into()),
    }
}

/// What is known of the past so far.
struct Past {
    reader: Reader,
    ladder: Ladder,
    sight: Sight,
}

impl Past {
    fn open(state: &std::path::Path, config: Config) -> Result<Self, PastError> {
        let reader = Reader::open(state).map_err(|error| said(&error))?;
        Ok(Self { reader, ladder: Ladder::new(config), sight: Sight::default() })
    }

    fn count(&self) -> Result<u64, PastError> {
        self.reader.last_seq().map_err(|error| said(&error))
    }

    fn at(
        &mut self,
        goal: Goal,
        today: &Today,
        progress: &watch::Sender<Option<Progress>>,
    ) -> Result<Replayed, PastError> {
        let of = self.count()?;
        let seq = self.seq(goal, of)?;
        self.replay(seq, of, today, progress).map_err(|error| said(&error))?.ok_or(PastError::Empty)
    }

    /// Which event a goal means.
    fn seq(&self, goal: Goal, of: u64) -> Result<u64, PastError> {
        let said = |error: ReadError| said(&error);
        let seq = match goal {
            Goal::Event(seq) => seq.clamp(1, of.max(1)),
            Goal::IncidentBefore(seq) => {
                self.reader.opening_before(seq).map_err(said)?.ok_or(PastError::NoIncident(Side::Before))?
            }
            Goal::IncidentAfter(seq) => {
                self.reader.opening_after(seq).map_err(said)?.ok_or(PastError::NoIncident(Side::After))?
            }
        };
        if of == 0 { Err(PastError::Empty) } else { Ok(seq) }
    }

    fn replay(
        &mut self,
        seq: u64,
        of: u64,
        today: &Today,
        progress: &watch::Sender<Option<Progress>>,
    ) -> Result<Option<Replayed>, ReadError> {
        let told = |done| {
            progress.send_replace(Some(Progress { done, of: seq }));
        };
        let Some((fold, event)) = self.ladder.at(&self.reader, seq, told)? else { return Ok(None) };
        // readings are kept without events, so there may be later ones; they belong to no moment of the journal
        let last = self.reader.events_between(of.saturating_sub(1), of)?.last().map_or(Mono(0), |last| last.mono);
        let (glimpses, absent) = self.sight.at(&self.reader, fold, today, last)?;
        let now = publish::moment(fold.at.0, fold.at.1);
        let mut core = fold.core.clone();
        core.depict(now, glimpses, absent);
        let extras = Extras {
            generation: seq,
            host: Arc::clone(&today.host),
            operator: today.operator.clone(),
            strip: None,
            recording: Ok(()),
            tries: std::collections::BTreeMap::new(),
            playbooks: playbook_view::all(&today.found, &core),
            messages: fold.messages.iter().cloned().collect::<Vec<snapshot::Message>>(),
            condition: crate::check::condition,
        };
        Ok(Some(Replayed { seq, of, event, snapshot: Arc::new(publish::publish(&core, now, extras)) }))
    }
}
