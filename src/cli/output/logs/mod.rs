//! Logs go into files below the state folder, never onto the screen, through one sink.
//!
//! What is logged may quote anybody: a peer, a file name, a page's answer. So the sink makes one clean short line of
//! every event, however long it is and whatever stands in it; writes no event of one kind without end; and keeps its
//! files within a size, beside the day.
//!
//! | room | its one job |
//! |---|---|
//! | `line` | an event as one clean, short line |
//! | `rate` | how often an event of one kind is written |
//! | `file` | files by day, none larger than its bound |

mod file;
mod line;
mod rate;

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};

use file::SizedFile;
use rate::LogRates;

/// Starts logging; what is returned must live as long as the program. None where the folder cannot be written:
/// a missing log never stops the healing.
pub fn into(state: &Path) -> Option<WorkerGuard> {
    let folder = state.join("logs");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
    let (writer, guard) = tracing_appender::non_blocking(SizedFile::open(folder)?);
    let filter = EnvFilter::try_from_env("SALVE_LOG").unwrap_or_else(|_| EnvFilter::new("info,zbus=warn"));
    registry().with(filter).with(Sink::new(writer)).try_init().ok()?;
    Some(guard)
}

/// What every event passes on its way into a file.
struct Sink<W> {
    rates: Mutex<LogRates>,
    writer: Mutex<W>,
}

impl Sink<NonBlocking> {
    fn new(writer: NonBlocking) -> Self {
        Self { rates: Mutex::default(), writer: Mutex::new(writer) }
    }
}

impl<S: Subscriber, W: Write + 'static> Layer<S> for Sink<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let admitted = self.rates.lock().unwrap_or_else(PoisonError::into_inner).admit(event.metadata());
        let Some(left_out) = admitted else { return };
        let line = line::of(event, left_out);
        // there is nobody to tell of a log that cannot be written
        let _ = self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let written = Written::default();
        let sink = Sink { rates: Mutex::default(), writer: Mutex::new(written.clone()) };
        tracing::subscriber::with_default(registry().with(sink), log);
        String::from_utf8(Arc::into_inner(written.0).unwrap().into_inner().unwrap()).unwrap()
    }

    #[test]
    fn text_of_a_peer_forges_no_line_and_brings_no_escape_into_the_log() {
        let text = "x\n2026-11-29T00:00:00Z ERROR salve: forged\r\u{1b}[2J\u{9b}31m\u{202e} uid=0";
        let log = logged(|| tracing::info!(uid = 1000, error = %text, name = text, "a connection ended: {text}"));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(!log.trim_end().contains(char::is_control) && !log.contains('\u{202e}'), "{log}");
        assert!(log.contains(" INFO ") && log.contains(" uid=1000 "), "{log}");
        // what is quoted cannot pass for a field of its own
        assert!(log.contains("error=\"x 2026-11-29") && log.contains(" uid=0\""), "{log}");
    }

    #[test]
    fn a_long_text_is_cut_and_an_endless_stream_of_them_ends() {
        let text = "y".repeat(250_000);
        let log = logged(|| {
            for _ in 0..100_000 {
                tracing::info!(error = %text, "a connection ended");
            }
            tracing::warn!("of another kind");
        });
        assert!(log.len() < 100_000, "{} bytes", log.len());
        assert!(log.lines().all(|line| line.len() < 4096));
        assert!(log.contains("of another kind"));
    }
}
