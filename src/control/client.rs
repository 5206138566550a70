//! The client's end: one connection for a verb, or a handle that a console uses like an engine's own. A handle's
//! connection comes back by itself; until then the last state stays, and its age tells.

pub(super) mod remote_handle;
mod waiting;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::protocol::parts::{Assembler, StateError};
use super::protocol::wire::{ANSWER, MessageReader, MessageWriter, WireError};
use super::protocol::{Greeting, Hello, Request, Response, ToClient, ToServer, VERSION, Welcome};
use super::socket::{ConnectError, NAME, Stranger, connect};
use super::transport::{Asking, Carrier, Transport};
use crate::core::Refusal;
use crate::engine::Handle;
use crate::host::clock::boottime_ms;
use crate::text::cut_line;
use remote_handle::Link;

/// A server that says nothing for so long is gone: it gives a sign of life every second.
pub(super) const SILENT: Duration = Duration::from_secs(10);
/// No more of another program's version is said, in characters.
const LONGEST_BUILD: usize = 40;
/// No more of a refusal is said, in characters.
const LONGEST_REFUSAL: usize = 1000;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No engine could be reached.
    #[error("{way}: {source}")]
    Nobody {
        /// The socket or SSH destination that was tried.
        way: Transport,
        /// What the system said when it was tried.
        source: std::io::Error,
    },
    /// Somebody else is there than should be.
    #[error(transparent)]
    Stranger(Stranger),
    /// The other side said no, and why.
    #[error("{0}")]
    Refused(Arc<str>),
    /// The engine speaks another version of the protocol.
    #[error("{way} runs salve {build} (protocol {theirs}), this is {} (protocol {VERSION}): use the same version", env!("CARGO_PKG_VERSION"))]
    Version {
        /// The socket or SSH destination at which it runs.
        way: Transport,
        /// Version of the salve that runs there, for people: `0.4.1`.
        build: String,
        /// The version of the protocol that it speaks.
        theirs: u32,
    },
    /// The connection was there and broke, or carried something that is not understood.
    #[error("{way}: {why}")]
    Broken {
        /// The socket or SSH destination that it led to.
        way: Transport,
        /// What went wrong, as a clean phrase for the screen.
        why: String,
    },
}

/// A connection that has been greeted.
pub struct Connection {
    /// Who is at the other end, and who it takes us for.
    pub welcome: Welcome,
    way: Transport,
    pub(super) reader: MessageReader<Box<dyn AsyncRead + Send + Unpin>>,
    pub(super) writer: MessageWriter<Box<dyn AsyncWrite + Send + Unpin>>,
    pub(super) carrier: Carrier,
}

/// How long a connection is meant to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until a verb has its answer.
    Brief,
    /// Until a console's user quits.
    Long,
}

impl Connection {
    /// Opens the way and says hello.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn open(way: &Transport, asking: Asking, stay: Stay) -> Result<Self, ClientError> {
        let way = way.clone();
        let stream = match way.open(asking).await {
            Ok(stream) => stream,
            Err(ConnectError::Io(source)) => return Err(ClientError::Nobody { way, source }),
            Err(ConnectError::Stranger(stranger)) => return Err(ClientError::Stranger(stranger)),
        };
        let (mut reader, mut writer) = (MessageReader::new(stream.reads, ANSWER), MessageWriter::new(stream.writes));
        let mut carrier = stream.carrier;
        let hello = Hello { stays: stay == Stay::Long, ..Hello::here() };
        let greeted = async {
            let sent = writer.send(&hello).await;
            // whoever is refused at the door finds it shut, and the reason in what came back
            match (reader.next::<Greeting>().await, sent) {
                (Ok(None) | Err(_), Err(error)) => Err(error),
                (greeting, _) => greeting,
            }
        };
        // whoever types a password takes as long as they like
        let patience =
            if asking == Asking::Allowed && matches!(way, Transport::Ssh { .. }) { Duration::MAX } else { SILENT * 2 };
        let why = match timeout(patience, greeted).await {
            Ok(Ok(Some(Greeting::Welcome(welcome)))) if welcome.version == VERSION => {
                return Ok(Self { welcome, way, reader, writer, carrier });
            }
            Ok(Ok(Some(Greeting::Welcome(welcome)))) => {
                let build = cut_line(&welcome.build, LONGEST_BUILD).into_owned();
                return Err(ClientError::Version { way, build, theirs: welcome.version });
            }
            Ok(Ok(Some(Greeting::Refused(why)))) => {
                return Err(ClientError::Refused(cut_line(&why, LONGEST_REFUSAL).as_ref().into()));
            }
            Ok(Ok(None)) => "it hung up before it said who it is".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        let why = carrier.complaint().await.unwrap_or(why);
        Err(ClientError::Broken { way, why })
    }

    /// Asks for one thing and waits for its answer.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn ask(&mut self, what: Request) -> Result<Response, ClientError> {
        let broken = |way: &Transport, why: String| ClientError::Broken { way: way.clone(), why };
        self.writer.send(&ToServer::Ask { id: 0, what }).await.map_err(|error| broken(&self.way, error.to_string()))?;
        loop {
            match timeout(SILENT, self.reader.next()).await {
                Ok(Ok(Some(ToClient::Answer { answer, .. }))) => return Ok(*answer),
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return Err(broken(&self.way, Refusal::Lost.to_string())),
                Ok(Err(error)) => return Err(broken(&self.way, error.to_string())),
                Err(_) => return Err(broken(&self.way, "it does not answer any more".into())),
            }
        }
    }

    /// Turns the connection into a handle, once the first state has come. Needs a runtime.
    ///
    /// # Errors
    /// Where the connection breaks before that.
    pub async fn attach(mut self) -> Result<Attached, ClientError> {
        let welcome = self.welcome.clone();
        let way = self.way.clone();
        let mut assembler = Assembler::default();
        let first = async {
            self.writer.send(&ToServer::Look {}).await?;
            let (mut state, mut beat) = (None, None);
            loop {
                let message = self.reader.next().await?;
                let length = self.reader.length();
                match message {
                    Some(ToClient::Part(part)) => assembler.part(*part, length)?,
                    Some(ToClient::Whole(snapshot)) => state = Some(assembler.whole(snapshot, length)?),
                    // later ones build on it
                    Some(ToClient::Changed(change)) => {
                        if let Some(known) = &state {
                            state = Some(assembler.changed(*change, known, length)?);
                        }
                    }
                    // an engine that stood still before we came must not look alive
                    Some(ToClient::Beat(quiet)) => beat = Some(boottime_ms().saturating_sub(quiet)),
                    Some(_) => {}
                    None => return Err(AttachError::Wire(std::io::Error::from(ErrorKind::UnexpectedEof).into())),
                }
                if let (Some(state), Some(beat)) = (&state, beat) {
                    return Ok((Arc::clone(state), beat));
                }
            }
        };
        let (first, beat) = match timeout(SILENT * 3, first).await {
            Ok(Ok(first)) => first,
            Ok(Err(error)) => return Err(ClientError::Broken { way, why: error.to_string() }),
            Err(_) => return Err(ClientError::Broken { way, why: "it does not say how it stands".into() }),
        };
        let (handle, link) = Link::new(way, &welcome, first, assembler, beat);
        tokio::spawn(link.run(self));
        Ok(Attached { handle, welcome })
    }
}

/// Why the first state did not come.
#[derive(Debug, thiserror::Error)]
enum AttachError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Whether an engine serves this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineLookup {
    /// An engine listens on the socket at this path.
    Engine(PathBuf),
    /// One may listen here, and we may not come near.
    Forbidden(PathBuf),
    /// Somebody else may listen here.
    Stranger(Stranger),
    /// No engine listens in any of the folders.
    Nobody,
}

/// Looks for the engine that serves this host: in the first of these folders in which one listens.
pub async fn find(folders: &[PathBuf]) -> EngineLookup {
    let mut found = EngineLookup::Nobody;
    for folder in folders {
        let path = folder.join(NAME);
        match connect(&path).await {
            Ok(_) => return EngineLookup::Engine(path),
            Err(ConnectError::Stranger(stranger)) => return EngineLookup::Stranger(stranger),
            Err(ConnectError::Io(error)) if error.kind() == ErrorKind::PermissionDenied => {
                found = EngineLookup::Forbidden(path);
            }
            Err(ConnectError::Io(_)) => {}
        }
    }
    found
}

/// A console's line to an engine elsewhere.
#[derive(Debug)]
pub struct Attached {
    /// To be used like an engine's own.
    pub handle: Handle,
    /// Who is at the other end, and what we may do there.
    pub welcome: Welcome,
}
