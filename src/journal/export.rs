//! The journal as lines of JSON: as it stands, or followed as it grows. The chain is checked on the way.

use std::io::Write;

use super::chain::{self, Head, Stop};
use super::error::ReadError;
use super::reader::JournalReader;

impl JournalReader {
    /// Writes every record as one line of JSON with its hash, and says how many.
    ///
    /// # Errors
    /// The first record at which the chain does not hold, once all before it are written.
    pub fn export(&self, mut to: impl Write) -> Result<u64, ReadError> {
        self.export_after(Head::default(), &mut to).map(|head| head.seq)
    }

    /// The same, and then each further record once it is durable; says how many in all. Between two looks it asks
    /// `rest`, which waits a while and says whether to go on. A look at a journal that did not change reads no record.
    ///
    /// # Errors
    /// As [`Self::export`].
    pub fn follow(&self, mut to: impl Write, mut rest: impl FnMut() -> bool) -> Result<u64, ReadError> {
        let mut version = self.version()?;
        let mut head = self.export_after(Head::default(), &mut to)?;
        while rest() {
            let now = self.version()?;
            if now != version {
                head = self.export_after(head, &mut to)?;
                version = now;
            }
        }
        Ok(head.seq)
    }

    fn export_after(&self, head: Head, to: &mut impl Write) -> Result<Head, ReadError> {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let walked = chain::walk(self.connection(), head, |line, hash| {
            writeln!(
                to,
                r#"{{"seq":{},"mono":{},"wall":{},"boot_id":{},"boottime":{},"event":{},"hash":"{hash}"}}"#,
                line.seq,
                line.mono,
                text(&line.wall),
                text(&line.boot_id),
                line.boottime,
                line.body,
            )
            .map_err(Stop::Write)
        });
        let head = walked.map_err(|stop| match stop {
            Stop::Broken(broken) => ReadError::Broken(broken),
            Stop::Sqlite(error) => self.explain(&error),
            Stop::Write(error) => ReadError::Write(error),
        })?;
        to.flush().map_err(ReadError::Write)?;
        Ok(head)
    }

    /// Another number after every commit of somebody else.
    fn version(&self) -> Result<u64, ReadError> {
        self.number("PRAGMA data_version", &[])
    }
}
