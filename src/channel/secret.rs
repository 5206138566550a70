//! A secret that stands in a file of its own: read anew for each page, so that a changed key needs no restart, and
//! never kept, shown or recorded.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::{Pace, Setback};

/// No key is larger, in bytes.
const LARGEST: u64 = 4096;

/// The file's one line. The error names the file and what would be right, and never what stands in it.
pub(super) fn read(path: &Path) -> Result<String, Setback> {
    text_of(path).map_err(|why| Setback::new(Pace::Slow, format!("its key file {} {why}", path.display())))
}

fn text_of(path: &Path) -> Result<String, String> {
    if !path.is_absolute() {
        return Err("has no absolute path".into());
    }
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let unread = |error: std::io::Error| format!("cannot be read: {error}");
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(unread)?;
    let about = file.metadata().map_err(unread)?;
    let own = rustix::process::geteuid().as_raw();
    if !about.is_file() {
        return Err("is not a regular file".into());
    }
    if about.uid() != 0 && about.uid() != own {
        return Err("belongs to somebody else: `chown root` it".into());
    }
    if about.mode() & 0o077 != 0 {
        return Err(format!("has mode {:04o}: others may read it; `chmod 0600` it", about.mode() & 0o7777));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unread)?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= LARGEST);
    match text.as_deref().map(str::trim) {
        Some(key) if !key.is_empty() && !key.contains(char::is_control) => Ok(key.to_owned()),
        _ => Err("must hold the key on one line and nothing else".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_a_private_file_of_one_line_is_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let with = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read(&path).map_err(|setback| setback.why.to_string())
        };
        assert_eq!(with("R0UT1NG\n", 0o600), Ok("R0UT1NG".into()));
        for (text, mode, said) in
            [("R0UT1NG", 0o640, "chmod 0600"), ("\n", 0o600, "on one line"), ("R0UT1NG\nb", 0o600, "on one line")]
        {
            let why = with(text, mode).unwrap_err();
            assert!(why.contains(said) && !why.contains("R0UT1NG"), "{why}");
        }
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(read(&link).is_err() && read(Path::new("key")).is_err());
    }
}
