//! A command that needs something to act on asks which: a list to choose from by a few letters.

use std::sync::Arc;

use super::super::keys::KeyAction;
use super::super::model::{Model, Overlay, Pick};
use super::super::view::{self, PaletteEntry};
use super::{form, say};
use crate::console::content::context::ViewContext;
use crate::console::content::rows;
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::subject;
use crate::console::model::subject::SelectedSubject;

/// Asks which; what is looked at now comes first.
pub fn open(model: &mut Model, verb: KeyAction, of: Option<Arc<str>>, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let here = subject::subject(model, world);
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
