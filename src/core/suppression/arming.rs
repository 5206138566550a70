//! Which playbooks operators let act, by content: a changed file is another playbook, and starts anew.

use std::collections::{HashMap, HashSet};

use crate::core::machine::input::ArmingPolicy;
use crate::playbook::{ContentKey, Mode};

/// What operators decided about arming, and which contents have acted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArmingDecisions {
    /// What an operator last decided for a content: armed, or back to shadow.
    decided: HashMap<ContentKey, bool>,
    /// Contents that have made a live attempt.
    lived: HashSet<ContentKey>,
}

impl ArmingDecisions {
    /// What an operator last decided for this content: armed, or back to shadow; none where nobody did.
    pub fn decided(&self, content: &ContentKey) -> Option<bool> {
        self.decided.get(content).copied()
    }

    /// Has this content made a live attempt?
    pub fn has_lived(&self, content: &ContentKey) -> bool {
        self.lived.contains(content)
    }

    /// The mode in force for this content, whose playbook has `written`, and whether a first live attempt must still
    /// ask.
    pub fn standing(&self, content: &ContentKey, written: Mode, policy: ArmingPolicy) -> (Mode, bool) {
        let shadow = if written == Mode::Off { Mode::Off } else { Mode::Shadow };
        match (self.decided(content), policy) {
            (Some(true), _) | (None, ArmingPolicy::AsWritten) => (written, false),
            (Some(false), _) | (None, ArmingPolicy::ShadowUntilArmed) => (shadow, false),
            (None, ArmingPolicy::AsksFirst) => (written, !self.has_lived(content)),
        }
    }

    /// An operator armed this content, or put it back into shadow.
    pub(super) fn decide(&mut self, content: &ContentKey, armed: bool) {
        self.decided.insert(content.clone(), armed);
    }

    /// An attempt of this content was started.
    pub(super) fn attempt_started(&mut self, content: &ContentKey) {
        self.lived.insert(content.clone());
    }
}
