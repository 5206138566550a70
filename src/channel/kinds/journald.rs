//! systemd's journal, by its own socket: one entry per page with a field for each part, found again with
//! `journalctl MESSAGE_ID=…`.

use std::io;
use std::os::unix::net::UnixDatagram;

use jiff::tz::TimeZone;

use crate::channel::document::whole;
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::JournaldSettings;
use crate::channel::{DeliveryError, PeerReply, RetryPolicy};
use crate::playbook::Risk;
use crate::text::clean_line;

/// The report's share of an entry, in bytes: a datagram has to fit into the socket's buffer as one.
const REPORT: usize = 48 << 10;

/// Writes pages as entries into the journal of this host, by the socket that journald listens on.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Journald {
    settings: JournaldSettings,
}

impl Journald {
    pub(in crate::channel) fn new(settings: JournaldSettings) -> Self {
        Self { settings }
    }

    /// Never waits: where the journal's buffer is full, it is tried again.
    pub(in crate::channel) fn deliver(&self, page: &Page) -> Result<PeerReply, DeliveryError> {
        let mut entry = fields(page);
        let report = whole(page, &TimeZone::system());
        let short = entry.clone();
        add(&mut entry, "SALVE_REPORT", &report[..report.floor_char_boundary(REPORT)]);
        let socket = UnixDatagram::unbound().and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        let sent = socket.and_then(|socket| match socket.send_to(&entry, &self.settings.socket) {
            Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => socket.send_to(&short, &self.settings.socket),
            other => other,
        });
        match sent {
            Ok(_) => Ok(format!("handed to {} as {}", self.settings.socket.display(), message_id(&page.kind))),
            Err(error) => Err(self.setback(&error)),
        }
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
    let cause = match &page.kind {
        PageKind::Trigger { cause } => cause,
        PageKind::Acknowledge { by } => by,
        PageKind::Resolve => &page.why,
    };
    let parts = [
        ("MESSAGE", page.summary()),
        ("MESSAGE_ID", message_id(&page.kind).to_owned()),
        ("PRIORITY", priority.to_owned()),
        ("SYSLOG_IDENTIFIER", "salve".to_owned()),
        ("SALVE_KIND", page.kind.word().to_owned()),
        ("SALVE_DEDUP", page.dedup.to_string()),
        ("SALVE_PAGE", page.id.0.to_string()),
        ("SALVE_INCIDENT", page.incident.0.to_string()),
        ("SALVE_HOST", page.host.to_string()),
        ("SALVE_PLAYBOOK", page.playbook.to_string()),
        ("SALVE_TITLE", page.title.to_string()),
        ("SALVE_TARGET", page.target.to_string()),
        ("SALVE_RISK", page.risk.to_string()),
        ("SALVE_CAUSE", cause.to_string()),
        ("SALVE_WHY", page.why.to_string()),
    ];
    parts.into_iter().fold(Vec::new(), |mut entry, (name, value)| {
        add(&mut entry, name, &clean_line(&value));
        entry
    })
}

/// A field in the form that may hold newlines: name, length, value.
fn add(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}
