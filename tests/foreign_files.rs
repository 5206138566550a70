//! No file that is not salve's own is opened outside the room `foreign`. This reads every source without its tests, and
//! fails where a file is opened, looked at or written elsewhere, unless the file is listed here with what it touches.

#![allow(clippy::unwrap_used, reason = "a failed read of the sources is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Where files are touched directly, and which.
const ALLOWED: [(&str, &str); 41] = [
    (
        "src/action/storage/clean/execute/holders.rs",
        "what the kernel reports about processes, and about their descriptors without asking again",
    ),
    ("src/action/processes/limit/execute.rs", "control groups and limits"),
    ("src/action/network/link/execute.rs", "what the kernel reports about network links"),
    ("src/action/runner.rs", "the state folder"),
    (
        "src/action/storage/truncate/execute.rs",
        "what the kernel reports about processes, and about their descriptors without asking again",
    ),
    ("src/action/units/unit/", "the own control group"),
    ("src/check/units/cgroup/", "control groups"),
    ("src/check/scheduler/event_sources.rs", "the mount table"),
    ("src/check/events/folders.rs", "the inotify; a folder is watched only with a `MayHang`"),
    ("src/check/events/process_changes/id_counter.rs", "how many processes the kernel has counted"),
    ("src/check/host/load/probe.rs", "what the kernel reports about processors"),
    ("src/check/storage/mount/probe.rs", "whether a mount answers, in a thread of its own"),
    ("src/check/storage/path/probe.rs", "the host's accounts"),
    ("src/check/host/pressure/probe.rs", "what the kernel reports about pressure"),
    ("src/check/proc.rs", "processes"),
    ("src/cli/", "verbs: they end where the file is not there, and nothing waits for them"),
    ("src/console/app/file_worker.rs", "the operator's own playbooks, in a thread of its own"),
    ("src/console/app/external_editor.rs", "the operator's own draft"),
    ("src/console/config/preferences.rs", "the console's own settings"),
    ("src/console/theme/theme_loader.rs", "the console's own themes"),
    ("src/control/", "the own socket"),
    ("src/demo/", "the demo's own folder"),
    ("src/engine/operator.rs", "what the kernel reports about this process"),
    ("src/engine/run/timers.rs", "a switch of the tests"),
    ("src/engine/standalone/inventory/certificates.rs", "configuration below /etc, in a thread that may hang"),
    ("src/evidence/files.rs", "processes"),
    (
        "src/evidence/usage/holders.rs",
        "what the kernel reports about processes, and about their descriptors without asking again",
    ),
    ("src/evidence/stacks.rs", "processes"),
    ("src/evidence/usage.rs", "below a folder that `foreign` found, in a thread that may hang"),
    ("src/evidence/usage/report.rs", "how full the file system is on which the walked folder lies"),
    ("src/foreign/", "here it belongs"),
    ("src/host/cgroups.rs", "control groups"),
    ("src/host/child/scope", "control groups and processes"),
    ("src/host/clock.rs", "the boot's number"),
    ("src/host/containers.rs", "sockets of container engines"),
    ("src/host/links.rs", "network links"),
    ("src/host/paths.rs", "the own runtime folder"),
    ("src/host/sys/", "descriptors of children"),
    ("src/host/systemd/", "whether systemd runs this host"),
    ("src/journal/", "the state folder"),
    ("src/playbook/", "folders of playbooks, shown a `MayHang`, and where the operator's own are saved"),
];

/// What opens, looks at or changes a file by its path.
fn touches() -> Regex {
    let calls = "read|read_to_string|read_dir|read_link|metadata|symlink_metadata|canonicalize|write|create_dir|\
        create_dir_all|remove_file|remove_dir|remove_dir_all|rename|copy|hard_link|set_permissions|exists|open|openat|\
        openat2|stat|statat|statx|statvfs|access|chown|unlink|unlinkat|mkdirat|renameat";
    let methods = "exists|try_exists|is_file|is_dir|is_symlink|canonicalize|symlink_metadata|read_dir|read_link";
    Regex::new(&format!(
        r"\bfs::(?:{calls})\b\s*[(?]?|\b(?:statvfs|statx|openat2?)\(|\bFile::(?:open|create|options)\b|OpenOptions::new|DirBuilder::new|tempfile_in|\.(?:{methods})\(\)|inotify::init|tokio::fs"
    ))
    .unwrap()
}

/// The lines of a source, without comments and without its tests, that touch a file.
fn lines(source: &str) -> Vec<(usize, String)> {
    let (touches, mut found) = (touches(), Vec::new());
    for (number, line) in source.lines().enumerate() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        if touches.is_match(code) && !code.trim_start().starts_with("use ") {
            found.push((number + 1, code.trim().to_owned()));
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs") || file == "src/journal/round_trip.rs"
}

#[test]
fn no_file_of_somebody_else_is_opened_outside_the_room_foreign() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    assert!(files.len() > 100, "the sources are not where they were");
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for path in files {
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let lines = if is_test(&file) { Vec::new() } else { lines(&fs::read_to_string(&path).unwrap()) };
        match ALLOWED.iter().find(|(allowed, _)| file.starts_with(allowed)) {
            Some((allowed, _)) if !lines.is_empty() => drop(used.insert(*allowed)),
            Some(_) => {}
            None => wrong.extend(lines.into_iter().map(|(line, code)| format!("{file}:{line}: {code}"))),
        }
    }
    assert!(wrong.is_empty(), "files are touched outside the room `foreign`:\n{}", wrong.join("\n"));
    let idle: Vec<&str> = ALLOWED.iter().map(|(file, _)| *file).filter(|file| !used.contains(file)).collect();
    assert!(idle.is_empty(), "listed, but they touch no file: {idle:?}");
}

#[test]
fn a_planted_call_is_found() {
    for code in [
        "let text = std::fs::read_to_string(path)?;",
        "if path.exists() {",
        "let file = File::open(&path)?;",
        "OpenOptions::new().read(true).open(path)",
        "let seen = statvfs(mount)?;",
        "rustix::fs::openat(folder, name, flags, mode)",
        "tokio::fs::read(path).await",
        "fs::metadata(state)",
    ] {
        assert_eq!(lines(code).len(), 1, "{code}");
    }
    for code in
        ["// fs::read(path)", "use std::fs::File;", "#[cfg(test)]\nfs::read(path)", "file.metadata()", "seen.exists"]
    {
        assert_eq!(lines(code), [], "{code}");
    }
}
