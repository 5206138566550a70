//! The clerk reads and writes files for the pages where playbooks are written. It has a thread of its own, so that a
//! slow disk holds up no key, and does one thing after the other: a draft that is dropped stays dropped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::{fs, io};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::external_editor;
use crate::console::editor::{DocumentKind, DraftSummary, EditedFile, EditorTask, EditorTaskResult};
use crate::engine::snapshot::PlaybookView;
use crate::foreign;
use crate::playbook::write::store::{self, Drafts, SaveError, SavedDraft};

/// No playbook comes near it.
const LONGEST: u64 = 1024 * 1024;

/// What the clerk is given to do.
#[derive(Debug)]
enum Job {
    Open(Arc<PlaybookView>),
    Ask(EditorTask),
}

/// The clerk, as the console's loop holds it.
#[derive(Debug)]
pub struct FileWorker {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl FileWorker {
    /// Begins to work: copies go below `config`, drafts into a folder of their own.
    ///
    /// # Errors
    /// Where a thread cannot be had.
    pub fn start(config: PathBuf, drafts: &Path, tell: UnboundedSender<EditorTaskResult>) -> io::Result<Self> {
        let (jobs, given) = mpsc::channel();
        let drafts = Drafts::new(drafts.to_owned());
        let thread = thread::Builder::new().name("salve-clerk".into()).spawn(move || {
            let desk = WorkerContext { config, drafts };
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
    pub fn ask(&self, ask: EditorTask) {
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
struct WorkerContext {
    config: PathBuf,
    drafts: Drafts,
}

impl WorkerContext {
    fn work(&self, job: Job) -> Option<EditorTaskResult> {
        match job {
            Job::Open(playbook) => {
                Some(self.open(&playbook).unwrap_or_else(|(path, why)| failed(&format!("{}: {why}", path.display()))))
            }
            Job::Ask(EditorTask::Begin { name, text, one_off }) => Some(self.begin(&name, text, one_off)),
            Job::Ask(EditorTask::Remove { subject }) => Some(remove(&subject)),
            Job::Ask(EditorTask::Resume { name }) => Some(self.resume(&name)),
            Job::Ask(EditorTask::Drafts) => Some(EditorTaskResult::Drafts(self.kept())),
            Job::Ask(EditorTask::Save { subject, text }) => Some(save(&subject, text)),
            Job::Ask(EditorTask::Keep { name, path, text }) => {
                let kept = self.drafts.keep(&name, &path, &text);
                kept.err().map(|why| failed(&format!("the draft could not be saved: {why}")))
            }
            Job::Ask(EditorTask::DropDraft { name }) => {
                self.drafts.drop(&name).err().map(|why| failed(&format!("the draft could not be removed: {why}")))
            }
            // the loop's own: they need the engine or the terminal
            Job::Ask(
                EditorTask::Open { .. }
                | EditorTask::Offers { .. }
                | EditorTask::Rehearse { .. }
                | EditorTask::HandOver { .. },
            ) => None,
        }
    }

    fn open(&self, playbook: &PlaybookView) -> Result<EditorTaskResult, (PathBuf, io::Error)> {
        let (path, copy) = external_editor::place(playbook, &self.config);
        let opened = match read(&path) {
            Ok(text) => Some(text),
            Err(error) if copy && error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err((path, error)),
        };
        let begun = opened.clone().unwrap_or_else(|| Arc::clone(&playbook.source));
        let name = Arc::clone(&playbook.name);
        let draft = self.draft(&name).map(|draft| (Arc::from(&*draft.text), moment(&draft)));
        let subject = EditedFile {
            name,
            path,
            kind: if opened.is_none() { DocumentKind::Copy } else { DocumentKind::File },
            opened,
            begun,
        };
        Ok(EditorTaskResult::Opened { subject, draft })
    }

    /// A new playbook, in the operator's folder.
    fn begin(&self, name: &Arc<str>, begun: Arc<str>, one_off: bool) -> EditorTaskResult {
        let path = self.config.join("playbooks").join(format!("{name}.toml"));
        let there = fs::symlink_metadata(&path).is_ok();
        let opened = if one_off && there { read(&path).ok() } else { None };
        if there && opened.is_none() {
            return failed(&format!("{} already exists: choose another name", path.display()));
        }
        let draft = self.draft(name).map(|draft| (Arc::from(&*draft.text), moment(&draft)));
        let kind = if one_off { DocumentKind::OneOff } else { DocumentKind::File };
        let subject = EditedFile { name: Arc::clone(name), path, kind, begun: opened.clone().unwrap_or(begun), opened };
        EditorTaskResult::Opened { subject, draft }
    }

    fn resume(&self, name: &Arc<str>) -> EditorTaskResult {
        let Some(draft) = self.draft(name) else { return failed(&format!("the draft of {name} no longer exists")) };
        let opened = match read(&draft.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(why) => return failed(&format!("{}: {why}", draft.path.display())),
        };
        let begun = opened.clone().unwrap_or_default();
        let subject = EditedFile { name: Arc::clone(name), path: draft.path, opened, begun, kind: DocumentKind::File };
        EditorTaskResult::Resumed { subject, text: draft.text.into() }
    }

    fn draft(&self, name: &str) -> Option<SavedDraft> {
        self.drafts.all().into_iter().find(|draft| *draft.name == *name)
    }

    fn kept(&self) -> Vec<DraftSummary> {
        self.drafts
            .all()
            .into_iter()
            .map(|draft| DraftSummary { at: moment(&draft), name: draft.name.into() })
            .collect()
    }
}

fn moment(draft: &SavedDraft) -> Timestamp {
    Timestamp::try_from(draft.kept).unwrap_or_default()
}

fn save(subject: &EditedFile, text: Arc<str>) -> EditorTaskResult {
    match store::save(&subject.path, &text, subject.opened.as_deref()) {
        Ok(_) => EditorTaskResult::Saved { text },
        Err(SaveError::Changed { theirs }) => EditorTaskResult::Changed { theirs: theirs.into() },
        Err(SaveError::Gone { .. }) => EditorTaskResult::Gone,
        Err(why) => failed(&why.to_string()),
    }
}

/// Takes a file out of the folder: what it held stands beside it, where no engine reads it.
fn remove(subject: &EditedFile) -> EditorTaskResult {
    match read(&subject.path) {
        Ok(text) if Some(&text) != subject.opened.as_ref() => return EditorTaskResult::Changed { theirs: text },
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return EditorTaskResult::Gone,
        Err(why) => return failed(&format!("{}: {why}", subject.path.display())),
    }
    let aside = subject.path.with_extension("toml~");
    match fs::rename(&subject.path, &aside) {
        Ok(()) => EditorTaskResult::Removed { aside },
        Err(why) => failed(&format!("{} could not be removed: {why}", subject.path.display())),
    }
}

fn read(path: &Path) -> io::Result<Arc<str>> {
    foreign::read::small(path, LONGEST).map(Arc::from)
}

fn failed(why: &str) -> EditorTaskResult {
    EditorTaskResult::Failed(crate::text::clean_line(why).into())
}

#[cfg(test)]
mod tests;
