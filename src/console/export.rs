//! An incident written to a file in the folder that the console was started in. Nothing that is there is overwritten.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// So many exports of one incident, and then somebody should tidy up.
const MOST: u32 = 999;

/// Writes the text to `stem.md`, or to `stem-2.md` and so on where that is there; gives the file's path. Only its
/// owner can read it: output and arguments may be nobody else's business.
///
/// # Errors
/// In words, with the path.
pub fn write(folder: &Path, stem: &str, text: &str) -> Result<PathBuf, String> {
    for number in 1..=MOST {
        let name = if number == 1 { format!("{stem}.md") } else { format!("{stem}-{number}.md") };
        let path = folder.join(name);
        // a new file, or none: not even a link that leads nowhere is followed
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = match opened {
            Ok(mut file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => Err(error),
        };
        return match written {
            Ok(()) => Ok(path),
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        "; start salve in a folder that you can write to, or use `salve show ID --markdown`"
                    }
                    _ => "",
                };
                Err(format!("{} could not be written: {error}{why}", path.display()))
            }
        };
    }
    Err(format!("{} and {MOST} others are there already: remove some", folder.join(format!("{stem}.md")).display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

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
