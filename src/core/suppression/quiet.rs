//! Whether a key is left alone on purpose.

use crate::core::gate::ActivePause;
use crate::core::id::Key;
use crate::core::machine::Core;
use crate::playbook::{Mode, Playbook};

impl Core {
    /// The pause or maintenance window in force for a playbook, the host's first.
    pub(in crate::core) fn paused(&self, playbook: &Playbook) -> Option<ActivePause> {
        self.state.suppressions().paused(&playbook.name, self.now)
    }

    /// Is this key left alone on purpose, or does it fail for another's sake? Then no page goes out for it.
    pub(in crate::core) fn quiet(&self, key: &Key) -> bool {
        let Some(playbook) = self.keys.get(key).map(|watched| &watched.playbook) else { return true };
        self.state.suppressions().snoozed(key, self.now.mono).is_some()
            || playbook.only_between.is_some_and(|window| !window.contains(self.now.minute_of_day))
            || self.unhealthy_need(key, playbook).is_some()
    }

    /// Does this playbook do, or ask for, anything here? What is in shadow calls nobody.
    pub(in crate::core) fn may_page(&self, key: &Key) -> bool {
        matches!(self.standing(key).0, Mode::Auto | Mode::Ask)
    }
}
