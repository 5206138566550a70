//! What can go wrong. Each world switches on a random part of these, each at a random rate: a world with every fault
//! at once explores less than many worlds with a few.

use crate::coverage::Coverage;
use crate::rng::Rng;

macro_rules! faults {
    ($($name:ident => $word:literal, $most:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $($name),* }

        impl Fault {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// The highest rate that a world gives it, in a thousand.
            fn most(self) -> u64 {
                match self { $(Self::$name => $most),* }
            }
        }
    };
}

faults! {
    // The host.
    Flaps => "flaps", 100;
    Hopeless => "broken for good", 200;
    SelfClears => "clears by itself", 400;
    ClearsWhileAsked => "clears while it asks", 300;
    Relapses => "breaks again soon", 500;
    Blind => "probe hangs", 200;
    Silence => "systemd answers nobody", 500;
    SlowProbe => "stale reading", 200;
    Duplicates => "reading told twice", 200;
    Strays => "reading of a check no longer watched", 500;
    Busy => "systemd busy", 200;
    Stopped => "stopped by operator", 100;
    Storm => "storm", 600;
    // Attempts.
    Useless => "attempt does not fix", 500;
    HalfFixes => "attempt fixes what the detector sees", 400;
    Fails => "attempt fails", 300;
    FailsButFixed => "attempt fails but fixed", 150;
    TimesOut => "attempt times out", 200;
    TimesOutButFixed => "attempt times out but fixed", 200;
    Stuck => "scope cannot be emptied", 80;
    Refused => "executor refuses", 80;
    Breaks => "attempt breaks it anew later", 100;
    // Plans and surveys.
    Replanned => "plan changes", 200;
    NoPlan => "plan cannot be made", 80;
    SlowSurvey => "survey is slow", 200;
    BlindSurvey => "survey cannot see", 100;
    // The engine.
    CrashUnwritten => "crash before the record is durable", 6;
    CrashWritten => "crash between record and effect", 6;
    CrashAfterEffect => "crash between two effects", 6;
    CrashIdle => "crash while idle", 700;
    WindsDown => "engine is stopped", 400;
    Reboots => "host reboots", 400;
    LagsCommit => "commit lags", 100;
    LateTick => "tick is late", 200;
    CannotRecord => "journal cannot be written", 500;
    WallJumps => "wall clock jumps", 700;
    // Playbooks.
    ReloadsSame => "reload without change", 500;
    Renames => "file renamed", 400;
    Changes => "content changed", 400;
    Removes => "file removed", 250;
    Unresolves => "target does not resolve", 300;
    // The pager.
    LatePage => "page delivered late", 300;
    LostPage => "delivery fails", 400;
    TwicePage => "page delivered twice", 200;
}

/// One world's part of the faults.
#[derive(Debug, Default)]
pub struct Faults {
    rates: Vec<u64>,
    /// No more from now on.
    pub calm: bool,
}

impl Faults {
    pub fn none() -> Self {
        Self { rates: vec![0; Fault::ALL.len()], calm: false }
    }

    pub fn swarm(rng: &mut Rng) -> Self {
        // Some worlds are nearly quiet, some have most of it.
        let part = rng.pick(&[80, 200, 350, 500, 800]);
        let mut rate = |fault: &Fault| if rng.permille(part) { 1 + rng.below(fault.most()) } else { 0 };
        Self { rates: Fault::ALL.iter().map(&mut rate).collect(), calm: false }
    }

    /// This world can have it at all.
    pub fn has(&self, fault: Fault) -> bool {
        !self.calm && self.rates[fault as usize] > 0
    }

    /// It strikes here and now.
    pub fn strikes(&self, fault: Fault, rng: &mut Rng, coverage: &mut Coverage) -> bool {
        let hit = self.has(fault) && rng.permille(self.rates[fault as usize]);
        if hit {
            coverage.count("fault", fault.word());
        }
        hit
    }

    /// Without this one: to find which of them a failure needs.
    pub fn without(&mut self, fault: Fault) {
        self.rates[fault as usize] = 0;
    }

    pub fn names(&self) -> Vec<&'static str> {
        Fault::ALL.iter().filter(|fault| self.rates[**fault as usize] > 0).map(|fault| fault.word()).collect()
    }
}
