//! Colours by meaning. A theme is a TOML file that gives each role a colour for every rung of the colour ladder (rgb,
//! 256, 16) and its attributes; a terminal without colours keeps the attributes. Colours are dropped here and not by
//! the terminal library, which under `NO_COLOR` would reset bold and reverse too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use termprofile::TermProfile;

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Plain text, and the ground of the screen.
    Text,
    /// Text of less weight.
    Dim,
    /// A heading.
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
    /// Paused.
    Paused,
    /// Old data, or records that cannot be written.
    Stale,
    /// The gauge's figure inside its band.
    Gauge,
    /// High risk.
    Risky,
}

const ROLES: [(Role, &str); 18] = [
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

const SHIPPED: [(&str, &str); 6] = [
    ("default", include_str!("../../themes/default.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colourblind", include_str!("../../themes/colourblind.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
];

/// A theme, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: Arc<str>,
    looks: BTreeMap<Role, Look>,
}

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
    /// Its file cannot be read.
    #[error("theme {name}: {source}")]
    Unreadable {
        /// Of which theme.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its file is wrong.
    #[error("theme {name}: {message}")]
    Wrong {
        /// Of which theme.
        name: String,
        /// What is wrong, and where.
        message: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    roles: BTreeMap<String, Look>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Look {
    rgb: Option<Paint>,
    #[serde(rename = "256")]
    c256: Option<Paint>,
    #[serde(rename = "16")]
    c16: Option<Paint>,
    on: Ground,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ground {
    rgb: Option<Paint>,
    #[serde(rename = "256")]
    c256: Option<Paint>,
    #[serde(rename = "16")]
    c16: Option<Paint>,
}

/// `"#ff8800"`, `"light-red"` or `203`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
struct Paint(Color);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u8),
    Name(String),
}

impl TryFrom<Written> for Paint {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(number) => Ok(Self(Color::Indexed(number))),
            Written::Name(name) => match name.parse() {
                Ok(colour) => Ok(Self(colour)),
                Err(_) => {
                    Err(format!("`{name}` is not a colour; write \"#ff8800\", \"light-red\" or a number from 0 to 255"))
                }
            },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Attribute {
    Bold,
    Dim,
    Italic,
    Underline,
    Reverse,
}

impl Theme {
    /// The theme of this name: one from the `themes` folder of the user's settings, else a shipped one.
    ///
    /// # Errors
    /// See [`ThemeError`].
    pub fn find(name: &str, config: &Path) -> Result<Self, ThemeError> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let own = config.join("themes").join(format!("{name}.toml"));
        let text = match std::fs::read_to_string(&own) {
            Ok(text) if plain => return Self::read(name, &text),
            Err(source) if plain && source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ThemeError::Unreadable { name: name.into(), source });
            }
            _ => SHIPPED.into_iter().find(|(shipped, _)| *shipped == name),
        };
        let Some((_, text)) = text else {
            return Err(ThemeError::NotFound { name: name.into(), known: Self::names(config).join(", ") });
        };
        Self::read(name, text)
    }

    /// All themes that can be asked for, shipped ones first.
    #[must_use]
    pub fn names(config: &Path) -> Vec<String> {
        let mut own: Vec<String> = std::fs::read_dir(config.join("themes"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.to_owned()))
            .filter(|name| SHIPPED.iter().all(|(shipped, _)| shipped != name))
            .collect();
        own.sort();
        SHIPPED.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect()
    }

    /// The one that uses the terminal's own palette.
    ///
    /// # Panics
    /// Never: a test reads every shipped theme.
    #[must_use]
    pub fn standard() -> Self {
        Self::read("default", SHIPPED[0].1).expect("the shipped themes are read by a test")
    }

    /// Reads a theme; a role that it leaves out looks as in the default theme.
    ///
    /// # Errors
    /// [`ThemeError::Wrong`], with line and column.
    pub fn read(name: &str, text: &str) -> Result<Self, ThemeError> {
        let wrong = |message: String| ThemeError::Wrong { name: name.into(), message };
        let mut file: File = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let mut looks = BTreeMap::new();
        for (role, word) in ROLES {
            if let Some(look) = file.roles.remove(word) {
                looks.insert(role, look);
            }
        }
        if let Some(stranger) = file.roles.keys().next() {
            let known = ROLES.map(|(_, word)| word);
            let near = known.into_iter().max_by(|a, b| strsim::jaro(a, stranger).total_cmp(&strsim::jaro(b, stranger)));
            return Err(wrong(format!("there is no role `{stranger}`; did you mean `{}`?", near.unwrap_or("text"))));
        }
        if name != "default" {
            for (role, look) in Self::standard().looks {
                looks.entry(role).or_insert(look);
            }
        }
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

impl Look {
    fn style(&self, profile: TermProfile) -> Style {
        let mut style = Style::new();
        if let Some(colour) = rung(profile, self.rgb, self.c256, self.c16) {
            style = style.fg(colour);
        }
        if let Some(colour) = rung(profile, self.on.rgb, self.on.c256, self.on.c16) {
            style = style.bg(colour);
        }
        self.attributes.iter().fold(style, |style, attribute| {
            style.add_modifier(match attribute {
                Attribute::Bold => Modifier::BOLD,
                Attribute::Dim => Modifier::DIM,
                Attribute::Italic => Modifier::ITALIC,
                Attribute::Underline => Modifier::UNDERLINED,
                Attribute::Reverse => Modifier::REVERSED,
            })
        })
    }
}

/// The best colour that the terminal can show; a look that names only simple ones means them everywhere.
fn rung(profile: TermProfile, rgb: Option<Paint>, c256: Option<Paint>, c16: Option<Paint>) -> Option<Color> {
    let best = match profile {
        TermProfile::NoTty | TermProfile::NoColor => None,
        TermProfile::Ansi16 => c16,
        TermProfile::Ansi256 => c256.or(c16),
        TermProfile::TrueColor => rgb.or(c256).or(c16),
    };
    best.map(|paint| paint.0)
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
    use super::*;

    #[test]
    fn every_shipped_theme_is_read_and_the_default_names_every_role() {
        for (name, text) in SHIPPED {
            assert!(Theme::read(name, text).is_ok(), "{name}: {:?}", Theme::read(name, text));
        }
        assert_eq!(Theme::standard().looks.len(), ROLES.len());
    }

    #[test]
    fn the_roles_stand_in_the_order_of_their_numbers() {
        for (index, (role, _)) in ROLES.into_iter().enumerate() {
            assert_eq!(role as usize, index);
        }
    }

    #[test]
    fn a_wrong_theme_says_where_and_what() {
        let error = Theme::read("mine", "[roles]\nbrokn = { 16 = \"red\" }").unwrap_err().to_string();
        assert_eq!(error, "theme mine: there is no role `brokn`; did you mean `broken`?");
        let error = Theme::read("mine", "[roles]\nbroken = { 16 = \"rad\" }").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("`rad` is not a colour"), "{error}");
        let error = Theme::find("../../etc/passwd", Path::new("/nonexistent")).unwrap_err().to_string();
        assert!(error.starts_with("no theme named ../../etc/passwd; there are default, mono"), "{error}");
    }

    #[test]
    fn the_ladder_takes_the_best_colour_that_the_terminal_shows_and_keeps_attributes_without_any() {
        let text = "[roles]\nbroken = { rgb = \"#ff0000\", 256 = 196, 16 = \"light-red\", attributes = [\"bold\"] }";
        let theme = Theme::read("mine", text).unwrap();
        let colour = |profile| theme.on(profile).of(Role::Broken).fg;
        assert_eq!(colour(TermProfile::TrueColor), Some(Color::Rgb(255, 0, 0)));
        assert_eq!(colour(TermProfile::Ansi256), Some(Color::Indexed(196)));
        assert_eq!(colour(TermProfile::Ansi16), Some(Color::LightRed));
        assert_eq!(colour(TermProfile::NoColor), None);
        assert_eq!(theme.on(TermProfile::NoColor).of(Role::Broken).add_modifier, Modifier::BOLD);
        assert_eq!(theme.on(TermProfile::Ansi16).of(Role::Ok), Theme::standard().on(TermProfile::Ansi16).of(Role::Ok));
    }
}
