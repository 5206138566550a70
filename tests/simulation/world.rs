//! One fake world: clocks, queue of what happens next, and the loop. Everything follows from the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use jiff::Timestamp;
use salve::core::detector::reading::Reading;
use salve::core::event::{Event, Recorded};
use salve::core::id::{AttemptId, IncidentId, PageId, SurveyId};
use salve::core::machine::input::{Facts, Input};
use salve::core::plan::AttemptReport;
use salve::core::time::{Mono, Now};
use salve::engine::driver::ports::PreflightRequest;

use crate::coverage::Coverage;
use crate::doctor::Doctor;
use crate::engine::Engine;
use crate::fault::{Fault, Faults};
use crate::hands::Hands;
use crate::host::Host;
use crate::ledger::{Judged, Ledger, Violation, hold};
use crate::people::People;
use crate::ports::SimulatedDriver;
use crate::rng::Rng;
use crate::senses::Senses;
use crate::shelf::Shelf;
use crate::trace::Trace;

pub const SECOND: u64 = 1000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;

/// What may come next.
#[derive(Debug)]
pub enum Happening {
    // The host.
    /// It breaks, and will again after a while.
    Trouble(usize),
    Break(usize),
    Mend {
        target: usize,
        failure: u64,
    },
    Flap {
        target: usize,
        left: u64,
    },
    Storm,
    Sight(usize),
    Misfortune(usize),
    Silence,
    SilenceEnds,
    // Checks and surveys.
    Look {
        life: u32,
        watch: usize,
    },
    Told {
        life: u32,
        watch: usize,
        round: u32,
        reading: Reading,
        began: u64,
    },
    Survey {
        life: u32,
        request: PreflightRequest,
    },
    Surveyed {
        life: u32,
        incident: IncidentId,
        survey: SurveyId,
        facts: Box<Facts>,
    },
    // Attempts.
    AttemptOver {
        attempt: AttemptId,
    },
    StuckEnds {
        attempt: AttemptId,
    },
    NeverStarted {
        life: u32,
        attempt: AttemptId,
        report: Arc<AttemptReport>,
    },
    ScopeLooked {
        life: u32,
        attempt: AttemptId,
    },
    // The engine.
    Commit {
        life: u32,
    },
    JournalBreaks,
    JournalFails {
        length: u64,
    },
    JournalMends,
    Beat,
    Crash,
    WindDown,
    WoundDown {
        life: u32,
        until: u64,
    },
    Restart,
    WallJump,
    Reload {
        anyway: bool,
    },
    Compare,
    Note,
    // People.
    Page {
        page: PageId,
        tries: u32,
    },
    OperatorActs,
    Answer {
        incident: IncidentId,
    },
}

struct Item {
    at: u64,
    order: u64,
    what: Happening,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Item {}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct World {
    pub rng: Rng,
    pub faults: Faults,
    pub coverage: Coverage,
    pub trace: Trace,
    pub ledger: Ledger,
    pub host: Host,
    pub shelf: Shelf,
    pub senses: Senses,
    pub hands: Hands,
    pub people: People,
    pub engine: Engine,
    /// Spoils what the machine says, to test the ledger.
    pub doctor: Option<Doctor>,
    /// True time, in milliseconds: no restart, reboot or clock jump touches it.
    pub t: u64,
    /// The wall clock's error.
    pub wall: i64,
    /// Mean time between two failures of one target.
    pub trouble: u64,
    queue: BinaryHeap<Reverse<Item>>,
    order: u64,
    ticks_here: u32,
    happenings: u64,
    tick_not_before: u64,
}

impl World {
    pub fn new(seed: u64, shelf: Shelf, faults: Faults) -> Self {
        let mut rng = Rng::new(seed);
        let trouble = rng.pick(&[3, 8, 20, 45]) * MINUTE;
        Self {
            faults,
            coverage: Coverage::default(),
            trace: Trace::None,
            ledger: Ledger::default(),
            host: Host::new(shelf.targets.len()),
            shelf,
            senses: Senses::new(&mut rng),
            hands: Hands::default(),
            people: People::new(&mut rng),
            engine: Engine::default(),
            doctor: None,
            t: 10 * SECOND,
            wall: 0,
            trouble,
            queue: BinaryHeap::new(),
            order: 0,
            ticks_here: 0,
            happenings: 0,
            tick_not_before: 0,
            rng,
        }
    }

    pub fn strikes(&mut self, fault: Fault) -> bool {
        self.faults.strikes(fault, &mut self.rng, &mut self.coverage)
    }

    pub fn mono(&self) -> Mono {
        self.mono_at(self.t)
    }

    /// What a moment of true time is on the machine's clock; moments before this boot are its beginning.
    pub fn mono_at(&self, t: u64) -> Mono {
        Mono(t.max(self.engine.booted).saturating_sub(self.engine.gap))
    }

    pub fn now(&self) -> Now {
        let base: i64 = 1_750_000_000_000;
        let wall = base + i64::try_from(self.t).unwrap_or(0) + self.wall;
        let minute_of_day = u16::try_from(wall.div_euclid(60_000).rem_euclid(1440)).unwrap_or(0);
        let wall = Timestamp::from_millisecond(wall).unwrap_or(Timestamp::UNIX_EPOCH);
        Now { mono: self.mono(), wall, minute_of_day }
    }

    pub fn later(&mut self, wait: u64, what: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Item { at: self.t + wait, order: self.order, what }));
    }

    /// Lets the world go on until then.
    pub fn run_until(&mut self, end: u64) -> Judged {
        loop {
            let event = self.queue.peek().map_or(u64::MAX, |Reverse(item)| item.at);
            let wake = self.wake();
            if event.min(wake) > end {
                self.t = end;
                return Ok(());
            }
            if wake < event {
                self.tick(wake)?;
            } else if let Some(Reverse(item)) = self.queue.pop() {
                if item.at > self.t {
                    (self.t, self.ticks_here) = (item.at, 0);
                }
                self.happenings += 1;
                hold!(self.happenings < 5_000_000, "time", "the world never comes to rest");
                self.happen(item.what)?;
            }
        }
    }

    /// When the machine wants to be woken, in true time.
    fn wake(&self) -> u64 {
        let deadline = self.engine.driver.as_ref().and_then(SimulatedDriver::next_wake);
        deadline.map_or(u64::MAX, |at| at.0.saturating_add(self.engine.gap).max(self.t).max(self.tick_not_before))
    }

    fn tick(&mut self, wake: u64) -> Judged {
        if self.strikes(Fault::LateTick) {
            self.tick_not_before = wake + self.rng.within(1, 20 * SECOND);
            return Ok(());
        }
        if wake > self.t {
            (self.t, self.ticks_here) = (wake, 0);
        }
        self.ticks_here += 1;
        hold!(self.ticks_here < 100, "time", "the machine spins: it wants to be woken at a moment that has passed");
        self.drive(SimulatedDriver::wake)
    }

    fn happen(&mut self, what: Happening) -> Judged {
        match what {
            Happening::Trouble(target) => self.trouble(target),
            Happening::Break(target) => self.breaks(target),
            Happening::Mend { target, failure } => self.mends(target, Some(failure)),
            Happening::Flap { target, left } => self.flaps(target, left),
            Happening::Storm => self.storm(),
            Happening::Sight(target) => self.changed(target),
            Happening::Misfortune(target) => self.misfortune(target),
            Happening::Silence => return self.silence(),
            Happening::SilenceEnds => return self.feed(&Input::Systemd(Ok(()))),
            Happening::Look { life, watch } => self.look(life, watch),
            Happening::Told { life, watch, round, reading, began } => {
                return self.told(life, watch, round, &reading, began);
            }
            Happening::Survey { life, request } => self.gather(life, &request),
            Happening::Surveyed { life, incident, survey, facts } => {
                return self.feed_in(life, &Input::Surveyed { incident, survey, facts: *facts });
            }
            Happening::AttemptOver { attempt } => return self.attempt_over(attempt),
            Happening::StuckEnds { attempt } => self.scope_ends(attempt),
            Happening::NeverStarted { life, attempt, report } => {
                return self.feed_in(life, &Input::AttemptEnded { attempt, report });
            }
            Happening::ScopeLooked { life, attempt } => return self.scope_looked(life, attempt),
            Happening::Commit { life } => return self.commit_pending(life),
            Happening::JournalBreaks => self.journal_breaks(),
            Happening::JournalFails { length } => self.journal_fails(length),
            Happening::JournalMends => self.journal_mends(),
            Happening::Beat => return self.beat(),
            Happening::Crash => return self.crash_idle(),
            Happening::WindDown => return self.wind_down(),
            Happening::WoundDown { life, until } => return self.wound_down(life, until),
            Happening::Restart => return self.restart(),
            Happening::WallJump => self.wall_jumps(),
            Happening::Reload { anyway } => return self.reload(anyway),
            Happening::Compare => return self.compare(),
            Happening::Note => return self.feed(&Input::Note { about: "files".into(), text: "one rejected".into() }),
            Happening::Page { page, tries } => return self.page(page, tries),
            Happening::OperatorActs => return self.operator_acts(),
            Happening::Answer { incident } => return self.answers(incident),
        }
        Ok(())
    }

    /// Feeds an input of this life of the engine; one from before a crash never arrives.
    pub fn feed_in(&mut self, life: u32, input: &Input) -> Judged {
        if life == self.engine.life { self.feed(input) } else { Ok(()) }
    }

    pub fn wall_jumps(&mut self) {
        if self.strikes(Fault::WallJumps) {
            let hours = i64::try_from(self.rng.below(20_000)).unwrap_or(0) - 10_000;
            self.wall += hours * 36_000;
        }
        let wait = self.rng.wait(HOUR);
        self.later(wait, Happening::WallJump);
    }

    /// The last lines of the trace; after a panic the ports still hold it.
    pub fn traced(&self) -> Vec<String> {
        let kept = self.trace.kept();
        if kept.is_empty() { self.engine.wire.borrow().lent.trace.kept() } else { kept }
    }

    /// How many incidents the durable journal holds.
    pub fn incidents(&self) -> u64 {
        self.ledger.books.incidents.len() as u64
    }

    pub fn count_records(&mut self, records: &[Arc<Recorded>]) {
        for recorded in records {
            self.coverage.records += 1;
            crate::count::event(&mut self.coverage, &recorded.event);
            if let Event::Asked { incident, .. } = &recorded.event {
                self.asked(*incident);
            }
        }
    }
}

thread_local! {
    static PANIC: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

/// Keeps what a panic said for [`guarded`], instead of printing it in the midst of a run.
pub fn remember_panic(info: &std::panic::PanicHookInfo) {
    PANIC.with(|kept| *kept.borrow_mut() = Some(info.to_string()));
}

/// The panic of a machine that breaks its own promise is a violation like any other.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, Violation>) -> Result<T, Violation> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let text = PANIC.with(std::cell::RefCell::take).unwrap_or_default();
        Err(Violation { invariant: "the machine panicked", text })
    })
}

pub type Requests = BTreeMap<u64, &'static str>;
