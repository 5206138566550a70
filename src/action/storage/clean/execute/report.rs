//! The report of a cleaning pass: what was deleted, what the file system really gained, what was kept and why, and what
//! still takes space although it was deleted.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::holders::DeletedOpen;
use super::room::Room;
use super::walk::{CleanCandidate, KeptCounts};
use super::{ResolvedClean, Run};
use crate::action::program::output::presentable;
use crate::core::plan::StepResult;
use crate::text::clean_line;

/// How many paths of deleted files are listed; the count is always complete.
const LISTED: usize = 200;
/// Deleted files that are held open, and files in use, listed.
const HELD: usize = 10;

/// How far a pass came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassExtent {
    /// There is no such folder.
    NotThere,
    /// The pass reached the end of the tree.
    Whole,
    /// The tree is too large, so only a part was visited.
    CutShort,
    /// The deadline was reached.
    TimedOut,
}

/// The outcome of a cleaning pass.
#[derive(Debug)]
pub struct CleanReport {
    root: PathBuf,
    run: Run,
    /// How far the pass came.
    pub extent: PassExtent,
    /// How many files were deleted, or would be in a dry run.
    pub files: u64,
    /// The space that they took on the disk, in bytes.
    pub bytes: u64,
    listed: Vec<(PathBuf, u64)>,
    /// How many files stayed, for each reason.
    pub kept: KeptCounts,
    in_use: Vec<String>,
    /// The file system before the pass; none if it could not be measured.
    pub before: Option<Room>,
    /// The file system after the pass; none where it could not be measured.
    pub after: Option<Room>,
    /// Files that were deleted and are still open, so that their space is not free.
    pub deleted_open: Vec<DeletedOpen>,
    /// Whether every process could be scanned for open files.
    pub complete_look: bool,
    /// Files that could not be put back: the name in the quarantine, and the original path.
    pub stranded: Vec<(OsString, PathBuf)>,
    /// The name of the quarantine that had to stay; none if it was removed.
    pub quarantine: Option<OsString>,
}

impl CleanReport {
    /// An empty report, before anything was visited.
    pub fn new(resolved: &ResolvedClean, run: Run, before: Option<Room>) -> Self {
        Self {
            root: resolved.root.clone(),
            run,
            extent: PassExtent::Whole,
            files: 0,
            bytes: 0,
            listed: Vec::new(),
            kept: KeptCounts::default(),
            in_use: Vec::new(),
            before,
            after: None,
            deleted_open: Vec::new(),
            complete_look: true,
            stranded: Vec::new(),
            quarantine: None,
        }
    }

    /// There is no such folder, so there is nothing to do.
    pub fn nothing_there(resolved: &ResolvedClean, run: Run) -> Self {
        Self { extent: PassExtent::NotThere, ..Self::new(resolved, run, None) }
    }

    /// Adds a file that was deleted, or would be.
    pub fn went(&mut self, candidate: &CleanCandidate) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(candidate.seen.takes);
        if self.listed.len() < LISTED {
            self.listed.push((candidate.path.clone(), candidate.seen.takes));
        }
    }

    /// Adds a file that is kept because a process uses it.
    pub fn in_use(&mut self, candidate: &CleanCandidate, holder: &str) {
        if self.in_use.len() < HELD {
            self.in_use.push(format!("{} by {holder}", self.shown(&candidate.path)));
        }
    }

    /// How the step ended.
    pub fn result(&self) -> StepResult {
        if !self.stranded.is_empty() {
            StepResult::Failed("a file was swapped under its name and cannot go back there; see the output".into())
        } else if self.extent == PassExtent::TimedOut {
            StepResult::TimedOut
        } else {
            StepResult::Done(self.headline().into())
        }
    }

    fn headline(&self) -> String {
        let (files, bytes) = (self.files, size(self.bytes));
        match (self.extent, self.run, files) {
            (PassExtent::NotThere, ..) => "nothing to delete: the folder is not there".into(),
            (_, _, 0) => "nothing to delete".into(),
            (_, Run::Dry, _) => format!("would delete {files} files, {bytes}"),
            (_, Run::Real, _) => match self.gained() {
                Some(gained) => format!("deleted {files} files, {bytes}; the file system gained {gained}"),
                None => format!("deleted {files} files, {bytes}"),
            },
        }
    }

    fn gained(&self) -> Option<String> {
        let (before, after) = (self.before?, self.after?);
        Some(if before.used >= after.used { size(before.used - after.used) } else { "nothing".into() })
    }

    /// The whole report; safe to store and to show.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.headline());
        self.write(&mut text);
        presentable(text.as_bytes())
    }

    fn write(&self, text: &mut String) {
        if let (Run::Real, Some(before), Some(after)) = (self.run, self.before, self.after) {
            let _ = writeln!(text, "used {:.1} % before, {:.1} % after", before.used_percent(), after.used_percent());
        }
        for (path, takes) in &self.listed {
            let _ = writeln!(text, "  {} ({})", self.shown(path), size(*takes));
        }
        let more = self.files - u64::try_from(self.listed.len()).unwrap_or(self.files);
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
        for (kept, (count, example)) in &self.kept.0 {
            let _ = writeln!(text, "kept {count}: {}, as {}", kept.words(), self.shown(example));
        }
        for file in &self.in_use {
            let _ = writeln!(text, "in use: {file}");
        }
        for file in self.deleted_open.iter().take(HELD).filter(|file| file.takes > 0) {
            let DeletedOpen { path, takes, holder } = file;
            let _ = writeln!(text, "deleted, but its room is held by {holder}: {path} ({})", size(*takes));
        }
        self.write_notes(text);
    }

    fn write_notes(&self, text: &mut String) {
        if !self.complete_look {
            text.push_str("not every process could be looked at: where the kernel cannot say either, files are kept\n");
        }
        match self.extent {
            PassExtent::NotThere | PassExtent::Whole => {}
            PassExtent::CutShort => text.push_str("the folder holds too much to look through to its end\n"),
            PassExtent::TimedOut => text.push_str("the time was up before the end\n"),
        }
        for (name, place) in &self.stranded {
            let folder = self.quarantine.as_deref().unwrap_or_default();
            let at = self.root.join(folder).join(name);
            let (at, place) = (clean_line(&at.to_string_lossy()).into_owned(), self.shown(place));
            let _ = writeln!(text, "swapped under its name and kept: {at} belongs to {place}");
        }
    }

    fn shown(&self, path: &Path) -> String {
        clean_line(&self.root.join(path).to_string_lossy()).into_owned()
    }
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}
