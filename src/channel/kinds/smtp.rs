//! Mail: one message per page, as plain text. An incident's messages are one thread: the call has a Message-ID that
//! follows from the incident, the acknowledgement and the end refer to it. A message that is sent again is the same one,
//! so that a mailbox folds it.

mod connection;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use self::connection::{Privacy, SendError, SmtpRoute};
use crate::channel::address::is_loopback;
use crate::channel::document::whole;
use crate::channel::http::install_tls;
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::{SmtpSettings, Tls};
use crate::channel::{DeliveryError, PeerReply, RetryPolicy, secret};
use crate::core::plan::hex;
use crate::foreign::{self, read};
use crate::host::cause;
use crate::text::clean_line;

/// Bytes of text in a message; the ticket and the journal have all of it.
const LARGEST: usize = 256 << 10;
/// Longest subject, in characters.
const SUBJECT: usize = 200;
/// Largest file of authorities, in bytes; all those that a distribution trusts take a fifth of it.
const AUTHORITIES: u64 = 1 << 20;
/// How long that file may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A mail server to hand pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Smtp {
    settings: SmtpSettings,
}

impl Smtp {
    pub(in crate::channel) fn new(settings: SmtpSettings) -> Self {
        Self { settings }
    }

    pub(in crate::channel) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
        let way = self.way(&page.host).await?;
        let message = self.message(&page).map_err(|why| DeliveryError::new(RetryPolicy::Slow, why))?;
        // the deadline is for one step; a server that dawdles at each must not hold the lane
        let sending = tokio::time::timeout(way.limit.saturating_mul(4), connection::send(way, &message));
        match sending.await {
            Ok(Ok(response)) => Ok(format!("it answered {}", words(&response))),
            Ok(Err(error)) => Err(setback(&error)),
            Err(_) => Err(DeliveryError::new(RetryPolicy::Usual, "no answer in time")),
        }
    }

    /// A fresh connection each time, its password read anew.
    async fn way(&self, host: &str) -> Result<SmtpRoute<'_>, DeliveryError> {
        let settings = &self.settings;
        if settings.tls == Tls::None && !is_loopback(&settings.server) {
            return Err(DeliveryError::new(
                RetryPolicy::Slow,
                "mail in the clear goes to this host itself only; set `tls`",
            ));
        }
        install_tls();
        let privacy = match settings.tls {
            Tls::None => Privacy::None,
            Tls::Starttls => Privacy::Starttls(self.parameters().await?),
            Tls::Implicit => {
                let config = connection::trusting(self.authorities().await?);
                Privacy::Implicit(
                    config.map_err(|error| DeliveryError::new(RetryPolicy::Slow, format!("no TLS here: {error}")))?,
                )
            }
        };
        let account = match (&settings.user, &settings.password_file) {
            (Some(user), Some(path)) => Some(Credentials::new(user.clone(), secret::read(path).await?)),
            (Some(_) | None, _) => None,
        };
        let hello = ClientId::Domain(domain(host));
        let (server, port, limit) = (settings.server.as_str(), settings.port(), settings.timeout.0);
        Ok(SmtpRoute { server, port, privacy, hello, account, limit })
    }

    async fn parameters(&self) -> Result<TlsParameters, DeliveryError> {
        let mut builder = TlsParameters::builder(self.settings.server.clone());
        if let Some((path, pem)) = self.ca_file().await? {
            let certificate = Certificate::from_pem(&pem).map_err(|_| no_certificate(path))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|error| DeliveryError::new(RetryPolicy::Slow, format!("no TLS here: {error}")))
    }

    /// Who else than this host's own authorities may sign the server's certificate.
    async fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, DeliveryError> {
        let Some((path, pem)) = self.ca_file().await? else { return Ok(Vec::new()) };
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| no_certificate(path))
    }

    async fn ca_file(&self) -> Result<Option<(&Path, Vec<u8>)>, DeliveryError> {
        let Some(path) = self.settings.ca_file.as_deref() else { return Ok(None) };
        let unread = |why: String| DeliveryError::new(RetryPolicy::Slow, format!("its `ca_file`: {why}"));
        let wanted = path.to_owned();
        let read = foreign::at(path, ANSWERS_WITHIN, move |may_hang| read::bytes(&wanted, AUTHORITIES, may_hang)).await;
        let bytes =
            read.map_err(|silence| unread(silence.to_string()))?.map_err(|refusal| unread(refusal.to_string()))?;
        Ok(Some((path, bytes)))
    }

    fn message(&self, page: &Page) -> Result<Message, String> {
        let mailbox = |text: &str| {
            text.parse::<Mailbox>().map_err(|error: AddressError| format!("`{text}` is no mail address: {error}"))
        };
        let root = thread(page);
        let id = match page.kind {
            PageKind::Trigger { .. } => root.clone(),
            _ => format!("<{}.{}", page.id.0, &root[1..]),
        };
        let mut builder = Message::builder()
            .from(mailbox(&self.settings.from)?)
            .date(SystemTime::from(page.at))
            .subject(subject(page))
            .header(ContentType::TEXT_PLAIN)
            .message_id(Some(id));
        if !matches!(page.kind, PageKind::Trigger { .. }) {
            builder = builder.in_reply_to(root.clone()).references(root);
        }
        for to in &self.settings.to {
            builder = builder.to(mailbox(to)?);
        }
        // RFC 3834: nobody's holiday notice answers a machine
        builder = raw(builder, "Auto-Submitted", "auto-generated");
        builder = raw(builder, "X-Salve-Dedup", &page.dedup);
        builder.body(text(page)).map_err(|error| error.to_string())
    }
}

fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    let value: String = clean_line(value).into_owned();
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
}

/// `[salve] db-1: unit nginx.service: open (nginx serves)`
fn subject(page: &Page) -> String {
    let line = format!("[salve] {}: {}: {} ({})", page.host, page.target, page.kind.state(), page.title);
    clean_line(&line).chars().take(SUBJECT).collect()
}

fn text(page: &Page) -> String {
    let text = whole(page, &TimeZone::system());
    if text.len() <= LARGEST {
        return text;
    }
    let end = text.floor_char_boundary(LARGEST);
    format!("{}\n\n(cut here; the journal has all of it)\n", &text[..end])
}

/// The Message-ID that an incident's call has, with its brackets.
fn thread(page: &Page) -> String {
    let whose = format!("{}\n{}\n{}", page.host, page.dedup, page.incident.0);
    format!("<{}@{}.salve>", &hex(&Sha256::digest(whose))[..32], domain(&page.host))
}

/// A host's name as it may stand in an envelope or a Message-ID.
fn domain(host: &str) -> String {
    let plain: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    let plain = plain.trim_matches(['.', '-']);
    if plain.is_empty() { "localhost".into() } else { plain.into() }
}

fn words(response: &Response) -> String {
    let said: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), said.join(" ")).trim().to_owned()
}

fn no_certificate(path: &Path) -> DeliveryError {
    DeliveryError::new(RetryPolicy::Slow, format!("its `ca_file` {} is no PEM certificate", path.display()))
}

fn setback(error: &SendError) -> DeliveryError {
    match error {
        SendError::Smtp(error) => of_smtp(error),
        SendError::Connection(cause) => {
            let of_tls = matches!(cause.get_ref(), Some(inner) if inner.is::<rustls::Error>());
            let pace = if of_tls { RetryPolicy::Slow } else { RetryPolicy::Usual };
            DeliveryError::new(pace, format!("no connection: {}", cause::of(cause)))
        }
        SendError::Name(_) => DeliveryError::new(RetryPolicy::Slow, error.to_string()),
        SendError::Late => DeliveryError::new(RetryPolicy::Usual, error.to_string()),
    }
}

fn of_smtp(error: &Error) -> DeliveryError {
    let pace = match error.status() {
        // the account, not the message
        Some(code) if ["530", "534", "535", "538"].contains(&code.to_string().as_str()) => RetryPolicy::Slow,
        Some(_) if error.is_permanent() => RetryPolicy::Never,
        None if error.is_tls() || error.is_client() => RetryPolicy::Slow,
        _ => RetryPolicy::Usual,
    };
    let said = std::error::Error::source(error).map_or_else(String::new, |source| format!(" {source}"));
    let why = match error.status() {
        Some(code) => format!("it answered {code}{said}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => {
            let (outer, inner) = (error.to_string(), cause::of(error));
            if outer.contains(&inner) { outer } else { format!("{outer}: {inner}") }
        }
    };
    DeliveryError::new(pace, why)
}
