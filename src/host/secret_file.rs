//! A secret that stands in a file of its own: read again each time, so that a changed one needs no restart, and never
//! kept, shown or recorded.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FileType, OFlags};
use rustix::process::geteuid;

use crate::foreign::walk::{AnyWay, LastLink, walk};
use crate::foreign::{self, MayHang, NoAnswer, PathError};

/// No secret is larger, in bytes.
const LARGEST: u64 = 4096;
/// How long its file may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Why a secret cannot be had. Names the file and what would be right, and never what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// Its path would mean another file elsewhere.
    #[error("{} has no absolute path", .0.display())]
    Relative(PathBuf),
    /// The system's word.
    #[error(transparent)]
    Unread(#[from] PathError),
    /// Neither root's nor this user's.
    #[error("{} belongs to somebody else: `chown root` it", .0.display())]
    Owner(PathBuf),
    /// A link, a folder, a pipe.
    #[error("{} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// Others may read it.
    #[error("{} has mode {mode:04o}: others may read it; `chmod 0600` it", path.display())]
    Readable {
        /// The file that holds the secret.
        path: PathBuf,
        /// Its permission bits, as `stat` gives them.
        mode: u32,
    },
    /// Empty, of several lines, or too long.
    #[error("{} must hold the key on one line and nothing else", .0.display())]
    NotOneLine(PathBuf),
    /// It did not answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// The file's one line.
///
/// # Errors
/// See [`SecretFileError`].
pub async fn read(path: &Path) -> Result<String, SecretFileError> {
    let wanted = path.to_owned();
    foreign::at(path, ANSWERS_WITHIN, move |may_hang| read_here(&wanted, may_hang)).await?
}

/// The same for a thread without a runtime, which waits for the answer itself.
///
/// # Errors
/// See [`SecretFileError`].
pub fn read_blocking(path: &Path) -> Result<String, SecretFileError> {
    let wanted = path.to_owned();
    foreign::at_blocking(path, ANSWERS_WITHIN, move |may_hang| read_here(&wanted, may_hang))?
}

/// The same in a thread that may hang.
fn read_here(path: &Path, may_hang: &MayHang) -> Result<String, SecretFileError> {
    if !path.is_absolute() {
        return Err(SecretFileError::Relative(path.into()));
    }
    let walked = walk(path, LastLink::Keep, &mut AnyWay, may_hang)?;
    if walked.seen.kind() != FileType::RegularFile {
        return Err(SecretFileError::NotRegular(path.into()));
    }
    if walked.seen.owner != 0 && walked.seen.owner != geteuid().as_raw() {
        return Err(SecretFileError::Owner(path.into()));
    }
    let mode = walked.seen.mode & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Readable { path: path.into(), mode });
    }
    let unread = |source: std::io::Error| SecretFileError::Unread(PathError::Io { path: path.into(), source });
    let file = std::fs::File::from(walked.open(OFlags::RDONLY).map_err(unread)?);
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unread)?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= LARGEST);
    match text.as_deref().map(str::trim) {
        Some(key) if !key.is_empty() && !key.contains(char::is_control) => Ok(key.to_owned()),
        _ => Err(SecretFileError::NotOneLine(path.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn only_a_private_file_of_one_line_is_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (text, mode, said) in [
            ("R0UT1NG\n", 0o600, None),
            ("R0UT1NG", 0o640, Some("chmod 0600")),
            ("\n", 0o600, Some("on one line")),
            ("R0UT1NG\nb", 0o600, Some("on one line")),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match (read(&path).await, said) {
                (Ok(key), None) => assert_eq!(key, "R0UT1NG"),
                (Err(why), Some(said)) => {
                    let why = why.to_string();
                    assert!(why.contains(said) && !why.contains("R0UT1NG"), "{why}");
                }
                (other, _) => panic!("{text:?}: {other:?}"),
            }
        }
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(read(&link).await.is_err() && read(Path::new("key")).await.is_err());
    }
}
