//! systemd's journal, by its own socket: one entry per page with a field for each part, found again with
//! `journalctl MESSAGE_ID=…`.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::delivery::{Delivering, Delivery, DeliveryError, RetryPolicy};
use crate::channel::document::whole;
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::{Page, PageKind};
use crate::channel::settings_faults;
use crate::playbook::Risk;
use crate::text::clean_line;

/// The report's share of an entry, in bytes: a datagram has to fit into the socket's buffer as one.
const REPORT: usize = 48 << 10;

/// `journald = {}`: writes each page as an entry into systemd's journal on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournaldSettings {
    /// Where journald listens.
    #[serde(default = "journal_socket")]
    pub socket: PathBuf,
}

impl Default for JournaldSettings {
    fn default() -> Self {
        Self { socket: journal_socket() }
    }
}

fn journal_socket() -> PathBuf {
    "/run/systemd/journal/socket".into()
}

impl ChannelKind for JournaldSettings {
    const FORM: &'static str = "{}";

    fn destination(&self) -> String {
        "systemd's journal".into()
    }

    fn faults(&self) -> Vec<ChannelError> {
        settings_faults::absolute("socket", &self.socket).into_iter().collect()
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(Journald::new(self))
    }
}

/// Writes pages as entries into the journal of this host, by the socket that journald listens on.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Journald {
    settings: JournaldSettings,
}

impl Journald {
    pub(in crate::channel) fn new(settings: JournaldSettings) -> Self {
        Self { settings }
    }

    fn setback(&self, error: &io::Error) -> DeliveryError {
        let socket = self.settings.socket.display();
        match error.kind() {
            io::ErrorKind::NotFound => {
                let why = format!("there is no journald here: {socket} is missing; choose another kind of channel");
                DeliveryError::new(RetryPolicy::Slow, why)
            }
            io::ErrorKind::ConnectionRefused => {
                DeliveryError::new(RetryPolicy::Usual, format!("nobody listens at {socket}"))
            }
            _ => DeliveryError::new(RetryPolicy::Usual, format!("{socket}: {error}")),
        }
    }
}

impl Delivery for Journald {
    /// Never waits: where the journal's buffer is full, it is tried again.
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let mut entry = fields(&page);
            let report = whole(&page, &TimeZone::system());
            let short = entry.clone();
            add(&mut entry, "SALVE_REPORT", &report[..report.floor_char_boundary(REPORT)]);
            let socket = UnixDatagram::unbound().and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
            let sent = socket.and_then(|socket| match socket.send_to(&entry, &self.settings.socket) {
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    socket.send_to(&short, &self.settings.socket)
                }
                other => other,
            });
            match sent {
                Ok(_) => Ok(format!("handed to {} as {}", self.settings.socket.display(), message_id(&page.kind))),
                Err(error) => Err(self.setback(&error)),
            }
        })
    }
}

/// What kind of entry it is, for filters; these never change.
const fn message_id(kind: &PageKind) -> &'static str {
    match kind {
        PageKind::Trigger { .. } => "3f4c1d6b7e0a4b6f9a52c8d1e07b9a41",
        PageKind::Acknowledge { .. } => "8a0e5c92d1f347d8b6c3470f2e9d5b10",
        PageKind::Resolve => "c51b7f08e2694a3d9d0f6e84b3a27c95",
    }
}

fn fields(page: &Page) -> Vec<u8> {
    let priority = match (&page.kind, page.risk) {
        (PageKind::Trigger { .. }, Risk::High) => "2",
        (PageKind::Trigger { .. }, _) => "3",
        _ => "5",
    };
    // an entry always says why it is there
    let cause = match &page.kind {
        PageKind::Trigger { cause } => cause,
        PageKind::Acknowledge { by } => by,
        PageKind::Resolve => &page.why,
    };
    let own = [
        ("MESSAGE", page.summary()),
        ("MESSAGE_ID", message_id(&page.kind).to_owned()),
        ("PRIORITY", priority.to_owned()),
        ("SYSLOG_IDENTIFIER", "salve".to_owned()),
        ("SALVE_CAUSE", cause.to_string()),
    ];
    let parts = page.fields().into_iter().filter(|(name, _)| *name != "SALVE_CAUSE");
    let mut entry = Vec::new();
    for (name, value) in own.into_iter().chain(parts) {
        add(&mut entry, name, &clean_line(&value));
    }
    entry
}

/// A field in the form that may hold newlines: name, length, value.
fn add(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}
