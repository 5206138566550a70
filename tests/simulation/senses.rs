//! The fake checks: they look after a while, may hang, may tell late what they saw early, and report changes (and, in
//! some worlds, every look).

use std::collections::BTreeMap;

use salve::core::detector::reading::{Reading, Verdict};
use salve::core::id::{CheckRole, WatchId};
use salve::core::machine::input::Input;

use crate::fault::Fault;
use crate::ledger::Judged;
use crate::rng::Rng;
use crate::world::{Happening, MINUTE, SECOND, World};

#[derive(Debug)]
struct Watch {
    id: WatchId,
    target: usize,
    active: bool,
    /// Counts how often it was asked for.
    round: u32,
    /// A look is under way.
    looking: bool,
    /// Look again after this one.
    dirty: bool,
    /// Tell the next look that began at or after then, whatever it says.
    tell_from: Option<u64>,
    told: Option<Verdict>,
}

#[derive(Debug)]
pub struct Senses {
    watches: Vec<Watch>,
    index: BTreeMap<WatchId, usize>,
    /// From a change to the look that sees it, at most.
    delay: u64,
    /// Each look is told, so often; else only changes.
    every: Option<u64>,
}

impl Senses {
    pub fn new(rng: &mut Rng) -> Self {
        let delay = rng.pick(&[10, 100, SECOND, 5 * SECOND, 20 * SECOND]);
        let every = rng.permille(60).then(|| rng.pick(&[15, 30, 60]) * SECOND);
        Self { watches: Vec::new(), index: BTreeMap::new(), delay, every }
    }

    pub fn unwatch(&mut self, id: &WatchId) {
        if let Some(index) = self.index.get(id) {
            let watch = &mut self.watches[*index];
            (watch.active, watch.told) = (false, None);
        }
    }

    /// After a crash.
    pub fn forget(&mut self) {
        self.watches.clear();
        self.index.clear();
    }

    /// How long until any change has been told, at most.
    pub fn slowest(&self) -> u64 {
        2 * self.delay + 40 * SECOND + self.every.unwrap_or(0)
    }
}

impl World {
    pub fn watch(&mut self, id: WatchId) {
        let index = if let Some(index) = self.senses.index.get(&id) {
            *index
        } else {
            let target = self.shelf.target(&id.key.target);
            self.senses.index.insert(id.clone(), self.senses.watches.len());
            self.senses.watches.push(Watch {
                id,
                target,
                active: false,
                round: 0,
                looking: false,
                dirty: false,
                tell_from: None,
                told: None,
            });
            self.senses.watches.len() - 1
        };
        let t = self.t;
        let watch = &mut self.senses.watches[index];
        watch.active = true;
        watch.round += 1;
        watch.tell_from = Some(t);
        if watch.looking {
            watch.dirty = true;
        } else {
            watch.looking = true;
            let wait = self.rng.below(200);
            self.later(wait, Happening::Look { life: self.engine.life, watch: index });
        }
    }

    /// The truth about a target changed: every check on it will see it.
    pub fn changed(&mut self, target: usize) {
        for index in 0..self.senses.watches.len() {
            let watch = &mut self.senses.watches[index];
            if watch.target != target || !watch.active {
                continue;
            }
            if watch.looking {
                watch.dirty = true;
                continue;
            }
            watch.looking = true;
            let wait = self.rng.below(self.senses.delay);
            self.later(wait, Happening::Look { life: self.engine.life, watch: index });
        }
    }

    pub fn look(&mut self, life: u32, index: usize) {
        if life != self.engine.life {
            return;
        }
        let (id, target) = (self.senses.watches[index].id.clone(), self.senses.watches[index].target);
        let reading = self.reading(target, id.role, id.index);
        let unknown = matches!(reading.verdict, Verdict::Unknown(_));
        let took = match (unknown, self.strikes(Fault::SlowProbe)) {
            (true, _) => 5 * SECOND,
            (_, true) => self.rng.below(30 * SECOND),
            _ => self.rng.below(50),
        };
        let (round, began) = (self.senses.watches[index].round, self.t);
        self.later(took, Happening::Told { life, watch: index, round, reading, began });
    }

    /// What a look at a target says now.
    pub fn reading(&mut self, target: usize, role: CheckRole, index: usize) -> Reading {
        let thing = &self.host.things[target];
        let began = self.mono();
        let verdict = if thing.blind_until > self.t {
            Verdict::Unknown("no answer within 5s".into())
        } else {
            let broken = thing.broken.is_some_and(|broken| !broken.half && (broken.plain || index == 0));
            let holds = match role {
                CheckRole::Detector => broken,
                CheckRole::Verifier => thing.broken.is_none(),
            };
            if holds { Verdict::Holds } else { Verdict::DoesNotHold }
        };
        // Every other check hears of a change by an event, and knows since when.
        let since = if index.is_multiple_of(2) { self.mono_at(thing.since).min(began) } else { began };
        Reading { verdict, seen: "seen".into(), figure: None, unit: None, began, since }
    }

    pub fn told(&mut self, life: u32, index: usize, round: u32, reading: &Reading, began: u64) -> Judged {
        if life != self.engine.life {
            return Ok(());
        }
        let twice = self.faults.has(Fault::Duplicates) && self.strikes(Fault::Duplicates);
        let stray = !self.senses.watches[index].active && self.strikes(Fault::Strays);
        let every = self.senses.every.filter(|_| !self.faults.calm);
        let watch = &mut self.senses.watches[index];
        watch.looking = false;
        let again = watch.active && (watch.dirty || watch.round != round);
        let due = watch.tell_from.is_some_and(|from| began >= from);
        // A look that began before it was asked for anew is told all the same, as late news.
        let news = watch.active && (due || watch.told.as_ref() != Some(&reading.verdict) || every.is_some());
        if due {
            watch.tell_from = None;
        }
        let owed = watch.active && watch.tell_from.is_some();
        if watch.active {
            watch.told = Some(reading.verdict.clone());
        }
        let id = watch.id.clone();
        let wait = if again || owed { Some(self.rng.below(self.senses.delay)) } else { every };
        if let (Some(wait), true) = (wait, self.senses.watches[index].active) {
            self.senses.watches[index].looking = true;
            self.senses.watches[index].dirty = false;
            self.later(wait, Happening::Look { life, watch: index });
        }
        for _ in 0..usize::from(news || stray) + usize::from(news && twice) {
            self.feed_in(life, &Input::Read { watch: id.clone(), reading: reading.clone() })?;
        }
        Ok(())
    }

    /// A target's probes hang for a while.
    pub fn blinds(&mut self, target: usize) {
        let wait = self.rng.wait(4 * MINUTE);
        self.blinds_for(target, wait);
    }

    pub fn blinds_for(&mut self, target: usize, wait: u64) {
        self.host.things[target].blind_until = self.t + wait;
        self.changed(target);
        self.later(wait, Happening::Sight(target));
    }
}
