//! Kernel stacks of processes: what each waits for, as far as the kernel reveals it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::gathered::{Gathered, apart};
use crate::playbook::attachment::StackTable;
use crate::text::clean_line;

/// Threads of one process that are shown.
const THREADS: usize = 16;

pub(super) async fn gather(pids: Option<Vec<i32>>, wanted: StackTable) -> Gathered {
    let pids = pids.ok_or("the target has no processes of its own")?;
    apart("stacks in", Path::new("/proc"), move |_| Ok(drawn(&pids, wanted.top as usize))).await
}

fn drawn(pids: &[i32], top: usize) -> String {
    if pids.is_empty() {
        return "no process of it runs\n".into();
    }
    let mut out = String::new();
    for pid in pids.iter().take(top) {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for (nth, thread) in threads.take(THREADS).enumerate() {
            let read = |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
            let status = read("status");
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                clean_line(line.unwrap_or_default().trim()).into_owned()
            };
            let (waits, id) = (read("wchan"), thread.file_name().to_string_lossy().into_owned());
            let waits = if waits.is_empty() || waits == "0" { "nothing in the kernel".to_owned() } else { waits };
            let what = if nth == 0 { "process" } else { "  thread" };
            let _ =
                writeln!(out, "{what} {id} {}: {}, waits for {}", field("Name:"), field("State:"), clean_line(&waits));
            for line in read("stack").lines().take(24) {
                let _ = writeln!(out, "      {}", clean_line(line));
            }
        }
    }
    if pids.len() > top {
        let _ = writeln!(out, "and {} more processes", pids.len() - top);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_is_said_to_sleep() {
        let mut child = std::process::Command::new("/bin/sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let drawn = drawn(&[pid, pid], 1);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(drawn.starts_with(&format!("process {pid} ")), "{drawn}");
        assert!(drawn.ends_with("and 1 more processes\n"), "{drawn}");
    }
}
