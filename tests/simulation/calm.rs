//! A world's whole course: trouble, then no new trouble, then everything well. By then every incident must be over.

use crate::fault::{Fault, Faults};
use crate::ledger::Judged;
use crate::rng::{Rng, mix};
use crate::shelf::Shelf;
use crate::world::{HOUR, MINUTE, SECOND, World};

/// What flaps must have come to rest first, or have stayed verified, which takes up to an hour; and what is only looked
/// for must have been found well for a while.
const RESTLESS: u64 = HOUR + 6 * MINUTE;

impl World {
    /// The world of this seed.
    pub fn of(seed: u64, without: &[Fault]) -> Self {
        let mut rng = Rng::new(mix(seed, 1));
        let shelf = Shelf::random(&mut rng);
        let mut faults = Faults::swarm(&mut rng);
        for fault in without {
            faults.without(*fault);
        }
        let mut world = Self::new(mix(seed, 2), shelf, faults);
        world.ledger.outside.four_eyes = seed.is_multiple_of(2);
        world
    }

    /// From first start to the last incident's end.
    pub fn run(&mut self) -> Judged {
        self.set_going();
        let hours = self.rng.pick(&[2, 5, 10, 20]);
        // In slices, so that a stormy world ends early instead of holding a run up.
        for _ in 0..hours {
            self.run_until(self.t + HOUR)?;
            if self.incidents() > 400 {
                break;
            }
        }
        self.end_well()
    }

    /// Faults stop, and what is broken stays so: nobody waits without a reason. Then all is well: everything ends.
    pub fn end_well(&mut self) -> Judged {
        self.stop_faults()?;
        self.run_until(self.t + 2 * HOUR)?;
        self.ledger.nobody_waits_for_nothing(self.now())?;
        for target in 0..self.host.things.len() {
            self.mends(target, None);
        }
        self.run_until(self.t + self.bound())?;
        self.coverage.hours += self.t / HOUR;
        self.coverage.worlds += 1;
        self.ledger.everything_ended(self.now())
    }

    fn stop_faults(&mut self) -> Judged {
        self.faults.calm = true;
        self.people.silent = true;
        self.restart()?;
        self.journal_mends();
        self.commit_pending(self.engine.life)?;
        for attempt in self.hands.stuck() {
            self.scope_ends(attempt);
        }
        for target in 0..self.host.things.len() {
            let thing = &mut self.host.things[target];
            (thing.blind_until, thing.busy_until, thing.planless_until) = (0, 0, 0);
            self.changed(target);
        }
        if self.shelf.files.iter().any(|file| !file.unresolved.is_empty()) {
            self.shelf.files.iter_mut().for_each(|file| file.unresolved.clear());
            self.feed(&salve::core::machine::input::Input::Loaded(self.shelf.bindings()))?;
        }
        Ok(())
    }

    /// How long the slowest incident may still take once all is well: an attempt that has just begun, its
    /// verification, and a probe's doubled soak; and as long again for what was queued behind it, and what flapped.
    fn bound(&self) -> u64 {
        let longest = self.ledger.outside.contents.values().map(|playbook| {
            let attempt = playbook.remediate.iter().map(|rung| rung.timeout.millis()).max().unwrap_or(0) + 5 * SECOND;
            playbook.detect.hold.millis()
                + attempt
                + playbook.verify.within.millis()
                + 2 * playbook.verify.soak.millis()
        });
        2 * (longest.max().unwrap_or(0) + self.senses.slowest()) + 5 * MINUTE + RESTLESS
    }
}
