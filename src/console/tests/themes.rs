//! The shipped themes by computation: what is written can be read, and what must be told apart can be, by everybody.

use std::path::Path;

use ratatui::style::Style;
use termprofile::TermProfile;

use super::super::theme::{ROLES, Role, Shelf, Theme};
use super::colour::{SIGHTS, bits, contrast, distance};

/// WCAG 2.2, success criteria 1.4.3 (AA) and 1.4.6 (AAA), for text of any size.
const READABLE: f64 = 4.5;
const WELL_READABLE: f64 = 7.0;
/// CIEDE2000. A difference of about 2 is just seen where two areas touch; these are thin letters, apart.
const APART: f64 = 15.0;

/// Groups of roles that stand next to each other and mean different things.
const GROUPS: [&[Role]; 3] = [
    &[Role::Broken, Role::Asked, Role::Fixing, Role::Unknown, Role::Ok, Role::Text],
    &[Role::BreakerOpen, Role::BreakerHalfOpen, Role::Text],
    &[Role::Risky, Role::Text],
];

/// A role's ink and its ground as they come onto the screen, before reverse video exchanges them.
fn seen(theme: &Theme, profile: TermProfile, role: Role, under: &Style) -> Option<([u8; 3], [u8; 3])> {
    let styles = theme.on(profile);
    let style = styles.of(Role::Text).patch(styles.of(role)).patch(*under);
    Some((bits(style.fg?)?, bits(style.bg?)?))
}

/// What cannot be read against its ground, in rows with the cursor and without.
fn unreadable(theme: &Theme, least: f64) -> Vec<String> {
    let mut found = Vec::new();
    for profile in [TermProfile::TrueColor, TermProfile::Ansi256] {
        let cursor = theme.on(profile).of(Role::Selected);
        for (role, name) in ROLES {
            for (place, under) in [("", Style::new()), (" under the cursor", cursor)] {
                match seen(theme, profile, role, &under) {
                    Some((ink, ground)) if contrast(ink, ground) >= least => {}
                    Some((ink, ground)) => {
                        let is = contrast(ink, ground);
                        found.push(format!("{} {profile:?}: {name}{place} has {is:.2}", theme.name));
                    }
                    None => found.push(format!("{} {profile:?}: {name}{place} has no fixed colour", theme.name)),
                }
            }
        }
    }
    found
}

/// What somebody may take for something else.
fn confused(theme: &Theme) -> Vec<String> {
    let mut found = Vec::new();
    for profile in [TermProfile::TrueColor, TermProfile::Ansi256] {
        let ink = |role| seen(theme, profile, role, &Style::new()).expect("the theme has fixed colours").0;
        let name = |role: Role| ROLES[role as usize].1;
        for group in GROUPS {
            for (index, one) in group.iter().enumerate() {
                for other in &group[index + 1..] {
                    for sight in &SIGHTS {
                        let is = distance(ink(*one), ink(*other), sight);
                        if is < APART {
                            let (one, other) = (name(*one), name(*other));
                            found.push(format!("{profile:?}, {}: {one} and {other} are {is:.1} apart", sight.name));
                        }
                    }
                }
            }
        }
    }
    found
}

fn shipped(name: &str) -> Theme {
    Shelf::new(Path::new("/nonexistent")).find(name).unwrap()
}

#[test]
fn all_text_can_be_read() {
    for (name, least) in
        [("dark", READABLE), ("light", READABLE), ("colourblind", READABLE), ("high-contrast", WELL_READABLE)]
    {
        let found = unreadable(&shipped(name), least);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn colour_blindness_hides_no_state() {
    let found = confused(&shipped("colourblind"));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_worsened_colour_is_found() {
    let worse = |from: &str, to: &str| {
        let text = include_str!("../../../themes/colourblind.toml");
        assert!(text.contains(from));
        Theme::read("worse", Path::new("worse.toml"), &text.replace(from, to)).unwrap()
    };
    // a green that only full colour vision tells from orange
    let found = confused(&worse("#4080ff", "#9a9a20"));
    assert!(found.iter().any(|told| told.contains("deuteranopia: broken and ok")), "{found:?}");
    assert!(!found.iter().any(|told| told.contains("full colour vision: broken and ok")), "{found:?}");
    // a yellow that tritanopia takes for white
    let found = confused(&worse("#f1e700", "#fff0a8"));
    assert!(found.iter().any(|told| told.contains("tritanopia: fixing and text")), "{found:?}");
    assert!(!found.iter().any(|told| told.contains("full colour vision")), "{found:?}");
    // one rung worse is enough
    let found = confused(&worse("256 = 69", "256 = 248"));
    assert!(found.iter().all(|told| told.starts_with("Ansi256")) && !found.is_empty(), "{found:?}");
    assert_eq!(unreadable(&worse("#9a9fa6", "#5a5f66"), READABLE).len(), 2, "dim, and dim under the cursor");
    assert!(!confused(&shipped("dark")).is_empty(), "an ordinary theme does not pass");
}

#[test]
fn states_differ_without_colour_where_a_theme_has_none() {
    let styles = shipped("mono").on(TermProfile::TrueColor);
    for (role, name) in ROLES {
        assert!(styles.of(role).fg.is_none() && styles.of(role).bg.is_none(), "{name}");
    }
    assert_ne!(styles.of(Role::Asked), styles.of(Role::Broken));
    assert_ne!(styles.of(Role::Broken), styles.of(Role::Ok));
}
