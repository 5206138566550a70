//! What a console or a verb holds of an engine, wherever that engine runs.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::Snapshot;
use super::history::{FoldProgress, HistoryClient, PastError, Replayed, Seek};
use super::host_queries::target_candidates::Offer;
use super::host_queries::{HostQuery, Rehearsing};
use super::snapshot::IncidentView;
use crate::core::{Authority, Command, IncidentId, Operator, Refusal};
use crate::host::clock::boottime_ms;
use crate::playbook::write::WantedTarget;

/// A command and the way back for its answer.
#[derive(Debug)]
pub struct CommandRequest {
    /// By whom, and how far their rights reach; none means whoever runs the engine.
    pub by: Option<(Operator, Authority)>,
    /// The command, as the operator gave it.
    pub command: Command,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Arc<str>, Refusal>>,
}

/// How many look at an engine's state: one that nobody looks at need not say how it stands.
#[derive(Debug, Default)]
pub struct Subscribers {
    count: AtomicUsize,
    came: Notify,
}

impl Subscribers {
    /// Whether anybody subscribes to snapshots now.
    #[must_use]
    pub fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Waits until somebody begins to look.
    pub async fn came(&self) {
        self.came.notified().await;
    }
}

/// The state, for as long as somebody looks.
#[derive(Debug)]
pub struct Subscription {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    subscribers: Arc<Subscribers>,
}

impl Deref for Subscription {
    type Target = watch::Receiver<Arc<Snapshot>>;

    fn deref(&self) -> &Self::Target {
        &self.snapshots
    }
}

impl DerefMut for Subscription {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.snapshots
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscribers.count.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A line to an engine: state comes as snapshots (the latest only), commands go out.
#[derive(Debug, Clone)]
pub struct Handle {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    subscribers: Arc<Subscribers>,
    commands: mpsc::Sender<CommandRequest>,
    /// On whose behalf; none means whoever runs the engine.
    by: Option<(Operator, Authority)>,
    beat: Arc<AtomicU64>,
    past: HistoryClient,
    questions: Option<mpsc::Sender<HostQuery>>,
}

impl Handle {
    /// Over these ends. `beat` holds the engine's last sign of progress, in milliseconds of `CLOCK_BOOTTIME`.
    #[must_use]
    pub fn new(
        snapshots: watch::Receiver<Arc<Snapshot>>,
        commands: mpsc::Sender<CommandRequest>,
        beat: Arc<AtomicU64>,
    ) -> Self {
        let subscribers = Arc::default();
        Self { snapshots, subscribers, commands, by: None, beat, past: HistoryClient::dead(), questions: None }
    }

    /// The same for an engine that wants to know whether anybody looks.
    #[must_use]
    pub fn counted_by(self, subscribers: Arc<Subscribers>) -> Self {
        Self { subscribers, ..self }
    }

    /// The same on behalf of somebody else: commands are theirs, and reach as far as their rights.
    #[must_use]
    pub fn on_behalf_of(self, by: Operator, authority: Authority) -> Self {
        Self { by: Some((by, authority)), ..self }
    }

    /// The same with a line to the past.
    #[must_use]
    pub fn with_past(self, past: HistoryClient) -> Self {
        Self { past, ..self }
    }

    /// The same with somebody who answers questions about the host.
    #[must_use]
    pub fn answered_by(self, questions: mpsc::Sender<HostQuery>) -> Self {
        Self { questions: Some(questions), ..self }
    }

    /// The state, now and whenever it changes. The first may be old where nobody looked before; the next comes soon.
    #[must_use]
    pub fn snapshots(&self) -> Subscription {
        let subscription =
            Subscription { snapshots: self.snapshots.clone(), subscribers: Arc::clone(&self.subscribers) };
        if self.subscribers.count.fetch_add(1, Ordering::AcqRel) == 0 {
            self.subscribers.came.notify_one();
        }
        subscription
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
        let by = self.by.clone();
        self.commands.send(CommandRequest { by, command, answer }).await.map_err(|_| Refusal::Stopped)?;
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
        self.recall(Seek::Event(seq)).await.map(|replayed| replayed.snapshot)
    }

    /// A moment of the past, and which event it follows.
    ///
    /// # Errors
    /// As [`Handle::at`]; and where there is no incident on that side.
    pub async fn recall(&self, goal: Seek) -> Result<Replayed, PastError> {
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
    pub fn recalling(&self) -> watch::Receiver<Option<FoldProgress>> {
        self.past.progress()
    }

    /// What a playbook's text would do now: what is looked at comes as it is begun, what was seen at the end. Nothing
    /// is run. The look ends when the receiver is dropped.
    #[must_use]
    pub fn rehearse(&self, name: Arc<str>, text: Arc<str>) -> mpsc::UnboundedReceiver<Rehearsing> {
        let (tell, told) = mpsc::unbounded_channel();
        self.ask(HostQuery::Rehearse { name, text, tell });
        told
    }

    /// What of the engine's host a playbook of this kind could be about; nothing where nobody answers.
    pub async fn offers(&self, wanted: WantedTarget) -> Vec<Offer> {
        let (answer, answered) = oneshot::channel();
        self.ask(HostQuery::Offers { wanted, answer });
        answered.await.unwrap_or_default()
    }

    /// A question that finds nobody is dropped, and with it the way back: whoever waits sees that.
    fn ask(&self, question: HostQuery) {
        if let Some(questions) = &self.questions {
            let _ = questions.try_send(question);
        }
    }
}
