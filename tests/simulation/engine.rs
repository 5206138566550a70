//! The fake engine: hands inputs to the machine, makes its records durable, then does the rest. It crashes wherever a
//! real one can: before a list's records are durable (one transaction each), after them, and between two effects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use salve::core::event::{Event, Recorded};
use salve::core::machine::config::SecondCall;
use salve::core::machine::effect::Effect;
use salve::core::machine::input::Input;
use salve::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use salve::core::{Config, Core};

use crate::fault::Fault;
use crate::ledger::{Judged, hold};
use crate::names;
use crate::world::{HOUR, Happening, MINUTE, Requests, SECOND, World};

#[derive(Default)]
pub struct Engine {
    /// None while the engine is down.
    pub core: Option<Core>,
    /// Counts starts; what an earlier life was waiting for never arrives.
    pub life: u32,
    /// True time minus the machine's clock; grows with each reboot by what nobody observed.
    pub gap: u64,
    /// True time of this boot.
    pub booted: u64,
    pub boot: u64,
    /// Everything durable.
    pub journal: Vec<Arc<Recorded>>,
    /// Intents among it.
    pub intents: u64,
    /// Lists whose records are not durable yet.
    pub pending: VecDeque<Vec<Effect>>,
    /// Records that could not be written, in order.
    pub unwritten: Vec<Arc<Recorded>>,
    pub broken_journal: bool,
    pub requests: Requests,
    /// Boundaries passed so far, and the one to crash at, for the walk over all of them.
    pub boundary: u64,
    pub crash_at: Option<u64>,
    pub reboots: bool,
}

impl World {
    pub fn feed(&mut self, input: &Input) -> Judged {
        let now = self.now();
        let Some(core) = &mut self.engine.core else { return Ok(()) };
        self.coverage.inputs += 1;
        self.coverage.count("input or effect", names::input(input));
        if self.trace.is_on() {
            self.trace.line(self.t, format_args!("{} <- {input:?}", now.mono.0));
        }
        let mut effects = core.handle(now, input.clone());
        if self.trace.is_on() {
            for effect in &effects {
                self.trace.line(self.t, format_args!("   -> {}", brief(effect)));
            }
        }
        for effect in &effects {
            self.coverage.count("input or effect", names::effect(effect));
        }
        if let Some(doctor) = &mut self.doctor {
            doctor.alter(now, input, &mut effects, &mut self.ledger.books);
        }
        self.ledger.step(now, input, &effects)?;
        if effects.is_empty() {
            return Ok(());
        }
        if self.crashes(Fault::CrashUnwritten) {
            return Ok(());
        }
        let records = effects.iter().any(|effect| matches!(effect, Effect::Record(_)));
        if self.engine.broken_journal && records {
            while let Some(earlier) = self.engine.pending.pop_front() {
                self.cannot_write(earlier);
            }
            self.cannot_write(effects);
            return Ok(());
        }
        let lags = self.strikes(Fault::LagsCommit);
        if lags || !self.engine.pending.is_empty() {
            self.engine.pending.push_back(effects);
            let (life, wait) = (self.engine.life, self.rng.below(2 * SECOND));
            self.later(wait, Happening::Commit { life });
            return Ok(());
        }
        self.commit(effects)
    }

    /// One transaction, then everything else in order.
    fn commit(&mut self, effects: Vec<Effect>) -> Judged {
        let records: Vec<_> = effects
            .iter()
            .filter_map(|effect| if let Effect::Record(recorded) = effect { Some(recorded.clone()) } else { None })
            .collect();
        self.write(&records);
        if self.crashes(Fault::CrashWritten) {
            return Ok(());
        }
        for effect in effects.into_iter().filter(|effect| !matches!(effect, Effect::Record(_))) {
            self.perform(effect)?;
            if self.crashes(Fault::CrashAfterEffect) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn write(&mut self, records: &[Arc<Recorded>]) {
        for recorded in records {
            self.engine.intents += u64::from(matches!(recorded.event, Event::Intent { .. }));
            self.engine.journal.push(recorded.clone());
        }
        self.count_records(records);
    }

    pub fn commit_pending(&mut self, life: u32) -> Judged {
        // Group commit: everything that waits goes at once.
        while life == self.engine.life {
            let Some(effects) = self.engine.pending.pop_front() else { break };
            if self.engine.broken_journal {
                self.cannot_write(effects);
            } else {
                self.commit(effects)?;
            }
        }
        Ok(())
    }

    /// The journal refuses: what was recorded waits in memory, no attempt is started, people are called all the same.
    fn cannot_write(&mut self, effects: Vec<Effect>) {
        let life = self.engine.life;
        if !self.ledger.outside.cannot_record {
            self.later(0, Happening::TellRecording { life });
        }
        for effect in effects {
            match effect {
                Effect::Record(recorded) => self.engine.unwritten.push(recorded),
                Effect::Start { attempt, .. } => {
                    let empty = self.mono();
                    self.ledger.outside.empty_at.insert(attempt, empty);
                    let report = report(&StepResult::Refused("its record cannot be written".into()), true, 0);
                    self.later(1, Happening::NeverStarted { life, attempt, report });
                }
                other => drop(self.perform(other)),
            }
        }
    }

    pub fn journal_breaks(&mut self) {
        let wait = self.rng.wait(2 * HOUR);
        self.later(wait, Happening::JournalBreaks);
        if self.strikes(Fault::CannotRecord) && !self.engine.broken_journal {
            self.engine.broken_journal = true;
            let wait = self.rng.wait(5 * MINUTE);
            self.later(wait, Happening::JournalMends);
        }
    }

    pub fn journal_mends(&mut self) -> Judged {
        if !self.engine.broken_journal {
            return Ok(());
        }
        self.engine.broken_journal = false;
        let waiting = std::mem::take(&mut self.engine.unwritten);
        self.write(&waiting);
        if self.ledger.outside.cannot_record { self.feed(&Input::Recording(Ok(()))) } else { Ok(()) }
    }

    fn perform(&mut self, effect: Effect) -> Judged {
        let life = self.engine.life;
        match effect {
            Effect::Record(_) => {}
            Effect::Watch { watch, check: _, cadence: _ } => self.watch(watch),
            Effect::Unwatch(watch) => self.senses.unwatch(&watch),
            Effect::Survey { incident, survey, key, playbook, rung, verifier } => {
                let wait =
                    if self.strikes(Fault::SlowSurvey) { self.rng.below(40 * SECOND) } else { self.rng.below(200) };
                self.later(wait, Happening::Survey { life, incident, survey, key, playbook, rung, verifier });
            }
            Effect::Start { attempt, key, playbook, plan, .. } => {
                hold!(attempt.0 <= self.engine.intents, "3 intent first", "{attempt}: its intent is not durable");
                return self.start(attempt, &key, &playbook, &plan);
            }
            Effect::EmptyScope { attempt } => {
                let wait = self.rng.below(3 * SECOND);
                self.later(wait, Happening::ScopeLooked { life, attempt });
            }
            Effect::Deliver(page) => {
                let wait = self.rng.below(SECOND);
                self.later(wait, Happening::Page { page, tries: 0 });
            }
            Effect::Reply { request, answer } => {
                if let Some(command) = self.engine.requests.remove(&request.0) {
                    match &answer {
                        Ok(_) => self.coverage.count("command", command),
                        Err(refusal) => self.coverage.count("refusal", names::refusal(refusal)),
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes a boundary; true where the engine crashed at it.
    fn crashes(&mut self, fault: Fault) -> bool {
        if self.engine.core.is_none() {
            return true;
        }
        self.engine.boundary += 1;
        let here = self.engine.crash_at == Some(self.engine.boundary);
        let hit = here || self.strikes(fault);
        if hit {
            self.crash();
        }
        hit
    }

    pub fn crash_idle(&mut self) {
        if self.engine.core.is_some() && self.strikes(Fault::CrashIdle) {
            self.crash();
        }
        let wait = self.rng.wait(2 * HOUR);
        self.later(wait, Happening::Crash);
    }

    /// The engine is gone, with everything that was not durable; running processes are not.
    pub fn crash(&mut self) {
        if self.trace.is_on() {
            self.trace.line(self.t, format_args!("== crash"));
        }
        let lost = !self.engine.unwritten.is_empty()
            || self.ledger.books.seq != self.engine.journal.last().map_or(0, |last| last.seq);
        self.engine.core = None;
        self.engine.life += 1;
        self.engine.pending.clear();
        self.engine.unwritten.clear();
        self.engine.requests.clear();
        self.senses.forget();
        if lost {
            self.ledger.crashed(&self.engine.journal);
        } else {
            self.ledger.outside.crashed();
        }
        let wait = if self.rng.permille(500) { self.rng.below(5 * SECOND) } else { self.rng.wait(3 * MINUTE) };
        self.later(wait, Happening::Restart);
    }

    pub fn restart(&mut self) -> Judged {
        if self.engine.core.is_some() {
            return Ok(());
        }
        if self.engine.boot == 0 || self.engine.reboots || self.strikes(Fault::Reboots) {
            self.boot();
        }
        let mut core = Core::new(self.config());
        for recorded in &self.engine.journal {
            core.replay(recorded);
        }
        self.engine.core = Some(core);
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
        let last = self.engine.journal.last().map_or(self.t, |last| last.mono.0);
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
        let whole = self.engine.pending.is_empty() && self.engine.unwritten.is_empty();
        let Some(live) = &self.engine.core else { return Ok(()) };
        if whole && !self.engine.broken_journal {
            let mut folded = Core::new(self.config());
            for recorded in &self.engine.journal {
                folded.replay(recorded);
            }
            crate::compare::same(live, &folded)?;
            self.coverage.count("checks", "replayed state equals live state");
        }
        Ok(())
    }
}

pub fn report(result: &StepResult, scope_empty: bool, took_ms: u64) -> Arc<AttemptReport> {
    let step = StepReport { sentence: "restart".into(), result: result.clone(), output: "".into(), took_ms };
    Arc::new(AttemptReport { steps: vec![step], scope: ScopeLevel::CgroupV2, scope_empty, took_ms })
}

/// An effect on one line.
fn brief(effect: &Effect) -> String {
    match effect {
        Effect::Record(recorded) => format!("[{}] {:?}", recorded.seq, recorded.event),
        Effect::Start { attempt, .. } => format!("Start {attempt}"),
        Effect::Survey { incident, survey, rung, .. } => format!("Survey {incident} {survey} rung {rung}"),
        Effect::Watch { watch, .. } => format!("Watch {watch:?}"),
        other => format!("{other:?}"),
    }
}

/// The host's limits, with second calls in a chain that comes back to where it began.
fn config() -> Config {
    let second = |minutes: u64, to: &str| SecondCall { after: Duration::from_mins(minutes), to: vec![to.into()] };
    let second_calls = [("oncall", second(15, "mail")), ("mail", second(30, "phone")), ("phone", second(5, "oncall"))];
    let second_calls = second_calls.map(|(name, second)| (name.into(), second));
    Config { second_calls: second_calls.into(), ..Config::default() }
}
