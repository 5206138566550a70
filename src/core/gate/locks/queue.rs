//! Who is next once a lock is released.

use crate::core::id::IncidentId;
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::Mono;
use crate::playbook::Target;

impl Core {
    /// A lock was released, or who was next did not take it: of those that wait, the most severe goes first, then the
    /// oldest; one at a time for each target.
    pub(in crate::core) fn wake_locked(&mut self) {
        let mut queue: Vec<(std::cmp::Reverse<crate::playbook::Risk>, Mono, IncidentId)> = self
            .waiting(BlockedOn::Lock)
            .into_iter()
            .filter_map(|id| {
                let incident = self.incident(id)?;
                let risk = self.book(&incident.key.content)?.risk;
                Some((std::cmp::Reverse(risk), incident.opened, id))
            })
            .collect();
        queue.sort_unstable();
        let mut taken: Vec<Target> = Vec::new();
        for (_, _, id) in queue {
            let Some(target) = self.incident(id).map(|incident| incident.key.target.clone()) else { continue };
            let free = self.state.locks().is_free(&target, id);
            if free && !taken.iter().any(|other| other.conflicts(&target)) {
                taken.push(target);
                self.advance(id);
            }
        }
    }
}
