//! One connection: greets, then reads requests and writes state and answers until either side has enough.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::limits::Permit;
use super::peer::{self, Peer};
use super::replies::{denied, reply};
use super::session_output::{send, write};
use super::{Broadcaster, Following};
use crate::control::protocol::rights::{Right, Rights, Roles, needed};
use crate::control::protocol::wire::{MessageReader, MessageWriter, REQUEST, WireError};
use crate::control::protocol::{Greeting, Hello, Request, ToClient, ToServer, VERSION, Welcome};
use crate::core::Authority;
use crate::engine::{Handle, operator};
use crate::text::cut_line;

/// Whoever connects says hello within so long.
const HELLO: Duration = Duration::from_secs(5);
/// A connection beyond those that may last is let go after so long.
const MOMENT: Duration = Duration::from_secs(30);
/// No more of another program's version is said, in characters.
const LONGEST_BUILD: usize = 40;
/// Requests of one connection that are being answered at once.
const ANSWERING: usize = 16;

/// Why a connection ended before its client wanted it to.
#[derive(Debug, thiserror::Error)]
pub(in crate::control) enum DisconnectReason {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("no hello within {} seconds", HELLO.as_secs())]
    NoHello,
    #[error("it hung up")]
    HungUp,
    #[error("it does not read")]
    Slow,
    #[error("it stayed beyond its moment")]
    Overstayed,
    #[error("refused: {0}")]
    Refused(String),
}

/// Serves one connection to its end.
pub(in crate::control) async fn run(
    stream: UnixStream,
    peer: Peer,
    place: Permit,
    handle: Handle,
    hub: Arc<Broadcaster>,
    roles: Arc<Roles>,
) {
    let (from, into) = stream.into_split();
    let (mut reader, mut writer) = (MessageReader::new(from, REQUEST), MessageWriter::new(into));
    let (uid, pid) = (peer.uid, peer.pid);
    let served = async {
        // whoever connects again and again waits, as whoever asks again and again does
        tokio::time::sleep(place.request()).await;
        let welcome = greet(&mut reader, &mut writer, peer, &place, &handle, roles).await?;
        let authority = if welcome.rights.has(Right::Admin) { Authority::Arm } else { Authority::RunArmed };
        let handle = handle.on_behalf_of(welcome.operator.clone(), authority);
        serve(&mut reader, &mut writer, &place, handle, &hub, &welcome.rights).await
    };
    let ended = if place.is_brief() {
        timeout(MOMENT, served).await.unwrap_or(Err(DisconnectReason::Overstayed))
    } else {
        served.await
    };
    match ended {
        Ok(()) | Err(DisconnectReason::HungUp) => {}
        Err(error) => tracing::info!(uid, pid, %error, "a connection ended"),
    }
}

async fn greet<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut MessageReader<R>,
    writer: &mut MessageWriter<W>,
    peer: Peer,
    place: &Permit,
    handle: &Handle,
    roles: Arc<Roles>,
) -> Result<Welcome, DisconnectReason> {
    let hello: Hello = match timeout(HELLO, reader.next()).await {
        Ok(Ok(Some(hello))) => hello,
        // somebody who only looked whether anybody is here
        Ok(Ok(None)) => return Err(DisconnectReason::HungUp),
        Err(_) => return Err(DisconnectReason::NoHello),
        Ok(Err(error)) => {
            let _ = send(writer, &Greeting::Refused(format!("no hello of salve's: {error}").into())).await;
            return Err(error.into());
        }
    };
    let refused = if hello.version != VERSION {
        two_versions(&hello)
    } else if hello.stays && place.is_brief() {
        "you have so many consoles connected to salve already that one more cannot stay; close one".into()
    } else {
        // the host's databases may be slow to answer
        let known = tokio::task::spawn_blocking(move || {
            let operator = operator::of_peer(peer.uid, peer.login_uid()?, hello.claims);
            Ok::<_, peer::PeerGone>((roles.of(peer.uid, peer.gid), operator))
        });
        match known.await {
            Ok(Ok((rights, operator))) if rights.has(Right::View) => {
                let host = Arc::clone(&handle.snapshots().borrow().host);
                let build = env!("CARGO_PKG_VERSION").into();
                let welcome = Welcome { version: VERSION, build, host, operator, rights };
                send(writer, &Greeting::Welcome(welcome.clone())).await?;
                return Ok(welcome);
            }
            Ok(Ok((_, operator))) => format!(
                "permission denied for {operator}: run `usermod -aG {} {}` as root, or name a group under [roles] in the \
                 settings, and connect again",
                crate::control::socket::GROUP,
                operator.name
            ),
            Ok(Err(ended)) => format!("your identity is unknown: {ended}"),
            Err(_) => "your identity is unknown".into(),
        }
    };
    send(writer, &Greeting::Refused(refused.as_str().into())).await?;
    Err(DisconnectReason::Refused(refused))
}

fn two_versions(hello: &Hello) -> String {
    let (older, newer) =
        if hello.version < VERSION { ("yours", "the one that runs here") } else { ("the one that runs here", "yours") };
    format!(
        "two versions of salve that do not understand each other: yours is {} (protocol {}), the one that runs here is \
         {} (protocol {VERSION}); replace {older} with the version of {newer}, and restart it if it is a daemon",
        cut_line(&hello.build, LONGEST_BUILD),
        hello.version,
        env!("CARGO_PKG_VERSION"),
    )
}

async fn serve<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut MessageReader<R>,
    writer: &mut MessageWriter<W>,
    place: &Permit,
    handle: Handle,
    hub: &Broadcaster,
    rights: &Rights,
) -> Result<(), DisconnectReason> {
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
    reader: &mut MessageReader<R>,
    place: &Permit,
    handle: &Handle,
    hub: &Broadcaster,
    rights: &Rights,
    answer: mpsc::Sender<ToClient>,
    look: watch::Sender<Option<Arc<Following>>>,
) -> Result<(), DisconnectReason> {
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
        let durable = matches!(message, ToServer::Ask { what: Request::Command(_), .. });
        let recorded = if durable { place.command() } else { Duration::ZERO };
        tokio::time::sleep(place.request().max(recorded)).await;
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
