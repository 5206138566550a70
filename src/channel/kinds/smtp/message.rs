//! A page as a mail.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use sha2::{Digest as _, Sha256};

use super::SmtpSettings;
use crate::channel::document::whole;
use crate::channel::page::{Page, PageKind};
use crate::core::plan::hex;
use crate::text::clean_line;

/// Bytes of text in a message; the ticket and the journal have all of it.
const LARGEST: usize = 256 << 10;
/// Longest subject, in characters.
const SUBJECT: usize = 200;

/// The whole message, with its thread.
pub(super) fn message(settings: &SmtpSettings, page: &Page) -> Result<Message, String> {
    let mailbox = |text: &str| {
        text.parse::<Mailbox>().map_err(|error: AddressError| format!("`{text}` is no mail address: {error}"))
    };
    let root = thread(page);
    let id = match page.kind {
        PageKind::Trigger { .. } => root.clone(),
        _ => format!("<{}.{}", page.id.0, &root[1..]),
    };
    let mut builder = Message::builder()
        .from(mailbox(&settings.from)?)
        .date(SystemTime::from(page.at))
        .subject(subject(page))
        .header(ContentType::TEXT_PLAIN)
        .message_id(Some(id));
    if !matches!(page.kind, PageKind::Trigger { .. }) {
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    for to in &settings.to {
        builder = builder.to(mailbox(to)?);
    }
    // RFC 3834: nobody's holiday notice answers a machine
    builder = raw(builder, "Auto-Submitted", "auto-generated");
    builder = raw(builder, "X-Salve-Dedup", &page.dedup);
    builder.body(text(page)).map_err(|error| error.to_string())
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
pub(super) fn domain(host: &str) -> String {
    let plain: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    let plain = plain.trim_matches(['.', '-']);
    if plain.is_empty() { "localhost".into() } else { plain.into() }
}
