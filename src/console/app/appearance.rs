//! What the screen looks like now: the theme that is kept, one that is only tried, and files that change under both.
#![allow(clippy::disallowed_methods, reason = "the console's own way to its terminal")]

use std::path::{Path, PathBuf};

use termprofile::{DetectorSettings, SpecialVars, TermProfile, TermVars};

use crate::console::canvas::RenderOptions;
use crate::console::canvas::glyphs::Glyphs;
use crate::console::config::preferences::Preferences;
use crate::console::options::Options;
use crate::console::theme::{Shelf, Stamp, Theme, ThemeError};

/// The theme of the screen, and all that there are.
#[derive(Debug)]
pub struct Looks {
    /// How things are drawn now.
    pub look: RenderOptions,
    /// Themes that can be chosen.
    pub themes: Vec<String>,
    profile: TermProfile,
    config: PathBuf,
    shelf: Shelf,
    kept: ThemeVersion,
    tried: Option<ThemeVersion>,
    /// The folder as its names were last read.
    folder: Option<Stamp>,
}

/// What a console begins with on this terminal.
#[derive(Debug)]
pub struct Opened {
    /// The theme and the glyphs that the screen begins with.
    pub looks: Looks,
    /// The terminal is to show notifications.
    pub notify: bool,
    /// What is wrong with the operator's preferences: to be told on the screen, for nobody is to go without a console
    /// in the middle of the night because of a colour.
    pub wrong: Option<String>,
}

impl Opened {
    /// By the command line, the operator's preferences and the terminal.
    ///
    /// # Errors
    /// Where a theme of the command line cannot be had: whoever typed it is there to type it again.
    pub fn new(options: &Options) -> Result<Self, ThemeError> {
        let profile = ladder();
        let glyphs = Glyphs::choose(options.ascii);
        let looks = |name: Option<&str>| Looks::new(name, &options.config, glyphs, profile);
        let (preferences, wrong) = match Preferences::read(&options.config) {
            Ok(preferences) => (preferences, None),
            Err(error) => (Preferences::default(), Some(error.to_string())),
        };
        let notify = preferences.notify;
        if let Some(name) = &options.theme {
            return Ok(Self { looks: looks(Some(name))?, notify, wrong });
        }
        match looks(Some(preferences.theme.as_deref().unwrap_or("default"))) {
            Ok(looks) => Ok(Self { looks, notify, wrong }),
            Err(error) => Ok(Self { looks: looks(None)?, notify, wrong: Some(error.to_string()) }),
        }
    }
}

/// Which rung of the ladder this terminal stands on: by `NO_COLOR`, `COLORTERM` and `TERM`.
fn ladder() -> TermProfile {
    // these have no colours at all, which the library does not know
    let terminal = std::env::var("TERM").unwrap_or_default();
    if ["vt52", "vt100", "vt102", "vt220", "vt320"].contains(&terminal.as_str()) || terminal.ends_with("-mono") {
        return TermProfile::NoColor;
    }
    let mut vars = TermVars::from_env(&std::io::stdout(), DetectorSettings::new().enable_tmux_info(false));
    // a build machine's variables speak of its log, and this is a terminal
    vars.special = SpecialVars::default();
    TermProfile::detect_with_vars(vars)
}

/// A theme, and the file that it was read from as it was then.
#[derive(Debug)]
struct ThemeVersion {
    theme: Theme,
    file: Option<Stamp>,
}

impl ThemeVersion {
    /// The stamp comes first: what is written meanwhile is seen by the next look.
    fn read(shelf: &Shelf, name: &str) -> Result<Self, ThemeError> {
        let file = shelf.stamp(name);
        Ok(Self { theme: shelf.find(name)?, file })
    }
}

impl Looks {
    /// With a theme that was asked for by name, else the one that needs no file.
    ///
    /// # Errors
    /// Where there is no such theme, or it is wrong.
    pub fn new(name: Option<&str>, config: &Path, glyphs: Glyphs, profile: TermProfile) -> Result<Self, ThemeError> {
        let shelf = Shelf::new(config);
        let kept = match name {
            Some(name) => ThemeVersion::read(&shelf, name)?,
            None => ThemeVersion { theme: Theme::standard(), file: None },
        };
        let look = RenderOptions { glyphs, styles: kept.theme.on(profile) };
        let (folder, themes) = (shelf.folder_stamp(), shelf.names());
        Ok(Self { look, themes, profile, config: config.into(), shelf, kept, tried: None, folder })
    }

    /// Shows a theme as long as it is looked at; none goes back to the one that is kept.
    ///
    /// # Errors
    /// Where it is wrong: then the one that is kept is shown.
    pub fn preview(&mut self, name: Option<&str>) -> Result<(), ThemeError> {
        self.tried = None;
        let tried = name.map(|name| ThemeVersion::read(&self.shelf, name)).transpose();
        let told = tried.map(|version| self.tried = version);
        self.show();
        told
    }

    /// Takes a theme for good, and writes that down. What comes back is to be told.
    ///
    /// # Errors
    /// In words: the theme is wrong, or it is shown and could not be written down.
    pub fn keep(&mut self, name: &str) -> Result<String, String> {
        self.kept = ThemeVersion::read(&self.shelf, name).map_err(|error| error.to_string())?;
        self.tried = None;
        self.show();
        match Preferences::keep_theme(&self.config, name) {
            Ok(()) => Ok(format!("theme {name}, saved in {}", Preferences::file(&self.config).display())),
            Err(error) => Err(format!("theme {name} until you quit; not saved: {error}")),
        }
    }

    /// Looks whether a file has changed. Where it has, what comes back is to be told.
    pub fn refresh(&mut self) -> Option<Result<String, String>> {
        let folder = self.shelf.folder_stamp();
        if folder != self.folder {
            self.themes = self.shelf.names();
            self.folder = folder;
        }
        let shown = self.tried.as_mut().unwrap_or(&mut self.kept);
        let file = self.shelf.stamp(&shown.theme.name);
        if file == shown.file {
            return None;
        }
        shown.file = file;
        let name = shown.theme.name.clone();
        match self.shelf.find(&name) {
            Ok(theme) => {
                shown.theme = theme;
                self.show();
                Some(Ok(format!("theme {name} reloaded")))
            }
            Err(error) => Some(Err(format!("{error}; theme {name} stays as it was"))),
        }
    }

    fn show(&mut self) {
        self.look.styles = self.tried.as_ref().unwrap_or(&self.kept).theme.on(self.profile);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ratatui::style::Color;

    use super::*;
    use crate::console::theme::Role;

    /// A folder of settings with one theme in it, and a console that shows it.
    fn mine(text: &str) -> (tempfile::TempDir, Looks) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("themes")).unwrap();
        write(&folder, text);
        let looks = Looks::new(Some("mine"), folder.path(), Glyphs::ASCII, TermProfile::Ansi16).unwrap();
        (folder, looks)
    }

    /// Saves as editors do: another file in its place.
    fn write(folder: &tempfile::TempDir, text: &str) {
        let (new, file) = (folder.path().join("themes/new"), folder.path().join("themes/mine.toml"));
        fs::write(&new, text).unwrap();
        fs::rename(new, file).unwrap();
    }

    fn ok(looks: &Looks) -> Option<Color> {
        looks.look.styles.of(Role::Ok).fg
    }

    #[test]
    fn a_changed_file_is_shown_and_a_bad_one_keeps_the_former() {
        let (folder, mut looks) = mine("[roles]\nok = { 16 = \"blue\" }");
        assert_eq!((ok(&looks), looks.refresh()), (Some(Color::Blue), None));
        write(&folder, "[roles]\nok = { 16 = \"cyan\" }");
        assert_eq!(looks.refresh(), Some(Ok("theme mine reloaded".into())));
        assert_eq!((ok(&looks), looks.refresh()), (Some(Color::Cyan), None));
        write(&folder, "[roles]\nok = { 16 = \"cyann\" }");
        let told = looks.refresh().unwrap().unwrap_err();
        assert!(
            told.contains("themes/mine.toml:2:13: `cyann` is not a colour") && told.contains("did you mean \"cyan\"?")
        );
        assert_eq!((ok(&looks), looks.refresh()), (Some(Color::Cyan), None), "told once");
        fs::remove_file(folder.path().join("themes/mine.toml")).unwrap();
        assert!(looks.refresh().unwrap().unwrap_err().starts_with("no theme named mine"));
        assert_eq!((ok(&looks), looks.refresh()), (Some(Color::Cyan), None));
        write(&folder, "[roles]\nok = { 16 = \"white\" }");
        looks.refresh();
        assert_eq!(ok(&looks), Some(Color::White));
    }

    #[test]
    fn a_theme_that_is_tried_goes_and_one_that_is_kept_stays() {
        let (folder, mut looks) = mine("[roles]\nok = { 16 = \"blue\" }");
        looks.preview(Some("dark")).unwrap();
        assert_eq!(ok(&looks), Some(Color::LightGreen));
        looks.preview(Some("nosuch")).unwrap_err();
        assert_eq!(ok(&looks), Some(Color::Blue), "what cannot be shown is not");
        looks.preview(Some("dark")).unwrap();
        looks.preview(None).unwrap();
        assert_eq!(ok(&looks), Some(Color::Blue));
        let told = looks.keep("dark").unwrap();
        assert!(told.starts_with("theme dark, saved in ") && told.ends_with("/console.toml"), "{told}");
        looks.preview(None).unwrap();
        assert_eq!(ok(&looks), Some(Color::LightGreen));
        assert_eq!(Preferences::read(folder.path()).unwrap().theme.as_deref(), Some("dark"));
    }

    #[test]
    fn a_file_that_comes_can_be_chosen() {
        let (folder, mut looks) = mine("[roles]\n");
        fs::write(folder.path().join("themes/other.toml"), "[roles]\n").unwrap();
        assert!(!looks.themes.contains(&"other".to_owned()));
        assert_eq!(looks.refresh(), None);
        assert!(looks.themes.contains(&"other".to_owned()));
    }

    #[test]
    fn what_cannot_be_kept_is_shown_all_the_same() {
        let (folder, mut looks) = mine("[roles]\n");
        fs::write(folder.path().join("console.toml"), "nothing\n").unwrap();
        let told = looks.keep("dark").unwrap_err();
        assert!(
            told.starts_with("theme dark until you quit; not saved: ") && told.contains("console.toml:1:"),
            "{told}"
        );
        assert_eq!(ok(&looks), Some(Color::LightGreen));
    }
}
