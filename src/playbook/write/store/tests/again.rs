//! Tests that run themselves again: on a small disk, as nobody, to be killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::files;
use crate::playbook::write::store::{Drafts, SaveError, save};

/// Says where a test that runs again is to work.
const PLACE: &str = "SALVE_TEST_PLACE";

fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// This program, to run one test of this page in a place.
fn again(wrapper: &[&str], test: &str, place: &Path) -> Command {
    let own = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(own),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(own);
            command
        }
    };
    command.args(["--exact", &format!("playbook::write::store::tests::again::{test}")]).env(PLACE, place);
    command
}

/// Runs it; a host that does not let the wrapper do its work has no such place, and nothing is said about it.
fn passes(mut command: Command, barred: &[&str]) {
    let Ok(run) = command.output() else { return };
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    let barred = barred.iter().any(|word| said.contains(word));
    assert!(barred || (run.status.success() && said.contains("1 passed")), "{said}");
}

#[test]
fn a_full_disk_and_a_read_only_one_leave_everything_as_it_was() {
    if let Some(disk) = place() {
        return on_small_disk(&disk);
    }
    let home = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k small \"$SALVE_TEST_PLACE\" 2>/dev/null || { echo no disk; exit 0; }; \
                  exec \"$0\" \"$@\"";
    let wrapper = ["unshare", "--map-root-user", "--mount", "sh", "-c", script];
    let test = "a_full_disk_and_a_read_only_one_leave_everything_as_it_was";
    passes(again(&wrapper, test, home.path()), &["no disk", "unshare:"]);
}

fn on_small_disk(disk: &Path) {
    let path = disk.join("a.toml");
    let drafts = Drafts::new(disk.join("drafts"));
    save(&path, "one", None).unwrap();
    drafts.keep("a", &path, "draft").unwrap();
    let before = files(disk);
    let large = "x".repeat(100_000);
    let told = save(&path, &large, Some("one")).unwrap_err();
    assert!(matches!(told, SaveError::NoRoom { why: Errno::NOSPC, .. }), "{told:?}");
    assert!(matches!(drafts.keep("a", &path, &large), Err(SaveError::NoRoom { .. })));
    let as_before = || {
        assert_eq!((fs::read_to_string(&path).unwrap(), files(disk)), ("one".into(), before.clone()));
        assert_eq!(drafts.all().into_iter().map(|draft| draft.text).collect::<Vec<_>>(), ["draft"]);
        assert_eq!(files(&disk.join("drafts")), ["a.draft"]);
    };
    as_before();
    let frozen = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status().unwrap();
    assert!(frozen.success());
    assert_eq!(save(&path, "two", Some("one")), Err(SaveError::ReadOnly { folder: disk.into() }));
    as_before();
}

#[test]
fn who_may_not_write_there_is_told_and_nothing_changes() {
    if let Some(folder) = place() {
        return in_shut_folder(&folder);
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.toml"), "one").unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let test = "who_may_not_write_there_is_told_and_nothing_changes";
    // root may write everywhere
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let wrapper: &[&str] = if rustix::process::geteuid().is_root() { &nobody } else { &[] };
    passes(again(wrapper, test, home.path()), &["setpriv:"]);
    assert_eq!(
        (fs::read_to_string(home.path().join("a.toml")).unwrap(), files(home.path())),
        ("one".into(), vec!["a.toml".into()])
    );
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

fn in_shut_folder(folder: &Path) {
    let denied = |told| matches!(told, Err(SaveError::Denied { folder: there, .. }) if there == folder);
    assert!(denied(save(&folder.join("a.toml"), "two", Some("one"))));
    assert!(denied(save(&folder.join("new.toml"), "two", None)));
    assert!(denied(save(&folder.join("deeper/new.toml"), "two", None)));
    let changed = save(&folder.join("a.toml"), "two", Some("other"));
    assert_eq!(changed, Err(SaveError::Changed { theirs: "one".into() }), "to compare is not to write");
}

/// Ended with its test, so that none is left behind.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// However it is killed, a draft that was there is there, whole: the one before or the one after.
#[test]
fn a_draft_outlives_who_is_killed_while_typing() {
    if let Some(folder) = place() {
        for nth in 1.. {
            Drafts::new(&folder).keep("a", Path::new("a.toml"), &format!("{nth}\n").repeat(5000)).unwrap();
        }
    }
    let home = tempfile::tempdir().unwrap();
    let drafts = Drafts::new(home.path());
    for round in 0..5 {
        let mut typing = again(&[], "a_draft_outlives_who_is_killed_while_typing", home.path());
        let mut victim = Victim(typing.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let long = Instant::now() + Duration::from_mins(1);
        while drafts.all().is_empty() && Instant::now() < long {
            std::thread::sleep(Duration::from_millis(1));
        }
        // at a moment of its own in each round
        std::thread::sleep(Duration::from_millis(7 * round));
        victim.0.kill().unwrap();
        victim.0.wait().unwrap();
        let all = drafts.all();
        let [draft] = all.as_slice() else { panic!("{} drafts", all.len()) };
        let number = draft.text.lines().next().unwrap();
        assert!(draft.text == format!("{number}\n").repeat(5000), "torn at {number}");
    }
}
