//! A finished walk as text: totals, the largest folders and files, and deleted files that still take space.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::path::Path;

use bytesize::ByteSize;
use rustix::fs::AtFlags;

use super::{UsageWalk, look};
use crate::evidence::gathered::bar;
use crate::evidence::usage::holders::{self, HeldFile};
use crate::playbook::attachment::UsageBy;
use crate::text::clean_line;

impl UsageWalk {
    /// The report: totals, then the largest folders and files, at most `top` rows of each.
    pub(super) fn render(mut self, root: &Path, top: usize) -> String {
        let mut out = String::new();
        if let Ok(room) = rustix::fs::statvfs(root) {
            let (size, free) = (room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize);
            let _ = writeln!(out, "{}: {} in all, {} free", root.display(), bytes(size), bytes(free));
        }
        let _ = writeln!(
            out,
            "{} entries seen: {} on the disk, {} by length",
            self.seen,
            bytes(self.total.allocated),
            bytes(self.total.apparent)
        );
        if let Some(why) = self.cut {
            let _ = writeln!(out, "This is a part only: {why}.");
        }
        if self.unread > 0 {
            let _ = writeln!(out, "{} entries could not be read.", self.unread);
        }
        if self.wanted.by == UsageBy::Entries {
            return out + &self.render_entries(root, top);
        }
        self.folders.sort_by(|one, other| other.cmp(one));
        self.folders.truncate(top);
        let files = self.files.into_sorted_vec().into_iter().map(|Reverse(file)| file).collect::<Vec<_>>();
        for (heading, rows) in [("Largest folders", self.folders), ("Largest files", files)] {
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{heading} (on the disk, by length):");
            for (size, path) in rows {
                let _ = writeln!(
                    out,
                    "{:>10} {:>10} {} {}",
                    bytes(size.allocated),
                    bytes(size.apparent),
                    bar(size.allocated, self.total.allocated),
                    clean_line(&root.join(path).to_string_lossy())
                );
            }
        }
        out
    }

    /// The folders that use up inodes.
    fn render_entries(mut self, root: &Path, top: usize) -> String {
        let mut out = String::new();
        if let Ok(room) = rustix::fs::statvfs(root) {
            let _ = writeln!(out, "{} inodes in all, {} free", room.f_files, room.f_favail);
        }
        self.folders.sort_by_key(|(size, _)| Reverse(size.entries));
        self.folders.truncate(top);
        out += "\nFolders of most entries, those below them counted in:\n";
        for (size, path) in self.folders {
            let share = bar(size.entries, self.total.entries);
            let _ = writeln!(out, "{:>10} {share} {}", size.entries, clean_line(&root.join(path).to_string_lossy()));
        }
        out
    }
}

/// Deleted files that still take space, and which processes hold them.
pub(super) fn render_holders(root: &Path, top: usize) -> String {
    let Ok(about) = look(rustix::fs::CWD, root.as_os_str(), AtFlags::empty()) else { return String::new() };
    let found = holders::on(&about);
    let mut out = String::from("\nDeleted files that are still held open:\n");
    if found.held.is_empty() {
        out.push_str("none found\n");
    }
    for HeldFile { allocated, path, pid, command } in found.held.iter().take(top) {
        let _ = writeln!(out, "{:>10} {path} held by {command} (pid {pid})", bytes(*allocated));
    }
    if found.unread > 0 {
        let _ = writeln!(out, "{} processes could not be looked at.", found.unread);
    }
    out
}
fn bytes(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}
