//! Passes over real trees. Ages are zero here, because no test can set a change or birth time; `judge` covers ages.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, FlockOperation, Mode, flock, mknodat};
use tempfile::TempDir;

use super::{StopCondition, *};
use crate::foreign::openat2::look_at;

const TEST: MayHang = MayHang::because("a test");

/// A folder below `/tmp`, which is on the list.
struct Tree {
    folder: TempDir,
}

impl Tree {
    fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("salve-clean-").tempdir_in("/tmp").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, size: usize) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, vec![b'x'; size]).unwrap();
        path
    }

    fn resolved(&self) -> ResolvedClean {
        let root = roots::admit(self.folder.path().to_str().unwrap(), &[]).unwrap();
        ResolvedClean {
            identity: roots::identity(&root.path, &TEST).unwrap(),
            root: root.path,
            base: root.base,
            rotated_only: false,
            older_than_ms: 0,
            max_files: DEFAULT_MAX_FILES,
            max_bytes: None,
            max_depth: MAX_DEPTH,
            enough: Vec::new(),
        }
    }

    fn clean(&self) -> CleanReport {
        go(&self.resolved(), Run::Real)
    }
}

fn go(resolved: &ResolvedClean, run: Run) -> CleanReport {
    pass(resolved, None, &Stop::at(Instant::now() + Duration::from_mins(1)), run, &TEST).unwrap()
}

fn kept(report: &CleanReport, why: SkipReason) -> u64 {
    report.kept.0.get(&why).map_or(0, |(count, _)| *count)
}

#[test]
fn aged_plain_files_go_at_any_depth_and_folders_stay() {
    let tree = Tree::new();
    let paths = [tree.file("a", 10), tree.file("b/c", 10), tree.file("b/d/e", 10)];
    let report = tree.clean();
    assert_eq!(report.files, 3, "{}", report.text());
    assert!(paths.iter().all(|path| !path.exists()));
    assert!(tree.path("b/d").is_dir());
    assert!(matches!(report.result(), StepResult::Done(words) if words.starts_with("deleted 3 files")));
}

#[test]
fn a_dry_run_names_exactly_what_a_real_run_deletes_and_changes_nothing() {
    let tree = Tree::new();
    for name in ["a", "b/c", "x.db", "run.pid"] {
        tree.file(name, 5000);
    }
    symlink("a", tree.path("link")).unwrap();
    let dry = go(&tree.resolved(), Run::Dry);
    assert_eq!(fs::read_dir(tree.folder.path()).unwrap().count(), 5);
    let real = go(&tree.resolved(), Run::Real);
    assert_eq!((dry.files, dry.bytes, &dry.kept), (real.files, real.bytes, &real.kept));
    assert_eq!(real.files, 2);
}

#[test]
fn young_files_stay() {
    let tree = Tree::new();
    let path = tree.file("a", 10);
    let resolved = ResolvedClean { older_than_ms: 3_600_000, ..tree.resolved() };
    let report = go(&resolved, Run::Real);
    assert!(path.exists() && kept(&report, SkipReason::Young) == 1);
    // Setting the modification time back does not make a file old: its change and birth are still young.
    File::open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let report = go(&resolved, Run::Real);
    assert!(path.exists() && kept(&report, SkipReason::Young) == 1);
}

#[test]
fn a_symlink_to_a_canary_is_neither_followed_nor_removed() {
    let (tree, outside) = (Tree::new(), Tree::new());
    let canary = outside.file("canary", 10);
    symlink(&canary, tree.path("file-link")).unwrap();
    symlink(outside.folder.path(), tree.path("folder-link")).unwrap();
    let report = tree.clean();
    assert!(canary.exists() && tree.path("file-link").is_symlink() && tree.path("folder-link").is_symlink());
    assert_eq!((report.files, kept(&report, SkipReason::NotAFile)), (0, 2));
}

#[test]
fn a_hard_link_to_a_canary_leaves_both_names() {
    let (tree, outside) = (Tree::new(), Tree::new());
    let canary = outside.file("canary", 10);
    fs::hard_link(&canary, tree.path("other-name")).unwrap();
    let report = tree.clean();
    assert_eq!(kept(&report, SkipReason::Linked), 1);
    assert_eq!(fs::metadata(canary).unwrap().nlink(), 2);
}

#[test]
fn fifos_and_sockets_stay_and_do_not_hang_the_pass() {
    let tree = Tree::new();
    mknodat(CWD, tree.path("fifo"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _listener = UnixListener::bind(tree.path("plain-name")).unwrap();
    let report = tree.clean();
    assert_eq!((report.files, kept(&report, SkipReason::NotAFile)), (0, 2));
}

#[test]
fn setuid_and_sticky_files_stay() {
    let tree = Tree::new();
    for (name, mode) in [("setuid", 0o4755), ("setgid", 0o2755), ("sticky", 0o1644)] {
        fs::set_permissions(tree.file(name, 1), Permissions::from_mode(mode)).unwrap();
    }
    let report = tree.clean();
    assert_eq!((report.files, kept(&report, SkipReason::Privileged), kept(&report, SkipReason::Sticky)), (0, 2, 1));
}

#[test]
fn an_open_file_stays_and_its_holder_is_named() {
    let tree = Tree::new();
    let path = tree.file("open", 10);
    let _held = File::open(&path).unwrap();
    let report = tree.clean();
    assert!(path.exists());
    assert_eq!(kept(&report, SkipReason::InUse), 1);
    assert!(report.text().contains(&format!("({})", std::process::id())), "{}", report.text());
}

#[test]
fn a_file_opened_only_after_the_look_at_all_processes_stays_by_the_kernels_word() {
    let tree = Tree::new();
    let path = tree.file("open", 10);
    let resolved = tree.resolved();
    let root = roots::open(&resolved, &TEST).unwrap().unwrap();
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    let found = walk::walk(&resolved, &root, &Locks::read(), None, i128::MAX / 2, &stop);
    let _held = File::open(path).unwrap();
    let nobody = Holders { complete: true, ..Holders::default() };
    assert_eq!(remove::ready(&root, &found.candidates[0], &nobody).unwrap_err(), SkipReason::InUse);
}

#[test]
fn a_locked_file_stays_and_a_locked_folder_with_all_in_it() {
    let tree = Tree::new();
    tree.file("locked/inside", 1);
    let folder = File::open(tree.path("locked")).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    let file = File::open(tree.file("alone", 1)).unwrap();
    flock(&file, FlockOperation::LockShared).unwrap();
    let report = tree.clean();
    assert_eq!((report.files, kept(&report, SkipReason::Locked)), (0, 2), "{}", report.text());
}

#[test]
fn a_folder_locked_only_after_the_walk_keeps_what_is_below_it_at_any_depth() {
    let tree = Tree::new();
    tree.file("locked/deep/inside", 1);
    let resolved = tree.resolved();
    let root = roots::open(&resolved, &TEST).unwrap().unwrap();
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    let found = walk::walk(&resolved, &root, &Locks::read(), None, i128::MAX / 2, &stop);
    let nobody = Holders { complete: true, ..Holders::default() };
    for path in ["locked/deep", "locked", ""] {
        let folder = File::open(tree.path(path)).unwrap();
        flock(&folder, FlockOperation::LockShared).unwrap();
        assert_eq!(remove::ready(&root, &found.candidates[0], &nobody).unwrap_err(), SkipReason::Locked, "{path}");
    }
    let claimed = remove::ready(&root, &found.candidates[0], &nobody).unwrap();
    let folder = File::open(tree.path("locked")).unwrap();
    flock(&folder, FlockOperation::NonBlockingLockShared).unwrap_err();
    drop(claimed);
    flock(&folder, FlockOperation::NonBlockingLockShared).unwrap();
}

#[test]
fn a_lock_is_seen_while_others_come_and_go() {
    let tree = Tree::new();
    let others: Vec<File> = (0..8).map(|name| File::open(tree.file(&format!("other{name}"), 1)).unwrap()).collect();
    for file in &others {
        flock(file, FlockOperation::LockShared).unwrap();
    }
    let file = File::open(tree.file("locked", 1)).unwrap();
    flock(&file, FlockOperation::LockShared).unwrap();
    let seen = look_at(&file).unwrap();
    let over = AtomicBool::new(false);
    let missed = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for turn in [FlockOperation::Unlock, FlockOperation::LockShared] {
                    for file in &others {
                        flock(file, turn).unwrap();
                    }
                    std::thread::yield_now();
                }
            }
        });
        let missed = (0..2000).filter(|_| !Locks::read().holds(&seen)).count();
        over.store(true, Ordering::Relaxed);
        missed
    });
    assert_eq!(missed, 0);
}

#[test]
fn a_database_stays_by_its_first_bytes_whatever_its_name() {
    let tree = Tree::new();
    fs::write(tree.path("cache"), b"SQLite format 3\0rest").unwrap();
    let report = tree.clean();
    assert_eq!((report.files, kept(&report, SkipReason::Precious)), (0, 1));
}

#[test]
fn caps_hold_and_the_oldest_go_first() {
    let tree = Tree::new();
    for name in ["1", "2", "3", "4"] {
        tree.file(name, 8192);
        std::thread::sleep(Duration::from_millis(15));
    }
    let report = go(&ResolvedClean { max_files: 2, ..tree.resolved() }, Run::Real);
    assert_eq!((report.files, kept(&report, SkipReason::Cap)), (2, 2));
    assert!(!tree.path("1").exists() && !tree.path("2").exists() && tree.path("3").exists());
    let report = go(&ResolvedClean { max_bytes: Some(8192), ..tree.resolved() }, Run::Real);
    assert_eq!((report.files, tree.path("3").exists(), tree.path("4").exists()), (1, false, true));
    tree.file("deep/er/still/5", 1);
    let report = go(&ResolvedClean { max_depth: 2, ..tree.resolved() }, Run::Real);
    assert_eq!(kept(&report, SkipReason::TooDeep), 1);
    assert!(tree.path("deep/er/still/5").exists());
}

#[test]
fn it_stops_once_the_verifiers_target_is_met() {
    let tree = Tree::new();
    tree.file("a", 10);
    let met = ResolvedClean {
        enough: vec![StopCondition::Used("< 101%".parse().unwrap_or("<= 100%".parse().unwrap()))],
        ..tree.resolved()
    };
    let report = go(&met, Run::Real);
    assert_eq!((report.files, kept(&report, SkipReason::Enough)), (0, 1));
    let unmet = ResolvedClean { enough: vec![StopCondition::Used("< 0%".parse().unwrap())], ..tree.resolved() };
    assert_eq!(go(&unmet, Run::Real).files, 1);
}

#[test]
fn a_deadline_that_has_passed_deletes_nothing() {
    let tree = Tree::new();
    let path = tree.file("a", 10);
    let report = pass(&tree.resolved(), None, &Stop::at(Instant::now()), Run::Real, &TEST).unwrap();
    assert!(path.exists());
    assert_eq!(report.result(), StepResult::TimedOut);
}

#[test]
fn where_others_may_write_files_go_by_way_of_a_quarantine_which_is_removed() {
    let tree = Tree::new();
    fs::set_permissions(tree.folder.path(), Permissions::from_mode(0o1777)).unwrap();
    tree.file("a", 10);
    let report = tree.clean();
    assert_eq!(report.files, 1, "{}", report.text());
    assert_eq!(fs::read_dir(tree.folder.path()).unwrap().count(), 0);
}

#[test]
fn what_was_swapped_in_after_the_last_look_is_put_back_untouched() {
    let tree = Tree::new();
    fs::set_permissions(tree.folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let path = tree.file("a", 10);
    let resolved = tree.resolved();
    let root = roots::open(&resolved, &TEST).unwrap().unwrap();
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    let found = walk::walk(&resolved, &root, &Locks::read(), None, i128::MAX / 2, &stop);
    let holders = Holders { complete: true, ..Holders::default() };
    let ready = remove::ready(&root, &found.candidates[0], &holders).unwrap();
    fs::rename(&path, tree.path("judged")).unwrap();
    fs::write(&path, "not judged").unwrap();
    let mut remover = Remover::new(&root);
    assert_eq!(remover.remove(&ready), Err(NotRemoved::Kept(SkipReason::Changed)));
    assert_eq!(remover.finish(), None);
    assert_eq!(fs::read_to_string(&path).unwrap(), "not judged");
    assert!(tree.path("judged").exists());
}

#[test]
fn a_file_that_changed_since_it_was_judged_stays() {
    let tree = Tree::new();
    let path = tree.file("a", 10);
    let resolved = tree.resolved();
    let root = roots::open(&resolved, &TEST).unwrap().unwrap();
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    let found = walk::walk(&resolved, &root, &Locks::read(), None, i128::MAX / 2, &stop);
    File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
    let holders = Holders { complete: true, ..Holders::default() };
    assert_eq!(remove::ready(&root, &found.candidates[0], &holders).unwrap_err(), SkipReason::Changed);
}

#[test]
fn a_root_that_was_swapped_since_the_plan_is_refused() {
    let tree = Tree::new();
    tree.file("root/a", 1);
    let admitted = roots::admit(tree.path("root").to_str().unwrap(), &[]).unwrap();
    let resolved = ResolvedClean {
        identity: roots::identity(&admitted.path, &TEST).unwrap(),
        root: admitted.path,
        ..tree.resolved()
    };
    fs::rename(tree.path("root"), tree.path("moved")).unwrap();
    tree.file("root/b", 1);
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    assert!(matches!(pass(&resolved, None, &stop, Run::Real, &TEST), Err(RootError::Changed(_))));
    fs::remove_dir_all(tree.path("root")).unwrap();
    symlink("moved", tree.path("root")).unwrap();
    assert!(matches!(
        pass(&resolved, None, &stop, Run::Real, &TEST),
        Err(RootError::Open { .. } | RootError::NotAFolder(_))
    ));
    assert!(tree.path("moved/a").exists());
}

#[test]
fn a_root_that_is_not_there_is_nothing_to_do() {
    let tree = Tree::new();
    let resolved = ResolvedClean { root: tree.path("none"), identity: None, ..tree.resolved() };
    assert!(matches!(go(&resolved, Run::Real).result(), StepResult::Done(_)));
}

#[test]
fn our_own_state_is_never_entered() {
    let tree = Tree::new();
    let journal = tree.file("state/journal", 10);
    let stop = Stop::at(Instant::now() + Duration::from_mins(1));
    let report = pass(&tree.resolved(), Some(&tree.path("state")), &stop, Run::Real, &TEST).unwrap();
    assert!(journal.exists() && kept(&report, SkipReason::OwnState) == 1);
}

#[test]
fn what_was_deleted_but_is_still_open_is_named_with_its_holder() {
    let tree = Tree::new();
    let path = tree.file("gone.log", 100_000);
    let _held = File::open(&path).unwrap();
    fs::remove_file(path).unwrap();
    let report = tree.clean();
    let deleted = report.deleted_open.iter().find(|file| file.path.ends_with("gone.log")).unwrap();
    assert!(deleted.takes >= 100_000 && deleted.holder.ends_with(&format!("({})", std::process::id())));
}

#[test]
fn names_from_outside_cannot_forge_the_report() {
    let tree = Tree::new();
    tree.file("a\nkept 99: \x1b[31mred", 1);
    let text = tree.clean().text();
    assert!(!text.contains('\x1b') && !text.lines().any(|line| line.starts_with("kept 99")), "{text}");
}
