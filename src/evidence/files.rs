//! The open files of processes: how many of each kind, and the limit.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use procfs::process::{FDTarget, LimitValue, Process};

use super::gathered::{Gathered, apart, bar};
use crate::playbook::attachment::FileTable;
use crate::text::clean_line;

/// Processes that are shown, those with most files first.
const PROCESSES: usize = 8;

pub(super) async fn gather(pids: Option<Vec<i32>>, wanted: FileTable) -> Gathered {
    let pids = pids.ok_or("the target has no processes of its own")?;
    apart("open files in", Path::new("/proc"), move |_| Ok(drawn(&pids, wanted.top as usize))).await
}

fn drawn(pids: &[i32], top: usize) -> String {
    let count = |pid: i32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count) as u64;
    let mut all: Vec<(u64, i32)> = pids.iter().map(|pid| (count(*pid), *pid)).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    let mut out = String::new();
    for (open, pid) in all.into_iter().take(PROCESSES) {
        let Ok(process) = Process::new(pid) else { continue };
        let name = process.stat().map_or_else(|_| "?".into(), |stat| clean_line(&stat.comm).into_owned());
        let limits = process.limits().ok().map(|limits| limits.max_open_files);
        let (soft, hard) = limits.map_or((0, String::new()), |limit| {
            let hard = match limit.hard_limit {
                LimitValue::Value(hard) => format!(", could be raised to {hard}"),
                LimitValue::Unlimited => String::new(),
            };
            (if let LimitValue::Value(soft) = limit.soft_limit { soft } else { 0 }, hard)
        });
        let _ = writeln!(out, "{name} (pid {pid}): {} {open} of {soft}{hard}", bar(open, soft));
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for file in process.fd().into_iter().flatten().flatten() {
            *kinds.entry(kind(&file.target)).or_default() += 1;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (kind, count) in kinds.into_iter().take(top) {
            let _ = writeln!(out, "{count:>8}  {kind}");
        }
    }
    if out.is_empty() { "no process of it runs\n".into() } else { out }
}

/// Files count by their folder, everything else by what it is.
fn kind(target: &FDTarget) -> String {
    match target {
        FDTarget::Path(path) => {
            let folder = path.parent().unwrap_or(path).to_string_lossy();
            format!("files in {}", clean_line(&folder))
        }
        FDTarget::Socket(_) => "sockets".into(),
        FDTarget::Net(_) => "network namespaces".into(),
        FDTarget::Pipe(_) => "pipes".into(),
        FDTarget::MemFD(_) => "memory files".into(),
        FDTarget::AnonInode(what) | FDTarget::Other(what, _) | FDTarget::Unknown(what, _) => {
            clean_line(what).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_by_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let open: Vec<_> = (0..20).map(|nth| fs::File::create(folder.path().join(nth.to_string())).unwrap()).collect();
        let drawn = drawn(&[i32::try_from(std::process::id()).unwrap()], 50);
        let row = format!("{:>8}  files in {}", open.len(), folder.path().display());
        assert!(drawn.lines().any(|line| line == row), "{drawn}");
    }
}
