//! One table of keys. Dispatch, footer, help, palette and the manual's list are all made from it, so that they cannot
//! disagree. No Alt, no function keys, no Ctrl-A or Ctrl-B: terminals, screen and tmux keep those for themselves.

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use InputMode::{
    Approval, Begin, Completing, Conflict, Editor, Finding, Form, Incident, Keeping, Leaving, List, Main, Naming,
    Offered, Playbook, Question, Searching, Text, Typing,
};
use KeyStroke::{Ctrl, Named, Sign};
pub use editor_act::Act;
pub use mode::InputMode;
pub use table::TABLE;
pub use verb::KeyAction;

mod editor_act;
pub mod guard;
mod mode;
mod table;
mod verb;

/// One key or several that do the same.
#[derive(Debug, Clone, Copy)]
pub struct KeyBinding {
    /// Any of them.
    pub strokes: &'static [KeyStroke],
    /// As it is written.
    pub label: &'static str,
    /// The same in ASCII.
    pub ascii: &'static str,
    /// What it does, for the help page.
    pub what: &'static str,
    /// The same in a word, where the footer shows it.
    pub footer: Option<&'static str>,
    /// Where it counts.
    pub places: &'static [InputMode],
    /// It changes something: a console that only looks does not have it.
    pub acts: bool,
    /// Only where faults can be chosen.
    pub staged: bool,
    /// What it does.
    pub verb: KeyAction,
}

/// A key with its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStroke {
    /// A letter or sign, as typed.
    Sign(char),
    /// With the control key.
    Ctrl(char),
    /// A key with a name.
    Named(KeyCode),
}

/// What a console has besides keys that look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Keys that act.
    pub acting: bool,
    /// Faults to choose from.
    pub faults: bool,
}

impl Capabilities {
    /// All there are.
    pub const ALL: Self = Self { acting: true, faults: true };
}

/// The keys that count at this place.
pub fn at(place: InputMode, has: Capabilities) -> impl Iterator<Item = &'static KeyBinding> {
    let there = move |binding: &&KeyBinding| (has.acting || !binding.acts) && (has.faults || !binding.staged);
    TABLE.iter().filter(move |binding| binding.places.contains(&place)).filter(there)
}

/// What this key does here.
#[must_use]
pub fn verb(place: InputMode, has: Capabilities, key: KeyEvent) -> Option<KeyAction> {
    let stroke = stroke(key)?;
    at(place, has).find(|binding| binding.strokes.contains(&stroke)).map(|binding| binding.verb)
}

/// What to say of a letter that does nothing here: where it does something, or that nothing does.
#[must_use]
pub fn nothing_here(place: InputMode, has: Capabilities, key: KeyEvent) -> Option<String> {
    let Some(stroke @ Sign(sign)) = stroke(key) else { return None };
    let counts = |binding: &&KeyBinding| binding.strokes.contains(&stroke);
    if at(place, Capabilities::ALL).any(|binding| counts(&binding)) {
        let why = if has.acting { "only `salve demo` can break things" } else { "actions are not available here" };
        return Some(format!("{sign}: {why}"));
    }
    let mut places: Vec<String> = Vec::new();
    for one in TABLE.iter().filter(counts).flat_map(|binding| binding.places) {
        let name = place_name(*one).to_lowercase();
        if !places.contains(&name) {
            places.push(name);
        }
    }
    let there = if places.is_empty() { String::new() } else { format!(" (it works in: {})", places.join(", ")) };
    Some(format!("{sign} does nothing here{there}; ? lists the keys"))
}

fn stroke(key: KeyEvent) -> Option<KeyStroke> {
    let held = key.modifiers.difference(KeyModifiers::SHIFT);
    match (key.code, held) {
        (KeyCode::Char(sign), KeyModifiers::NONE) => Some(Sign(sign)),
        (KeyCode::Char(sign), KeyModifiers::CONTROL) => Some(Ctrl(sign.to_ascii_lowercase())),
        (code, KeyModifiers::NONE) => Some(Named(code)),
        _ => None,
    }
}

/// A place's name, for help and the manual.
#[must_use]
pub fn place_name(place: InputMode) -> &'static str {
    match place {
        Main => "Main screen",
        Incident => "Incident",
        Approval => "Approval",
        Playbook => "Playbook",
        List => "Lists",
        Text => "Text pages",
        Naming => "Typing the target's name",
        Form => "Forms",
        Question => "Questions",
        Typing => "Filter and palette",
        Finding => "Search",
        Begin => "New playbook",
        Editor => "Editor",
        Searching => "Search in the editor",
        Completing => "Completing a word",
        Leaving => "Leaving unsaved changes",
        Keeping => "Leaving a one-off",
        Conflict => "Changed by someone else",
        Offered => "Draft found",
    }
}

/// All places, as help and the manual list them.
pub const PLACES: [InputMode; 19] = [
    Main, Incident, Approval, Naming, Playbook, List, Text, Form, Question, Typing, Finding, Begin, Editor, Completing,
    Searching, Leaving, Keeping, Conflict, Offered,
];

/// The manual's list of keys, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from("| key | what it does | where |\n|---|---|---|\n");
    for binding in TABLE {
        let places = if binding.places.len() >= table::ALL_READ.len() {
            "everywhere".to_owned()
        } else {
            let names: Vec<String> = binding.places.iter().map(|place| place_name(*place).to_lowercase()).collect();
            names.join(", ")
        };
        let _ = writeln!(text, "| `{}` | {} | {places} |", binding.label, binding.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in PLACES {
            let mut taken: Vec<KeyStroke> = Vec::new();
            for stroke in at(place, Capabilities::ALL).flat_map(|binding| binding.strokes) {
                assert!(!taken.contains(stroke), "{stroke:?} at {place:?}");
                taken.push(*stroke);
            }
        }
    }

    #[test]
    fn no_key_is_one_that_terminals_keep() {
        for binding in TABLE {
            assert!(binding.ascii.is_ascii(), "{}", binding.ascii);
            for stroke in binding.strokes {
                assert!(!matches!(stroke, Ctrl('a' | 'b') | Named(KeyCode::F(_))), "{stroke:?}");
            }
        }
    }

    #[test]
    fn where_one_types_no_letter_is_a_command() {
        for place in [Form, Typing, Naming, Finding, Editor, Searching, Completing, Begin] {
            let letters = at(place, Capabilities::ALL)
                .flat_map(|binding| binding.strokes)
                .filter(|stroke| matches!(stroke, Sign(_)));
            assert_eq!(letters.count(), 0, "{place:?}");
        }
    }

    #[test]
    fn a_console_that_only_looks_has_no_key_that_acts() {
        let yes = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
        let looks = Capabilities { acting: false, ..Capabilities::ALL };
        assert_eq!(verb(Approval, Capabilities::ALL, yes), Some(KeyAction::Yes));
        assert_eq!(verb(Approval, looks, yes), None);
        let pause = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::NONE);
        assert_eq!(verb(Main, looks, pause), None);
        let alt = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::ALT);
        assert_eq!(verb(Main, Capabilities::ALL, alt), None);
        let fault = KeyEvent::new(KeyCode::Char('F'), KeyModifiers::SHIFT);
        assert_eq!(verb(Main, Capabilities { faults: false, ..Capabilities::ALL }, fault), None);
        assert_eq!(verb(Main, Capabilities::ALL, fault), Some(KeyAction::Break));
    }
}
