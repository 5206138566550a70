//! Files that decide what is done are read only where nobody else could have written them.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

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
    /// Too large.
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
    /// It, or a folder above it, belongs to somebody else.
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

/// Reads a file that decides what is done: regular, one link, not too large, and writable, it and every folder above
/// it, by nobody but its owner, who must be this user or root.
///
/// # Errors
/// Whatever speaks against it.
pub fn read(path: &Path, limit: usize) -> Result<String, Distrust> {
    let io = |source| Distrust::Io { path: path.into(), source };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = match rustix::fs::open(path, flags, rustix::fs::Mode::empty()) {
        Ok(descriptor) => descriptor,
        Err(rustix::io::Errno::LOOP) => return Err(Distrust::NotRegular { path: path.into() }),
        Err(error) => return Err(io(error.into())),
    };
    let file = File::from(descriptor);
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(Distrust::NotRegular { path: path.into() });
    }
    if metadata.nlink() > 1 {
        return Err(Distrust::Linked { path: path.into(), links: metadata.nlink() });
    }
    if metadata.len() > limit as u64 {
        return Err(Distrust::TooLarge { path: path.into(), size: metadata.len(), limit });
    }
    only_ours(path, &metadata, false)?;
    folders_above(path)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    String::from_utf8(bytes)
        .map_err(|error| Distrust::NotText { path: path.into(), at: error.utf8_error().valid_up_to() })
}

/// Every folder above, links resolved, up to the root.
fn folders_above(path: &Path) -> Result<(), Distrust> {
    let io = |source| Distrust::Io { path: path.into(), source };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = fs::canonicalize(folder).map_err(io)?;
    for above in folder.ancestors() {
        let metadata = fs::metadata(above).map_err(|source| Distrust::Io { path: above.into(), source })?;
        only_ours(above, &metadata, true)?;
    }
    Ok(())
}

fn only_ours(path: &Path, metadata: &Metadata, folder: bool) -> Result<(), Distrust> {
    let me = rustix::process::geteuid().as_raw();
    let owner = metadata.uid();
    if owner != me && owner != 0 {
        return Err(Distrust::Owner { path: path.into(), owner });
    }
    let mode = metadata.mode() & 0o7777;
    // in a sticky folder nobody can replace what is not theirs
    let sticky = folder && mode & 0o1000 != 0;
    let private_group = me != 0 && metadata.gid() == rustix::process::getegid().as_raw() && metadata.gid() == me;
    let by_group = mode & 0o020 != 0 && !private_group;
    if (by_group || mode & 0o002 != 0) && !sticky {
        return Err(Distrust::Writable { path: path.into(), mode });
    }
    Ok(())
}
