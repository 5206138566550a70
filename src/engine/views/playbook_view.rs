//! Every playbook file that was found, accepted or not, as a screen shows it.

use std::sync::Arc;

use crate::core::{ArmingPolicy, Core};
use crate::engine::reload::standing;
use crate::engine::snapshot::{Arming, PlaybookState, PlaybookView};
use crate::playbook::library::LibraryFile;
use crate::playbook::{Mode, Playbook};
use crate::text::clean;

/// All of them, in the library's order.
pub fn all(found: &[LibraryFile], core: &Core) -> Vec<Arc<PlaybookView>> {
    found.iter().map(|found| Arc::new(view(found, core))).collect()
}

fn view(found: &LibraryFile, core: &Core) -> PlaybookView {
    let state = match &found.outcome {
        Ok(playbook) => in_force(playbook, core),
        Err(diagnostics) => PlaybookState::Rejected {
            diagnostics: diagnostics
                .iter()
                .map(|diagnostic| diagnostic.render(&found.source, false))
                .collect::<Vec<_>>()
                .join("\n\n")
                .into(),
            former_in_force: found.former.is_some(),
        },
    };
    PlaybookView {
        name: Arc::clone(&found.name),
        origin: found.origin.clone(),
        state,
        source: clean(&found.source).into(),
    }
}

fn in_force(playbook: &Playbook, core: &Core) -> PlaybookState {
    let decisions = core.state().suppressions().arming();
    let arming = match (decisions.decided(&playbook.content), standing(playbook)) {
        _ if playbook.mode == Mode::Off => Arming::Armed,
        (Some(false), _) | (None, ArmingPolicy::ShadowUntilArmed) => Arming::Shadow,
        // What asks every time asks the first time too.
        (None, ArmingPolicy::AsksFirst) if playbook.mode == Mode::Auto && !decisions.has_lived(&playbook.content) => {
            Arming::AsksFirst
        }
        (Some(true), _) | (None, ArmingPolicy::AsWritten | ArmingPolicy::AsksFirst) => Arming::Armed,
    };
    PlaybookState::InForce {
        title: Arc::clone(&playbook.title),
        risk: playbook.risk,
        mode: playbook.mode,
        in_force: match arming {
            Arming::Armed => playbook.mode,
            Arming::Shadow => Mode::Shadow,
            Arming::AsksFirst => Mode::Ask,
        },
        arming,
        needs_root: playbook.needs_root(),
    }
}
