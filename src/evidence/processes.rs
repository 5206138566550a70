//! A table of the processes that use most of the host.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use procfs::process::{Stat, all_processes};

use super::gathered::{DEADLINE, Gathered, bar};
use crate::foreign;
use crate::playbook::attachment::{ProcessBy, ProcessTable};
use crate::text::clean_line;

/// Time on processors is measured over this.
const MEASURED: Duration = Duration::from_millis(500);

pub(super) async fn gather(wanted: ProcessTable) -> Gathered {
    let top = wanted.top as usize;
    match wanted.by {
        ProcessBy::Memory => Ok(by_memory(&apart_stats().await?, top)),
        ProcessBy::Zombies => Ok(by_zombies(&apart_stats().await?, top)),
        ProcessBy::Cpu => {
            let before = apart_stats().await?;
            tokio::time::sleep(MEASURED).await;
            Ok(by_cpu(&before, &apart_stats().await?, top))
        }
    }
}

async fn apart_stats() -> Result<Vec<Stat>, String> {
    let read = foreign::task("processes in", Path::new("/proc"), DEADLINE, |_| stats());
    read.await.map_err(|silence| silence.to_string())?
}

fn stats() -> Result<Vec<Stat>, String> {
    let all = all_processes().map_err(|error| format!("/proc cannot be listed: {error}"))?;
    // what ended meanwhile is left out
    Ok(all.flatten().filter_map(|process| process.stat().ok()).collect())
}

fn by_memory(all: &[Stat], top: usize) -> String {
    let page = procfs::page_size();
    let total = procfs::Meminfo::current_total();
    let rows = all.iter().map(|stat| (stat.rss * page, stat)).collect();
    drawn(rows, top, |bytes| ByteSize(bytes).display().iec().to_string(), total)
}

fn by_cpu(before: &[Stat], after: &[Stat], top: usize) -> String {
    let spent = |stat: &Stat| stat.utime + stat.stime;
    let then: HashMap<(i32, u64), u64> = before.iter().map(|stat| ((stat.pid, stat.starttime), spent(stat))).collect();
    let ticks = procfs::ticks_per_second().max(1);
    // percent of one processor, in tenths
    let share = |stat: &Stat| {
        let since = then.get(&(stat.pid, stat.starttime)).map_or(0, |then| spent(stat).saturating_sub(*then));
        since * 1_000_000 / ticks / u64::try_from(MEASURED.as_millis()).unwrap_or(1)
    };
    let rows = after.iter().map(|stat| (share(stat), stat)).collect();
    drawn(rows, top, |share| format!("{}.{}%", share / 10, share % 10), 1000)
}

fn drawn(mut rows: Vec<(u64, &Stat)>, top: usize, figure: impl Fn(u64) -> String, whole: u64) -> String {
    rows.sort_by_key(|(amount, stat)| (std::cmp::Reverse(*amount), stat.pid));
    let mut out = String::new();
    for (amount, stat) in rows.into_iter().take(top) {
        let name = clean_line(&stat.comm);
        let _ = writeln!(out, "{:>12} {} {name} (pid {})", figure(amount), bar(amount, whole), stat.pid);
    }
    out
}

fn by_zombies(all: &[Stat], top: usize) -> String {
    let by_pid: HashMap<i32, &Stat> = all.iter().map(|stat| (stat.pid, stat)).collect();
    let mut dead: HashMap<i32, usize> = HashMap::new();
    for stat in all.iter().filter(|stat| stat.state == 'Z') {
        *dead.entry(stat.ppid).or_default() += 1;
    }
    let mut parents: Vec<_> = dead.into_iter().collect();
    parents.sort_by_key(|(pid, count)| (std::cmp::Reverse(*count), *pid));
    let mut out = String::new();
    for (parent, count) in parents.into_iter().take(top) {
        let _ = writeln!(out, "{count} dead children not reaped by:");
        let mut line: Vec<i32> = Vec::new();
        let mut at = parent;
        while let Some(stat) = by_pid.get(&at).filter(|_| line.len() < 64) {
            line.push(at);
            at = stat.ppid;
        }
        for (depth, pid) in line.into_iter().rev().enumerate() {
            let name = by_pid.get(&pid).map_or("?".into(), |stat| clean_line(&stat.comm));
            let _ = writeln!(out, "  {}{name} (pid {pid})", "  ".repeat(depth));
        }
    }
    if out.is_empty() { "no zombie was found\n".into() } else { out }
}

/// The host's memory in bytes.
trait Total {
    fn current_total() -> u64;
}

impl Total for procfs::Meminfo {
    fn current_total() -> u64 {
        use procfs::Current as _;
        Self::current().map_or(0, |info| info.mem_total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_table_has_as_many_rows_as_were_asked_for() {
        for by in [ProcessBy::Cpu, ProcessBy::Memory] {
            let drawn = gather(ProcessTable { by, top: 1 }).await.unwrap();
            assert_eq!(drawn.lines().count(), 1, "{drawn}");
            assert!(drawn.contains("(pid "), "{drawn}");
        }
    }

    #[test]
    fn a_zombie_is_shown_below_its_ancestors() {
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let own = format!("(pid {})", std::process::id());
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let mut drawn = String::new();
        while !drawn.contains(&own) && std::time::Instant::now() < deadline {
            drawn = by_zombies(&stats().unwrap(), 1000);
        }
        child.wait().unwrap();
        assert!(drawn.contains("dead children not reaped by:") && drawn.contains(&own), "{drawn}");
    }
}
