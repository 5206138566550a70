//! A command that needs something to act on asks which: a list to choose from by a few letters.

use std::sync::Arc;

use super::super::keys::KeyAction;
use super::super::model::{Model, Overlay, Pick};
use super::super::rows;
use super::super::view::{self, PaletteEntry, ViewContext};
use super::opening::{self, SelectedSubject};
use super::{ConsoleEffect, form, say};

/// Does this act on a target or a playbook?
#[must_use]
pub const fn needs_one(verb: KeyAction) -> bool {
    matches!(verb, KeyAction::Snooze | KeyAction::RunNow | KeyAction::Breaker | KeyAction::Arm)
}

/// Asks which; what is looked at now comes first.
pub fn open(model: &mut Model, verb: KeyAction, of: Option<Arc<str>>, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let here = opening::subject(model, world);
    let here = here.and_then(|subject| Some((subject.playbook?, subject.key)));
    let first = here.map(|(playbook, key)| match key {
        Some(key) if verb != KeyAction::Arm => rows::row_id(&playbook, &key.target.to_string()),
        _ => playbook,
    });
    let pick = Pick { verb, of, first, typed: String::new(), at: 0 };
    if view::picks(&pick, world).is_empty() {
        say(model, world, "nothing to choose from");
    } else {
        model.overlay = Some(Overlay::Pick(pick));
    }
    Vec::new()
}

/// Goes on with the chosen one.
pub fn chosen(model: &mut Model, pick: &Pick, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match view::picks(pick, world).into_iter().nth(pick.at) {
        Some(PaletteEntry::Target { playbook, key, incident, .. }) => {
            form::open_for(model, pick.verb, Some(&SelectedSubject { playbook: Some(playbook), key, incident }), world)
        }
        Some(PaletteEntry::Playbook(playbook)) => {
            let subject = SelectedSubject { playbook: Some(playbook), key: None, incident: None };
            form::open_for(model, pick.verb, Some(&subject), world)
        }
        _ => {
            say(model, world, "no match: nothing was done");
            Vec::new()
        }
    }
}
