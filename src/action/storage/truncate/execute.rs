//! Empties a log in place, without following links, and only if every writer appends: a writer with its own offset
//! would go on there, and leave a hole of the old size.

use std::fs::{self, DirEntry};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use rustix::fs::{AtFlags, CWD, FileType, OFlags, StatxFlags, ftruncate, statx};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::table::{TruncateAction, is_log};
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::foreign::openat2::{look_at, open_plainly};
use crate::foreign::{self, MayHang};
use crate::playbook::Playbook;
use crate::text::clean_line;

/// How long planning may take to read the file and every process that may write to it.
const LIMIT: Duration = Duration::from_secs(10);

/// One file, by path and identity: another one of its name is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedTruncate {
    /// The log file's absolute path.
    pub path: PathBuf,
    /// Its device and inode when it was planned.
    pub identity: (u64, u64),
}

impl ActionKind for TruncateAction {
    type Resolved = ResolvedTruncate;

    /// Resolves a truncation: opens the file once, to learn its identity and to check that it may be emptied.
    async fn plan(&self, _: &Playbook, _: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let path = PathBuf::from(&self.0);
        let wanted = path.clone();
        let opened = foreign::at(&path, LIMIT, move |may_hang| open(&wanted, None, may_hang)).await?;
        let (_, identity, _) = opened.map_err(PlanError::Refused)?;
        let details = vec![
            ("blast radius", "everything that stands in it".into()),
            ("rollback", "none: what stood in it is gone".to_owned()),
        ];
        let resolved = ResolvedTruncate { path, identity };
        Ok(ResolvedStep { sentence: format!("empty {}", self.0), details, resolved })
    }

    /// Empties the file, after checking again that it is the planned one and may be emptied.
    async fn carry_out(resolved: ResolvedTruncate, context: &mut StepContext<'_>) -> StepOutcome {
        let (path, limit) = (resolved.path.clone(), context.deadline.saturating_duration_since(Instant::now()));
        let emptying = move |may_hang: &MayHang| match open(&resolved.path, Some(resolved.identity), may_hang) {
            Err(why) => StepOutcome::refused(why),
            Ok((file, _, size)) => {
                let freed = ftruncate(&file, 0).map(|()| format!("{} gone", ByteSize(size).display().iec()));
                freed.map_or_else(
                    |error| StepOutcome::failed(format!("cannot be emptied: {error}")),
                    |freed| StepOutcome {
                        result: StepResult::Done(freed.into()),
                        output: String::new(),
                        scope_empty: true,
                    },
                )
            }
        };
        foreign::at(&path, limit, emptying).await.unwrap_or_else(|_| StepOutcome {
            result: StepResult::TimedOut,
            output: "[it hangs on the file system]\n".into(),
            scope_empty: false,
        })
    }
}

/// The file, open for writing, where it may be emptied; its identity and its size.
fn open(path: &Path, planned: Option<(u64, u64)>, may_hang: &MayHang) -> Result<(OwnedFd, (u64, u64), u64), String> {
    let shown = clean_line(&path.to_string_lossy()).into_owned();
    if !path.to_str().is_some_and(is_log) {
        return Err(format!("`{shown}` is no log that may be emptied"));
    }
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK;
    let file = open_plainly(path, flags, may_hang)
        .map_err(|error| format!("`{shown}` cannot be opened without following a link: {error}"))?;
    let seen = look_at(&file).map_err(|error| format!("`{shown}`: {error}"))?;
    if seen.kind() != FileType::RegularFile || seen.links != 1 || seen.held_fast {
        return Err(format!("`{shown}` is not a plain file of one name"));
    }
    if planned.is_some_and(|planned| planned != seen.id()) {
        return Err(format!("`{shown}` is another file than when the plan was made"));
    }
    if let Some(writer) =
        keeps_a_place(&file).map_err(|error| format!("who writes to `{shown}` cannot be told: {error}"))?
    {
        return Err(format!("{writer} writes to `{shown}` at a place of its own, so emptying it would free nothing"));
    }
    Ok((file, seen.id(), seen.size))
}

/// The process that has the file open for writing without appending; none if there is none.
fn keeps_a_place(file: &OwnedFd) -> io::Result<Option<String>> {
    let wanted = identity_of(file.as_fd(), Path::new(""), AtFlags::EMPTY_PATH)?;
    let is_process = |entry: &DirEntry| entry.file_name().as_bytes().iter().all(u8::is_ascii_digit);
    for process in fs::read_dir("/proc")?.flatten().filter(is_process) {
        // what ended meanwhile, or is another user's, cannot be looked at
        for open in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            // Asked of what the kernel knows already: a descriptor may lead to a file system that does not answer.
            let found = identity_of(CWD, &open.path(), AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT);
            if found.is_ok_and(|found| found == wanted) && writes_at_its_place(&process, &open) {
                return Ok(Some(named(&process)));
            }
        }
    }
    Ok(None)
}

fn identity_of(folder: BorrowedFd<'_>, path: &Path, flags: AtFlags) -> rustix::io::Result<(u32, u32, u64)> {
    let found = statx(folder, path, flags, StatxFlags::INO)?;
    Ok((found.stx_dev_major, found.stx_dev_minor, found.stx_ino))
}

fn writes_at_its_place(process: &DirEntry, open: &DirEntry) -> bool {
    let info = fs::read_to_string(process.path().join("fdinfo").join(open.file_name())).unwrap_or_default();
    let flags = info.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    let flags = OFlags::from_bits_retain(flags.unwrap_or_default());
    flags.intersects(OFlags::WRONLY | OFlags::RDWR) && !flags.contains(OFlags::APPEND)
}

fn named(process: &DirEntry) -> String {
    let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
    format!("{} (pid {})", clean_line(name.trim()), process.file_name().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logs_are_emptied() {
        for path in
            ["/etc/passwd", "/var/log", "/var/log/journal/x/system.journal", "relative", "/var/log/salve/salve.log"]
        {
            let refused = open(Path::new(path), None, &MayHang::because("a test"));
            assert!(refused.unwrap_err().contains("no log that may be emptied"), "{path}");
        }
    }

    #[test]
    fn a_writer_that_keeps_its_place_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let appending = fs::File::options().create(true).append(true).open(&path).unwrap();
        let looked = OwnedFd::from(fs::File::open(&path).unwrap());
        assert_eq!(keeps_a_place(&looked).unwrap(), None);
        let placed = fs::File::options().write(true).open(&path).unwrap();
        assert!(keeps_a_place(&looked).unwrap().unwrap().ends_with(&format!("(pid {})", std::process::id())));
        drop((appending, placed));
    }
}
