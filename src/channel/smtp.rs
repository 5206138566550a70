//! Mail: one message per page, as plain text. An incident's messages are one thread: the call has a Message-ID that
//! follows from the incident, the acknowledgement and the end refer to it. A message that is sent again is the same one,
//! so that a mailbox folds it.

use std::sync::Arc;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Wire, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest as _, Sha256};

use super::address::is_loopback;
use super::document::whole;
use super::http::install_tls;
use super::page::{Page, PageKind};
use super::settings::{SmtpSettings, Tls};
use super::{Pace, Said, Setback, secret};
use crate::core::plan::hex;
use crate::text::clean_line;

/// Bytes of text in a message; the ticket and the journal have all of it.
const LARGEST: usize = 256 << 10;
/// Longest subject, in characters.
const SUBJECT: usize = 200;

/// A mail server to hand pages to.
#[derive(Debug, Clone)]
pub(super) struct Smtp {
    settings: SmtpSettings,
}

impl Smtp {
    pub(super) fn new(settings: SmtpSettings) -> Self {
        Self { settings }
    }

    pub(super) async fn deliver(&self, page: Arc<Page>) -> Result<Said, Setback> {
        let transport = self.transport(&page.host)?;
        let message = self.message(&page).map_err(|why| Setback::new(Pace::Slow, why))?;
        // lettre's deadline is for one step; a server that dawdles at each must not hold the lane
        let sending = tokio::time::timeout(self.settings.timeout.0.saturating_mul(4), transport.send(message));
        match sending.await {
            Ok(Ok(response)) => Ok(format!("it answered {}", words(&response))),
            Ok(Err(error)) => Err(setback(&error)),
            Err(_) => Err(Setback::new(Pace::Usual, "no answer in time")),
        }
    }

    /// A fresh connection each time, its password read anew.
    fn transport(&self, host: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, Setback> {
        let settings = &self.settings;
        if settings.tls == Tls::None && !is_loopback(&settings.server) {
            return Err(Setback::new(Pace::Slow, "mail in the clear goes to this host itself only; set `tls`"));
        }
        install_tls();
        let wire = match settings.tls {
            Tls::None => Wire::None,
            Tls::Starttls => Wire::Required(self.parameters()?),
            Tls::Implicit => Wire::Wrapper(self.parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.server)
            .port(settings.port())
            .tls(wire)
            .timeout(Some(settings.timeout.0))
            .hello_name(ClientId::Domain(domain(host)));
        if let (Some(user), Some(path)) = (&settings.user, &settings.password_file) {
            builder = builder.credentials(Credentials::new(user.clone(), secret::read(path)?));
        }
        Ok(builder.build())
    }

    fn parameters(&self) -> Result<TlsParameters, Setback> {
        let slow = |why: String| Setback::new(Pace::Slow, why);
        let mut builder = TlsParameters::builder(self.settings.server.clone());
        if let Some(path) = &self.settings.ca_file {
            let pem =
                std::fs::read(path).map_err(|error| slow(format!("its `ca_file` {}: {error}", path.display())))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|_| slow(format!("its `ca_file` {} is no PEM certificate", path.display())))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|error| slow(format!("no TLS here: {error}")))
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

fn setback(error: &Error) -> Setback {
    let pace = match error.status() {
        // the account, not the message
        Some(code) if ["530", "534", "535", "538"].contains(&code.to_string().as_str()) => Pace::Slow,
        Some(_) if error.is_permanent() => Pace::Never,
        None if error.is_tls() || error.is_client() => Pace::Slow,
        _ => Pace::Usual,
    };
    let said = std::error::Error::source(error).map_or_else(String::new, |source| format!(" {source}"));
    let why = match error.status() {
        Some(code) => format!("it answered {code}{said}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => causes(error),
    };
    Setback::new(pace, why)
}

/// An error with all that led to it.
fn causes(error: &Error) -> String {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let said = cause.to_string();
        if !why.contains(&said) {
            why = format!("{why}: {said}");
        }
        source = cause.source();
    }
    why
}
