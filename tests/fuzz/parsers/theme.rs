//! A theme's file: read, and good for every kind of terminal, or refused with its place.

use std::path::Path;

use salve::console::theme::Theme;
use termprofile::TermProfile;

const PROFILES: [TermProfile; 5] =
    [TermProfile::NoTty, TermProfile::NoColor, TermProfile::Ansi16, TermProfile::Ansi256, TermProfile::TrueColor];

pub fn drive(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Theme::read("x", Path::new("x.toml"), text) {
        Ok(theme) => {
            for profile in PROFILES {
                let _ = theme.on(profile);
            }
        }
        Err(mistake) => super::is_harmless(&mistake.to_string()),
    }
}
