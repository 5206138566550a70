//! Files that are not salve's own: every path that a playbook, a setting or another process names.
//!
//! Two things may go wrong with such a path. It may lie on a file system that never answers, and whoever asks it then
//! never comes back; and it may lead through a name that somebody else controls, so that root reads, writes or runs
//! what they chose. Both are answered here, and `tests/architecture` fails where a file is opened elsewhere:
//!
//! | module | what it does |
//! |---|---|
//! | [`deadline`] | runs a call in a disposable thread, to a deadline |
//! | `threads` | the disposable threads |
//! | [`walk`] | follows a path step by step, with a verdict on every folder and link |
//! | [`read`] | opens a file to read it, as the user who controls its name |
//! | [`trusted`] | opens what decides what is done: every step belongs to root, or to this user |
//! | [`folder`] | a folder that is held open, to write into it |
//! | [`openat2`] | opens below a descriptor, through no link; says which file something is |
//! | [`mounts`] | tells what is mounted where |
//! | [`processes`] | asks the kernel about other processes, which may have to wait for them |
//!
//! Whoever opens a path shows a [`MayHang`], which only a disposable thread has.

mod as_user;
pub mod deadline;
pub mod folder;
pub mod mounts;
pub mod openat2;
pub mod processes;
pub mod read;
mod threads;
pub mod trusted;
pub mod walk;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::deadline::{CallError, DetachedCalls};

/// Proof that the thread may hang without holding anything up. A file of somebody else is opened only with it.
#[derive(Debug)]
pub struct MayHang(());

impl MayHang {
    /// For a thread that has nothing else to do: a verb on the command line that reads the file it was given, or
    /// salve's own settings before the engine starts. `why` is for whoever reads the source.
    #[must_use]
    pub const fn because(_why: &'static str) -> Self {
        Self(())
    }
}

/// A path did not answer within its deadline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", silence.in_words(about, *limit))]
pub struct NoAnswer {
    /// What was asked.
    about: String,
    /// For how long it was waited for.
    limit: Duration,
    /// What happened instead of an answer.
    silence: CallError,
}

/// Asks something of a path in a disposable thread. Calls about one path on one mount take turns.
///
/// # Errors
/// Where there is no answer within the limit.
pub async fn at<T: Send + 'static>(
    path: &Path,
    limit: Duration,
    call: impl FnOnce(&MayHang) -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    ask(shown(path), lane("", path), limit, call).await
}

/// Does something longer with a path in a disposable thread: only what is called the same waits for its turn, so that
/// short questions about the path are answered meanwhile.
///
/// # Errors
/// Where there is no answer within the limit.
pub async fn task<T: Send + 'static>(
    name: &str,
    path: &Path,
    limit: Duration,
    call: impl FnOnce(&MayHang) -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    ask(format!("{name} {}", shown(path)), lane(name, path), limit, call).await
}

/// The same as [`at`] for a thread without a runtime, which waits for the answer itself: the limit must be short.
///
/// # Errors
/// Where there is no answer within the limit.
pub fn at_blocking<T: Send + 'static>(
    path: &Path,
    limit: Duration,
    call: impl FnOnce(&MayHang) -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    let answer = DetachedCalls::shared().call_blocking(&lane("", path), limit, move || call(&MayHang(())));
    answer.map_err(|silence| NoAnswer { about: shown(path), limit, silence })
}

async fn ask<T: Send + 'static>(
    about: String,
    lane: String,
    limit: Duration,
    call: impl FnOnce(&MayHang) -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    let answer = DetachedCalls::shared().call(&lane, limit, move || call(&MayHang(()))).await;
    answer.map_err(|silence| NoAnswer { about, limit, silence })
}

/// What takes turns. What hangs on a mount that was taken away does not stand for the one that is there now.
fn lane(name: &str, path: &Path) -> String {
    format!("{name} {} on mount {}", path.display(), mounts::below(path).unwrap_or_default())
}

fn shown(path: &Path) -> String {
    crate::text::clean_line(&path.to_string_lossy()).into_owned()
}

/// Why a path is not opened.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// A call to the kernel failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The step that failed.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The user who controls the name may not read what it leads to.
    #[error("{} is under the control of uid {owner}, who may not read what it leads to: {source}", path.display())]
    NotTheirs {
        /// The link or folder through which they control it.
        path: PathBuf,
        /// Who controls it.
        owner: u32,
        /// What the system said to them.
        source: std::io::Error,
    },
    /// Two users control the way, and what one of them may read is not the other's business.
    #[error("{} belongs to uid {second}, and uid {first} controls the way there", path.display())]
    TwoUsers {
        /// The second user's link or folder.
        path: PathBuf,
        /// Who controls the way to it.
        first: u32,
        /// Who controls the way from it.
        second: u32,
    },
    /// A folder, a pipe, a socket or a device.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// The path that was to be read.
        path: PathBuf,
    },
    /// It has a second name somewhere.
    #[error("{} has {links} names (hard links)", path.display())]
    Linked {
        /// The path that was to be read.
        path: PathBuf,
        /// How many names the file has; more than one.
        links: u64,
    },
    /// Larger than what is read.
    #[error("{} has {size} bytes, and at most {limit} are read", path.display())]
    TooLarge {
        /// The path that was to be read.
        path: PathBuf,
        /// The file's length, in bytes.
        size: u64,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The content is not valid UTF-8.
    #[error("{} is not UTF-8 (byte {at})", path.display())]
    NotText {
        /// The path that was read.
        path: PathBuf,
        /// The first byte that is not.
        at: usize,
    },
    /// A step belongs to somebody else.
    #[error("{} belongs to uid {owner}", path.display())]
    Owner {
        /// The folder, link or file on the way that somebody else owns.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A step can be written by others.
    #[error("{} can be written by others (mode {mode:o})", path.display())]
    Writable {
        /// The folder or file on the way that others can write.
        path: PathBuf,
        /// Its permission bits, as `stat` gives them.
        mode: u32,
    },
}

impl PathError {
    fn io(path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::Io { path: path.into(), source: source.into() }
    }

    /// Is there nothing at the path?
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let missing = |error: &std::io::Error| {
            matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
        };
        match self {
            Self::Io { source, .. } | Self::NotTheirs { source, .. } => missing(source),
            Self::TwoUsers { .. }
            | Self::NotRegular { .. }
            | Self::Linked { .. }
            | Self::TooLarge { .. }
            | Self::NotText { .. }
            | Self::Owner { .. }
            | Self::Writable { .. } => false,
        }
    }

    /// How an operator mends it.
    #[must_use]
    pub fn mend(&self) -> String {
        match self {
            Self::Io { .. } | Self::NotTheirs { .. } => "make it readable, or take it away".into(),
            Self::NotRegular { .. } => "put the file itself there, not a link to it".into(),
            Self::Linked { path, .. } => format!("cp it to a new file in place of {}", path.display()),
            Self::TooLarge { .. } => "a smaller file".into(),
            Self::NotText { .. } => "save it as UTF-8".into(),
            Self::Owner { path, .. } | Self::TwoUsers { path, .. } => {
                format!("chown {} {}", rustix::process::geteuid().as_raw(), path.display())
            }
            Self::Writable { path, .. } => format!("chmod go-w {}", path.display()),
        }
    }
}

impl From<PathError> for std::io::Error {
    /// The kind stays what it was, so that whoever asks for a file that is not there is told so.
    fn from(refusal: PathError) -> Self {
        let kind = match &refusal {
            PathError::Io { source, .. } | PathError::NotTheirs { source, .. } => source.kind(),
            PathError::TooLarge { .. } | PathError::NotText { .. } => std::io::ErrorKind::InvalidData,
            PathError::TwoUsers { .. }
            | PathError::NotRegular { .. }
            | PathError::Linked { .. }
            | PathError::Owner { .. }
            | PathError::Writable { .. } => std::io::ErrorKind::PermissionDenied,
        };
        Self::new(kind, refusal)
    }
}
