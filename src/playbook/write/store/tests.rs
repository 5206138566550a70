use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Barrier;
use std::{fs, thread};

use super::*;
use crate::foreign::MayHang;
use crate::playbook::library::{Sources, load};

mod again;

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_file_is_made_with_the_folder_it_goes_into() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("salve/playbooks/a.toml");
    let saved = save(&path, "one", None).unwrap();
    assert_eq!((saved.former, fs::read_to_string(&path).unwrap()), (None, "one".into()));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o022, 0, "nobody else may write it");
    assert_eq!(files(path.parent().unwrap()), ["a.toml"]);
}

#[test]
fn the_former_version_stays_beside_it_and_is_no_playbook() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    fs::write(&path, "one").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let saved = save(&path, "two", Some("one")).unwrap();
    let former = saved.former.unwrap();
    assert_eq!(former, home.path().join("a.toml~"));
    assert_eq!(
        (fs::read_to_string(&path).unwrap(), fs::read_to_string(&former).unwrap()),
        ("two".into(), "one".into())
    );
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    save(&path, "three", Some("two")).unwrap();
    assert_eq!(fs::read_to_string(&former).unwrap(), "two");
    assert_eq!(files(home.path()), ["a.toml", "a.toml~"]);
    let library =
        load(&Sources { folder: Some(home.path().into()), ..Sources::default() }, &MayHang::because("a test"));
    assert_eq!(library.found.iter().map(|found| &*found.name).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn what_did_not_change_is_not_written() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    fs::write(&path, "one").unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    assert_eq!(save(&path, "one", Some("one")).unwrap().former, None);
    assert_eq!((fs::metadata(&path).unwrap().ino(), files(home.path())), (inode, vec!["a.toml".to_owned()]));
}

#[test]
fn a_change_from_outside_is_never_written_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    fs::write(&path, "theirs").unwrap();
    let changed = Err(SaveError::Changed { theirs: "theirs".into() });
    assert_eq!(save(&path, "mine", Some("one")), changed);
    assert_eq!(save(&path, "mine", None), changed, "a new file does not replace one");
    assert_eq!((fs::read_to_string(&path).unwrap(), files(home.path())), ("theirs".into(), vec!["a.toml".to_owned()]));
    fs::remove_file(&path).unwrap();
    assert_eq!(save(&path, "mine", Some("one")), Err(SaveError::Gone { path: path.clone() }));
    assert!(files(home.path()).is_empty());
}

/// Whoever comes second is told, however close they come, and nothing half written is ever seen.
#[test]
fn of_many_who_save_at_once_one_does() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    for round in 0..20 {
        let opened = format!("round {round}");
        fs::write(&path, &opened).unwrap();
        let (start, texts) = (Barrier::new(4), ["a", "b", "c", "d"].map(|text| text.repeat(5000)));
        let outcomes: Vec<Result<SaveResult, SaveError>> = thread::scope(|scope| {
            let save_one = |text: &str| {
                start.wait();
                save(&path, text, Some(&opened))
            };
            let threads: Vec<_> = texts.iter().map(|text| scope.spawn(move || save_one(text))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let won: Vec<usize> = (0..4).filter(|nth| outcomes[*nth].is_ok()).collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), texts[won[0]]);
        assert_eq!(fs::read_to_string(home.path().join("a.toml~")).unwrap(), opened);
        assert_eq!(files(home.path()), ["a.toml", "a.toml~"]);
    }
}

#[test]
fn what_comes_between_reading_and_writing_is_put_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    fs::write(&path, "one").unwrap();
    let folder = StoreFolder::open(home.path(), 0o755).unwrap();
    let present = folder.read("a.toml".as_ref()).unwrap().unwrap();
    fs::write(&path, "theirs").unwrap();
    let outcome = replace(&folder, "a.toml".as_ref(), "mine", &present);
    assert_eq!(outcome, Err(SaveError::Changed { theirs: "theirs".into() }));
    assert_eq!((fs::read_to_string(&path).unwrap(), files(home.path())), ("theirs".into(), vec!["a.toml".to_owned()]));
    // a link that took the file's place meanwhile leads nowhere
    let outside = home.path().join("outside");
    fs::write(&outside, "outside").unwrap();
    fs::remove_file(&path).unwrap();
    symlink(&outside, &path).unwrap();
    assert_eq!(
        replace(&folder, "a.toml".as_ref(), "mine", &present),
        Err(SaveError::NotRegular { path: path.clone() })
    );
    assert!(path.is_symlink() && fs::read_to_string(&outside).unwrap() == "outside");
    assert_eq!(files(home.path()), ["a.toml", "outside"]);
}

#[test]
fn a_link_a_folder_and_a_pipe_are_not_written_through() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    fs::write(&outside, "outside").unwrap();
    symlink(&outside, home.path().join("a.toml")).unwrap();
    fs::create_dir(home.path().join("b.toml")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        home.path().join("c.toml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for name in ["a.toml", "b.toml", "c.toml"] {
        let path = home.path().join(name);
        for opened in [None, Some("outside")] {
            assert_eq!(save(&path, "mine", opened), Err(SaveError::NotRegular { path: path.clone() }), "{name}");
        }
    }
    assert_eq!(fs::read_to_string(&outside).unwrap(), "outside");
    assert!(matches!(save(Path::new("/"), "x", None), Err(SaveError::NoName { .. })));
    assert!(matches!(save(&outside.join("a.toml"), "x", None), Err(SaveError::Io { why: Errno::NOTDIR, .. })));
}

#[test]
fn a_former_version_that_cannot_have_its_name_is_kept_under_another() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.toml");
    fs::write(&path, "one").unwrap();
    fs::create_dir(home.path().join("a.toml~")).unwrap();
    let former = save(&path, "two", Some("one")).unwrap().former.unwrap();
    assert_eq!(
        (fs::read_to_string(&path).unwrap(), fs::read_to_string(&former).unwrap()),
        ("two".into(), "one".into())
    );
}

#[test]
fn where_files_cannot_be_exchanged_the_former_version_is_copied() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.toml"), "one").unwrap();
    let folder = StoreFolder::open(home.path(), 0o755).unwrap();
    let present = folder.read("a.toml".as_ref()).unwrap().unwrap();
    let new = folder.write_beside("a.toml".as_ref(), b"two", 0o600, Some(&present)).unwrap();
    replace_by_copy(&folder, "a.toml".as_ref(), &new.name, &present).unwrap();
    drop(new);
    assert_eq!(fs::read_to_string(home.path().join("a.toml")).unwrap(), "two");
    assert_eq!(fs::read_to_string(home.path().join("a.toml~")).unwrap(), "one");
    assert_eq!(files(home.path()), ["a.toml", "a.toml~"]);
}

#[test]
fn drafts_are_kept_one_file_each_for_their_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let drafts = Drafts::new(home.path().join("drafts"));
    assert_eq!((drafts.all(), drafts.drop("a")), (vec![], Ok(())));
    let odd = "../../\u{1b}é ".repeat(40);
    drafts.keep("a", Path::new("/etc/salve/playbooks/a.toml"), "one").unwrap();
    drafts.keep("a", Path::new("/etc/salve/playbooks/a.toml"), "two\n\"é").unwrap();
    drafts.keep(&odd, Path::new("b.toml"), "b").unwrap();
    let all = drafts.all();
    let a = all.iter().find(|draft| draft.name == "a").unwrap();
    assert_eq!((a.text.as_str(), a.path.as_path()), ("two\n\"é", Path::new("/etc/salve/playbooks/a.toml")));
    assert!(all.len() == 2 && all.iter().any(|draft| draft.name == odd));
    for file in files(&home.path().join("drafts")) {
        assert_eq!(fs::metadata(home.path().join("drafts").join(file)).unwrap().mode() & 0o077, 0);
    }
    drafts.drop("a").unwrap();
    assert_eq!(drafts.all().len(), 1);
}

#[test]
fn what_was_half_written_is_no_draft() {
    let home = tempfile::tempdir().unwrap();
    let drafts = Drafts::new(home.path());
    drafts.keep("a", Path::new("a.toml"), "text").unwrap();
    fs::write(home.path().join(".b.draft.1-0"), "{\"name\":\"b\"").unwrap();
    fs::write(home.path().join("c.draft"), "{\"name\":\"c\"").unwrap();
    assert_eq!(drafts.all().iter().map(|draft| draft.name.as_str()).collect::<Vec<_>>(), ["a"]);
}
