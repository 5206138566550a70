use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::Path;

use super::tail::Tail;
use super::*;
use crate::core::{Mono, Verdict};

const WINDOW: Duration = Duration::from_mins(1);

struct Follow {
    tail: Option<Tail>,
    path: String,
}

impl Follow {
    fn new(path: &Path) -> Self {
        Self { tail: Some(Tail::default()), path: path.to_str().unwrap().into() }
    }

    fn probe(&mut self, second: u64) -> Result<LogSeen, String> {
        let pattern = LogCheck::ready("ERROR").unwrap();
        let (tail, seen) = self.tail.take().unwrap().read(
            &self.path,
            &pattern,
            WINDOW,
            Mono(second * 1000),
            &MayHang::because("a test"),
        );
        self.tail = Some(tail);
        seen
    }

    fn count(&mut self, second: u64) -> u64 {
        self.probe(second).unwrap().count
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn lines_are_counted_through_a_window_and_a_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    append(&file, "ERROR from before\n");
    let mut follow = Follow::new(&file);
    assert_eq!(follow.count(0), 0);
    append(&file, "ERROR 1\nfine\nERR");
    assert_eq!(follow.count(10), 1);
    append(&file, "OR 2\n");
    assert_eq!(follow.probe(20).unwrap(), LogSeen { count: 2, over_ms: 20_000, latest: Some("ERROR 2".into()) });
    assert_eq!(follow.count(75), 1);
    assert_eq!(follow.probe(90).unwrap(), LogSeen { count: 0, over_ms: 60_000, latest: None });
}

#[test]
fn a_rotated_file_is_read_to_its_end_and_a_cut_one_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    append(&file, "");
    let mut follow = Follow::new(&file);
    assert_eq!(follow.count(0), 0);
    append(&file, "ERROR old\n");
    fs::rename(&file, folder.path().join("log.1")).unwrap();
    assert_eq!(follow.count(1), 1, "between two files there is none for a moment");
    append(&folder.path().join("log.1"), "ERROR its writer had it open still\n");
    append(&file, "ERROR new\n");
    assert_eq!(follow.count(2), 3);
    fs::write(&file, "").unwrap();
    append(&file, "ERROR x\n");
    assert_eq!(follow.count(3), 4, "copied and cut off");
}

#[test]
fn what_is_no_log_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Follow::new(&folder.path().join("none")).probe(0).is_err());
    assert!(Follow::new(folder.path()).probe(0).is_err());
    assert!(Follow::new(Path::new("/dev/zero")).probe(0).is_err());
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
    assert!(Follow::new(&pipe).probe(0).is_err(), "and holds nobody up");
}

#[test]
fn hostile_lines_are_matched_by_their_head_and_shown_clean() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    append(&file, "");
    let mut follow = Follow::new(&file);
    follow.count(0);
    let mut log = OpenOptions::new().append(true).open(&file).unwrap();
    log.write_all(b"ERROR \xff\x1b[31m\x00 password=hunter2 ").unwrap();
    log.write_all(&vec![b'x'; 300_000]).unwrap();
    log.write_all(b"ERROR\n").unwrap();
    let seen = follow.probe(1).unwrap();
    let latest = seen.latest.unwrap();
    assert_eq!(seen.count, 1);
    assert!(!latest.contains(['\x1b', '\0']) && !latest.contains("hunter2") && latest.chars().count() <= LINE);
}

#[test]
fn none_counts_only_after_a_whole_window() {
    let check = |count: &str| LogCheck {
        pattern: "ERROR".into(),
        count: Some(count.parse().unwrap()),
        window: Some(Period(WINDOW)),
        ..LogCheck::default()
    };
    let seen = |count, over_ms| LogSeen { count, over_ms, latest: None };
    assert_eq!(check("= 0").judge(&seen(0, 10_000)).verdict, Verdict::DoesNotHold);
    assert_eq!(check("= 0").judge(&seen(1, 10_000)).verdict, Verdict::DoesNotHold);
    assert_eq!(check("= 0").judge(&seen(0, 60_000)).verdict, Verdict::Holds);
    assert_eq!(check("> 3").judge(&seen(1, 10_000)).verdict, Verdict::DoesNotHold);
    assert_eq!(check("> 3").judge(&seen(4, 10_000)).verdict, Verdict::Holds);
    assert_eq!(check("> 3").condition(), "> 3 lines match \"ERROR\" in 1m");
}

#[test]
fn a_log_that_its_owner_replaces_with_a_link_shows_no_file_of_roots() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (secret, log) = (folder.path().join("secret"), folder.path().join("log"));
    append(&secret, "");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    append(&log, "");
    let mut follow = Follow::new(&log);
    assert_eq!(follow.count(0), 0);
    fs::remove_file(&log).unwrap();
    symlink(&secret, &log).unwrap();
    lchown(&log, Some(4711), Some(4711)).unwrap();
    append(&secret, "ERROR the key is 4242\n");
    let refused = follow.probe(1).unwrap_err();
    assert!(refused.contains("uid 4711, who may not read what it leads to"), "{refused}");
}
