//! A theme as it is written: TOML, a table `[roles]` with a look for each role, and colours that say for which rung of
//! the ladder they are. A colour that its rung cannot show is a mistake here, and not noise on a terminal later.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use termprofile::TermProfile;
use toml::Spanned;

use super::{ROLES, Role};
use crate::console::config::error::Misread;

/// The sixteen colours that a terminal's palette has, by name and in the order of their numbers.
const SIXTEEN: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("dark-gray", Color::DarkGray),
    ("light-red", Color::LightRed),
    ("light-green", Color::LightGreen),
    ("light-yellow", Color::LightYellow),
    ("light-blue", Color::LightBlue),
    ("light-magenta", Color::LightMagenta),
    ("light-cyan", Color::LightCyan),
    ("white", Color::White),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    roles: BTreeMap<Spanned<String>, RoleStyle>,
}

/// How one role looks, on every rung.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleStyle {
    rgb: Option<Paint<24>>,
    #[serde(rename = "256")]
    c256: Option<Paint<8>>,
    #[serde(rename = "16")]
    c16: Option<Paint<4>>,
    on: BackgroundColour,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BackgroundColour {
    rgb: Option<Paint<24>>,
    #[serde(rename = "256")]
    c256: Option<Paint<8>>,
    #[serde(rename = "16")]
    c16: Option<Paint<4>>,
}

/// A colour of so many bits.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Paint<const BITS: u8>(Color);

impl<'de, const BITS: u8> Deserialize<'de> for Paint<BITS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Painter::<BITS>)
    }
}

struct Painter<const BITS: u8>;

impl<const BITS: u8> Painter<BITS> {
    const FORM: &str = match BITS {
        24 => "\"#ff8800\"",
        8 => "a number from 0 to 255",
        _ => "a name such as \"light-red\"",
    };

    fn refused<E: Error>(written: &str) -> E {
        let near = (BITS == 4).then(|| {
            let alike = |name: &str| strsim::jaro(name, written);
            SIXTEEN.into_iter().map(|(name, _)| name).max_by(|a, b| alike(a).total_cmp(&alike(b)))
        });
        let near = near.flatten().filter(|name| strsim::jaro(name, written) > 0.7);
        let hint = near.map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"));
        E::custom(format!("`{written}` is not a colour for this level; write {}{hint}", Self::FORM))
    }
}

impl<const BITS: u8> Visitor<'_> for Painter<BITS> {
    type Value = Paint<BITS>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(Self::FORM)
    }

    fn visit_str<E: Error>(self, written: &str) -> Result<Self::Value, E> {
        let colour = match BITS {
            24 => hex(written),
            4 => SIXTEEN.into_iter().find(|(name, _)| *name == written).map(|(_, colour)| colour),
            _ => None,
        };
        colour.map(Paint).ok_or_else(|| Self::refused(written))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        match u8::try_from(number) {
            Ok(index) if BITS == 8 => Ok(Paint(Color::Indexed(index))),
            _ => Err(Self::refused(&number.to_string())),
        }
    }
}

fn hex(written: &str) -> Option<Color> {
    let digits = written.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
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

/// Reads a theme's text: a look for each role that it names.
///
/// # Errors
/// With the place of the first mistake.
pub fn read(file: &Path, text: &str) -> Result<BTreeMap<Role, RoleStyle>, Misread> {
    let written: File = toml::from_str(text).map_err(|error| Misread::toml(file, text, &error))?;
    written
        .roles
        .into_iter()
        .map(|(word, look)| match ROLES.into_iter().find(|(_, role)| *role == word.get_ref().as_str()) {
            Some((role, _)) => Ok((role, look)),
            None => Err(Misread::at(file, text, word.span().start, &stranger(word.get_ref()))),
        })
        .collect()
}

fn stranger(word: &str) -> String {
    let known = ROLES.map(|(_, role)| role);
    let near = known.into_iter().max_by(|a, b| strsim::jaro(a, word).total_cmp(&strsim::jaro(b, word)));
    match near.filter(|near| strsim::jaro(near, word) > 0.7) {
        Some(near) => format!("there is no role `{word}`; did you mean `{near}`?"),
        None => format!("there is no role `{word}`; there are {}", known.join(", ")),
    }
}

impl RoleStyle {
    /// On a terminal with these colours.
    pub fn style(&self, profile: TermProfile) -> Style {
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
fn rung(profile: TermProfile, rgb: Option<Paint<24>>, c256: Option<Paint<8>>, c16: Option<Paint<4>>) -> Option<Color> {
    let (rgb, c256, c16) = (rgb.map(|paint| paint.0), c256.map(|paint| paint.0), c16.map(|paint| paint.0));
    match profile {
        TermProfile::NoTty | TermProfile::NoColor => None,
        TermProfile::Ansi16 => c16,
        TermProfile::Ansi256 => c256.or(c16),
        TermProfile::TrueColor => rgb.or(c256).or(c16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(Path::new("mine.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_the_right_form() {
        for (text, told) in [
            ("[roles]\nbrokn = { 16 = \"red\" }", "mine.toml:2:1: there is no role `brokn`; did you mean `broken`?"),
            ("[roles]\n\n  zzz = {}", "mine.toml:3:3: there is no role `zzz`; there are text, dim,"),
            (
                "[roles]\nok = { 16 = \"rad\" }",
                "mine.toml:2:13: `rad` is not a colour for this level; write a name such as \"light-red\"; did you mean \"red\"?",
            ),
            (
                "[roles]\nok = { 16 = \"#ff0000\" }",
                "mine.toml:2:13: `#ff0000` is not a colour for this level; write a name such as \"light-red\"",
            ),
            (
                "[roles]\nok = { 256 = 256 }",
                "mine.toml:2:14: `256` is not a colour for this level; write a number from 0 to 255",
            ),
            (
                "[roles]\nok = { rgb = \"#ff00\" }",
                "mine.toml:2:14: `#ff00` is not a colour for this level; write \"#ff8800\"",
            ),
            ("[roles]\nok = { rgb = 1.5 }", "mine.toml:2:14: invalid type: floating point `1.5`, expected \"#ff8800\""),
            ("[roles]\nok = { bg = 3 }", "mine.toml:2:8: unknown field `bg`, expected one of"),
            ("[roles]\nok = { attributes = [\"blink\"] }", "mine.toml:2:22: unknown variant `blink`, expected one of"),
            ("[roles]\nok = {", "mine.toml:2:7: unclosed inline table"),
            ("colour = 1", "mine.toml:1:1: unknown field `colour`, expected `roles`"),
            ("", "mine.toml:1:1: missing field `roles`"),
        ] {
            assert!(refused(text).starts_with(told), "{text}\n{}", refused(text));
        }
    }
}
