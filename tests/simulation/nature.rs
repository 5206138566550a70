//! What befalls the host and its files, by itself.

use salve::core::machine::input::Input;

use crate::fault::Fault;
use crate::ledger::Judged;
use crate::world::{HOUR, Happening, MINUTE, SECOND, World};

impl World {
    /// Everything that comes again and again, started once.
    pub fn set_going(&mut self) {
        for target in 0..self.host.things.len() {
            let wait = self.rng.wait(self.trouble);
            self.later(wait, Happening::Trouble(target));
            let wait = self.rng.wait(10 * MINUTE);
            self.later(wait, Happening::Misfortune(target));
        }
        let first = [
            (Happening::Storm, 2 * HOUR),
            (Happening::Silence, 2 * HOUR),
            (Happening::WallJump, HOUR),
            (Happening::Reload { anyway: false }, HOUR),
            (Happening::JournalBreaks, HOUR),
            (Happening::Crash, HOUR),
            (Happening::Compare, 3 * HOUR),
            (Happening::Note, 4 * HOUR),
            (Happening::OperatorActs, 5 * MINUTE),
        ];
        for (what, mean) in first {
            let wait = self.rng.wait(mean);
            self.later(wait, what);
        }
        self.later(0, Happening::Restart);
    }

    /// A target breaks, in one of many ways; and will again.
    pub fn trouble(&mut self, target: usize) {
        let wait = SECOND + self.rng.wait(self.trouble);
        self.later(wait, Happening::Trouble(target));
        self.breaks(target);
    }

    pub fn breaks(&mut self, target: usize) {
        if !self.faults.calm {
            self.break_now(target);
            if self.host.things[target].broken.is_some() && self.strikes(Fault::Flaps) {
                let (wait, left) = (self.rng.within(200, 30 * SECOND), self.rng.within(2, 12));
                self.later(wait, Happening::Flap { target, left });
            }
        }
    }

    fn break_now(&mut self, target: usize) {
        let hopeless = self.strikes(Fault::Hopeless);
        let mended_by = if hopeless { None } else { Some(self.rng.pick(&[0, 0, 0, 1, 1, 2])) };
        let plain = self.rng.permille(700);
        let Some(failure) = self.host.break_(target, self.t, mended_by, plain) else { return };
        if self.trace.is_on() {
            self.trace.line(self.t, format_args!("== {} breaks, mended by {mended_by:?}", self.shelf.targets[target]));
        }
        // In the end somebody mends it by hand.
        let wait =
            if self.strikes(Fault::SelfClears) { self.rng.wait(MINUTE) } else { 5 * MINUTE + self.rng.wait(HOUR) };
        self.later(wait, Happening::Mend { target, failure });
        if self.strikes(Fault::Busy) {
            self.host.things[target].busy_until = self.t + self.rng.wait(MINUTE);
        }
        if self.strikes(Fault::Stopped) {
            let thing = &mut self.host.things[target];
            thing.stopped_by_operator = self.rng.permille(700);
            thing.stop_unclear = !thing.stopped_by_operator;
        }
        self.changed(target);
    }

    pub fn mends(&mut self, target: usize, failure: Option<u64>) {
        if self.host.mend(target, self.t, failure) {
            if self.trace.is_on() {
                self.trace.line(self.t, format_args!("== {} is well", self.shelf.targets[target]));
            }
            self.changed(target);
        }
    }

    /// An attempt mended it; perhaps not for long.
    pub fn mended(&mut self, target: usize) {
        self.mends(target, None);
        if self.strikes(Fault::Relapses) {
            let wait = self.rng.wait(5 * MINUTE);
            self.later(wait, Happening::Break(target));
        }
    }

    pub fn flaps(&mut self, target: usize, left: u64) {
        if left == 0 || self.faults.calm {
            return;
        }
        if self.host.things[target].broken.is_some() {
            self.mends(target, None);
        } else {
            self.break_now(target);
        }
        let wait = self.rng.within(200, 30 * SECOND);
        self.later(wait, Happening::Flap { target, left: left - 1 });
    }

    pub fn storm(&mut self) {
        let wait = self.rng.wait(3 * HOUR);
        self.later(wait, Happening::Storm);
        if self.strikes(Fault::Storm) {
            for target in 0..self.host.things.len() {
                if self.rng.permille(800) {
                    let wait = self.rng.below(2 * SECOND);
                    self.later(wait, Happening::Break(target));
                }
            }
        }
    }

    /// systemd answers nobody for a while: no unit can be seen.
    pub fn silence(&mut self) -> Judged {
        let wait = self.rng.wait(3 * HOUR);
        self.later(wait, Happening::Silence);
        if !self.strikes(Fault::Silence) {
            return Ok(());
        }
        let length = SECOND + self.rng.wait(4 * MINUTE);
        for target in 0..self.host.things.len() {
            self.blinds_for(target, length);
        }
        self.later(length, Happening::SilenceEnds);
        self.feed(&Input::Systemd(Err("systemd did not answer within 5 s".into())))
    }

    /// What makes a target hard to see, to plan for, or to touch.
    pub fn misfortune(&mut self, target: usize) {
        let wait = self.rng.wait(15 * MINUTE);
        self.later(wait, Happening::Misfortune(target));
        if self.strikes(Fault::Blind) {
            self.blinds(target);
        }
        if self.strikes(Fault::NoPlan) {
            self.host.things[target].planless_until = self.t + self.rng.wait(5 * MINUTE);
        }
        if self.strikes(Fault::Replanned) {
            self.host.things[target].shape += 1;
        }
    }

    /// The folder of playbooks is read again, where something in it has changed, or anyway.
    pub fn reload(&mut self, anyway: bool) -> Judged {
        if anyway {
            return self.feed(&Input::Loaded(self.shelf.bindings()));
        }
        let wait = self.rng.wait(HOUR);
        self.later(wait, Happening::Reload { anyway });
        let file = self.rng.index(self.shelf.files.len());
        let mut again = self.strikes(Fault::ReloadsSame);
        if self.strikes(Fault::Renames) {
            self.shelf.rename(file, &mut self.rng);
            again = true;
        }
        if self.strikes(Fault::Changes) {
            self.shelf.change(file, &mut self.rng);
            again = true;
        }
        if self.strikes(Fault::Removes) {
            self.shelf.files[file].removed ^= true;
            again = true;
        }
        if self.strikes(Fault::Unresolves) {
            let target = self.rng.pick(&self.shelf.files[file].targets);
            let unresolved = &mut self.shelf.files[file].unresolved;
            match unresolved.iter().position(|index| *index == target) {
                Some(at) => drop(unresolved.remove(at)),
                None => unresolved.push(target),
            }
            again = true;
        }
        if again { self.feed(&Input::Loaded(self.shelf.bindings())) } else { Ok(()) }
    }
}
