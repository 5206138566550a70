//! Where playbooks come from: which file wins, what a bad one may not do, and whose word a file is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use salve::foreign::MayHang;
use salve::playbook::library::{Library, LibraryFile, Sources, load};
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
            channels: None,
        }
    }
}

fn found<'l>(library: &'l Library, name: &str) -> &'l LibraryFile {
    library.found.iter().find(|found| &*found.name == name).unwrap()
}

fn titled(title: &str) -> String {
    GOOD.replace("nginx stays up", title)
}

fn title(found: &LibraryFile) -> Option<&str> {
    found.in_force().map(|playbook| &*playbook.title)
}

fn rule(found: &LibraryFile) -> Rule {
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

const LISTED: &str =
    "targets = [{ unit = \"agent.service\" }, { unit = \"db.service\" }, { unit = \"nginx.service\" }]";

fn needing(need: &str) -> String {
    GOOD.replace("mode    = \"auto\"", &format!("mode = \"auto\"\nneeds = [{need}]"))
}

fn warned(home: &Home, name: &str) -> Vec<(Rule, String)> {
    let library = load(&home.sources(), &TEST);
    found(&library, name).warnings.iter().map(|warning| (warning.rule, warning.help.clone())).collect()
}

#[test]
fn a_need_that_does_not_say_which_target_is_warned_of_and_the_suggestion_is_accepted() {
    let home = Home::new();
    let listed =
        GOOD.replace("target  = { unit = \"nginx.service\" }", LISTED).replace("nginx stays up", "all of them");
    home.write("system/listed.toml", listed);
    let app = |need: &str| needing(need).replace("nginx.service", "app.service").replace("nginx stays up", "app");
    home.write("system/app.toml", app("\"listed\""));
    let told = warned(&home, "app");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, Rule::AmbiguousNeed);
    let suggested = told[0].1.strip_prefix("write needs = [").and_then(|rest| rest.split_once(']')).unwrap().0;
    home.write("system/app.toml", app(suggested));
    assert_eq!(warned(&home, "app"), []);
    // what both share needs no words
    home.write("system/app.toml", needing("\"listed\""));
    assert_eq!(warned(&home, "app"), []);
    home.write("system/app.toml", app("{ playbook = \"listed\", target = { unit = \"other.service\" } }"));
    assert_eq!(warned(&home, "app")[0].0, Rule::UnknownNeed);
    home.write("system/app.toml", app("\"lisetd\""));
    assert_eq!(warned(&home, "app"), [(Rule::UnknownNeed, "did you mean `listed`?".to_owned())]);
}

#[test]
fn a_channel_that_does_not_exist_keeps_a_file_that_is_armed_by_its_place_from_loading() {
    let home = Home::new();
    let calling = |to: &str| GOOD.replace("[\"oncall\"]", &format!("[\"{to}\"]"));
    for folder in ["system", "user"] {
        home.write(&format!("{folder}/{folder}.toml"), calling("mial"));
    }
    let knowing = |channels: &[&str]| {
        let channels = channels.iter().map(|name| (*name).to_owned()).collect();
        Sources { channels: Some(Arc::new(channels)), ..home.sources() }
    };
    let library = load(&knowing(&["mail"]), &TEST);
    let refused = &found(&library, "system").outcome.as_ref().unwrap_err()[0];
    assert_eq!((refused.rule, refused.help.as_str()), (Rule::UnknownChannel, "did you mean `mail`?"));
    assert!(found(&library, "system").in_force().is_none());
    let warned = &found(&library, "user").warnings[0];
    assert!(warned.rule == Rule::UnknownChannel && !warned.is_error());
    assert!(found(&library, "user").in_force().is_some());
    for accepted in ["mail", "tickets"] {
        home.write("system/system.toml", calling(accepted));
        let library = load(&knowing(&["mail"]), &TEST);
        assert!(found(&library, "system").outcome.is_ok(), "{accepted}");
        // the channel goes: what was in force stays so, and it is said
        let without = library.reload(&knowing(&[]), &TEST);
        assert_eq!(found(&without, "system").outcome.is_err(), accepted == "mail");
        assert!(found(&without, "system").in_force().is_some());
    }
    assert!(found(&load(&home.sources(), &TEST), "user").warnings.is_empty(), "nobody has read the settings");
}
