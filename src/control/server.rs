//! Accepts connections, finds out who each client is, and encodes each snapshot once for all of them.

pub mod limits;
pub(super) mod peer;
pub(super) mod replies;
pub(super) mod session;
pub(super) mod session_output;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::bytes::Bytes;

use super::protocol::delta::Difference;
use super::protocol::rights::Roles;
use super::protocol::wire::{self, MessageWriter};
use super::protocol::{Greeting, ToClient};
use super::socket::Socket;
use crate::engine::{Handle, Snapshot};
use crate::host::spare::{self, Lent};
use limits::ClientLimits;
use peer::Peer;

/// After an error that is nobody's fault (no descriptor left), nobody is let in for so long.
const BREATH: Duration = Duration::from_millis(200);
/// Descriptors that a session takes: its connection, its peer's handle, and what is read of the peer.
const SESSION: usize = 4;
/// Whoever is refused gets so long to read why.
const REFUSAL: Duration = Duration::from_secs(1);
/// Refusals that are being said at once; whoever comes beyond that finds the door shut.
const REFUSALS: usize = 64;
/// Where nobody looked before, the engine gets so long to say how it stands now.
const FRESH: Duration = Duration::from_millis(250);

/// A snapshot, and how it differs from the one before, said once for all who know that one.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub snapshot: Arc<Snapshot>,
    /// From which generation, and the message.
    pub step: Option<(u64, Bytes)>,
}

/// A socket that is being listened on.
#[derive(Debug)]
pub struct Listener {
    /// The file, as long as it is ours.
    socket: Socket,
    accepts: JoinHandle<()>,
}

impl Listener {
    /// Serves this engine to whoever connects and may; needs a runtime.
    ///
    /// # Errors
    /// Where the runtime cannot listen.
    pub fn start(socket: Socket, handle: Handle, roles: Roles) -> std::io::Result<Self> {
        let accepts = tokio::spawn(accept(socket.listener()?, handle, Arc::new(roles)));
        Ok(Self { socket, accepts })
    }

    /// Path of the socket that it listens on.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.socket.path()
    }
}

impl Drop for Listener {
    /// Lets go of everybody.
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

async fn accept(listener: UnixListener, handle: Handle, roles: Arc<Roles>) {
    let limits = ClientLimits::default();
    let hub = Arc::new(Broadcaster::new(handle.clone()));
    let mut sessions = JoinSet::new();
    let mut refusals = JoinSet::new();
    loop {
        let (stream, lent) = tokio::select! {
            arrival = poll_fn(|context| poll_arrival(&listener, context)) => match arrival {
                Arrival::Client(stream) => (stream, None),
                Arrival::Failed(error) if !spare::ran_out(&error) => {
                    tracing::warn!(%error, "nobody can be let in");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
                Arrival::Failed(_) | Arrival::Held => {
                    let Some((stream, lent)) = on_spare(&listener) else {
                        tokio::time::sleep(BREATH).await;
                        continue;
                    };
                    (stream, Some(lent))
                }
            },
            Some(_) = sessions.join_next() => continue,
            Some(_) = refusals.join_next() => continue,
        };
        // without the kernel's word nobody is let in
        let Ok(peer) = Peer::of(&stream) else { continue };
        match limits.enter(peer.uid) {
            Ok(place) => {
                let (handle, hub, roles) = (handle.clone(), Arc::clone(&hub), Arc::clone(&roles));
                let session = session::run(stream, peer, place, handle, hub, roles);
                sessions.spawn(async move {
                    session.await;
                    drop(lent);
                });
            }
            Err(why) if refusals.len() < REFUSALS => {
                refusals.spawn(refuse(stream, why));
            }
            Err(_) => {}
        }
    }
}

/// What came of waiting for the next client.
enum Arrival {
    Client(UnixStream),
    Failed(std::io::Error),
    /// Descriptors are lent to a task, so a client would take one of them: nobody is accepted on the common ones.
    Held,
}

fn poll_arrival(listener: &UnixListener, context: &mut Context<'_>) -> Poll<Arrival> {
    match spare::unless_lent_to_task(|| listener.poll_accept(context)) {
        Some(Poll::Ready(Ok((stream, _)))) => Poll::Ready(Arrival::Client(stream)),
        Some(Poll::Ready(Err(error))) => Poll::Ready(Arrival::Failed(error)),
        Some(Poll::Pending) => Poll::Pending,
        None => Poll::Ready(Arrival::Held),
    }
}

/// Where descriptors ran out, root and the engine's own user are let in on those that are held back; all others that
/// wait before them find the door shut.
fn on_spare(listener: &UnixListener) -> Option<(UnixStream, Lent)> {
    let lent = spare::lend_to_session(SESSION)?;
    let ours = rustix::process::geteuid().as_raw();
    while let Some(Ok((stream, _))) = listener.accept().now_or_never() {
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || peer.uid() == ours) {
            return Some((stream, lent));
        }
    }
    None
}

/// Says why not. What the other side says meanwhile is thrown away: a socket that is closed before its peer has said
/// hello shows the peer an error in place of the reason.
async fn refuse(stream: UnixStream, why: String) {
    let (mut from, into) = stream.into_split();
    let refused = async {
        MessageWriter::new(into).send(&Greeting::Refused(why.into())).await?;
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
        Ok::<_, wire::WireError>(())
    };
    let _ = tokio::time::timeout(REFUSAL, refused).await;
}

/// What is published, for as long as anybody looks.
#[derive(Debug)]
pub(super) struct Broadcaster {
    handle: Handle,
    /// Follows the engine as long as somebody listens to it.
    published: tokio::sync::Mutex<std::sync::Weak<Following>>,
}

/// The task that follows the engine; it ends when nobody holds this.
#[derive(Debug)]
pub(super) struct Following {
    pub published: watch::Receiver<Published>,
    task: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Broadcaster {
    fn new(handle: Handle) -> Self {
        Self { handle, published: tokio::sync::Mutex::default() }
    }

    /// Follows the engine, together with whoever does so already.
    pub async fn follow(&self) -> Arc<Following> {
        let mut known = self.published.lock().await;
        if let Some(following) = known.upgrade() {
            return following;
        }
        let mut looking = self.handle.snapshots();
        looking.borrow_and_update();
        // where it came in between, waiting was for nothing
        let _ = tokio::time::timeout(FRESH, looking.changed()).await;
        let first = Arc::clone(&looking.borrow_and_update());
        let (publish, published) = watch::channel(Published { snapshot: first, step: None });
        let task = tokio::spawn(async move {
            while looking.changed().await.is_ok() {
                let snapshot = Arc::clone(&looking.borrow_and_update());
                let before = Arc::clone(&publish.borrow().snapshot);
                // much to compare where there are many targets
                let compared = tokio::task::spawn_blocking(move || {
                    let difference = Difference::between(&before, &snapshot);
                    let message = wire::encode(&ToClient::Changed(Box::new(difference))).ok();
                    Published { snapshot, step: message.map(|message| (before.generation, message)) }
                });
                let Ok(next) = compared.await else { return };
                publish.send_replace(next);
            }
        });
        let following = Arc::new(Following { published, task });
        *known = Arc::downgrade(&following);
        following
    }
}
