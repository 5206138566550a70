//! A log emptied in place, through no link, and only where everybody who writes to it appends: whoever keeps a place of
//! its own in the file would go on there, and leave a hole of the old size.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use bytesize::ByteSize;
use rustix::fs::{FileType, OFlags, ftruncate};
use serde::{Deserialize, Serialize};

use super::Context;
use super::clean::beneath::{look_at, open_plainly};
use super::order::Order;
use super::plan::{PlanError, step};
use super::runner::{Ran, Stage};
use crate::core::plan::{PlannedStep, StepResult};
use crate::playbook::Playbook;
use crate::playbook::action::{TruncateAction, is_log};
use crate::text::clean_line;

/// One file, by path and identity: another one of its name is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruncateOrder {
    /// Where.
    pub path: PathBuf,
    /// Its device and inode when it was planned.
    pub identity: (u64, u64),
}

/// Resolves it.
pub(super) fn plan(action: &TruncateAction, _: &Playbook, _: &Context) -> Result<PlannedStep, PlanError> {
    let path = PathBuf::from(&action.0);
    let (_, identity, _) = open(&path, None).map_err(PlanError::Refused)?;
    let details = vec![
        ("blast radius", "everything that stands in it".into()),
        ("rollback", "none: what stood in it is gone".to_owned()),
    ];
    let order = TruncateOrder { path, identity };
    step(&format!("empty {}", action.0), details, &Order::Truncate(order))
}

/// The file, open for writing, where it may be emptied; its identity and its size.
fn open(
    path: &std::path::Path,
    planned: Option<(u64, u64)>,
) -> Result<(std::os::fd::OwnedFd, (u64, u64), u64), String> {
    let shown = clean_line(&path.to_string_lossy()).into_owned();
    if !path.to_str().is_some_and(is_log) {
        return Err(format!("`{shown}` is no log that may be emptied"));
    }
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK;
    let file = open_plainly(path, flags)
        .map_err(|error| format!("`{shown}` cannot be opened without following a link: {error}"))?;
    let seen = look_at(&file).map_err(|error| format!("`{shown}`: {error}"))?;
    if seen.kind() != FileType::RegularFile || seen.links != 1 || seen.held_fast {
        return Err(format!("`{shown}` is not a plain file of one name"));
    }
    if planned.is_some_and(|planned| planned != seen.id()) {
        return Err(format!("`{shown}` is another file than when the plan was made"));
    }
    if let Some(writer) =
        keeps_a_place(path).map_err(|error| format!("who writes to `{shown}` cannot be told: {error}"))?
    {
        return Err(format!("{writer} writes to `{shown}` at a place of its own, so emptying it would free nothing"));
    }
    Ok((file, seen.id(), seen.size))
}

/// Who has the file open for writing without appending.
fn keeps_a_place(path: &std::path::Path) -> io::Result<Option<String>> {
    let wanted = fs::metadata(path)?;
    for process in
        fs::read_dir("/proc")?.flatten().filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
    {
        // what ended meanwhile, or is another user's, cannot be looked at
        for file in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            let same =
                fs::metadata(file.path()).is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()));
            if !same {
                continue;
            }
            let info = fs::read_to_string(process.path().join("fdinfo").join(file.file_name())).unwrap_or_default();
            let flags = info.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
            let flags = OFlags::from_bits_retain(flags.unwrap_or_default());
            if flags.intersects(OFlags::WRONLY | OFlags::RDWR) && !flags.contains(OFlags::APPEND) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Ok(Some(format!(
                    "{} (pid {})",
                    clean_line(name.trim()),
                    process.file_name().to_string_lossy()
                )));
            }
        }
    }
    Ok(None)
}

/// Empties it.
pub(super) async fn carry_out(order: TruncateOrder, _: &mut Stage<'_>) -> Ran {
    let emptying = move || match open(&order.path, Some(order.identity)) {
        Err(why) => Ran::refused(why),
        Ok((file, _, size)) => {
            let freed = ftruncate(&file, 0).map(|()| format!("{} gone", ByteSize(size).display().iec()));
            freed.map_or_else(
                |error| Ran::failed(format!("cannot be emptied: {error}")),
                |freed| Ran { result: StepResult::Done(freed.into()), output: String::new(), scope_empty: true },
            )
        }
    };
    tokio::task::spawn_blocking(emptying).await.unwrap_or_else(|error| Ran::failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_logs_are_emptied() {
        for path in
            ["/etc/passwd", "/var/log", "/var/log/journal/x/system.journal", "relative", "/var/log/salve/salve.log"]
        {
            assert!(open(Path::new(path), None).unwrap_err().contains("no log that may be emptied"), "{path}");
        }
    }

    #[test]
    fn a_writer_that_keeps_its_place_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let appending = fs::File::options().create(true).append(true).open(&path).unwrap();
        assert_eq!(keeps_a_place(&path).unwrap(), None);
        let placed = fs::File::options().write(true).open(&path).unwrap();
        assert!(keeps_a_place(&path).unwrap().unwrap().ends_with(&format!("(pid {})", std::process::id())));
        drop((appending, placed));
    }
}
