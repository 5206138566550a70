//! How one operator wants their console: `console.toml` in the user's configuration folder. Apart from `salve.toml`,
//! which says what salve may do, this says only how it looks and rings; the console itself writes the theme into it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::Misread;
use crate::foreign::{MayHang, PathError};
use crate::playbook::library::trust;

/// The file may not be larger, in bytes.
const LARGEST: usize = 64 * 1024;

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// The theme, where the command line names none.
    pub theme: Option<String>,
    /// Have the terminal show a notification when something newly needs a yes.
    pub notify: bool,
}

/// Why preferences were not read or kept.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// The file cannot be read or is not trusted.
    #[error("{0}; {mend}", mend = .0.mend())]
    Unusable(PathError),
    /// It says something that is not understood.
    #[error(transparent)]
    Wrong(#[from] Misread),
    /// It cannot be written.
    #[error("{}: {source}", path.display())]
    Unwritten {
        /// Path of the file of preferences.
        path: PathBuf,
        /// What the system said when the file was written.
        source: io::Error,
    },
}

impl Preferences {
    /// Where they are.
    #[must_use]
    pub fn file(config: &Path) -> PathBuf {
        config.join("console.toml")
    }

    /// Reads them; the defaults where there is no file.
    ///
    /// # Errors
    /// See [`PreferencesError`].
    pub fn read(config: &Path) -> Result<Self, PreferencesError> {
        let file = Self::file(config);
        Ok(parse(&file, &text(&file)?)?)
    }

    /// Writes down that this theme is wanted from now on. The rest of the file stays as the operator wrote it, and a
    /// file that is not understood is left alone.
    ///
    /// # Errors
    /// See [`PreferencesError`].
    pub fn keep_theme(config: &Path, name: &str) -> Result<(), PreferencesError> {
        let file = Self::file(config);
        let before = text(&file)?;
        let mut wanted = parse(&file, &before)?;
        wanted.theme = Some(name.to_owned());
        let after = with_theme(&before, name);
        if parse(&file, &after)? != wanted {
            let message = format!("write the theme on one line, as `theme = \"{name}\"`");
            return Err(Misread::at(&file, "", 0, &message).into());
        }
        replace(&file, &after).map_err(|source| PreferencesError::Unwritten { path: file, source })
    }
}

fn text(file: &Path) -> Result<String, PreferencesError> {
    match trust::read(file, LARGEST, &MayHang::because("salve's own settings")) {
        Ok(text) => Ok(text),
        Err(PathError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(distrust) => Err(PreferencesError::Unusable(distrust)),
    }
}

fn parse(file: &Path, text: &str) -> Result<Preferences, Misread> {
    toml::from_str(text).map_err(|error| Misread::toml(file, text, &error))
}

/// The text with its line for the theme exchanged, or with one put first.
fn with_theme(text: &str, name: &str) -> String {
    let line = format!("theme = \"{name}\"\n");
    let is_theme = |line: &&str| line.split_once('=').is_some_and(|(key, _)| key.trim() == "theme");
    match text.split_inclusive('\n').find(is_theme) {
        Some(former) => text.replacen(former, &line, 1),
        None => line + text,
    }
}

/// A reader sees the former file or the new one, never half of it.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    let temporary = folder.join(format!(".console.toml.{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&temporary)
        .and_then(|mut new| new.write_all(text.as_bytes()).and_then(|()| new.sync_all()))
        .and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_is_kept_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("salve");
        let read = || fs::read_to_string(Preferences::file(&config)).unwrap();
        assert_eq!(Preferences::read(&config).unwrap(), Preferences::default());
        Preferences::keep_theme(&config, "dark").unwrap();
        assert_eq!(read(), "theme = \"dark\"\n");
        fs::write(Preferences::file(&config), "# mine\nnotify = true\ntheme=\"dark\" # at night\n").unwrap();
        Preferences::keep_theme(&config, "light").unwrap();
        assert_eq!(read(), "# mine\nnotify = true\ntheme = \"light\"\n");
        let wanted = Preferences { theme: Some("light".into()), notify: true };
        assert_eq!(Preferences::read(&config).unwrap(), wanted);
        fs::write(Preferences::file(&config), "notify = true").unwrap();
        Preferences::keep_theme(&config, "mono").unwrap();
        assert_eq!(read(), "theme = \"mono\"\nnotify = true");
        assert_eq!(fs::read_dir(&config).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_that_is_not_understood_says_where_and_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = Preferences::file(folder.path());
        for (text, told) in [
            ("notify = 1\n", "console.toml:1:10: invalid type: integer `1`, expected a boolean"),
            ("them = \"dark\"\n", "console.toml:1:1: unknown field `them`, expected `theme` or `notify`"),
            ("theme = \"\"\"\ndark\"\"\"\n", "console.toml:"),
        ] {
            fs::write(&file, text).unwrap();
            let error = Preferences::keep_theme(folder.path(), "light").unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn what_the_manual_shows_is_accepted() {
        const MANUAL: &str = include_str!("../../cli/manual/topics/console.md");
        let blocks: Vec<&str> = MANUAL.split("```toml\n").skip(1).collect();
        let block = |begins: &str| blocks.iter().find(|block| block.starts_with(begins)).unwrap().split("```").next();
        let shown = parse(Path::new("console.md"), block("theme = ").unwrap()).unwrap();
        assert_eq!(shown, Preferences { theme: Some("colourblind".into()), notify: true });
        crate::console::theme::Theme::read("mine", Path::new("console.md"), block("[roles]").unwrap()).unwrap();
        for (_, role) in crate::console::theme::ROLES {
            assert!(MANUAL.contains(&format!("`{role}`")), "{role}");
        }
    }
}
