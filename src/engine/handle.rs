//! What a console or a verb holds of an engine, wherever that engine runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::Snapshot;
use super::offer::Offer;
use super::past::{Goal, Line, PastError, Progress, Replayed};
use super::question::{Question, Rehearsing};
use super::snapshot::IncidentView;
use crate::core::{Command, IncidentId, Refusal};
use crate::host::clock::boottime_ms;
use crate::playbook::write::WantedTarget;

/// A command and the way back for its answer.
#[derive(Debug)]
pub struct Asked {
    /// What is asked for.
    pub command: Command,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Arc<str>, Refusal>>,
}

/// A line to an engine: state comes as snapshots (the latest only), commands go out.
#[derive(Debug, Clone)]
pub struct Handle {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    commands: mpsc::Sender<Asked>,
    beat: Arc<AtomicU64>,
    past: Line,
    questions: Option<mpsc::Sender<Question>>,
}

impl Handle {
    /// Over these ends. `beat` holds the engine's last sign of progress, in milliseconds of `CLOCK_BOOTTIME`.
    #[must_use]
    pub fn new(snapshots: watch::Receiver<Arc<Snapshot>>, commands: mpsc::Sender<Asked>, beat: Arc<AtomicU64>) -> Self {
        Self { snapshots, commands, beat, past: Line::dead(), questions: None }
    }

    /// The same with a line to the past.
    #[must_use]
    pub fn with_past(self, past: Line) -> Self {
        Self { past, ..self }
    }

    /// The same with somebody who answers questions about the host.
    #[must_use]
    pub fn answered_by(self, questions: mpsc::Sender<Question>) -> Self {
        Self { questions: Some(questions), ..self }
    }

    /// The state, now and whenever it changes.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The engine's last sign of progress, in milliseconds of `CLOCK_BOOTTIME`; it gives one every second.
    #[must_use]
    pub fn beat(&self) -> u64 {
        self.beat.load(Ordering::Relaxed)
    }

    /// How long the engine has given no sign of progress; it gives one every second.
    #[must_use]
    pub fn quiet_for(&self) -> Duration {
        Duration::from_millis(boottime_ms().saturating_sub(self.beat()))
    }

    /// Asks for something and waits for the answer, which says in words what was done.
    ///
    /// # Errors
    /// The engine's typed refusal; [`Refusal::Stopped`] where there is no engine any more.
    pub async fn command(&self, command: Command) -> Result<Arc<str>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Asked { command, answer }).await.map_err(|_| Refusal::Stopped)?;
        answered.await.map_err(|_| Refusal::Stopped)?
    }

    /// How many events the journal holds.
    ///
    /// # Errors
    /// Where the journal cannot be asked or read.
    pub async fn history(&self) -> Result<u64, PastError> {
        self.past.count().await
    }

    /// The state after this event of the journal.
    ///
    /// # Errors
    /// Where the journal cannot be asked or read, or is empty.
    pub async fn at(&self, seq: u64) -> Result<Arc<Snapshot>, PastError> {
        self.recall(Goal::Event(seq)).await.map(|replayed| replayed.snapshot)
    }

    /// A moment of the past, and which event it follows.
    ///
    /// # Errors
    /// As [`Handle::at`]; and where there is no incident on that side.
    pub async fn recall(&self, goal: Goal) -> Result<Replayed, PastError> {
        self.past.at(goal).await
    }

    /// One incident with its whole story, however long ago.
    ///
    /// # Errors
    /// Where the journal cannot be asked or read, or does not know it.
    pub async fn incident(&self, id: IncidentId) -> Result<Arc<IncidentView>, PastError> {
        self.past.incident(id).await
    }

    /// How far a fold of the journal has come, while one is under way.
    #[must_use]
    pub fn recalling(&self) -> watch::Receiver<Option<Progress>> {
        self.past.progress()
    }

    /// What a playbook's text would do now: what is looked at comes as it is begun, what was seen at the end. Nothing
    /// is run. The look ends when the receiver is dropped.
    #[must_use]
    pub fn rehearse(&self, name: Arc<str>, text: Arc<str>) -> mpsc::UnboundedReceiver<Rehearsing> {
        let (tell, told) = mpsc::unbounded_channel();
        self.ask(Question::Rehearse { name, text, tell });
        told
    }

    /// What of the engine's host a playbook of this kind could be about; nothing where nobody answers.
    pub async fn offers(&self, wanted: WantedTarget) -> Vec<Offer> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Offers { wanted, answer });
        answered.await.unwrap_or_default()
    }

    /// A question that finds nobody is dropped, and with it the way back: whoever waits sees that.
    fn ask(&self, question: Question) {
        if let Some(questions) = &self.questions {
            let _ = questions.try_send(question);
        }
    }
}
