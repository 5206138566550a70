//! The far ends of a console's handle: commands and questions go out, state and answers come back. A connection that goes
//! comes back by itself; until then the last state stays, and its age tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::{ClientError, Connection, SILENT, Stay};
use crate::control::protocol::parts::{Assembler, StateError};
use crate::control::protocol::{ToClient, ToServer, Welcome};
use crate::control::transport::{Asking, Transport};
use crate::core::Refusal;
use crate::engine::handle::CommandRequest;
use crate::engine::history::{FoldProgress, HistoryClient, HistoryQuery};
use crate::engine::host_queries::{HostQuery, Rehearsing};
use crate::engine::snapshot::Message;
use crate::engine::{Handle, Snapshot};
use crate::host::clock::boottime_ms;
use crate::text::cut_line;

use crate::control::client::waiting::{NextRequest, Waiting, next, unwanted};

/// The first try again comes after so long, later ones after twice as long each, up to the last.
const AGAIN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// A rehearsal has fewer steps: it looks at each target once.
const STEPS: usize = 100_000;
/// Nothing that is said about the connection or a step is longer, in characters.
const LONGEST: usize = 1000;

/// The ends of a handle that are not the console's.
pub(in crate::control) struct Link {
    way: Transport,
    operator: crate::core::Operator,
    /// The engine's state as it was told.
    known: Arc<Snapshot>,
    assembler: Assembler,
    /// What this end says of the connection, among the engine's messages.
    said: Option<Message>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    beat: Arc<AtomicU64>,
    progress: watch::Sender<Option<FoldProgress>>,
    commands: mpsc::Receiver<CommandRequest>,
    past: mpsc::UnboundedReceiver<HistoryQuery>,
    questions: mpsc::Receiver<HostQuery>,
    waiting: HashMap<u64, Waiting>,
    last: u64,
    /// Steps of rehearsals that were told since the last question.
    looked: usize,
}

impl Link {
    pub(in crate::control) fn new(
        way: Transport,
        welcome: &Welcome,
        first: Arc<Snapshot>,
        assembler: Assembler,
        beat: u64,
    ) -> (Handle, Self) {
        let operator = welcome.operator.clone();
        let known = as_seen_by(first, &operator);
        let (snapshots, seen) = watch::channel(Arc::clone(&known));
        let (ask, commands) = mpsc::channel(64);
        let (recall, past) = mpsc::unbounded_channel();
        let (question, questions) = mpsc::channel(16);
        let (progress, progressed) = watch::channel(None);
        let beat = Arc::new(AtomicU64::new(beat));
        let handle = Handle::new(seen, ask, Arc::clone(&beat));
        let handle = handle.with_past(HistoryClient::new(recall, progressed)).answered_by(question);
        let link = Self {
            way,
            operator,
            known,
            assembler,
            said: None,
            snapshots,
            beat,
            progress,
            commands,
            past,
            questions,
            waiting: HashMap::new(),
            last: 0,
            looked: 0,
        };
        (handle, link)
    }

    /// Until the console has gone.
    pub(in crate::control) async fn run(mut self, connection: Connection) {
        let mut connection = Some(connection);
        let mut pause = AGAIN.0;
        loop {
            let why = match connection.take() {
                Some(mut open) => {
                    let came = boottime_ms();
                    let Err(why) = self.talk(&mut open).await else { return };
                    if boottime_ms().saturating_sub(came) > 10_000 {
                        pause = AGAIN.0;
                    }
                    open.carrier.complaint().await.unwrap_or(why)
                }
                None => match self.reopen().await {
                    Ok(open) => {
                        self.say("connected again");
                        connection = Some(open);
                        continue;
                    }
                    Err(error) => error.to_string(),
                },
            };
            self.progress.send_replace(None);
            for (_, waiting) in self.waiting.drain() {
                waiting.fail(Refusal::Lost);
            }
            self.say(&format!("not connected: {why}; trying again"));
            if self.rest(pause).await.is_none() {
                return;
            }
            pause = (pause * 2).min(AGAIN.1);
        }
    }

    async fn reopen(&mut self) -> Result<Connection, ClientError> {
        self.assembler = Assembler::default();
        let mut connection = Connection::open(&self.way, Asking::Not, Stay::Long).await?;
        let looked = connection.writer.send(&ToServer::Look {}).await;
        looked.map_err(|error| ClientError::Broken { way: self.way.clone(), why: error.to_string() })?;
        Ok(connection)
    }

    /// Waits; whoever asks for something meanwhile is told that nothing was sent. None where the console has gone.
    async fn rest(&mut self, length: Duration) -> Option<()> {
        let over = sleep(length);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Some(()),
                wanted = next(&mut self.commands, &mut self.past, &mut self.questions) => match wanted {
                    NextRequest::Asked(waiting, _) => waiting.fail(Refusal::Unreachable),
                    NextRequest::Nothing => return None,
                },
            }
        }
    }

    /// Until the console has gone, or with the reason why the connection ended.
    async fn talk(&mut self, connection: &mut Connection) -> Result<(), String> {
        let Connection { reader, writer, .. } = connection;
        loop {
            tokio::select! {
                message = timeout(SILENT, reader.next::<ToClient>()) => match message {
                    Ok(Ok(Some(message))) => self.hear(message, reader.length())?,
                    Ok(Ok(None)) => return Err("the other side has ended".into()),
                    Ok(Err(error)) => return Err(error.to_string()),
                    Err(_) => return Err(format!("nothing was heard for {} seconds", SILENT.as_secs())),
                },
                wanted = next(&mut self.commands, &mut self.past, &mut self.questions) => match wanted {
                    NextRequest::Asked(waiting, what) => {
                        self.last += 1;
                        self.looked = 0;
                        let id = self.last;
                        self.waiting.insert(id, waiting);
                        writer.send(&ToServer::Ask { id, what }).await.map_err(|error| error.to_string())?;
                    }
                    NextRequest::Nothing => return Ok(()),
                },
                id = unwanted(&self.waiting) => {
                    self.waiting.remove(&id);
                    writer.send(&ToServer::Forget { id }).await.map_err(|error| error.to_string())?;
                }
            }
        }
    }

    fn hear(&mut self, message: ToClient, length: usize) -> Result<(), String> {
        let said = |error: StateError| error.to_string();
        match message {
            ToClient::Part(part) => self.assembler.part(*part, length).map_err(said)?,
            ToClient::Whole(snapshot) => {
                let whole = self.assembler.whole(snapshot, length).map_err(said)?;
                self.known = as_seen_by(whole, &self.operator);
                self.show();
            }
            ToClient::Changed(change) => {
                self.known = self.assembler.changed(*change, &self.known, length).map_err(said)?;
                self.show();
            }
            ToClient::Beat(quiet) => self.beat.store(boottime_ms().saturating_sub(quiet), Ordering::Relaxed),
            ToClient::Progress(progress) => {
                self.progress.send_replace(progress);
            }
            ToClient::Rehearsing { id, at } => {
                self.looked += 1;
                if self.looked > STEPS {
                    return Err("a rehearsal does not end".into());
                }
                if let Some(Waiting::Question(HostQuery::Rehearse { tell, .. })) = self.waiting.get(&id) {
                    let _ = tell.send(Rehearsing::Looking(cut_line(&at, LONGEST).as_ref().into()));
                }
            }
            ToClient::Answer { id, answer } => {
                if let Some(waiting) = self.waiting.remove(&id) {
                    waiting.answer(*answer);
                }
            }
        }
        Ok(())
    }

    /// Says something about the connection.
    fn say(&mut self, text: &str) {
        let text: Arc<str> = cut_line(text, LONGEST).as_ref().into();
        // tries that fail alike are said once
        if self.said.as_ref().is_none_or(|said| said.text != text) {
            self.said = Some(Message { at: Timestamp::now(), about: self.way.to_string().into(), text });
            self.show();
        }
    }

    /// Shows the engine's state, with what this end has to say in its place among the messages.
    fn show(&self) {
        let Some(said) = &self.said else {
            self.snapshots.send_replace(Arc::clone(&self.known));
            return;
        };
        let mut shown = (*self.known).clone();
        let place = shown.messages.partition_point(|message| message.at > said.at);
        shown.messages.insert(place, said.clone());
        self.snapshots.send_replace(Arc::new(shown));
    }
}

/// The engine's snapshot names who runs the engine.
fn as_seen_by(snapshot: Arc<Snapshot>, operator: &crate::core::Operator) -> Arc<Snapshot> {
    let mut own = Arc::unwrap_or_clone(snapshot);
    own.operator = operator.clone();
    Arc::new(own)
}
