//! Reads files that decide what is done, and refuses those that somebody else could have written.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{FileType, OFlags};

use crate::foreign::trusted::{self, Sticky};
use crate::foreign::walk::LastLink;
use crate::foreign::{MayHang, PathError};

/// Reads a file that decides what is done: regular, one link, not too large, and writable, it and every step of the way
/// to it, by nobody but its owner, who must be this user or root.
///
/// # Errors
/// The first requirement that the file does not meet.
pub fn read(path: &Path, limit: usize, may_hang: &MayHang) -> Result<String, PathError> {
    let io = |source| PathError::Io { path: path.into(), source };
    let walked = trusted::walk_to(path, LastLink::Keep, Sticky::Allowed, may_hang)?;
    if walked.seen.kind() != FileType::RegularFile {
        return Err(PathError::NotRegular { path: path.into() });
    }
    if walked.seen.links > 1 {
        return Err(PathError::Linked { path: path.into(), links: walked.seen.links.into() });
    }
    if walked.seen.size > limit as u64 {
        return Err(PathError::TooLarge { path: path.into(), size: walked.seen.size, limit });
    }
    trusted::only_ours(path, &walked.seen)?;
    let file = File::from(walked.open(OFlags::RDONLY).map_err(io)?);
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    String::from_utf8(bytes)
        .map_err(|error| PathError::NotText { path: path.into(), at: error.utf8_error().valid_up_to() })
}
