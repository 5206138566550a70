//! A bench of the core alone, which interprets effects by itself; the driver of an engine has tests of its own. Readings
//! are given by hand, preflights answered at once with what the host shows, attempts ended by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::core::command::{Authority, Command, Operator, Refusal};
use crate::core::detector::reading::{Reading, UnitRun, Verdict};
use crate::core::event::{Event, Recorded};
use crate::core::id::{AttemptId, CheckRole, IncidentId, Key, PageId, RequestId, WatchId};
use crate::core::machine::effect::Effect;
use crate::core::machine::input::{ArmingPolicy, Binding, Facts, Input, Resolution, StopOrigin};
use crate::core::plan::{AttemptReport, Digest, Plan, PlannedStep, ScopeLevel, StepReport};
use crate::core::{Config, Core, Mono, Now, Outcome, Phase};
use crate::playbook::action::{Action, UnitAction, UnitVerb};
use crate::playbook::check::{Check, UnitCheck};
use crate::playbook::value::Period;
use crate::playbook::{
    BreakerLimits, ContentKey, Detect, Escalate, Flapping, Mode, Origin, Playbook, Risk, Rung, Target, TargetSpec,
    Verify,
};

/// A playbook: `for` 10 s, one rung, verified within 60 s with a soak of 15 s, 3 attempts in 10 min.
pub fn playbook(name: &str) -> Playbook {
    let rung = Rung {
        actions: vec![Action::Unit(UnitAction::Verb(UnitVerb::Restart))],
        timeout: Period::from_secs(30),
        idempotent: false,
    };
    Playbook {
        name: name.into(),
        content: ContentKey(format!("{name}-content").into()),
        origin: Origin::Shipped,
        source: "".into(),
        title: format!("{name} stays up").into(),
        targets: vec![TargetSpec::Unit(format!("{name}.service"))],
        risk: Risk::Low,
        mode: Mode::Auto,
        detect: Detect {
            checks: vec![Check::Unit(UnitCheck::default())],
            hold: Period::from_secs(10),
            // most of these stories are of faults that end at one good reading
            flapping: Flapping::Ignore,
        },
        remediate: vec![Arc::new(rung)],
        verify: Verify {
            checks: vec![Check::Unit(UnitCheck::default())],
            within: Period::from_secs(60),
            soak: Period::from_secs(15),
        },
        escalate: Escalate {
            attempts: 3,
            window: Period::from_secs(600),
            to: vec!["oncall".into()],
            attach: Vec::new(),
        },
        needs: Vec::new(),
        only_between: None,
        cooldown: None,
        breaker: BreakerLimits::default(),
        skip_if_stopped_by_operator: true,
        enabled_when: None,
    }
}

/// A core with a clock that the test moves, and everything that the core asked for.
pub struct Bench {
    config: Config,
    pub core: Core,
    pub now: Mono,
    pub journal: Vec<Arc<Recorded>>,
    /// What each key's detector shows in a survey; does not hold where nothing is said.
    pub shows: BTreeMap<Key, Verdict>,
    /// What each key's verifier shows in a survey; the opposite of the detector where nothing is said.
    pub verifies: BTreeMap<Key, Verdict>,
    pub busy: Option<Arc<str>>,
    pub stop: StopOrigin,
    /// What the last attempt's steps came to.
    pub steps: Vec<StepReport>,
    /// What a survey sees of the unit's life.
    pub unit: Option<UnitRun>,
    pub plan: Result<&'static str, &'static str>,
    pub started: Vec<(AttemptId, IncidentId)>,
    pub delivers: Vec<PageId>,
    pub emptied: Vec<AttemptId>,
    pub watches: Vec<WatchId>,
    pub answers: BTreeMap<RequestId, Result<Arc<str>, Refusal>>,
    /// Surveys are kept back instead of answered.
    pub hold_surveys: bool,
    /// How far the wall clock was set.
    pub skew: SignedDuration,
    bindings: Vec<Binding>,
    requests: u64,
}

pub fn alice() -> Operator {
    Operator { uid: 1000, name: "alice".into(), ..Operator::default() }
}

pub fn digest(word: &str) -> Digest {
    Digest(word.into())
}

pub fn key(playbook: &Playbook) -> Key {
    Key { content: playbook.content.clone(), target: Target::Unit(format!("{}.service", playbook.name).into()) }
}

pub fn bound(playbook: Playbook, standing: ArmingPolicy) -> Binding {
    let target = key(&playbook).target;
    Binding::new(Arc::new(playbook), Resolution::Here(target), standing)
}

impl Bench {
    /// A machine with these playbooks, an hour after the boot, nothing read yet.
    pub fn with(bindings: Vec<Binding>) -> Self {
        Self::set(Config::default(), bindings)
    }

    /// The same with these settings.
    pub fn set(config: Config, bindings: Vec<Binding>) -> Self {
        let mut bench = Self {
            core: Core::new(config.clone()),
            config,
            now: Mono(3_600_000),
            journal: Vec::new(),
            shows: BTreeMap::new(),
            verifies: BTreeMap::new(),
            busy: None,
            stop: StopOrigin::Nobody,
            steps: Vec::new(),
            unit: None,
            plan: Ok("plan"),
            started: Vec::new(),
            delivers: Vec::new(),
            emptied: Vec::new(),
            watches: Vec::new(),
            answers: BTreeMap::new(),
            hold_surveys: false,
            skew: SignedDuration::ZERO,
            bindings,
            requests: 0,
        };
        bench.begin(Mono(0));
        bench
    }

    /// One playbook as written.
    pub fn one(playbook: Playbook) -> (Self, Key) {
        let key = key(&playbook);
        (Self::with(vec![bound(playbook, ArmingPolicy::AsWritten)]), key)
    }

    fn begin(&mut self, booted: Mono) {
        self.give(Input::Started { version: "0".into(), boot_id: "boot".into(), booted, watched_until: None });
        let bindings = self.bindings.clone();
        self.give(Input::Loaded(bindings));
    }

    /// Another set of playbooks.
    pub fn load(&mut self, bindings: Vec<Binding>) {
        self.bindings.clone_from(&bindings);
        self.give(Input::Loaded(bindings));
    }

    /// A new process on the same journal.
    pub fn restart(&mut self) {
        let mut core = Core::new(self.config.clone());
        for recorded in &self.journal {
            core.replay(recorded);
        }
        assert_eq!(core.state(), self.core.state(), "the replay is not the live state");
        self.core = core;
        self.watches.clear();
        self.begin(Mono(0));
    }

    /// The journal was opened, and these records were missing at its end.
    pub fn lose_records(&mut self, first: u64, last: u64) {
        let (seq, event) = (self.journal.len() as u64 + 1, Event::RecordsLost { first, last });
        let recorded = Arc::new(Recorded { seq, mono: self.now, wall: self.wall(), event });
        self.core.replay(&recorded);
        self.journal.push(recorded);
        self.restart();
    }

    /// What the wall clock says.
    pub fn wall(&self) -> Timestamp {
        let running = i64::try_from(self.now.0).unwrap_or(0);
        Timestamp::from_millisecond(1_700_000_000_000 + running).unwrap() + self.skew
    }

    pub fn give(&mut self, input: Input) {
        let now = Now {
            mono: self.now,
            wall: self.wall(),
            minute_of_day: u16::try_from(self.now.0 / 60_000 % 1440).unwrap(),
        };
        let effects = self.core.handle(now, input);
        let mut records_are_over = false;
        for effect in effects {
            match effect {
                Effect::Record(recorded) => {
                    assert!(!records_are_over, "records come first");
                    assert_eq!(recorded.seq, self.journal.len() as u64 + 1);
                    self.journal.push(recorded);
                    continue;
                }
                Effect::Watch { watch, .. } => {
                    self.watches.retain(|kept| *kept != watch);
                    self.watches.push(watch);
                }
                Effect::Unwatch(watch) => self.watches.retain(|kept| *kept != watch),
                Effect::Survey { incident, survey, key, rung, verifier, .. } if !self.hold_surveys => {
                    let facts = self.facts(&key, rung, verifier);
                    self.give(Input::Surveyed { incident, survey, facts });
                }
                Effect::Survey { .. } => {}
                Effect::Start { incident, attempt, .. } => self.started.push((attempt, incident)),
                Effect::EmptyScope { attempt } => self.emptied.push(attempt),
                Effect::Deliver(page) => self.delivers.push(page),
                Effect::Reply { request, answer } => {
                    self.answers.insert(request, answer);
                }
            }
            records_are_over = true;
        }
    }

    fn facts(&self, key: &Key, rung: usize, verifier: bool) -> Facts {
        let verdict = self.shows.get(key).cloned().unwrap_or(Verdict::DoesNotHold);
        let opposite = match &verdict {
            Verdict::Holds => Verdict::DoesNotHold,
            Verdict::DoesNotHold => Verdict::Holds,
            unknown @ Verdict::Unknown(_) => unknown.clone(),
        };
        let after = self.verifies.get(key).cloned().unwrap_or(opposite);
        Facts {
            detector: vec![self.reading(verdict)],
            verifier: if verifier { vec![self.reading(after)] } else { Vec::new() },
            busy: self.busy.clone(),
            stop: self.stop.clone(),
            plan: self.plan.map(|word| Arc::new(plan(word, rung))).map_err(Arc::from),
            began: self.now,
        }
    }

    fn reading(&self, verdict: Verdict) -> Reading {
        Reading { verdict, seen: "seen".into(), figure: None, unit: self.unit, began: self.now, since: self.now }
    }

    /// The detector of this key says this from now on.
    pub fn says(&mut self, key: &Key, verdict: Verdict) {
        self.shows.insert(key.clone(), verdict.clone());
        let reading = self.reading(verdict);
        self.give(Input::Read { watch: WatchId { key: key.clone(), role: CheckRole::Detector, index: 0 }, reading });
    }

    pub fn breaks(&mut self, key: &Key) {
        self.says(key, Verdict::Holds);
    }

    pub fn clears(&mut self, key: &Key) {
        self.says(key, Verdict::DoesNotHold);
    }

    /// The verifier of this key says this.
    pub fn verifier(&mut self, key: &Key, verdict: Verdict) {
        let reading = self.reading(verdict);
        self.give(Input::Read { watch: WatchId { key: key.clone(), role: CheckRole::Verifier, index: 0 }, reading });
    }

    /// The fault is gone, the verifier sees it, and it stays so.
    pub fn recovers(&mut self, key: &Key) {
        self.clears(key);
        self.verifier(key, Verdict::Holds);
        self.pass(30);
    }

    /// Lets time pass, and wakes the machine whenever it wants that.
    pub fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.core.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.give(Input::Tick);
        }
        self.now = end;
        self.give(Input::Tick);
    }

    /// The last attempt ends.
    pub fn ends(&mut self, scope_empty: bool) {
        let (attempt, _) = *self.started.last().expect("an attempt was started");
        let steps = self.steps.clone();
        let report = AttemptReport { steps, scope: ScopeLevel::CgroupV2, scope_empty, took_ms: 1 };
        self.give(Input::AttemptEnded { attempt, report: Arc::new(report) });
    }

    /// The last attempt ends and its verification fails at the deadline.
    pub fn fails(&mut self) {
        self.ends(true);
        self.pass(60);
    }

    /// The last attempt ends, verifies, and soaks.
    pub fn heals(&mut self, key: &Key) {
        self.ends(true);
        self.shows.insert(key.clone(), Verdict::DoesNotHold);
        self.pass(1);
        self.verifier(key, Verdict::Holds);
        self.pass(30);
    }

    pub fn asks(&mut self, command: Command) -> Option<Result<Arc<str>, Refusal>> {
        self.asks_as(alice(), command)
    }

    pub fn asks_as(&mut self, by: Operator, command: Command) -> Option<Result<Arc<str>, Refusal>> {
        self.asks_with(by, Authority::Arm, command)
    }

    pub fn asks_with(
        &mut self,
        by: Operator,
        authority: Authority,
        command: Command,
    ) -> Option<Result<Arc<str>, Refusal>> {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.give(Input::Command { by, authority, command, request });
        self.answers.get(&request).cloned()
    }

    pub fn phase(&self, key: &Key) -> Option<Phase> {
        Some(self.core.state().incident_of(key)?.phase().clone())
    }

    pub fn open_id(&self, key: &Key) -> IncidentId {
        self.core.state().incident_of(key).expect("an incident is open").id
    }

    /// How incidents ended, oldest first.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.events(|event| match event {
            Event::Closed { outcome, .. } => Some(outcome.clone()),
            _ => None,
        })
    }

    pub fn events<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.journal.iter().filter_map(|recorded| pick(&recorded.event)).collect()
    }

    pub fn pages(&self) -> usize {
        let call = |event: &Event| {
            let calls = matches!(event, Event::Escalated { .. } | Event::Joined { .. } | Event::Announced { .. });
            (calls && event.page().is_some()).then_some(())
        };
        self.events(call).len()
    }

    pub fn resolves(&self) -> usize {
        self.events(|event| matches!(event, Event::Resolved { .. }).then_some(())).len()
    }
}

pub fn plan(word: &str, rung: usize) -> Plan {
    let (kind, sentence) = ("unit".into(), "restart it".into());
    let step = PlannedStep { kind, sentence, details: Vec::new(), order: "".into() };
    Plan { rung, steps: vec![step], timeout_ms: 30_000, digest: digest(word) }
}
