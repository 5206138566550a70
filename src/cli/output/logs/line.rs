//! An event as one clean, short line: `2026-11-29T04:05:06.123Z  INFO salve::control::session: a connection ended
//! uid=1000 error="…"`.

use std::fmt::{self, Write};

use jiff::Timestamp;
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::text::clean_line;

/// No line is longer, in bytes.
const LONGEST_LINE: usize = 2000;
/// No field is longer, in bytes before it is quoted.
const LONGEST_FIELD: usize = 400;

/// The line, with its end; `left_out` events of its kind were not written since the last one.
pub(super) fn of(event: &Event<'_>, left_out: u64) -> String {
    let metadata = event.metadata();
    let mut fields = Fields::default();
    event.record(&mut fields);
    let moment = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    let mut line = Bounded::new(LONGEST_LINE);
    // what is beyond the bound is left out
    let _ = write!(line, "{moment} {:>5} {}:{}{}", metadata.level(), metadata.target(), fields.message, fields.rest);
    let mut line = line.finish();
    if left_out > 0 {
        let _ = write!(line, " left_out={left_out}");
    }
    line.push('\n');
    line
}

/// The message and the fields of an event, each cut and cleaned.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Bounded::new(LONGEST_FIELD);
        let _ = write!(text, "{value:?}");
        let text = text.finish();
        let text = clean_line(&text);
        if field.name() == "message" {
            let _ = write!(self.message, " {text}");
        } else if text.chars().all(|c| c.is_alphanumeric() || "-_./:".contains(c)) {
            let _ = write!(self.rest, " {}={text}", field.name());
        } else {
            // quoted, so that nothing in it passes for a field of its own
            let _ = write!(self.rest, " {}=\"{}\"", field.name(), text.replace('"', "'"));
        }
    }
}

/// A text that takes so many bytes and no more, so that what is thrown away is never even gathered.
struct Bounded {
    text: String,
    most: usize,
    cut: bool,
}

impl Bounded {
    fn new(most: usize) -> Self {
        Self { text: String::new(), most, cut: false }
    }

    fn finish(mut self) -> String {
        if self.cut {
            self.text.push('…');
        }
        self.text
    }
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.cut {
            return Err(fmt::Error);
        }
        let room = self.most - self.text.len();
        let end = (0..=more.len().min(room)).rev().find(|end| more.is_char_boundary(*end)).unwrap_or(0);
        self.text.push_str(&more[..end]);
        self.cut = end < more.len();
        if self.cut { Err(fmt::Error) } else { Ok(()) }
    }
}
