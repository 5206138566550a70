//! The position up to which a file was read. A rotated file is read to its end before the new one; a truncated one is
//! read from its start.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use regex::bytes::Regex;

use super::{LogSeen, presentable};
use crate::core::Mono;
use crate::foreign::{MayHang, read};
use crate::playbook::value::Period;

/// How many bytes one probe reads; a log that grows faster cannot be counted.
const READ: u64 = 64 << 20;

/// A line that is longer is matched by its head only.
const LINE: usize = 64 * 1024;

/// How many matches keep their own time; more are too many for any bound.
const MATCHES: usize = 100_000;

/// One file that is read further with each probe.
#[derive(Debug, Default)]
pub struct Tail {
    open: Option<OpenLog>,
    since: Option<Mono>,
    matches: VecDeque<Mono>,
    latest: Option<String>,
}

#[derive(Debug)]
struct OpenLog {
    file: File,
    identity: (u64, u64),
    offset: u64,
    /// A line without its end yet.
    begun: Vec<u8>,
}

impl Tail {
    /// Reads to the end of the file. The first probe starts at the end, because earlier lines have no known time.
    pub fn read(
        mut self,
        path: &str,
        pattern: &Regex,
        window: Duration,
        now: Mono,
        may_hang: &MayHang,
    ) -> (Self, Result<LogSeen, String>) {
        let seen = self.go_on(path, pattern, now, may_hang).map(|()| {
            self.since.get_or_insert(now);
            while self.matches.front().is_some_and(|at| now.since(*at) > window) {
                self.matches.pop_front();
            }
            let over = now.since(self.since.unwrap_or(now));
            LogSeen {
                count: self.matches.len() as u64,
                over_ms: Period(over.min(window)).millis(),
                latest: self.latest.clone().filter(|_| !self.matches.is_empty()),
            }
        });
        if seen.is_err() {
            // What was written meanwhile is not counted, so a new window begins.
            self = Self::default();
        }
        (self, seen)
    }

    fn go_on(&mut self, path: &str, pattern: &Regex, now: Mono, may_hang: &MayHang) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{path} cannot be read: {error}");
        let mut budget = READ;
        if let Some(mut open) = self.open.take() {
            self.rest(&mut open, pattern, now, &mut budget).map_err(failed)?;
            self.open = Some(open);
        }
        // A pipe or a device would hang whoever reads it, or never end; so might somebody else's link lead anywhere.
        let (file, identity, size) = match read::open(Path::new(path), may_hang) {
            Ok((file, seen)) => (file, seen.id(), seen.size),
            // During a rotation the file is missing for a moment; the next probe finds it.
            Err(refusal) if refusal.is_not_found() && self.open.is_some() => return Ok(()),
            Err(refusal) => return Err(format!("{path} cannot be read: {refusal}")),
        };
        match &mut self.open {
            None => self.open = Some(OpenLog { file, identity, offset: size, begun: Vec::new() }),
            Some(open) if open.identity != identity => {
                let mut fresh = OpenLog { file, identity, offset: 0, begun: Vec::new() };
                self.rest(&mut fresh, pattern, now, &mut budget).map_err(failed)?;
                self.open = Some(fresh);
            }
            Some(_) => {}
        }
        if budget == 0 { Err(format!("{path} grows faster than it can be read")) } else { Ok(()) }
    }

    /// What was written behind the offset.
    fn rest(&mut self, open: &mut OpenLog, pattern: &Regex, now: Mono, budget: &mut u64) -> std::io::Result<()> {
        if open.file.metadata()?.len() < open.offset {
            (open.offset, open.begun) = (0, Vec::new());
        }
        open.file.seek(SeekFrom::Start(open.offset))?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let room = usize::try_from(*budget).unwrap_or(usize::MAX).min(buffer.len());
            let count = open.file.read(&mut buffer[..room])?;
            if count == 0 {
                return Ok(());
            }
            open.offset += count as u64;
            *budget -= count as u64;
            for piece in buffer[..count].split_inclusive(|byte| *byte == b'\n') {
                let (line, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |line| (line, true));
                let free = LINE.saturating_sub(open.begun.len());
                open.begun.extend_from_slice(&line[..line.len().min(free)]);
                if ended {
                    self.line(&open.begun, pattern, now);
                    open.begun.clear();
                }
            }
        }
    }

    fn line(&mut self, line: &[u8], pattern: &Regex, now: Mono) {
        if pattern.is_match(line) {
            if self.matches.len() == MATCHES {
                self.matches.pop_front();
            }
            self.matches.push_back(now);
            self.latest = Some(presentable(line));
        }
    }
}
