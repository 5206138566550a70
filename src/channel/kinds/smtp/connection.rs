//! A connection to a mail server. lettre reads an answer's line to its end, however long it is; what it reads from here
//! has a cap, so that a server that never ends a line costs no memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::host::capped::CappedStream;

/// No server says more in one conversation, in bytes: its answers, and the certificates that it shows.
const LARGEST: u64 = 256 * 1024;

impl AsyncTokioStream for CappedStream<TcpStream> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }
}

impl AsyncTokioStream for CappedStream<TlsStream<TcpStream>> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().get_ref().0.peer_addr()
    }
}

/// How the connection is made private.
pub enum Privacy {
    /// Not at all.
    None,
    /// It begins in the clear, and nothing is said before it is private.
    Starttls(TlsParameters),
    /// From the first byte.
    Implicit(Arc<ClientConfig>),
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nobody there, or nobody who can be spoken to in private.
    #[error("no connection: {0}")]
    Connection(#[source] io::Error),
    /// The server's name is none that a certificate could have.
    #[error("`{0}` is no name that a certificate could be made out to")]
    Name(String),
    /// One step took too long.
    #[error("no answer in time")]
    Late,
    /// What lettre says.
    #[error(transparent)]
    Smtp(#[from] Error),
}

/// Where a mail goes, and as whom.
pub struct SmtpRoute<'w> {
    /// Host name of the mail server.
    pub server: &'w str,
    /// The TCP port that the server listens on.
    pub port: u16,
    /// How it is made private.
    pub privacy: Privacy,
    /// What this host calls itself.
    pub hello: ClientId,
    /// The account, where the server wants one.
    pub account: Option<Credentials>,
    /// The time that each step of the dialogue may take.
    pub limit: Duration,
}

/// Sends one mail on a fresh connection.
///
/// # Errors
/// See [`SendError`].
pub async fn send(way: SmtpRoute<'_>, message: &Message) -> Result<Response, SendError> {
    let limit = way.limit;
    let mut connection = within(limit, open(&way)).await?;
    if let Privacy::Starttls(parameters) = way.privacy {
        within(limit, async { Ok(connection.starttls(parameters, &way.hello).await?) }).await?;
    }
    if let Some(account) = &way.account {
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        within(limit, async { Ok(connection.auth(&mechanisms, account).await?) }).await?;
    }
    let answer = within(limit, async { Ok(connection.send(message.envelope(), &message.formatted()).await?) }).await;
    // It was taken or refused; how the connection ends matters to nobody.
    let _ = timeout(limit, connection.abort()).await;
    answer
}

async fn within<T>(limit: Duration, step: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    timeout(limit, step).await.map_err(|_| SendError::Late)?
}

/// Connects, and hears the greeting.
async fn open(way: &SmtpRoute<'_>) -> Result<AsyncSmtpConnection, SendError> {
    let stream = TcpStream::connect((way.server, way.port)).await.map_err(SendError::Connection)?;
    let stream: Box<dyn AsyncTokioStream> = match &way.privacy {
        Privacy::None | Privacy::Starttls(_) => Box::new(CappedStream::new(stream, LARGEST)),
        Privacy::Implicit(config) => {
            let name = ServerName::try_from(way.server.to_owned());
            let name = name.map_err(|_| SendError::Name(way.server.to_owned()))?;
            let private = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
            Box::new(CappedStream::new(private.map_err(SendError::Connection)?, LARGEST))
        }
    };
    Ok(AsyncSmtpConnection::connect_with_transport(stream, &way.hello).await?)
}

/// Trusts whom this host trusts, and these.
///
/// # Errors
/// Where this host's own authorities cannot be read.
pub fn trusting(more: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(more, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    Ok(Arc::new(config))
}
