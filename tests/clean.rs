//! `clean` against an attacker who swaps names while it works, and through the whole way from plan to report.
//! Needs no root; what needs root stands in `hostile.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/attempt.rs"]
mod attempt;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use attempt::{context, fresh_attempt, output, playbook};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use salve::action::{PlanError, Runner, dry_run, plan};
use salve::core::plan::{Plan, StepResult};
use salve::playbook::action::CleanAction;
use salve::playbook::check::FilesystemCheck;
use salve::playbook::{Action, Check, Target};

fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("salve-test-").tempdir_in("/tmp").unwrap()
}

fn clean_action(path: &Path, older_than: &str) -> CleanAction {
    CleanAction {
        path: path.to_str().unwrap().to_owned(),
        older_than: older_than.parse().unwrap(),
        max_files: None,
        max_bytes: None,
    }
}

async fn clean_plan(path: &Path, older_than: &str) -> Result<Arc<Plan>, PlanError> {
    let action = Action::Clean(clean_action(path, older_than));
    let playbook = playbook(vec![action], "30s".parse().unwrap(), Vec::new());
    plan(&playbook, 0, &context(Target::Mount("/".into()))).await.map(Arc::new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_plan_to_report_the_dry_run_and_the_real_run_agree() {
    let (folder, state) = (scratch(), tempfile::tempdir().unwrap());
    for name in ["a", "b", "keep.db", "keep.pid"] {
        fs::write(folder.path().join(name), vec![b'x'; 100_000]).unwrap();
    }
    let plan = clean_plan(folder.path(), "0s").await.unwrap();
    assert_eq!(&*plan.steps[0].sentence, format!("delete files below {} older than 0s", folder.path().display()));
    let dry = dry_run(&plan).await;
    assert!(dry[0].found[0].starts_with("would delete 2 files"), "{:?}", dry[0].found);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    let report = Runner::new(state.path()).execute(fresh_attempt(), plan).await;
    assert!(matches!(&report.steps[0].result, StepResult::Done(words) if words.starts_with("deleted 2 files")));
    let left = |name: &str| folder.path().join(name).exists();
    assert!(!left("a") && !left("b") && left("keep.db") && left("keep.pid"));
    assert!(output(&report).contains("kept 2: database"), "{}", output(&report));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_only_once_they_are_old_enough() {
    let (folder, state) = (scratch(), tempfile::tempdir().unwrap());
    let runner = Runner::new(state.path());
    fs::write(folder.path().join("old"), "x").unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    fs::write(folder.path().join("young"), "x").unwrap();
    runner.execute(fresh_attempt(), clean_plan(folder.path(), "1s").await.unwrap()).await;
    assert!(!folder.path().join("old").exists() && folder.path().join("young").exists());
}

/// There is no plan, for a reason that begins so.
fn assert_refused<T>(planned: Result<T, PlanError>, why: &str) {
    match planned {
        Err(PlanError::Refused(said)) => assert!(said.starts_with(why), "{said}; expected: {why}"),
        Err(other) => panic!("{other}; expected: {why}"),
        Ok(_) => panic!("there is a plan; expected: {why}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_off_the_list_has_no_plan_and_one_that_a_setting_adds_has() {
    for (path, why) in [
        ("/", "is a system folder or a home"),
        ("/home", "is a system folder or a home"),
        ("/etc", "is a system folder or a home"),
        ("/var/lib/mysql", "is a system folder or a home"),
        ("/tmp/../etc", "is not an absolute path in its simplest spelling"),
        ("/tmp/*", "holds a glob"),
        ("tmp", "is not an absolute path in its simplest spelling"),
        ("/srv/salve-test-scratch", "is on neither the list"),
    ] {
        assert_refused(clean_plan(Path::new(path), "7d").await, &format!("`{path}` {why}"));
    }
    let path = Path::new("/srv/salve-test-scratch");
    let playbook = playbook(vec![Action::Clean(clean_action(path, "7d"))], "30s".parse().unwrap(), Vec::new());
    let mut context = context(Target::Host);
    context.clean_roots = vec![path.to_owned()];
    assert!(plan(&playbook, 0, &context).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_that_is_a_symlink_has_no_plan() {
    let (folder, outside) = (scratch(), scratch());
    fs::write(outside.path().join("canary"), "x").unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    let link = folder.path().join("link");
    let why = format!("`{}` cannot be opened without following a link", link.display());
    assert_refused(clean_plan(&link, "0s").await, &why);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_at_what_the_verifier_wants_of_the_file_system() {
    let (folder, state) = (scratch(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("a"), "x").unwrap();
    let mount = mount_of(folder.path());
    let verify = |used: &str| {
        vec![Check::Filesystem(FilesystemCheck { used: Some(used.parse().unwrap()), ..FilesystemCheck::default() })]
    };
    let runner = Runner::new(state.path());
    for (used, there) in [("<= 100%", true), ("< 0%", false)] {
        let action = Action::Clean(clean_action(folder.path(), "0s"));
        let playbook = playbook(vec![action], "30s".parse().unwrap(), verify(used));
        let plan = plan(&playbook, 0, &context(Target::Mount(mount.to_str().unwrap().into()))).await.unwrap();
        let report = runner.execute(fresh_attempt(), Arc::new(plan)).await;
        assert_eq!(folder.path().join("a").exists(), there, "{}", output(&report));
    }
}

/// The mount point that a folder is on.
fn mount_of(folder: &Path) -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let points = mounts.lines().map(|line| PathBuf::from(line.split(' ').nth(4).unwrap()));
    points.filter(|point| folder.starts_with(point)).max_by_key(|point| point.components().count()).unwrap()
}

/// A tree outside that must never change, and a tree inside that an attacker works on.
struct Arena {
    outside: tempfile::TempDir,
    inside: tempfile::TempDir,
    stop: Arc<AtomicBool>,
    swaps: Arc<AtomicU64>,
}

impl Arena {
    fn new() -> Self {
        let (outside, inside) = (scratch(), scratch());
        fs::create_dir(outside.path().join("canaries")).unwrap();
        for name in 0..20 {
            fs::write(outside.path().join(format!("canaries/{name}")), format!("canary {name}")).unwrap();
        }
        fs::set_permissions(inside.path(), Permissions::from_mode(0o1777)).unwrap();
        Self { outside, inside, stop: Arc::default(), swaps: Arc::default() }
    }

    /// Goes on with `attack` until the arena is closed.
    fn attack(&self, attack: impl Fn(&Path, &Path) -> bool + Send + 'static) -> std::thread::JoinHandle<()> {
        let (inside, canaries) = (self.inside.path().to_owned(), self.outside.path().join("canaries"));
        let (stop, swaps) = (Arc::clone(&self.stop), Arc::clone(&self.swaps));
        std::thread::spawn(move || {
            let mut random = 1_u64;
            while !stop.load(Ordering::Relaxed) {
                // Long enough apart that files are judged at rest, at every distance from the judgement.
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // On a busy machine a judgement takes longer, so some rests are long.
                let longest = if random >> 62 == 0 { 90_000 } else { 6000 };
                std::thread::sleep(Duration::from_micros((random >> 33) % longest));
                if attack(&inside, &canaries) {
                    swaps.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    }

    fn there_was_a_contest(&self, deleted: u64) {
        let swaps = self.swaps.load(Ordering::Relaxed);
        assert!(swaps > 50 && deleted > 0, "no contest: {swaps} swaps, {deleted} files deleted");
    }

    fn canaries_unchanged(&self) -> bool {
        (0..20).all(|name| {
            let path = self.outside.path().join(format!("canaries/{name}"));
            fs::read_to_string(path).is_ok_and(|text| text == format!("canary {name}"))
        })
    }

    /// Cleans again and again, with fresh bait, for some seconds, and until something was won.
    async fn clean(&self, length: Duration, bait: impl Fn(&Path)) -> u64 {
        let state = tempfile::tempdir().unwrap();
        let runner = Runner::new(state.path());
        let (until, longest) = (Instant::now() + length, Instant::now() + Duration::from_mins(1));
        let mut deleted = 0;
        while Instant::now() < until || (deleted == 0 && Instant::now() < longest) {
            bait(self.inside.path());
            let plan = clean_plan(self.inside.path(), "0s").await.unwrap();
            let report = runner.execute(fresh_attempt(), plan).await;
            deleted += output(&report).lines().filter(|line| line.starts_with("  /")).count() as u64;
        }
        self.stop.store(true, Ordering::Relaxed);
        deleted
    }
}

/// Fills the names that are free.
fn bait(inside: &Path, names: &[&str]) {
    for name in names {
        let _ = fs::File::create_new(inside.join(name));
    }
}

fn exchange(one: &Path, other: &Path) -> bool {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_swapped_for_a_symlink_mid_walk_never_leads_outside() {
    let arena = Arena::new();
    symlink(arena.outside.path().join("canaries"), arena.inside.path().join("link")).unwrap();
    fs::create_dir(arena.inside.path().join("folder")).unwrap();
    let attacker = arena.attack(|inside, _| exchange(&inside.join("folder"), &inside.join("link")));
    let deleted = arena
        .clean(Duration::from_secs(4), |inside| {
            for name in 0..20 {
                // Whichever of the two is the folder now; a canary is never opened for writing.
                let bait = inside.join("bait");
                let _ = fs::write(&bait, "bait");
                let _ = fs::rename(&bait, inside.join(format!("bait-{name}")));
            }
        })
        .await;
    attacker.join().unwrap();
    arena.there_was_a_contest(deleted);
    assert!(arena.canaries_unchanged());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_swapped_for_another_at_the_last_moment_is_not_deleted_unjudged() {
    let arena = Arena::new();
    // The treasure is inside and kept by its link count; the attacker lends it a judged file's name.
    fs::write(arena.inside.path().join("treasure"), "treasure").unwrap();
    fs::hard_link(arena.inside.path().join("treasure"), arena.outside.path().join("second-name")).unwrap();
    let attacker = arena.attack(|inside, _| exchange(&inside.join("treasure"), &inside.join("bait")));
    let deleted = arena.clean(Duration::from_secs(4), |inside| bait(inside, &["bait", "treasure"])).await;
    attacker.join().unwrap();
    arena.there_was_a_contest(deleted);
    let second = arena.outside.path().join("second-name");
    assert_eq!(fs::read_to_string(&second).unwrap(), "treasure");
    assert_eq!(fs::metadata(&second).unwrap().nlink(), 2, "its name inside went");
    assert!(arena.canaries_unchanged());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_symlink_lent_a_judged_files_name_is_not_followed() {
    let arena = Arena::new();
    symlink(arena.outside.path().join("canaries/3"), arena.inside.path().join("link")).unwrap();
    let attacker = arena.attack(|inside, _| exchange(&inside.join("link"), &inside.join("bait")));
    let deleted = arena.clean(Duration::from_secs(4), |inside| bait(inside, &["bait", "link"])).await;
    attacker.join().unwrap();
    arena.there_was_a_contest(deleted);
    assert!(arena.canaries_unchanged());
}
