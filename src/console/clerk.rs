//! The clerk reads and writes files for the pages where playbooks are written. It has a thread of its own, so that a
//! slow disk holds up no key, and does one thing after the other: a draft that is dropped stays dropped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::author::{Ask, Kept, Kind, Subject, Told};
use super::editor;
use crate::engine::snapshot::PlaybookView;
use crate::foreign;
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
            Job::Ask(Ask::Begin { name, text, one_off }) => Some(self.begin(&name, text, one_off)),
            Job::Ask(Ask::Remove { subject }) => Some(remove(&subject)),
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
        let subject =
            Subject { name, path, kind: if opened.is_none() { Kind::Copy } else { Kind::File }, opened, begun };
        Ok(Told::Opened { subject, draft })
    }

    /// A new playbook, in the operator's folder.
    fn begin(&self, name: &Arc<str>, begun: Arc<str>, one_off: bool) -> Told {
        let path = self.config.join("playbooks").join(format!("{name}.toml"));
        let there = fs::symlink_metadata(&path).is_ok();
        let opened = if one_off && there { read(&path).ok() } else { None };
        if there && opened.is_none() {
            return failed(&format!("{} is there already: choose another name", path.display()));
        }
        let draft = self.draft(name).map(|draft| (Arc::from(&*draft.text), moment(&draft)));
        let kind = if one_off { Kind::OneOff } else { Kind::File };
        let subject = Subject { name: Arc::clone(name), path, kind, begun: opened.clone().unwrap_or(begun), opened };
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
        let subject = Subject { name: Arc::clone(name), path: draft.path, opened, begun, kind: Kind::File };
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

/// Takes a file out of the folder: what it held stands beside it, where no engine reads it.
fn remove(subject: &Subject) -> Told {
    match read(&subject.path) {
        Ok(text) if Some(&text) != subject.opened.as_ref() => return Told::Changed { theirs: text },
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Told::Gone,
        Err(why) => return failed(&format!("{}: {why}", subject.path.display())),
    }
    let aside = subject.path.with_extension("toml~");
    match fs::rename(&subject.path, &aside) {
        Ok(()) => Told::Removed { aside },
        Err(why) => failed(&format!("{} is still there: {why}", subject.path.display())),
    }
}

fn read(path: &Path) -> io::Result<Arc<str>> {
    foreign::read::small(path, LONGEST).map(Arc::from)
}

fn failed(why: &str) -> Told {
    Told::Failed(crate::text::clean_line(why).into())
}

#[cfg(test)]
mod tests;
