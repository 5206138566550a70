//! A file opened to be read and told of: a log, a pidfile, what a check looks at.
//!
//! Somebody else may control the name: by a link of theirs on the way, by a link in a folder of theirs, or by a second
//! name in it. From there on the way is walked as that user, so that nobody gets to see through salve what they may not
//! read themselves. A file without such a link is what stands at this place, and is read as it is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{FileType, OFlags};
use rustix::process::geteuid;

use super::as_user::AsUser;
use super::openat2::FileStatus;
use super::walk::{Judge, LastLink, Walked, walk};
use super::{MayHang, PathError};

/// What stands at a path, looked at and not opened.
///
/// # Errors
/// The system's, or where nobody who controls the name may see it.
pub fn look(path: &Path, may_hang: &MayHang) -> Result<Walked, PathError> {
    let mut reader = OwnerReader::new();
    reader.walk(path, may_hang)
}

/// A regular file, open for reading. Anything else would hang whoever reads it, never end, or do something.
///
/// # Errors
/// The system's, or why it is not read.
pub fn open(path: &Path, may_hang: &MayHang) -> Result<(File, FileStatus), PathError> {
    let mut reader = OwnerReader::new();
    let walked = reader.walk(path, may_hang)?;
    if walked.seen.kind() != FileType::RegularFile {
        return Err(PathError::NotRegular { path: path.into() });
    }
    reader.second_name(path, &walked)?;
    let opened = walked.open(OFlags::RDONLY).map_err(|error| reader.failed(path, error))?;
    Ok((opened.into(), walked.seen))
}

/// The whole of a regular file, up to `most` bytes.
///
/// # Errors
/// As [`open`], and where it is larger.
pub fn bytes(path: &Path, most: u64, may_hang: &MayHang) -> Result<Vec<u8>, PathError> {
    let (file, _) = open(path, may_hang)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| PathError::io(path, error))?;
    if bytes.len() as u64 > most {
        return Err(PathError::io(path, std::io::Error::other(format!("it is larger than {most} bytes"))));
    }
    Ok(bytes)
}

/// The text of a small file that is salve's own, or that the person at the terminal named: opened as it is, by whoever
/// runs this.
///
/// # Errors
/// The system's, where it is no text, and where it is larger than `most` bytes.
pub fn small(path: &Path, most: u64) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(std::io::Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(text)
}

/// Reads as root until somebody else controls the way, then as they.
struct OwnerReader {
    root: bool,
    user: Option<(AsUser, std::path::PathBuf)>,
}

impl OwnerReader {
    fn new() -> Self {
        Self { root: geteuid().is_root(), user: None }
    }

    fn walk(&mut self, path: &Path, may_hang: &MayHang) -> Result<Walked, PathError> {
        walk(path, LastLink::Follow, self, may_hang).map_err(|refusal| match refusal {
            PathError::Io { source, .. } => self.failed(path, source),
            other => other,
        })
    }

    /// From here on the way is this user's choice.
    fn controlled_by(&mut self, path: &Path, owner: u32) -> Result<(), PathError> {
        match &self.user {
            Some((user, _)) if user.uid == owner => Ok(()),
            Some((user, _)) => Err(PathError::TwoUsers { path: path.into(), first: user.uid, second: owner }),
            None => {
                let user = AsUser::of(owner).map_err(|error| PathError::io(path, error))?;
                self.user = Some((user, path.into()));
                Ok(())
            }
        }
    }

    /// A file of several names in a folder of somebody who does not own it: they may have given it this one.
    fn second_name(&mut self, path: &Path, walked: &Walked) -> Result<(), PathError> {
        let (file, folder) = (&walked.seen, &walked.folder_seen);
        if self.root && file.links > 1 && folder.owner != 0 && folder.owner != file.owner {
            self.controlled_by(path, folder.owner)?;
        }
        Ok(())
    }

    fn failed(&self, path: &Path, source: std::io::Error) -> PathError {
        match &self.user {
            Some((user, at)) => PathError::NotTheirs { path: at.clone(), owner: user.uid, source },
            None => PathError::io(path, source),
        }
    }
}

impl Judge for OwnerReader {
    fn folder(&mut self, _: &Path, _: &FileStatus) -> Result<(), PathError> {
        Ok(())
    }

    fn link(&mut self, path: &Path, link: &FileStatus, folder: &FileStatus) -> Result<(), PathError> {
        match [link.owner, folder.owner].into_iter().find(|owner| *owner != 0) {
            // whoever is not root reads what they may read, and nothing else
            Some(owner) if self.root => self.controlled_by(path, owner),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
