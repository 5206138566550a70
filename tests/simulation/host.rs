//! The fake host: what is truly the matter with each target, whatever any reading says of it.

/// Something truly wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Broken {
    /// Tells this failure from later ones of the same target.
    pub id: u64,
    /// The lowest rung that mends it; none does where there is none.
    pub mended_by: Option<usize>,
    /// Each detector check sees it, or only the first.
    pub plain: bool,
    /// No detector check sees it any more, every verifier does: an attempt mended half of it.
    pub half: bool,
}

/// One target's truth.
#[derive(Debug, Clone, Default)]
pub struct Thing {
    pub broken: Option<Broken>,
    /// Since when, in true time.
    pub since: u64,
    /// Probes hang until then.
    pub blind_until: u64,
    /// systemd has its own job on it until then.
    pub busy_until: u64,
    pub stopped_by_operator: bool,
    /// Nothing tells who stopped it.
    pub stop_unclear: bool,
    /// No plan can be made until then.
    pub planless_until: u64,
    /// What a plan depends on; a plan with another figure is another plan.
    pub shape: u32,
}

#[derive(Debug, Default)]
pub struct Host {
    pub things: Vec<Thing>,
    failures: u64,
}

impl Host {
    pub fn new(count: usize) -> Self {
        Self { things: vec![Thing::default(); count], failures: 0 }
    }

    /// Breaks a target that is well; gives the failure's number.
    pub fn break_(&mut self, target: usize, now: u64, mended_by: Option<usize>, plain: bool) -> Option<u64> {
        if self.things[target].broken.is_some() {
            return None;
        }
        self.failures += 1;
        self.things[target].broken = Some(Broken { id: self.failures, mended_by, plain, half: false });
        self.things[target].since = now;
        Some(self.failures)
    }

    /// Whatever is broken there looks well to the detector from now on.
    pub fn half_mend(&mut self, target: usize) {
        if let Some(broken) = &mut self.things[target].broken {
            broken.half = true;
        }
    }

    /// Ends this failure, if it is still there; any, where none is named.
    pub fn mend(&mut self, target: usize, now: u64, failure: Option<u64>) -> bool {
        let thing = &mut self.things[target];
        let there = thing.broken.is_some_and(|broken| failure.is_none_or(|id| id == broken.id));
        if there {
            thing.broken = None;
            thing.stopped_by_operator = false;
            thing.stop_unclear = false;
            thing.since = now;
        }
        there
    }
}
