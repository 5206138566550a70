//! One connection: greets, then reads requests and writes state and answers until either side has enough.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::difference::Difference;
use super::limits::Place;
use super::protocol::{Answer, Greeting, Hello, Request, ToClient, ToServer, VERSION, Welcome};
use super::rights::{Right, Rights, Roles, needed};
use super::server::{Following, Hub, Published};
use super::wire::{REQUEST, Reader, WireError, Writer, encode};
use crate::core::Refusal;
use crate::engine::Handle;
use crate::engine::operator;
use crate::engine::past::PastError;
use crate::engine::question::Rehearsing;

/// Whoever connects says hello within so long.
const HELLO: Duration = Duration::from_secs(5);
/// Whoever does not take a message within so long is cut off; they can come back.
const SLOW: Duration = Duration::from_secs(10);
/// A sign of life goes out so often.
const BEAT: Duration = Duration::from_secs(1);
/// Requests of one connection that are being answered at once.
const ANSWERING: usize = 16;

/// Who is at the other end, as the kernel says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub uid: u32,
    pub gid: u32,
    pub pid: Option<i32>,
}

/// Why a connection ended before its client wanted it to.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("no hello within {} seconds", HELLO.as_secs())]
    NoHello,
    #[error("it hung up")]
    HungUp,
    #[error("it does not read")]
    Slow,
    #[error("refused: {0}")]
    Refused(String),
}

/// Serves one connection to its end.
pub(super) async fn run(
    stream: UnixStream,
    peer: Peer,
    place: Place,
    handle: Handle,
    hub: Arc<Hub>,
    roles: Arc<Roles>,
) {
    let (from, into) = stream.into_split();
    let (mut reader, mut writer) = (Reader::new(from, REQUEST), Writer::new(into));
    let served = async {
        let welcome = greet(&mut reader, &mut writer, peer, &handle, roles).await?;
        serve(&mut reader, &mut writer, &place, handle.on_behalf_of(welcome.operator.clone()), &hub, &welcome.rights)
            .await
    };
    match served.await {
        Ok(()) | Err(Ended::HungUp) => {}
        Err(error) => tracing::info!(uid = peer.uid, pid = peer.pid, %error, "a connection ended"),
    }
}

async fn greet<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
    peer: Peer,
    handle: &Handle,
    roles: Arc<Roles>,
) -> Result<Welcome, Ended> {
    let hello: Hello = match timeout(HELLO, reader.next()).await {
        Ok(Ok(Some(hello))) => hello,
        // somebody who only looked whether anybody is here
        Ok(Ok(None)) => return Err(Ended::HungUp),
        Err(_) => return Err(Ended::NoHello),
        Ok(Err(error)) => {
            let _ = send(writer, &Greeting::Refused(format!("no hello of salve's: {error}").into())).await;
            return Err(error.into());
        }
    };
    let refused = if hello.version == VERSION {
        // the host's databases may be slow to answer
        let known = tokio::task::spawn_blocking(move || {
            (roles.of(peer.uid, peer.gid), operator::of_peer(peer.uid, peer.pid, hello.claims))
        });
        match known.await {
            Ok((rights, operator)) if rights.has(Right::View) => {
                let host = Arc::clone(&handle.snapshots().borrow().host);
                let build = env!("CARGO_PKG_VERSION").into();
                let welcome = Welcome { version: VERSION, build, host, operator, rights };
                send(writer, &Greeting::Welcome(welcome.clone())).await?;
                return Ok(welcome);
            }
            Ok((_, operator)) => format!(
                "{operator} may not look here: let root run `usermod -aG {} {}`, or name a group under [roles] in the \
                 settings, and connect again",
                super::socket::GROUP,
                operator.name
            ),
            Err(_) => "who you are cannot be told".into(),
        }
    } else {
        let (older, newer) = if hello.version < VERSION {
            ("yours", "the one that runs here")
        } else {
            ("the one that runs here", "yours")
        };
        format!(
            "two versions of salve that do not understand each other: yours is {} (protocol {}), the one that runs here \
             is {} (protocol {VERSION}); replace {older} with the version of {newer}, and restart it if it is a daemon",
            crate::text::clean_line(&hello.build),
            hello.version,
            env!("CARGO_PKG_VERSION"),
        )
    };
    send(writer, &Greeting::Refused(refused.as_str().into())).await?;
    Err(Ended::Refused(refused))
}

async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
    place: &Place,
    handle: Handle,
    hub: &Hub,
    rights: &Rights,
) -> Result<(), Ended> {
    // small: whoever does not read its answers is not read any further either
    let (answer, answers) = mpsc::channel(ANSWERING);
    let (look, looks) = watch::channel(None);
    let writing = write(writer, &handle, answers, looks);
    let reading = read(reader, place, &handle, hub, rights, answer, look);
    tokio::pin!(writing, reading);
    tokio::select! {
        ended = &mut writing => ended,
        ended = &mut reading => ended,
    }
}

/// Reads requests; each is answered in a task of its own.
async fn read<R: AsyncRead + Unpin>(
    reader: &mut Reader<R>,
    place: &Place,
    handle: &Handle,
    hub: &Hub,
    rights: &Rights,
    answer: mpsc::Sender<ToClient>,
    look: watch::Sender<Option<Arc<Following>>>,
) -> Result<(), Ended> {
    let mut answering: JoinSet<u64> = JoinSet::new();
    let mut known: HashMap<u64, AbortHandle> = HashMap::new();
    loop {
        let message = tokio::select! {
            message = reader.next::<ToServer>(), if answering.len() < ANSWERING => message?,
            Some(done) = answering.join_next() => {
                if let Ok(id) = done {
                    known.remove(&id);
                }
                continue;
            }
        };
        let Some(message) = message else { return Ok(()) };
        tokio::time::sleep(place.request()).await;
        match message {
            ToServer::Look {} => {
                look.send_replace(Some(hub.follow().await));
            }
            ToServer::Ask { id, what } => {
                let (handle, answer) = (handle.clone(), answer.clone());
                let allowed = rights.has(needed(&what));
                let task = answering.spawn(async move {
                    let answered = if allowed { reply(&handle, id, what, &answer).await } else { denied(&what) };
                    let _ = answer.send(ToClient::Answer { id, answer: Box::new(answered) }).await;
                    id
                });
                known.insert(id, task);
            }
            ToServer::Forget { id } => {
                if let Some(task) = known.remove(&id) {
                    task.abort();
                }
            }
        }
    }
}

/// The answer to a request for which the right is missing.
fn denied(what: &Request) -> Answer {
    let right: Arc<str> = needed(what).to_string().into();
    let refusal = Refusal::NotAllowed(right);
    let said: Arc<str> = refusal.to_string().into();
    match what {
        Request::Command(_) => Answer::Command(Err(refusal)),
        Request::History {} => Answer::History(Err(PastError::Journal(said))),
        Request::Recall(_) => Answer::Recall(Err(PastError::Journal(said))),
        Request::Incident(_) => Answer::Incident(Err(PastError::Journal(said))),
        Request::Rehearse { .. } => Answer::Rehearse(Err(said)),
        Request::Offers(_) => Answer::Offers(Vec::new()),
    }
}

async fn reply(handle: &Handle, id: u64, what: Request, tell: &mpsc::Sender<ToClient>) -> Answer {
    match what {
        Request::Command(command) => Answer::Command(handle.command(command).await),
        Request::History {} => Answer::History(handle.history().await),
        Request::Recall(goal) => Answer::Recall(recall(handle, goal, tell).await.map(Box::new)),
        Request::Incident(incident) => Answer::Incident(handle.incident(incident).await),
        Request::Rehearse { name, text } => Answer::Rehearse(rehearse(handle, id, name, text, tell).await),
        Request::Offers(wanted) => Answer::Offers(handle.offers(wanted).await),
    }
}

/// Looks into the past, and tells how far that has come.
async fn recall(
    handle: &Handle,
    goal: crate::engine::past::Goal,
    tell: &mpsc::Sender<ToClient>,
) -> Result<crate::engine::past::Replayed, PastError> {
    let mut progress = handle.recalling();
    let recalled = handle.recall(goal);
    tokio::pin!(recalled);
    loop {
        tokio::select! {
            recalled = &mut recalled => {
                let _ = tell.send(ToClient::Progress(None)).await;
                return recalled;
            }
            Ok(()) = progress.changed() => {
                let now = *progress.borrow_and_update();
                // one that finds no room is soon out of date
                let _ = tell.try_send(ToClient::Progress(now));
            }
        }
    }
}

async fn rehearse(
    handle: &Handle,
    id: u64,
    name: Arc<str>,
    text: Arc<str>,
    tell: &mpsc::Sender<ToClient>,
) -> Result<Vec<crate::engine::rehearse::Rehearsal>, Arc<str>> {
    let mut told = handle.rehearse(name, text);
    while let Some(step) = told.recv().await {
        match step {
            Rehearsing::Looking(at) => {
                let _ = tell.send(ToClient::Rehearsing { id, at }).await;
            }
            Rehearsing::Done(done) => return done,
        }
    }
    Err("nobody answers that here".into())
}

/// Writes answers, state and signs of life. State that came while it could not write is passed over.
async fn write<W: AsyncWrite + Unpin>(
    writer: &mut Writer<W>,
    handle: &Handle,
    mut answers: mpsc::Receiver<ToClient>,
    mut looks: watch::Receiver<Option<Arc<Following>>>,
) -> Result<(), Ended> {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut state: Option<(watch::Receiver<Published>, Option<Published>)> = None;
    loop {
        tokio::select! {
            biased;
            Some(message) = answers.recv() => send(writer, &message).await?,
            Ok(()) = looks.changed() => {
                state = looks.borrow_and_update().as_ref().map(|following| {
                    let mut published = following.published.clone();
                    published.mark_changed();
                    (published, None)
                });
            }
            Some(published) = next(&mut state) => {
                let known = state.as_mut().and_then(|(_, known)| known.replace(published.clone()));
                tell(writer, known, &published).await?;
            }
            _ = beats.tick() => {
                let quiet = u64::try_from(handle.quiet_for().as_millis()).unwrap_or(u64::MAX);
                send(writer, &ToClient::Beat(quiet)).await?;
            }
        }
    }
}

/// What is published next; never, where nobody looks or the engine has gone.
async fn next(state: &mut Option<(watch::Receiver<Published>, Option<Published>)>) -> Option<Published> {
    if let Some((published, _)) = state
        && published.changed().await.is_ok()
    {
        return Some(published.borrow_and_update().clone());
    }
    std::future::pending().await
}

/// Tells the state, by what is known of it at the other end.
async fn tell<W: AsyncWrite + Unpin>(
    writer: &mut Writer<W>,
    known: Option<Published>,
    published: &Published,
) -> Result<(), Ended> {
    let message = match (known, &published.step) {
        (None, _) => encode(&ToClient::Whole(Arc::clone(&published.snapshot)))?,
        (Some(known), Some((from, step))) if known.snapshot.generation == *from => step.clone(),
        (Some(known), _) => {
            let difference = Difference::between(&known.snapshot, &published.snapshot);
            encode(&ToClient::Changed(Box::new(difference)))?
        }
    };
    patient(writer.send_encoded(&message)).await
}

async fn send<W: AsyncWrite + Unpin, T: serde::Serialize>(writer: &mut Writer<W>, message: &T) -> Result<(), Ended> {
    patient(writer.send(message)).await
}

async fn patient(sent: impl Future<Output = Result<(), WireError>>) -> Result<(), Ended> {
    timeout(SLOW, sent).await.map_err(|_| Ended::Slow)?.map_err(Into::into)
}
