//! The clerk reads and writes files for the pages where playbooks are written. It has a thread of its own, so that a
//! slow disk holds up no key, and does one thing after the other: a draft that is dropped stays dropped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::author::{Ask, Kept, Subject, Told};
use super::editor;
use crate::engine::snapshot::PlaybookView;
use crate::playbook::write::store::{self, Draft, Drafts, SaveError};

/// No playbook comes near it.
const LONGEST: u64 = 1024 * 1024;

/// What the clerk is given to do.
#[derive(Debug)]
enum Job {
    Open(Arc<PlaybookView>),
    Ask(Ask),
}

/// The clerk, as the console's loop holds it.
#[derive(Debug)]
pub struct Clerk {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Clerk {
    /// Begins to work: copies go below `config`, drafts into a folder of their own.
    ///
    /// # Errors
    /// Where a thread cannot be had.
    pub fn start(config: PathBuf, drafts: &Path, tell: UnboundedSender<Told>) -> io::Result<Self> {
        let (jobs, given) = mpsc::channel();
        let drafts = Drafts::new(drafts.to_owned());
        let thread = thread::Builder::new().name("salve-clerk".into()).spawn(move || {
            let desk = Desk { config, drafts };
            for job in given {
                if let Some(told) = desk.work(job) {
                    let _ = tell.send(told);
                }
            }
        })?;
        Ok(Self { jobs, thread })
    }

    /// Opens a playbook.
    pub fn open(&self, playbook: Arc<PlaybookView>) {
        let _ = self.jobs.send(Job::Open(playbook));
    }

    /// Takes in what a page asks.
    pub fn ask(&self, ask: Ask) {
        let _ = self.jobs.send(Job::Ask(ask));
    }

    /// Waits until everything that was given is done.
    pub fn finish(self) {
        drop(self.jobs);
        let _ = self.thread.join();
    }
}

/// What the clerk works with.
#[derive(Debug)]
struct Desk {
    config: PathBuf,
    drafts: Drafts,
}

impl Desk {
    fn work(&self, job: Job) -> Option<Told> {
        match job {
            Job::Open(playbook) => {
                Some(self.open(&playbook).unwrap_or_else(|(path, why)| failed(&format!("{}: {why}", path.display()))))
            }
            Job::Ask(Ask::Begin { name, text }) => Some(self.begin(&name, text)),
            Job::Ask(Ask::Resume { name }) => Some(self.resume(&name)),
            Job::Ask(Ask::Drafts) => Some(Told::Drafts(self.kept())),
            Job::Ask(Ask::Save { subject, text }) => Some(save(&subject, text)),
            Job::Ask(Ask::Keep { name, path, text }) => {
                let kept = self.drafts.keep(&name, &path, &text);
                kept.err().map(|why| failed(&format!("no draft is kept: {why}")))
            }
            Job::Ask(Ask::DropDraft { name }) => {
                self.drafts.drop(&name).err().map(|why| failed(&format!("the draft is still there: {why}")))
            }
            // the loop's own: they need the engine or the terminal
            Job::Ask(Ask::Open { .. } | Ask::Offers { .. } | Ask::Rehearse { .. } | Ask::HandOver { .. }) => None,
        }
    }

    fn open(&self, playbook: &PlaybookView) -> Result<Told, (PathBuf, io::Error)> {
        let (path, copy) = editor::place(playbook, &self.config);
        let opened = match read(&path) {
            Ok(text) => Some(text),
            Err(error) if copy && error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err((path, error)),
        };
        let begun = opened.clone().unwrap_or_else(|| Arc::clone(&playbook.source));
        let name = Arc::clone(&playbook.name);
        let draft = self.draft(&name).map(|draft| (Arc::from(&*draft.text), moment(&draft)));
        let subject = Subject { name, path, copy: opened.is_none(), opened, begun };
        Ok(Told::Opened { subject, draft })
    }

    /// A new playbook, in the operator's folder.
    fn begin(&self, name: &Arc<str>, begun: Arc<str>) -> Told {
        let path = self.config.join("playbooks").join(format!("{name}.toml"));
        if fs::symlink_metadata(&path).is_ok() {
            return failed(&format!("{} is there already: choose another name", path.display()));
        }
        let draft = self.draft(name).map(|draft| (Arc::from(&*draft.text), moment(&draft)));
        let subject = Subject { name: Arc::clone(name), path, opened: None, begun, copy: false };
        Told::Opened { subject, draft }
    }

    fn resume(&self, name: &Arc<str>) -> Told {
        let Some(draft) = self.draft(name) else { return failed(&format!("the draft of {name} is gone")) };
        let opened = match read(&draft.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(why) => return failed(&format!("{}: {why}", draft.path.display())),
        };
        let begun = opened.clone().unwrap_or_default();
        let subject = Subject { name: Arc::clone(name), path: draft.path, opened, begun, copy: false };
        Told::Resumed { subject, text: draft.text.into() }
    }

    fn draft(&self, name: &str) -> Option<Draft> {
        self.drafts.all().into_iter().find(|draft| *draft.name == *name)
    }

    fn kept(&self) -> Vec<Kept> {
        self.drafts.all().into_iter().map(|draft| Kept { at: moment(&draft), name: draft.name.into() }).collect()
    }
}

fn moment(draft: &Draft) -> Timestamp {
    Timestamp::try_from(draft.kept).unwrap_or_default()
}

fn save(subject: &Subject, text: Arc<str>) -> Told {
    match store::save(&subject.path, &text, subject.opened.as_deref()) {
        Ok(_) => Told::Saved { text },
        Err(SaveError::Changed { theirs }) => Told::Changed { theirs: theirs.into() },
        Err(SaveError::Gone { .. }) => Told::Gone,
        Err(why) => failed(&why.to_string()),
    }
}

fn read(path: &Path) -> io::Result<Arc<str>> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::other("far too long for a playbook"));
    }
    Ok(fs::read_to_string(path)?.into())
}

fn failed(why: &str) -> Told {
    Told::Failed(crate::text::clean_line(why).into())
}

#[cfg(test)]
mod tests {
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
        desk: Desk,
    }

    impl Office {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let desk = Desk { config: folder.path().join("config"), drafts: Drafts::new(folder.path().join("drafts")) };
            Self { folder, desk }
        }

        fn opened(&self, origin: Origin) -> (Subject, Option<Arc<str>>) {
            match self.desk.work(Job::Open(playbook(origin))) {
                Some(Told::Opened { subject, draft }) => (subject, draft.map(|(text, _)| text)),
                other => panic!("{other:?}"),
            }
        }

        fn ask(&self, ask: Ask) -> Option<Told> {
            self.desk.work(Job::Ask(ask))
        }
    }

    #[test]
    fn a_shipped_playbook_is_copied_when_it_is_saved_and_not_before() {
        let office = Office::new();
        let (subject, _) = office.opened(Origin::Shipped);
        assert!(subject.copy && subject.opened.is_none() && &*subject.begun == "title = \"as shipped\"\n");
        assert!(!office.folder.path().join("config").exists());
        let told = office.ask(Ask::Save { subject: subject.clone(), text: "title = \"mine\"\n".into() });
        assert_eq!(told, Some(Told::Saved { text: "title = \"mine\"\n".into() }));
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
        let told = office.ask(Ask::Save { subject, text: "mine = 1\n".into() });
        assert_eq!(told, Some(Told::Changed { theirs: "theirs = 1\n".into() }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs = 1\n");
    }

    #[test]
    fn a_file_that_was_taken_away_is_told_of() {
        let office = Office::new();
        let path = office.folder.path().join("disk-full.toml");
        fs::write(&path, "a = 1\n").unwrap();
        let (subject, _) = office.opened(Origin::Folder(path.clone()));
        fs::remove_file(&path).unwrap();
        assert_eq!(office.ask(Ask::Save { subject, text: "mine = 1\n".into() }), Some(Told::Gone));
        assert!(!path.exists());
    }

    #[test]
    fn a_new_playbook_takes_no_name_that_is_taken() {
        let office = Office::new();
        let begin = || Ask::Begin { name: "nginx-down".into(), text: "a = 1\n".into() };
        let Some(Told::Opened { subject, draft: None }) = office.ask(begin()) else { panic!("not opened") };
        assert!(subject.opened.is_none() && &*subject.begun == "a = 1\n");
        let keep = Ask::Keep { name: "nginx-down".into(), path: subject.path.clone(), text: "a = 2\n".into() };
        assert_eq!(office.ask(keep), None);
        match office.ask(Ask::Drafts) {
            Some(Told::Drafts(drafts)) => assert_eq!(&*drafts[0].name, "nginx-down"),
            other => panic!("{other:?}"),
        }
        match office.ask(Ask::Resume { name: "nginx-down".into() }) {
            Some(Told::Resumed { subject: resumed, text }) => {
                assert_eq!((resumed.path, resumed.opened, &*text), (subject.path.clone(), None, "a = 2\n"));
            }
            other => panic!("{other:?}"),
        }
        office.ask(Ask::Save { subject, text: "a = 1\n".into() });
        match office.ask(begin()) {
            Some(Told::Failed(why)) => assert!(why.contains("is there already"), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_draft_is_offered_until_it_is_dropped() {
        let office = Office::new();
        let (subject, draft) = office.opened(Origin::Shipped);
        assert_eq!(draft, None);
        let name = Arc::clone(&subject.name);
        let keep = Ask::Keep { name: Arc::clone(&name), path: subject.path, text: "half a tit".into() };
        assert_eq!(office.ask(keep), None);
        assert_eq!(office.opened(Origin::Shipped).1.as_deref(), Some("half a tit"));
        assert_eq!(office.ask(Ask::DropDraft { name }), None);
        assert_eq!(office.opened(Origin::Shipped).1, None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let office = Office::new();
        let path = office.folder.path().join("disk-full.toml");
        fs::write(&path, b"\xff\xfe").unwrap();
        match office.desk.work(Job::Open(playbook(Origin::Folder(path)))) {
            Some(Told::Failed(why)) => assert!(why.contains("disk-full.toml: ") && why.contains("UTF-8"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
