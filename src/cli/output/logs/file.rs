//! Files by day, `salve.2026-11-29.log`, none larger than its bound: one that is full is put aside as
//! `salve.2026-11-29.051233.123.log`, and of all of them the latest are kept.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing_appender::rolling::{RollingFileAppender, Rotation};

/// No file is longer, in bytes.
const LARGEST: u64 = 8 << 20;
/// So many files are kept.
const KEPT: usize = 7;

/// The file that is written now. Each write is one line.
pub(super) struct SizedFile {
    folder: PathBuf,
    largest: u64,
    /// None where the next file could not be opened; it is tried again.
    appender: Option<RollingFileAppender>,
    /// The day of the file, and how long it is.
    day: String,
    length: u64,
}

impl SizedFile {
    /// In this folder; none where it cannot be written.
    pub(super) fn open(folder: PathBuf) -> Option<Self> {
        Self::with_bound(folder, LARGEST)
    }

    fn with_bound(folder: PathBuf, largest: u64) -> Option<Self> {
        let day = today();
        let appender = appender(&folder)?;
        let length = length(&folder, &day);
        Some(Self { folder, largest, appender: Some(appender), day, length })
    }

    /// Makes room for one more line.
    fn turn(&mut self, line: usize) {
        let day = today();
        if day != self.day {
            (self.day, self.length) = (day, 0);
        } else if self.length > 0 && self.length + line as u64 > self.largest {
            // a file that is put aside is still written until the next one is opened
            self.appender = None;
            let full = path(&self.folder, &self.day);
            let aside = format!("{}.{}", self.day, Timestamp::now().strftime("%H%M%S.%6f"));
            if fs::rename(&full, path(&self.folder, &aside)).is_ok() {
                self.length = 0;
            }
        }
        if self.appender.is_none() && self.length < self.largest {
            self.appender = appender(&self.folder);
        }
    }
}

impl Write for SizedFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.turn(line.len());
        let Some(appender) = &mut self.appender else { return Err(io::ErrorKind::StorageFull.into()) };
        appender.write_all(line)?;
        self.length += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.as_mut().map_or(Ok(()), RollingFileAppender::flush)
    }
}

/// The appender names its files by the day of UTC as well.
fn appender(folder: &Path) -> Option<RollingFileAppender> {
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("salve")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(folder)
        .ok()
}

fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("salve.{name}.log"))
}

fn length(folder: &Path, day: &str) -> u64 {
    fs::metadata(path(folder, day)).map_or(0, |there| there.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_is_logged_the_files_stay_within_their_bound() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = SizedFile::with_bound(folder.path().into(), 10_000).unwrap();
        for number in 0..20_000 {
            file.write_all(format!("{number:019}\n").as_bytes()).unwrap();
        }
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        let lengths: Vec<u64> = files.iter().map(|file| file.metadata().unwrap().len()).collect();
        assert!(lengths.len() <= KEPT && lengths.iter().all(|length| *length <= 10_000), "{lengths:?}");
        let latest = fs::read_to_string(path(folder.path(), &today())).unwrap();
        assert!(latest.ends_with("19999\n"));
        // another run goes on in the same file
        drop(file);
        let again = SizedFile::with_bound(folder.path().into(), 10_000).unwrap();
        assert_eq!(again.length, latest.len() as u64);
    }
}
