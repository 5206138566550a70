//! The simulated engine: a driver as it runs on a host, on this world's ports. It starts, crashes, winds down, restarts.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use salve::core::machine::config::SecondCall;
use salve::core::machine::input::Input;
use salve::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use salve::core::{Config, Core};
use salve::engine::driver::Driver;
use salve::engine::driver::ports::AttemptRequest;

use crate::fault::Fault;
use crate::ledger::{Judged, hold};
use crate::names;
use crate::ports::{Call, ClockEnd, HostEnd, JournalEnd, JudgedCore, SimulatedDriver, Wire};
use crate::world::{HOUR, Happening, MINUTE, Requests, SECOND, World};

/// A winding-down engine gives a running attempt so long.
const WIND_DOWN: u64 = 30 * SECOND;

#[derive(Default)]
pub struct Engine {
    /// None while the engine is down.
    pub driver: Option<SimulatedDriver>,
    /// What its ports share, over all its lives; the journal is there.
    pub wire: Rc<RefCell<Wire>>,
    /// Counts starts; what an earlier life was waiting for never arrives.
    pub life: u32,
    /// True time minus the machine's clock; grows with each reboot by what nobody observed.
    pub gap: u64,
    /// True time of this boot.
    pub booted: u64,
    pub boot: u64,
    /// Durable records that the world has heard of.
    pub heard: usize,
    pub requests: Requests,
    /// Each crash is one of the whole host.
    pub reboots: bool,
}

impl World {
    /// Hands one input to the engine, if it runs.
    pub fn feed(&mut self, input: &Input) -> Judged {
        self.drive(|driver| driver.handle(input.clone()))
    }

    /// Calls the driver, takes the journal's answers to it, and carries out what was called on the host.
    pub fn drive(&mut self, call: impl FnOnce(&mut SimulatedDriver)) -> Judged {
        let Some(mut driver) = self.engine.driver.take() else { return Ok(()) };
        let wire = Rc::clone(&self.engine.wire);
        let now = self.now();
        wire.borrow_mut().now = Some(now);
        self.lend(&wire);
        call(&mut driver);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            while driver.poll_write(&mut context).is_ready() {}
            if !wire.borrow_mut().take_turn() {
                break;
            }
        }
        self.lend(&wire);
        self.engine.driver = Some(driver);
        self.hear_of_records();
        let (calls, violation, crashed) = {
            let mut wire = wire.borrow_mut();
            (std::mem::take(&mut wire.calls), wire.violation.take(), wire.crashed)
        };
        for call in calls {
            self.perform(call)?;
        }
        violation.map_or(Ok(()), Err)?;
        if crashed {
            self.crash();
        }
        Ok(())
    }

    /// Lends the ports what they need of the world; called again, takes it back.
    fn lend(&mut self, wire: &RefCell<Wire>) {
        let lent = &mut wire.borrow_mut().lent;
        std::mem::swap(&mut lent.ledger, &mut self.ledger);
        std::mem::swap(&mut lent.coverage, &mut self.coverage);
        std::mem::swap(&mut lent.trace, &mut self.trace);
        std::mem::swap(&mut lent.faults, &mut self.faults);
        std::mem::swap(&mut lent.rng, &mut self.rng);
        std::mem::swap(&mut lent.doctor, &mut self.doctor);
        lent.t = self.t;
    }

    /// Counts what has become durable; people hear of it.
    fn hear_of_records(&mut self) {
        let fresh = self.engine.wire.borrow().journal[self.engine.heard..].to_vec();
        self.engine.heard += fresh.len();
        self.count_records(&fresh);
    }

    fn perform(&mut self, call: Call) -> Judged {
        let life = self.engine.life;
        match call {
            Call::Watch(watch) => self.watch(watch),
            Call::Unwatch(watch) => self.senses.unwatch(&watch),
            Call::Preflight(request) => {
                let wait =
                    if self.strikes(Fault::SlowSurvey) { self.rng.below(40 * SECOND) } else { self.rng.below(200) };
                self.later(wait, Happening::Survey { life, request });
            }
            Call::Start(AttemptRequest { attempt, key, playbook, plan, .. }) => {
                return self.start(attempt, &key, &playbook, &plan);
            }
            Call::Refuse(AttemptRequest { attempt, .. }, why) => {
                let empty = self.mono();
                self.ledger.outside.empty_at.insert(attempt, empty);
                let report = report(&StepResult::Refused(why.as_str().into()), true, 0);
                self.later(1, Happening::NeverStarted { life, attempt, report });
            }
            Call::EmptyScope(attempt) => {
                let wait = self.rng.below(3 * SECOND);
                self.later(wait, Happening::ScopeLooked { life, attempt });
            }
            Call::Deliver(page) => {
                let wait = self.rng.below(SECOND);
                self.later(wait, Happening::Page { page, tries: 0 });
            }
            Call::Reply(request, answer) => {
                if let Some(command) = self.engine.requests.remove(&request.0) {
                    match &answer {
                        Ok(_) => self.coverage.count("command", command),
                        Err(refusal) => self.coverage.count("refusal", names::refusal(refusal)),
                    }
                }
            }
            Call::CommitLater => {
                let wait = self.rng.below(2 * SECOND);
                self.later(wait, Happening::Commit { life });
            }
        }
        Ok(())
    }

    /// The journal's thread comes to what waits.
    pub fn commit_pending(&mut self, life: u32) -> Judged {
        if life != self.engine.life {
            return Ok(());
        }
        let wire = Rc::clone(&self.engine.wire);
        self.drive(|_| wire.borrow_mut().commit())
    }

    pub fn journal_breaks(&mut self) {
        let wait = self.rng.wait(2 * HOUR);
        self.later(wait, Happening::JournalBreaks);
        if self.strikes(Fault::CannotRecord) {
            let wait = self.rng.wait(5 * MINUTE);
            self.journal_fails(wait);
        }
    }

    /// Nothing can be written for so long. Sometimes the engine notices it before it has anything to write.
    pub fn journal_fails(&mut self, length: u64) {
        if !std::mem::replace(&mut self.engine.wire.borrow_mut().broken, true) {
            self.later(SECOND, Happening::Beat);
            self.later(length, Happening::JournalMends);
        }
    }

    /// It can be written again; the engine finds that out when it tries.
    pub fn journal_mends(&mut self) {
        self.engine.wire.borrow_mut().broken = false;
    }

    /// The engine compares the journal's files with their paths.
    pub fn beat(&mut self) -> Judged {
        self.drive(SimulatedDriver::notice_failure)
    }

    /// The engine is told to stop: it begins no attempt, and ends when the running ones have, or at a deadline.
    pub fn wind_down(&mut self) -> Judged {
        self.engine.wire.borrow_mut().stopping = true;
        let (life, until) = (self.engine.life, self.t + WIND_DOWN);
        self.later(SECOND, Happening::WoundDown { life, until });
        self.drive(SimulatedDriver::stop)
    }

    /// Whether the winding-down engine can end now.
    pub fn wound_down(&mut self, life: u32, until: u64) -> Judged {
        if life != self.engine.life {
            return Ok(());
        }
        if self.t < until && !self.engine.driver.as_ref().is_some_and(SimulatedDriver::is_wound_down) {
            self.later(SECOND, Happening::WoundDown { life, until });
            return Ok(());
        }
        let waited = self.t >= until || self.hands.all_reported(life);
        hold!(waited, "a stopping engine waits for its attempts", "one of life {life} runs");
        let wire = Rc::clone(&self.engine.wire);
        self.drive(|driver| {
            driver.flush();
            wire.borrow_mut().commit();
        })?;
        if self.engine.driver.is_some() {
            self.crash();
        }
        Ok(())
    }

    /// It crashes or is stopped at any moment.
    pub fn crash_idle(&mut self) -> Judged {
        let wait = self.rng.wait(2 * HOUR);
        self.later(wait, Happening::Crash);
        if self.engine.driver.is_some() && self.strikes(Fault::CrashIdle) {
            self.crash();
        }
        if self.engine.driver.is_some() && self.strikes(Fault::WindsDown) { self.wind_down() } else { Ok(()) }
    }

    /// The engine is gone, with everything that was not durable; running processes are not.
    pub fn crash(&mut self) {
        if self.trace.is_on() {
            self.trace.line(self.t, format_args!("== crash"));
        }
        let wire = Rc::clone(&self.engine.wire);
        let lost = self.ledger.books.seq != wire.borrow().durable();
        self.engine.driver = None;
        self.engine.life += 1;
        self.engine.requests.clear();
        self.senses.forget();
        if lost {
            self.ledger.crashed(&wire.borrow().journal);
        } else {
            self.ledger.outside.crashed();
        }
        let wait = if self.rng.permille(500) { self.rng.below(5 * SECOND) } else { self.rng.wait(3 * MINUTE) };
        self.later(wait, Happening::Restart);
    }

    pub fn restart(&mut self) -> Judged {
        if self.engine.driver.is_some() {
            return Ok(());
        }
        if self.engine.boot == 0 || self.engine.reboots || self.strikes(Fault::Reboots) {
            self.boot();
        }
        let wire = Rc::clone(&self.engine.wire);
        wire.borrow_mut().begin_life();
        let core = JudgedCore { core: self.fold(), wire: Rc::clone(&wire) };
        let (host, journal) = (HostEnd(Rc::clone(&wire)), JournalEnd(Rc::clone(&wire)));
        self.engine.driver = Some(Driver::new(core, host, journal, ClockEnd(wire)));
        if self.trace.is_on() {
            self.trace.line(self.t, format_args!("== start {}, boot {}", self.engine.life, self.engine.boot));
        }
        let boot_id = format!("boot-{}", self.engine.boot).into();
        let booted = self.mono_at(self.engine.booted);
        self.feed(&Input::Started { version: "1".into(), boot_id, booted, watched_until: None })?;
        self.feed(&Input::Loaded(self.shelf.bindings()))
    }

    /// The host starts: no process of before is left, and the machine's clock goes on where the last record left it.
    fn boot(&mut self) {
        self.engine.boot += 1;
        self.engine.booted = self.t;
        let last = self.engine.wire.borrow().journal.last().map_or(self.t, |last| last.mono.0);
        self.engine.gap = self.t - last.min(self.t);
        let now = self.mono();
        for attempt in self.hands.reboot() {
            self.ledger.outside.empty_at.insert(attempt, now);
        }
        // What nobody recorded before the reboot took no time on the machine's clock.
        for at in self.ledger.outside.empty_at.values_mut() {
            *at = now.min(*at);
        }
    }

    /// What was set.
    fn config(&self) -> Config {
        Config { four_eyes: self.ledger.outside.four_eyes, ..config() }
    }

    /// A machine folded from the same records must stand where the live one stands.
    pub fn compare(&mut self) -> Judged {
        let wait = self.rng.wait(3 * HOUR);
        self.later(wait, Happening::Compare);
        let Some(live) = &self.engine.driver else { return Ok(()) };
        if live.is_settled() && live.recording().is_ok() {
            crate::compare::same(live.core(), &self.fold())?;
            self.coverage.count("checks", "replayed state equals live state");
        }
        Ok(())
    }

    /// A machine that knows what the journal knows.
    fn fold(&self) -> Core {
        let mut core = Core::new(self.config());
        for recorded in &self.engine.wire.borrow().journal {
            core.replay(recorded);
        }
        core
    }
}

pub fn report(result: &StepResult, scope_empty: bool, took_ms: u64) -> Arc<AttemptReport> {
    let step = StepReport { sentence: "restart".into(), result: result.clone(), output: "".into(), took_ms };
    Arc::new(AttemptReport { steps: vec![step], scope: ScopeLevel::CgroupV2, scope_empty, took_ms })
}

/// The host's limits, with second calls in a chain that comes back to where it began.
fn config() -> Config {
    let second = |minutes: u64, to: &str| SecondCall { after: Duration::from_mins(minutes), to: vec![to.into()] };
    let second_calls = [("oncall", second(15, "mail")), ("mail", second(30, "phone")), ("phone", second(5, "oncall"))];
    let second_calls = second_calls.map(|(name, second)| (name.into(), second));
    Config { second_calls: second_calls.into(), ..Config::default() }
}
