use super::*;
use crate::engine::snapshot::PlaybookState;
use crate::playbook::Origin;

fn playbook(origin: Origin) -> Arc<PlaybookView> {
    let state = PlaybookState::Rejected { diagnostics: "".into(), former_in_force: false };
    Arc::new(PlaybookView { name: "disk-full".into(), origin, state, source: "title = \"as shipped\"\n".into() })
}

/// A clerk in a folder; what it is given is done one after the other.
struct Office {
    folder: tempfile::TempDir,
    desk: WorkerContext,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk =
            WorkerContext { config: folder.path().join("config"), drafts: Drafts::new(folder.path().join("drafts")) };
        Self { folder, desk }
    }

    fn opened(&self, origin: Origin) -> (EditedFile, Option<Arc<str>>) {
        match self.desk.work(Job::Open(playbook(origin))) {
            Some(EditorTaskResult::Opened { subject, draft }) => (subject, draft.map(|(text, _)| text)),
            other => panic!("{other:?}"),
        }
    }

    fn ask(&self, ask: EditorTask) -> Option<EditorTaskResult> {
        self.desk.work(Job::Ask(ask))
    }
}

#[test]
fn a_shipped_playbook_is_copied_when_it_is_saved_and_not_before() {
    let office = Office::new();
    let (subject, _) = office.opened(Origin::Shipped);
    assert!(
        subject.kind == DocumentKind::Copy && subject.opened.is_none() && &*subject.begun == "title = \"as shipped\"\n"
    );
    assert!(!office.folder.path().join("config").exists());
    let told = office.ask(EditorTask::Save { subject: subject.clone(), text: "title = \"mine\"\n".into() });
    assert_eq!(told, Some(EditorTaskResult::Saved { text: "title = \"mine\"\n".into() }));
    assert_eq!(subject.path, office.folder.path().join("config/playbooks/disk-full.toml"));
    assert_eq!(fs::read_to_string(&subject.path).unwrap(), "title = \"mine\"\n");
    let (again, _) = office.opened(Origin::Shipped);
    assert_eq!(again.opened.as_deref(), Some("title = \"mine\"\n"), "a former copy is what is meant");
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_written_over() {
    let office = Office::new();
    let path = office.folder.path().join("disk-full.toml");
    fs::write(&path, "a = 1\n").unwrap();
    let (subject, _) = office.opened(Origin::Folder(path.clone()));
    fs::write(&path, "theirs = 1\n").unwrap();
    let told = office.ask(EditorTask::Save { subject, text: "mine = 1\n".into() });
    assert_eq!(told, Some(EditorTaskResult::Changed { theirs: "theirs = 1\n".into() }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs = 1\n");
}

#[test]
fn a_file_that_was_taken_away_is_told_of() {
    let office = Office::new();
    let path = office.folder.path().join("disk-full.toml");
    fs::write(&path, "a = 1\n").unwrap();
    let (subject, _) = office.opened(Origin::Folder(path.clone()));
    fs::remove_file(&path).unwrap();
    assert_eq!(office.ask(EditorTask::Save { subject, text: "mine = 1\n".into() }), Some(EditorTaskResult::Gone));
    assert!(!path.exists());
}

#[test]
fn a_new_playbook_takes_no_name_that_is_taken() {
    let office = Office::new();
    let begin = || EditorTask::Begin { name: "nginx-down".into(), text: "a = 1\n".into(), one_off: false };
    let Some(EditorTaskResult::Opened { subject, draft: None }) = office.ask(begin()) else { panic!("not opened") };
    assert!(subject.opened.is_none() && &*subject.begun == "a = 1\n");
    let keep = EditorTask::Keep { name: "nginx-down".into(), path: subject.path.clone(), text: "a = 2\n".into() };
    assert_eq!(office.ask(keep), None);
    match office.ask(EditorTask::Drafts) {
        Some(EditorTaskResult::Drafts(drafts)) => assert_eq!(&*drafts[0].name, "nginx-down"),
        other => panic!("{other:?}"),
    }
    match office.ask(EditorTask::Resume { name: "nginx-down".into() }) {
        Some(EditorTaskResult::Resumed { subject: resumed, text }) => {
            assert_eq!((resumed.path, resumed.opened, &*text), (subject.path.clone(), None, "a = 2\n"));
        }
        other => panic!("{other:?}"),
    }
    office.ask(EditorTask::Save { subject, text: "a = 1\n".into() });
    match office.ask(begin()) {
        Some(EditorTaskResult::Failed(why)) => assert!(why.contains("already exists"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_one_off_is_opened_again_and_thrown_away_with_its_text_kept() {
    let office = Office::new();
    let begin = || EditorTask::Begin { name: "one-off-41".into(), text: "a = 1\n".into(), one_off: true };
    let Some(EditorTaskResult::Opened { subject, .. }) = office.ask(begin()) else { panic!("not opened") };
    office.ask(EditorTask::Save { subject, text: "a = 2\n".into() });
    let Some(EditorTaskResult::Opened { subject, .. }) = office.ask(begin()) else { panic!("not opened again") };
    assert_eq!((subject.opened.as_deref(), subject.kind), (Some("a = 2\n"), DocumentKind::OneOff));
    let older = EditedFile { opened: Some("a = 1\n".into()), ..subject.clone() };
    assert_eq!(
        office.ask(EditorTask::Remove { subject: older }),
        Some(EditorTaskResult::Changed { theirs: "a = 2\n".into() })
    );
    let aside = subject.path.with_extension("toml~");
    assert_eq!(
        office.ask(EditorTask::Remove { subject: subject.clone() }),
        Some(EditorTaskResult::Removed { aside: aside.clone() })
    );
    assert!(!subject.path.exists());
    assert_eq!(fs::read_to_string(aside).unwrap(), "a = 2\n");
    assert_eq!(office.ask(EditorTask::Remove { subject }), Some(EditorTaskResult::Gone));
}

#[test]
fn a_draft_is_offered_until_it_is_dropped() {
    let office = Office::new();
    let (subject, draft) = office.opened(Origin::Shipped);
    assert_eq!(draft, None);
    let name = Arc::clone(&subject.name);
    let keep = EditorTask::Keep { name: Arc::clone(&name), path: subject.path, text: "half a tit".into() };
    assert_eq!(office.ask(keep), None);
    assert_eq!(office.opened(Origin::Shipped).1.as_deref(), Some("half a tit"));
    assert_eq!(office.ask(EditorTask::DropDraft { name }), None);
    assert_eq!(office.opened(Origin::Shipped).1, None);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let office = Office::new();
    let path = office.folder.path().join("disk-full.toml");
    fs::write(&path, b"\xff\xfe").unwrap();
    match office.desk.work(Job::Open(playbook(Origin::Folder(path)))) {
        Some(EditorTaskResult::Failed(why)) => {
            assert!(why.contains("disk-full.toml: ") && why.contains("UTF-8"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
