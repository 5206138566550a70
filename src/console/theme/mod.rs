//! Colours by meaning. A theme is a TOML file that gives each role a colour for every rung of the colour ladder (rgb,
//! 256, 16) and its attributes; a terminal without colours keeps the attributes. Colours are dropped here and not by
//! the terminal library, which under `NO_COLOR` would reset bold and reverse too.

mod file;
mod theme_loader;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ratatui::style::Style;
use termprofile::TermProfile;

use super::config::error::Misread;
use file::RoleStyle;
pub use theme_loader::{Shelf, Stamp, ThemeError};

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Plain text, and the ground of the screen.
    Text,
    /// Text of less weight.
    Dim,
    /// The heading of a pane or a page.
    Title,
    /// The heading of the pane that has the keys.
    Focus,
    /// The row under the cursor.
    Selected,
    /// A key that can be pressed.
    Key,
    /// What the operator types.
    Input,
    /// The fault is there, an attempt failed.
    Broken,
    /// A person is needed.
    Asked,
    /// An attempt runs or is being verified.
    Fixing,
    /// Nothing can be said.
    Unknown,
    /// All is well.
    Ok,
    /// A breaker that stops attempts.
    BreakerOpen,
    /// A breaker with one attempt on trial.
    BreakerHalfOpen,
    /// Words about a pause, a maintenance window or a snooze.
    Paused,
    /// Old data, or records that cannot be written.
    Stale,
    /// The gauge's figure inside its band.
    Gauge,
    /// What carries a high risk, on a request's page.
    Risky,
}

/// Every role, and what it is called in a theme's file.
pub const ROLES: [(Role, &str); 18] = [
    (Role::Text, "text"),
    (Role::Dim, "dim"),
    (Role::Title, "title"),
    (Role::Focus, "focus"),
    (Role::Selected, "selected"),
    (Role::Key, "key"),
    (Role::Input, "input"),
    (Role::Broken, "broken"),
    (Role::Asked, "asked"),
    (Role::Fixing, "fixing"),
    (Role::Unknown, "unknown"),
    (Role::Ok, "ok"),
    (Role::BreakerOpen, "breaker.open"),
    (Role::BreakerHalfOpen, "breaker.half-open"),
    (Role::Paused, "paused"),
    (Role::Stale, "stale"),
    (Role::Gauge, "gauge"),
    (Role::Risky, "risky"),
];

/// A theme, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// What the theme is called on the command line and in the palette.
    pub name: Arc<str>,
    looks: BTreeMap<Role, RoleStyle>,
}

impl Theme {
    /// The one that uses the terminal's own palette.
    ///
    /// # Panics
    /// Never: a test reads every shipped theme.
    #[must_use]
    pub fn standard() -> Self {
        let (name, text) = theme_loader::SHIPPED[0];
        let looks = file::read(Path::new(name), text).expect("the shipped themes are read by a test");
        Self { name: name.into(), looks }
    }

    /// Reads a theme; a role that it leaves out looks as in the default theme.
    ///
    /// # Errors
    /// With file, line and column.
    pub fn read(name: &str, path: &Path, text: &str) -> Result<Self, Misread> {
        let mut looks = Self::standard().looks;
        looks.extend(file::read(path, text)?);
        Ok(Self { name: name.into(), looks })
    }

    /// What it comes to on a terminal with these colours.
    #[must_use]
    pub fn on(&self, profile: TermProfile) -> Styles {
        let mut styles = [Style::new(); ROLES.len()];
        for (role, _) in ROLES {
            if let Some(look) = self.looks.get(&role) {
                styles[role as usize] = look.style(profile);
            }
        }
        Styles(styles)
    }
}

/// A theme as one terminal shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Styles([Style; ROLES.len()]);

impl Styles {
    /// How this role looks.
    #[must_use]
    pub fn of(&self, role: Role) -> Style {
        self.0[role as usize]
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Modifier};

    use super::*;

    #[test]
    fn the_default_names_every_role() {
        assert_eq!(Theme::standard().looks.len(), ROLES.len());
    }

    #[test]
    fn the_roles_stand_in_the_order_of_their_numbers() {
        for (index, (role, _)) in ROLES.into_iter().enumerate() {
            assert_eq!(role as usize, index);
        }
    }

    #[test]
    fn the_ladder_takes_the_best_colour_that_the_terminal_shows_and_keeps_attributes_without_any() {
        let text = "[roles]\nbroken = { rgb = \"#ff0000\", 256 = 196, 16 = \"light-red\", attributes = [\"bold\"] }";
        let theme = Theme::read("mine", Path::new("mine.toml"), text).unwrap();
        let colour = |profile| theme.on(profile).of(Role::Broken).fg;
        assert_eq!(colour(TermProfile::TrueColor), Some(Color::Rgb(255, 0, 0)));
        assert_eq!(colour(TermProfile::Ansi256), Some(Color::Indexed(196)));
        assert_eq!(colour(TermProfile::Ansi16), Some(Color::LightRed));
        assert_eq!(colour(TermProfile::NoColor), None);
        assert_eq!(theme.on(TermProfile::NoColor).of(Role::Broken).add_modifier, Modifier::BOLD);
        assert_eq!(theme.on(TermProfile::Ansi16).of(Role::Ok), Theme::standard().on(TermProfile::Ansi16).of(Role::Ok));
    }
}
