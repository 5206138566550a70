//! Where playbooks come from: which file wins, what a bad one may not do, and whose word a file is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use salve::foreign::MayHang;
use salve::playbook::library::{Found, Library, Sources, load};
use salve::playbook::{Origin, Rule};
use tempfile::TempDir;

const TEST: MayHang = MayHang::because("a test");
const GOOD: &str = include_str!("good/nginx.toml");

struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn sources(&self) -> Sources {
        Sources {
            shipped: false,
            system: Some(self.folder.path().join("system")),
            user: Some(self.folder.path().join("user")),
            folder: Some(self.folder.path().join("folder")),
        }
    }
}

fn found<'l>(library: &'l Library, name: &str) -> &'l Found {
    library.found.iter().find(|found| &*found.name == name).unwrap()
}

fn titled(title: &str) -> String {
    GOOD.replace("nginx stays up", title)
}

fn title(found: &Found) -> Option<&str> {
    found.in_force().map(|playbook| &*playbook.title)
}

fn rule(found: &Found) -> Rule {
    found.outcome.as_ref().unwrap_err()[0].rule
}

#[test]
fn every_shipped_playbook_is_accepted_without_a_warning() {
    let library = load(&Sources { shipped: true, ..Sources::default() }, &TEST);
    assert_eq!(library.in_force().len(), library.found.len());
    assert!(library.found.len() >= 6);
    assert!(library.found.iter().all(|found| found.warnings.is_empty() && found.origin == Origin::Shipped));
}

#[test]
fn later_sources_win_by_file_name() {
    let home = Home::new();
    home.write("system/a.toml", titled("of the system"));
    home.write("user/a.toml", titled("of the user"));
    home.write("user/b.toml", titled("of the user"));
    home.write("folder/a.toml", titled("of the folder"));
    let library = load(&home.sources(), &TEST);
    assert_eq!(library.found.len(), 2);
    assert_eq!(title(found(&library, "a")), Some("of the folder"));
    assert_eq!(found(&library, "a").origin, Origin::Folder(home.folder("folder").join("a.toml")));
    assert_eq!(title(found(&library, "b")), Some("of the user"));
}

#[test]
fn a_bad_file_takes_no_good_one_down() {
    let home = Home::new();
    home.write("system/good.toml", GOOD);
    home.write("system/bad.toml", "title =");
    home.write("system/notes.txt", "not a playbook");
    home.write("system/.good.toml.swp", "not a playbook");
    home.write("system/.hidden.toml", "not a playbook");
    let library = load(&home.sources(), &TEST);
    assert_eq!(library.found.iter().map(|found| &*found.name).collect::<Vec<_>>(), ["bad", "good"]);
    assert_eq!(library.in_force().len(), 1);
    assert_eq!(rule(found(&library, "bad")), Rule::Syntax);
}

#[test]
fn a_file_that_became_bad_keeps_its_last_good_version_in_force() {
    let home = Home::new();
    home.write("system/a.toml", titled("first"));
    let first = load(&home.sources(), &TEST);
    home.write("system/a.toml", "title =");
    let second = first.reload(&home.sources(), &TEST);
    assert!(found(&second, "a").outcome.is_err());
    assert_eq!(title(found(&second, "a")), Some("first"));
    // however often it is read
    let third = second.reload(&home.sources(), &TEST);
    assert_eq!(third, second);
    assert_eq!(title(found(&third, "a")), Some("first"));
    home.write("system/a.toml", titled("mended"));
    let fourth = third.reload(&home.sources(), &TEST);
    assert_eq!(title(found(&fourth, "a")), Some("mended"));
    assert!(found(&fourth, "a").former.is_none());
    fs::remove_file(home.folder("system").join("a.toml")).unwrap();
    assert!(fourth.reload(&home.sources(), &TEST).found.is_empty());
}

#[test]
fn a_bad_file_leaves_in_force_what_it_would_have_overruled() {
    let home = Home::new();
    home.write("system/a.toml", titled("of the system"));
    home.write("user/a.toml", "title =");
    let library = load(&home.sources(), &TEST);
    assert!(found(&library, "a").outcome.is_err());
    assert_eq!(title(found(&library, "a")), Some("of the system"));
}

#[test]
fn an_unchanged_file_is_the_very_same_playbook() {
    let home = Home::new();
    home.write("system/a.toml", GOOD);
    let first = load(&home.sources(), &TEST);
    let second = first.reload(&home.sources(), &TEST);
    assert!(Arc::ptr_eq(&first.in_force()[0], &second.in_force()[0]));
}

#[test]
fn no_folder_is_no_playbooks() {
    let home = Home::new();
    assert_eq!(load(&home.sources(), &TEST), Library::default());
    assert_eq!(home.sources().folders().len(), 3);
}

/// The rule that a file of the system folder breaks.
fn refused(home: &Home, name: &str) -> Rule {
    rule(found(&load(&home.sources(), &TEST), name))
}

#[test]
fn a_file_that_others_may_write_is_rejected() {
    let home = Home::new();
    let path = home.write("system/a.toml", GOOD);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
    let library = load(&home.sources(), &TEST);
    assert_eq!(rule(found(&library, "a")), Rule::FileNotTrusted);
    let drawn = found(&library, "a").outcome.as_ref().unwrap_err()[0].render("", false);
    assert!(drawn.contains("mode 646") && drawn.contains("chmod go-w"), "{drawn}");
}

#[test]
fn a_file_with_two_names_is_rejected() {
    let home = Home::new();
    let path = home.write("system/a.toml", GOOD);
    fs::hard_link(&path, home.folder("elsewhere").join("a.toml")).unwrap();
    assert_eq!(refused(&home, "a"), Rule::FileNotTrusted);
}

#[test]
fn what_is_no_regular_file_is_rejected_and_holds_nobody_up() {
    let home = Home::new();
    home.folder("system/folder.toml");
    let pipe = home.folder("system").join("pipe.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert_eq!(refused(&home, "folder"), Rule::FileNotTrusted);
    assert_eq!(refused(&home, "pipe"), Rule::FileNotTrusted);
}

#[test]
fn a_link_is_no_playbook() {
    let home = Home::new();
    let real = home.write("elsewhere/real.toml", GOOD);
    std::os::unix::fs::symlink(real, home.folder("system").join("a.toml")).unwrap();
    assert_eq!(refused(&home, "a"), Rule::FileNotTrusted);
}

#[test]
fn a_file_too_large_or_of_another_encoding_is_rejected() {
    let home = Home::new();
    home.write("system/large.toml", format!("{GOOD}\n#{}", "x".repeat(65_536)));
    home.write("system/latin.toml", b"title = \"caf\xe9\"\n");
    home.write("system/a name.toml", GOOD);
    assert_eq!(refused(&home, "large"), Rule::FileTooLarge);
    assert_eq!(refused(&home, "latin"), Rule::NotUtf8);
    assert_eq!(refused(&home, "a name"), Rule::BadName);
}
