//! Where themes come from: those that were compiled in, and the files in the `themes` folder of the user's settings,
//! which win by their name.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::Theme;
use crate::console::config::error::Misread;
use crate::foreign::{MayHang, PathError};
use crate::playbook::library::trust;

/// A theme's file may not be larger, in bytes.
const LARGEST: usize = 64 * 1024;

/// The first one is what everything falls back on.
pub const SHIPPED: [(&str, &str); 6] = [
    ("default", include_str!("../../../themes/default.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colourblind", include_str!("../../../themes/colourblind.toml")),
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
];

/// Why a theme was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// There is no such theme.
    #[error("no theme named {name}; there are {known}")]
    NotFound {
        /// As asked for.
        name: String,
        /// All that are.
        known: String,
    },
    /// Its file cannot be read or is not trusted.
    #[error("theme {name}: {why}; {mend}", mend = why.mend())]
    Unusable {
        /// Of which theme.
        name: String,
        /// What was wrong with the path when the file was opened.
        why: PathError,
    },
    /// Its file says something that is not understood.
    #[error(transparent)]
    Wrong(#[from] Misread),
}

/// What tells one version of a file from the next: when it was written, how long it is, and which file it is, for
/// editors save by putting another one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    written: (i64, i64),
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self { written: (found.mtime(), found.mtime_nsec()), length: found.len(), inode: found.ino() })
    }
}

/// All themes that can be asked for.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// With the files below this folder of the user's settings.
    #[must_use]
    pub fn new(config: &Path) -> Self {
        Self { folder: config.join("themes") }
    }

    /// The theme of this name.
    ///
    /// # Errors
    /// See [`ThemeError`].
    pub fn find(&self, name: &str) -> Result<Theme, ThemeError> {
        let file = self.file(name);
        match file.as_deref().map(|file| trust::read(file, LARGEST, &MayHang::because("salve's own themes"))) {
            Some(Ok(text)) => return Ok(Theme::read(name, &file.unwrap_or_default(), &text)?),
            Some(Err(PathError::Io { source, .. })) if source.kind() == io::ErrorKind::NotFound => {}
            Some(Err(why)) => return Err(ThemeError::Unusable { name: name.into(), why }),
            None => {}
        }
        match SHIPPED.into_iter().find(|(shipped, _)| *shipped == name) {
            Some((_, text)) => Ok(Theme::read(name, Path::new(name), text)?),
            None => Err(ThemeError::NotFound { name: name.into(), known: self.names().join(", ") }),
        }
    }

    /// All names, shipped ones first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut own: Vec<String> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.to_owned()))
            .filter(|name| is_name(name) && SHIPPED.iter().all(|(shipped, _)| shipped != name))
            .collect();
        own.sort();
        SHIPPED.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect()
    }

    /// Of the user's file for this theme, where there is one.
    #[must_use]
    pub fn stamp(&self, name: &str) -> Option<Stamp> {
        Stamp::of(&self.file(name)?)
    }

    /// Of the folder: another one where a file came or went.
    #[must_use]
    pub fn folder_stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.folder)
    }

    /// A name never leads out of the folder.
    fn file(&self, name: &str) -> Option<PathBuf> {
        is_name(name).then(|| self.folder.join(format!("{name}.toml")))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_is_read() {
        let shelf = Shelf::new(Path::new("/nonexistent"));
        for (name, _) in SHIPPED {
            assert_eq!(&*shelf.find(name).unwrap().name, name);
        }
        assert_eq!(shelf.names().len(), SHIPPED.len());
    }

    #[test]
    fn a_file_of_ones_own_wins_and_a_wrong_one_says_why() {
        let config = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(config.path());
        fs::create_dir(config.path().join("themes")).unwrap();
        let file = config.path().join("themes/dark.toml");
        let before = shelf.stamp("dark");
        fs::write(&file, "[roles]\nok = { 16 = \"blue\" }\n").unwrap();
        assert_ne!(shelf.stamp("dark"), before);
        assert_ne!(shelf.find("dark").unwrap(), Shelf::new(Path::new("/nonexistent")).find("dark").unwrap());
        fs::write(&file, "[roles]\nok = { 16 = \"blu\" }\n").unwrap();
        let told = shelf.find("dark").unwrap_err().to_string();
        assert!(told.contains("themes/dark.toml:2:13: `blu` is not a colour"), "{told}");
        fs::write(config.path().join("themes/mine.toml"), "[roles]\n").unwrap();
        fs::write(config.path().join("themes/.hidden.toml"), "").unwrap();
        assert_eq!(shelf.names().last().map(String::as_str), Some("mine"));
    }

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        let told = Shelf::new(Path::new("/nonexistent")).find("../../etc/passwd").unwrap_err().to_string();
        assert!(told.starts_with("no theme named ../../etc/passwd; there are default, mono"), "{told}");
    }

    #[test]
    fn a_file_that_others_can_write_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let config = tempfile::tempdir().unwrap();
        fs::create_dir(config.path().join("themes")).unwrap();
        let file = config.path().join("themes/mine.toml");
        fs::write(&file, "[roles]\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let told = Shelf::new(config.path()).find("mine").unwrap_err().to_string();
        assert!(told.starts_with("theme mine: ") && told.contains("chmod go-w"), "{told}");
    }
}
