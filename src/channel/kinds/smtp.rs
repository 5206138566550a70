//! Mail: one message per page, as plain text. An incident's messages are one thread: the call has a Message-ID that
//! follows from the incident, the acknowledgement and the end refer to it. A message that is sent again is the same one,
//! so that a mailbox folds it.

mod connection;
mod message;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::connection::{Privacy, SendError, SmtpRoute};
use crate::channel::delivery::{Delivering, Delivery, DeliveryError, RetryPolicy};
use crate::channel::http::address::is_loopback;
use crate::channel::http::{address, install_tls};
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::Page;
use crate::channel::{secret, settings_faults};
use crate::foreign::{self, read};
use crate::host::cause;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// Largest file of authorities, in bytes; all those that a distribution trusts take a fifth of it.
const AUTHORITIES: u64 = 1 << 20;
/// How long that file may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// `smtp = { server = "mail.example.net", from = "salve@example.net", to = ["ops@example.net"] }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The server's name, as its certificate has it.
    pub server: String,
    /// 587 with `starttls`, 465 with `implicit`, 25 with `none`, where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is kept private.
    #[serde(default)]
    pub tls: Tls,
    /// A PEM file with the authority that signed the server's certificate, besides the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The sender's address, `salve@example.net` or `salve <salve@example.net>`.
    pub from: String,
    /// The recipients' addresses; at least one.
    pub to: Vec<String>,
    /// The account, where the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its password, alone in a private file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// How long each step may take.
    #[serde(default = "settings_faults::thirty_seconds")]
    pub timeout: Period,
}

/// How a connection to a mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It begins in the clear, and nothing is said before it is private.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
    /// Not at all: to this host itself only.
    None,
}

impl SmtpSettings {
    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        })
    }
}

impl ChannelKind for SmtpSettings {
    const FORM: &'static str =
        "{ server = \"mail.example.net\", from = \"salve@example.net\", to = [\"ops@example.net\"] }";

    fn destination(&self) -> String {
        format!("{} through {}", self.to.join(", "), self.server)
    }

    fn faults(&self) -> Vec<ChannelError> {
        let mut faults: Vec<ChannelError> = settings_faults::timeout(self.timeout).into_iter().collect();
        let mailbox = |key: &'static str, text: &str| {
            let wrong = |error| format!("`{text}` is no mail address: {error}");
            text.parse::<Mailbox>().err().map(|error| {
                ChannelError::new(
                    key,
                    Rule::BadAddress,
                    wrong(error),
                    "write it as \"ops@example.net\" or \"Ops <ops@example.net>\"",
                )
            })
        };
        faults.extend(mailbox("from", &self.from));
        faults.extend(self.to.iter().filter_map(|to| mailbox("to", to)));
        if self.to.is_empty() {
            faults.push(ChannelError::new(
                "to",
                Rule::BadValue,
                "`to` names nobody",
                "write to = [\"ops@example.net\"]",
            ));
        }
        if self.server.is_empty() || self.server.contains(|c: char| c.is_whitespace() || c == '/') {
            let wrong = format!("`{}` is no server's name", self.server);
            faults.push(ChannelError::new(
                "server",
                Rule::BadAddress,
                wrong,
                "write server = \"mail.example.net\" and port = 587",
            ));
        }
        if self.tls == Tls::None && !address::is_loopback(&self.server) {
            let wrong = "mail in the clear goes to this host itself only";
            faults.push(ChannelError::new(
                "tls",
                Rule::BadValue,
                wrong,
                "write tls = \"starttls\" or tls = \"implicit\"",
            ));
        }
        if self.user.is_some() != self.password_file.is_some() {
            let (key, other) = if self.user.is_some() { ("user", "password_file") } else { ("password_file", "user") };
            let wrong = format!("`{key}` stands without `{other}`");
            let right = "write user = \"salve\" and password_file = \"/etc/salve/smtp.password\"";
            faults.push(ChannelError::new(key, Rule::MissingKey, wrong, right));
        }
        faults.extend(self.password_file.iter().filter_map(|path| settings_faults::absolute("password_file", path)));
        faults.extend(self.ca_file.iter().filter_map(|path| settings_faults::absolute("ca_file", path)));
        faults
    }

    fn secret_files(&self) -> Vec<&Path> {
        self.password_file.iter().map(PathBuf::as_path).collect()
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(Smtp::new(self))
    }
}

/// A mail server to hand pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Smtp {
    settings: SmtpSettings,
}

impl Smtp {
    pub(in crate::channel) fn new(settings: SmtpSettings) -> Self {
        Self { settings }
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
        let hello = ClientId::Domain(message::domain(host));
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
}

impl Delivery for Smtp {
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let way = self.way(&page.host).await?;
            let message =
                message::message(&self.settings, &page).map_err(|why| DeliveryError::new(RetryPolicy::Slow, why))?;
            // the deadline is for one step; a server that dawdles at each must not hold the lane
            let sending = tokio::time::timeout(way.limit.saturating_mul(4), connection::send(way, &message));
            match sending.await {
                Ok(Ok(response)) => Ok(format!("it answered {}", words(&response))),
                Ok(Err(error)) => Err(setback(&error)),
                Err(_) => Err(DeliveryError::new(RetryPolicy::Usual, "no answer in time")),
            }
        })
    }
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
