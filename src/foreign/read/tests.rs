use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const TEST: MayHang = MayHang::because("a test");
/// Some ordinary users.
const ANNA: u32 = 4711;
const BERT: u32 = 4712;

/// A folder of Anna's, and a secret of root's beside it; none where the test does not run as root.
fn stage() -> Option<(TempDir, PathBuf, PathBuf)> {
    if !geteuid().is_root() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (hers, secret) = (folder.path().join("hers"), folder.path().join("secret"));
    fs::create_dir(&hers).unwrap();
    file(&secret, "root's own", 0, 0o600);
    lchown(&hers, Some(ANNA), Some(ANNA)).unwrap();
    Some((folder, hers, secret))
}

fn file(path: &Path, text: &str, owner: u32, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    lchown(path, Some(owner), Some(owner)).unwrap();
}

fn link(to: &Path, at: &Path, owner: u32) {
    symlink(to, at).unwrap();
    lchown(at, Some(owner), Some(owner)).unwrap();
}

fn text(path: &Path) -> Result<String, PathError> {
    bytes(path, 1000, &TEST).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_link_of_the_logs_owner_gives_away_nothing_that_is_not_theirs() {
    let Some((folder, hers, secret)) = stage() else { return };
    link(&secret, &hers.join("log"), ANNA);
    let refused = text(&hers.join("log")).unwrap_err();
    assert!(matches!(refused, PathError::NotTheirs { owner: ANNA, .. }), "{refused}");
    // the same by a link to the folder above it, and by a link of root's that stands in her folder
    link(folder.path(), &hers.join("up"), ANNA);
    assert!(text(&hers.join("up/secret")).is_err());
    link(&secret, &hers.join("roots"), 0);
    assert!(text(&hers.join("roots")).is_err());
    // by a second name of the file
    fs::hard_link(&secret, hers.join("twin")).unwrap();
    assert!(matches!(text(&hers.join("twin")), Err(PathError::NotTheirs { owner: ANNA, .. })));
    assert_eq!(text(&secret).unwrap(), "root's own", "this thread is root again");
}

#[test]
fn what_they_may_read_themselves_is_read_through_their_links() {
    let Some((folder, hers, _)) = stage() else { return };
    file(&hers.join("today"), "hers", ANNA, 0o600);
    link(Path::new("today"), &hers.join("current"), ANNA);
    assert_eq!(text(&hers.join("current")).unwrap(), "hers");
    let open = folder.path().join("open");
    file(&open, "anyone's", 0, 0o644);
    link(&open, &hers.join("open"), ANNA);
    assert_eq!(text(&hers.join("open")).unwrap(), "anyone's");
    // without a link, a file is what stands there
    file(&hers.join("of-root"), "written by root", 0, 0o600);
    assert_eq!(text(&hers.join("of-root")).unwrap(), "written by root");
}

#[test]
fn a_link_of_roots_is_followed_and_the_way_of_two_users_is_not() {
    let Some((folder, hers, secret)) = stage() else { return };
    link(&secret, &folder.path().join("linked"), 0);
    assert_eq!(text(&folder.path().join("linked")).unwrap(), "root's own");
    let his = folder.path().join("his");
    fs::create_dir(&his).unwrap();
    lchown(&his, Some(BERT), Some(BERT)).unwrap();
    file(&hers.join("note"), "hers", ANNA, 0o644);
    link(&hers.join("note"), &his.join("note"), BERT);
    assert_eq!(text(&his.join("note")).unwrap(), "hers");
    link(&his.join("note"), &hers.join("round"), ANNA);
    assert!(matches!(text(&hers.join("round")), Err(PathError::TwoUsers { first: ANNA, second: BERT, .. })));
}

#[test]
fn only_a_regular_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
    for path in [pipe.as_path(), folder.path(), Path::new("/dev/zero")] {
        assert!(matches!(open(path, &TEST), Err(PathError::NotRegular { .. })), "{}", path.display());
        assert!(look(path, &TEST).is_ok());
    }
    fs::write(folder.path().join("long"), "12345").unwrap();
    assert!(bytes(&folder.path().join("long"), 4, &TEST).unwrap_err().to_string().contains("larger than 4 bytes"));
}

#[test]
fn a_small_file_is_read_and_one_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small");
    fs::write(&path, "12345").unwrap();
    assert_eq!(small(&path, 5).unwrap(), "12345");
    assert!(small(&path, 4).unwrap_err().to_string().contains("larger than 4 bytes"));
    assert!(small(Path::new("/dev/zero"), 1 << 20).unwrap_err().to_string().contains("larger than 1048576 bytes"));
}
