//! An incident written to a file in the folder that the console was started in. Nothing that is there is overwritten.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::foreign::folder::{Folder, PRIVATE};
use crate::foreign::{self, MayHang, PathError};

/// How long the folder may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// So many exports of one incident, and then somebody should tidy up.
const MOST: u32 = 999;

/// Writes the text to `stem.md`, or to `stem-2.md` and so on where that is there; gives the file's path. Only its
/// owner can read it: output and arguments may be nobody else's business.
///
/// # Errors
/// In words, with the path; also where the folder does not answer.
pub async fn write(folder: PathBuf, stem: String, text: String) -> Result<PathBuf, String> {
    let place = folder.clone();
    let write = move |may_hang: &MayHang| write_in(&folder, &stem, &text, may_hang);
    foreign::task("the export to", &place, ANSWERS_WITHIN, write).await.map_err(|silence| silence.to_string())?
}

fn write_in(path: &Path, stem: &str, text: &str, may_hang: &MayHang) -> Result<PathBuf, String> {
    let first = path.join(format!("{stem}.md"));
    let folder = Folder::open(path, may_hang).map_err(|refusal| {
        let why = match refusal {
            PathError::Io { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        format!("{} could not be written: {why}", first.display())
    })?;
    for number in 1..=MOST {
        let name = if number == 1 { format!("{stem}.md") } else { format!("{stem}-{number}.md") };
        // a new file, or none: not even a link that leads nowhere is followed
        return match folder.create(name.as_ref(), text.as_bytes(), PRIVATE) {
            Ok(()) => Ok(path.join(name)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        "; start salve in a writable folder, or use `salve show ID --markdown`"
                    }
                    _ => "",
                };
                Err(format!("{} could not be written: {error}{why}", path.join(name).display()))
            }
        };
    }
    Err(format!("{} and {MOST} others already exist: remove some", first.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    fn write(folder: &Path, stem: &str, text: &str) -> Result<PathBuf, String> {
        write_in(folder, stem, text, &MayHang::because("a test"))
    }

    #[test]
    fn nothing_is_overwritten_and_no_link_is_followed() {
        let folder = TempDir::new().unwrap();
        let elsewhere = TempDir::new().unwrap();
        symlink(elsewhere.path().join("victim"), folder.path().join("salve-incident-4-2.md")).unwrap();
        let first = write(folder.path(), "salve-incident-4", "one").unwrap();
        let second = write(folder.path(), "salve-incident-4", "two").unwrap();
        assert_eq!(first, folder.path().join("salve-incident-4.md"));
        assert_eq!(second, folder.path().join("salve-incident-4-3.md"));
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(fs::read_to_string(&second).unwrap(), "two");
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!elsewhere.path().join("victim").exists());
    }

    #[test]
    fn a_folder_that_is_gone_is_named() {
        let folder = TempDir::new().unwrap();
        let gone = folder.path().join("gone");
        let said = write(&gone, "salve-incident-4", "one").unwrap_err();
        assert!(said.contains("gone/salve-incident-4.md could not be written: No such file"), "{said}");
    }
}
