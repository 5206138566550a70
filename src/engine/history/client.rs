//! Questions about the past, and their answers.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::core::{IncidentId, Recorded};
use crate::engine::snapshot::{IncidentView, Snapshot};

/// Which moment is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seek {
    /// After this event; one that is not there yet means the last.
    Event(u64),
    /// Where the last incident before this event was opened.
    IncidentBefore(u64),
    /// Where the next incident after this event was opened.
    IncidentAfter(u64),
}

/// A moment of the past, as screens show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Number of the last event that the snapshot includes.
    pub seq: u64,
    /// How many events the journal holds.
    pub of: u64,
    /// The recorded event that led to this moment.
    pub event: Arc<Recorded>,
    /// The whole state at that moment.
    pub snapshot: Arc<Snapshot>,
}

/// How far a fold has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldProgress {
    /// Events that were folded so far.
    pub done: u64,
    /// Events that are to be folded in all.
    pub of: u64,
}

/// On which side of a moment an event is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeekSide {
    /// The nearest earlier event.
    Before,
    /// The nearest later event.
    After,
}

impl fmt::Display for SeekSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// Why the past cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PastError {
    /// The journal cannot be read, in words.
    #[error("the journal cannot be read: {0}")]
    Journal(Arc<str>),
    /// Nothing was recorded yet.
    #[error("nothing recorded yet")]
    Empty,
    /// There is no incident before or after this one.
    #[error("no incident was opened {0} this moment")]
    NoIncident(SeekSide),
    /// The journal does not know this incident.
    #[error("there is no incident {0} in the journal")]
    Unknown(IncidentId),
    /// The engine that answers questions about the past has stopped.
    #[error("the journal cannot be asked: the engine is gone")]
    Gone,
}

/// A question, with the way back for its answer.
#[derive(Debug)]
pub enum HistoryQuery {
    /// How many events are there?
    Count(oneshot::Sender<Result<u64, PastError>>),
    /// How did everything stand then?
    At(Seek, oneshot::Sender<Result<Replayed, PastError>>),
    /// What is the whole story of an incident?
    Incident(IncidentId, oneshot::Sender<Result<Arc<IncidentView>, PastError>>),
}

/// A line to whoever knows the past.
#[derive(Debug, Clone)]
pub struct HistoryClient {
    asks: mpsc::UnboundedSender<HistoryQuery>,
    progress: watch::Receiver<Option<FoldProgress>>,
}

impl HistoryClient {
    /// Over these ends: questions go out, and how far a fold has come comes back.
    #[must_use]
    pub const fn new(
        asks: mpsc::UnboundedSender<HistoryQuery>,
        progress: watch::Receiver<Option<FoldProgress>>,
    ) -> Self {
        Self { asks, progress }
    }

    /// A line at whose other end nobody is.
    #[must_use]
    pub fn dead() -> Self {
        Self { asks: mpsc::unbounded_channel().0, progress: watch::channel(None).1 }
    }

    /// How far a fold under way has come; none while there is none.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Option<FoldProgress>> {
        self.progress.clone()
    }

    /// How many events the journal holds.
    pub async fn count(&self) -> Result<u64, PastError> {
        self.ask(HistoryQuery::Count).await
    }

    /// How everything stood at a moment.
    pub async fn at(&self, goal: Seek) -> Result<Replayed, PastError> {
        self.ask(|back| HistoryQuery::At(goal, back)).await
    }

    /// One incident with its whole story, however long ago.
    pub async fn incident(&self, id: IncidentId) -> Result<Arc<IncidentView>, PastError> {
        self.ask(|back| HistoryQuery::Incident(id, back)).await
    }

    async fn ask<T>(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<T, PastError>>) -> HistoryQuery,
    ) -> Result<T, PastError> {
        let (back, answer) = oneshot::channel();
        self.asks.send(ask(back)).map_err(|_| PastError::Gone)?;
        answer.await.map_err(|_| PastError::Gone)?
    }
}
