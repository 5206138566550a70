//! The most frequent lines of a log: a program that fills it repeats the same message.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::gathered::{Gathered, apart, bar};
use crate::foreign::{self, MayHang};
use crate::playbook::Target;
use crate::playbook::attachment::RepeatedLines;
use crate::text::clean_line;

/// How much of the log's end is read, in bytes.
const READ: u64 = 4 << 20;
/// Columns of a line that are shown.
const SHOWN: usize = 160;

pub(super) async fn gather(target: &Target, wanted: RepeatedLines) -> Gathered {
    let path = match (&wanted.path, target) {
        (Some(path), _) => PathBuf::from(path),
        (None, Target::Path(path)) => PathBuf::from(&**path),
        (None, _) => return Err("no log is named, and the target is none".into()),
    };
    let top = wanted.top as usize;
    apart("repeated lines of", &path.clone(), move |may_hang| read(&path, top, may_hang)).await
}

fn read(path: &Path, top: usize, may_hang: &MayHang) -> Gathered {
    let (mut file, seen) = foreign::read::open(path, may_hang).map_err(|refusal| refusal.to_string())?;
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    file.seek(SeekFrom::Start(seen.size.saturating_sub(READ))).map_err(failed)?;
    let mut tail = Vec::new();
    file.take(READ).read_to_end(&mut tail).map_err(failed)?;
    Ok(drawn(&String::from_utf8_lossy(&tail), top))
}

fn drawn(text: &str, top: usize) -> String {
    let mut lines: HashMap<String, (usize, &str)> = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        lines.entry(shape(line)).or_insert((0, line)).0 += 1;
    }
    let all: usize = lines.values().map(|(count, _)| count).sum();
    let mut rows: Vec<(usize, &str)> = lines.into_values().collect();
    rows.sort_by_key(|(count, line)| (std::cmp::Reverse(*count), *line));
    let mut out = format!("{all} lines, {} of different shape; figures left out of the comparison\n", rows.len());
    for (count, line) in rows.into_iter().take(top) {
        let shown: String = clean_line(line).chars().take(SHOWN).collect();
        let _ = writeln!(out, "{count:>8} {} {shown}", bar(count as u64, all as u64));
    }
    out
}

/// A line without what changes from one time to the next: runs of digits and hexadecimal numbers.
fn shape(line: &str) -> String {
    let mut shape = String::with_capacity(line.len());
    for word in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        if word.chars().any(|c| c.is_ascii_digit()) {
            shape.push('#');
            shape.extend(word.chars().last().filter(|c| !c.is_ascii_alphanumeric()));
        } else {
            shape.push_str(word);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::*;

    #[test]
    fn lines_that_differ_in_figures_only_are_one() {
        let text = "12:01:02 worker[17]: cannot reach 10.0.0.1\nhello\n12:01:03 worker[18]: cannot reach 10.0.0.2\n";
        let drawn = drawn(text, 1);
        assert!(drawn.starts_with("3 lines, 2 of different shape"), "{drawn}");
        assert!(drawn.lines().nth(1).unwrap().trim_start().starts_with("2 "), "{drawn}");
    }

    #[tokio::test]
    async fn what_is_no_log_says_why() {
        let wanted = |path: Option<&str>| RepeatedLines { path: path.map(Into::into), top: 3 };
        assert!(gather(&Target::Host, wanted(None)).await.is_err());
        assert!(gather(&Target::Host, wanted(Some("/no/such"))).await.unwrap_err().starts_with("/no/such: "));
        assert!(gather(&Target::Host, wanted(Some("/etc"))).await.unwrap_err().contains("not a regular file"));
    }

    #[tokio::test]
    async fn a_link_that_the_logs_owner_put_there_gives_away_no_file_of_roots() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (secret, log) = (folder.path().join("secret"), folder.path().join("log"));
        std::fs::write(&secret, "a key of root's\n").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&secret, &log).unwrap();
        lchown(&log, Some(4711), Some(4711)).unwrap();
        let said = gather(&Target::Path(log.to_str().unwrap().into()), RepeatedLines { path: None, top: 3 }).await;
        assert!(said.unwrap_err().contains("uid 4711, who may not read what it leads to"));
    }
}
