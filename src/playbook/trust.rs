//! Files that decide what is done are read only where nobody else could have written them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, OFlags};

use crate::foreign::trusted::{self, Sticky};
use crate::foreign::walk::LastLink;
use crate::foreign::{MayHang, Refusal};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// The system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// Of what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A link, a pipe, a device.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// Which.
        path: PathBuf,
    },
    /// It has a second name somewhere.
    #[error("{} has {links} names (hard links)", path.display())]
    Linked {
        /// Which.
        path: PathBuf,
        /// How many.
        links: u64,
    },
    /// Larger than what is read.
    #[error("{} has {size} bytes, and at most {limit} are read", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Bytes.
        size: u64,
        /// Bytes.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("{} is not UTF-8 (byte {at})", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
        /// The first byte that is not.
        at: usize,
    },
    /// It, a folder above it, or a link on the way to it, belongs to somebody else.
    #[error("{} belongs to uid {owner}", path.display())]
    Owner {
        /// Which.
        path: PathBuf,
        /// Whose.
        owner: u32,
    },
    /// It, or a folder above it, can be written by others.
    #[error("{} can be written by others (mode {mode:o})", path.display())]
    Writable {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl From<Refusal> for Distrust {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Io { path, source } | Refusal::NotTheirs { path, source, .. } => Self::Io { path, source },
            Refusal::NotRegular { path } => Self::NotRegular { path },
            Refusal::Owner { path, owner } | Refusal::TwoUsers { path, second: owner, .. } => {
                Self::Owner { path, owner }
            }
            Refusal::Writable { path, mode } => Self::Writable { path, mode },
        }
    }
}

impl Distrust {
    /// How an operator mends it.
    #[must_use]
    pub fn mend(&self) -> String {
        match self {
            Self::Io { .. } => "make it readable, or take it away".into(),
            Self::NotRegular { .. } => "put the file itself there, not a link to it".into(),
            Self::Linked { path, .. } => format!("cp it to a new file in place of {}", path.display()),
            Self::TooLarge { .. } => "a smaller file".into(),
            Self::NotText { .. } => "save it as UTF-8".into(),
            Self::Owner { path, .. } => format!("chown {} {}", rustix::process::geteuid().as_raw(), path.display()),
            Self::Writable { path, .. } => format!("chmod go-w {}", path.display()),
        }
    }
}

/// Reads a file that decides what is done: regular, one link, not too large, and writable, it and every step of the way
/// to it, by nobody but its owner, who must be this user or root.
///
/// # Errors
/// Whatever speaks against it.
pub fn read(path: &Path, limit: usize, may_hang: &MayHang) -> Result<String, Distrust> {
    let io = |source| Distrust::Io { path: path.into(), source };
    let walked = trusted::walk_to(path, LastLink::Keep, Sticky::Allowed, may_hang)?;
    if walked.seen.kind() != FileType::RegularFile {
        return Err(Distrust::NotRegular { path: path.into() });
    }
    if walked.seen.links > 1 {
        return Err(Distrust::Linked { path: path.into(), links: walked.seen.links.into() });
    }
    if walked.seen.size > limit as u64 {
        return Err(Distrust::TooLarge { path: path.into(), size: walked.seen.size, limit });
    }
    trusted::only_ours(path, &walked.seen)?;
    let file = File::from(walked.open(OFlags::RDONLY).map_err(io)?);
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    String::from_utf8(bytes)
        .map_err(|error| Distrust::NotText { path: path.into(), at: error.utf8_error().valid_up_to() })
}
