//! Where the socket stands: `salve.sock` in a folder that only its owner can write, for root in reach of group `salve`.
//! Whoever holds the lock beside it listens; it is bound under another name and moved into place, so that whoever
//! finds it finds somebody listening.
//!
//! Whoever connects looks as closely: an engine of root's or of one's own is obeyed, nobody else's.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::unistd::Group;
use rustix::fs::{FlockOperation, OFlags, flock};

/// Who may come near root's socket.
pub const GROUP: &str = "salve";
/// File name of the socket.
pub const NAME: &str = "salve.sock";
const LOCK: &str = "salve.lock";

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another engine listens on this socket.
    #[error("another salve listens on {0}")]
    Taken(PathBuf),
    /// Something of somebody else's is in the way.
    #[error("{path}: {what}; remove it or give it to uid {ours} with mode 0750", path = .path.display())]
    NotOurs {
        /// The folder or file that is in the way.
        path: PathBuf,
        /// Why it is not used.
        what: String,
        /// The uid that it should belong to.
        ours: u32,
    },
    /// A call to the kernel failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The folder or file on which the call failed.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kernel said no: nobody listens, or one may not come near.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Somebody else listens, or could have put anything there.
    #[error(transparent)]
    Stranger(#[from] Stranger),
}

/// What stands at a socket's place is neither root's nor one's own, so nothing is said to it and nothing is believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}: it is not asked, and nothing is sent to it", path.display())]
pub struct Stranger {
    /// Path of the socket, or of the folder above it, that cannot be trusted.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// Connects to an engine's socket, once it is certain that the engine is root's or one's own.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(path: &Path) -> Result<tokio::net::UnixStream, ConnectError> {
    let ours = rustix::process::geteuid().as_raw();
    let stranger = |path: &Path, what: String| Stranger { path: path.into(), what };
    let folder = path.parent().unwrap_or(Path::new("/"));
    let there = fs::symlink_metadata(folder)?;
    if let Some(what) = distrust(&there, ours) {
        return Err(stranger(folder, what).into());
    }
    let stream = tokio::net::UnixStream::connect(path).await?;
    // whatever the names led to, this is who listens
    let theirs = stream.peer_cred()?.uid();
    if !is_obeyed(theirs, ours) {
        return Err(stranger(path, format!("uid {theirs} listens there, who is neither root nor you")).into());
    }
    Ok(stream)
}

/// May an engine of this user be obeyed by that one?
const fn is_obeyed(theirs: u32, ours: u32) -> bool {
    theirs == 0 || theirs == ours
}

/// Why a socket's folder cannot be relied on, if it cannot.
fn distrust(folder: &fs::Metadata, ours: u32) -> Option<String> {
    if !folder.is_dir() {
        return Some("is no folder of its own".into());
    }
    if !is_obeyed(folder.uid(), ours) {
        return Some(format!("belongs to uid {}", folder.uid()));
    }
    (folder.mode() & 0o022 != 0).then(|| format!("others can write it (mode {:04o})", folder.mode() & 0o7777))
}

/// A socket on which this process listens. It is gone when this is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
    /// Held as long as somebody listens.
    _lock: File,
}

impl Socket {
    /// Listens in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn listen(folder: &Path) -> Result<Self, SocketError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| SocketError::Io { path, source }
        };
        let ours = rustix::process::geteuid();
        // for everybody but root the group says nothing about who belongs to salve
        let group = if ours.is_root() { Group::from_name(GROUP).ok().flatten() } else { None };
        let group = group.map(|group| group.gid.as_raw());
        own_folder(folder, ours.as_raw(), group)?;

        let path = folder.join(NAME);
        let lock_path = folder.join(LOCK);
        let nofollow = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits()).unwrap_or_default();
        let mut how = OpenOptions::new();
        how.write(true).create(true).truncate(false).mode(0o600).custom_flags(nofollow);
        let lock = how.open(&lock_path).map_err(at(&lock_path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| SocketError::Taken(path.clone()))?;
        match fs::symlink_metadata(&path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(SocketError::NotOurs { path, what: "is no socket".into(), ours: ours.as_raw() });
            }
            _ => {}
        }

        let new = folder.join(format!(".{NAME}.{}", std::process::id()));
        let _ = fs::remove_file(&new);
        let listener = UnixListener::bind(&new).map_err(at(&new))?;
        let ready = || {
            fs::set_permissions(&new, Permissions::from_mode(if group.is_some() { 0o660 } else { 0o600 }))?;
            chown(&new, None, group)?;
            listener.set_nonblocking(true)?;
            let inode = fs::symlink_metadata(&new)?.ino();
            fs::rename(&new, &path)?;
            Ok(inode)
        };
        match ready() {
            Ok(inode) => Ok(Self { listener, path, inode, _lock: lock }),
            Err(source) => {
                let _ = fs::remove_file(&new);
                Err(SocketError::Io { path, source })
            }
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For the runtime. The socket stays ours.
    ///
    /// # Errors
    /// Where the kernel or the runtime says no.
    pub fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        tokio::net::UnixListener::from_std(self.listener.try_clone()?)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // another that took its place is left alone
        if fs::symlink_metadata(&self.path).is_ok_and(|there| there.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the folder, or sees that it is ours alone to write.
fn own_folder(folder: &Path, ours: u32, group: Option<u32>) -> Result<(), SocketError> {
    let error = |source| SocketError::Io { path: folder.into(), source };
    let mode = if group.is_some() { 0o750 } else { 0o700 };
    match DirBuilder::new().mode(mode).create(folder) {
        Ok(()) => {}
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(error(source)),
    }
    let there = fs::symlink_metadata(folder).map_err(error)?;
    let refuse = |what: String| Err(SocketError::NotOurs { path: folder.into(), what, ours });
    if !there.is_dir() {
        return refuse("is no folder".into());
    }
    if there.uid() != ours {
        return refuse(format!("belongs to uid {}", there.uid()));
    }
    if there.mode() & 0o022 != 0 {
        return refuse(format!("others can write it (mode {:04o})", there.mode() & 0o7777));
    }
    if group.is_some() {
        chown(folder, None, group).map_err(error)?;
        fs::set_permissions(folder, Permissions::from_mode(mode)).map_err(error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn one_listens_and_the_next_takes_over_what_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let socket = Socket::listen(&run).unwrap();
        assert!(UnixStream::connect(socket.path()).is_ok());
        assert!(matches!(Socket::listen(&run), Err(SocketError::Taken(_))));
        let path = socket.path().to_owned();
        drop(socket);
        assert!(!path.exists());
        // as after kill -9: the file is there, and nobody listens
        drop(UnixListener::bind(&path).unwrap());
        let socket = Socket::listen(&run).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
        // somebody else's socket in our place is not ours to take away
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(socket);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_folder_that_others_can_write_is_not_connected_to() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let socket = Socket::listen(&run).unwrap();
        assert!(connect(socket.path()).await.is_ok());
        fs::set_permissions(&run, Permissions::from_mode(0o777)).unwrap();
        let stranger = |refused| matches!(refused, Err(ConnectError::Stranger(_)));
        assert!(stranger(connect(socket.path()).await));
        fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
        let link = folder.path().join("link");
        symlink(&run, &link).unwrap();
        assert!(stranger(connect(&link.join(NAME)).await));
    }

    #[test]
    fn engines_of_root_and_of_oneself_are_obeyed() {
        assert!(is_obeyed(0, 1000) && is_obeyed(1000, 1000) && is_obeyed(0, 0));
        assert!(!is_obeyed(1001, 1000) && !is_obeyed(1000, 0));
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| matches!(Socket::listen(path), Err(SocketError::NotOurs { .. }));
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        assert!(refused(&open));
        let (own, link) = (folder.path().join("own"), folder.path().join("link"));
        DirBuilder::new().mode(0o700).create(&own).unwrap();
        symlink(&own, &link).unwrap();
        assert!(refused(&link));
        fs::write(own.join(NAME), "mine").unwrap();
        assert!(refused(&own));
        assert_eq!(fs::read_to_string(own.join(NAME)).unwrap(), "mine");
    }
}
