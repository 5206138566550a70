//! The fake executor and surveyor: attempts that fix, do not fix, fail, time out, hang, or refuse because the plan is
//! no longer what it was; processes that outlive the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salve::core::detector::reading::Verdict;
use salve::core::id::{AttemptId, CheckRole, Key};
use salve::core::machine::input::{Facts, Input, StopOrigin};
use salve::core::plan::{Digest, Plan, PlannedStep, StepResult};
use salve::engine::driver::ports::PreflightRequest;
use salve::playbook::{Playbook, Target};

use crate::engine::report;
use crate::fault::Fault;
use crate::ledger::{Judged, hold};
use crate::world::{Happening, MINUTE, SECOND, World};

/// A scope with processes in it.
#[derive(Debug)]
pub struct Live {
    target: Target,
    rung: usize,
    result: StepResult,
    fixes: bool,
    half: bool,
    stuck: bool,
    took: u64,
}

#[derive(Debug, Default)]
pub struct Hands {
    live: BTreeMap<AttemptId, Live>,
    /// Attempts whose ends nobody was told of, with the life of the engine that started them; only that one hears of it.
    unreported: BTreeMap<AttemptId, u32>,
    started: BTreeSet<AttemptId>,
}

impl Hands {
    /// The host went down: nothing is left. Gives what was.
    pub fn reboot(&mut self) -> Vec<AttemptId> {
        self.unreported.clear();
        std::mem::take(&mut self.live).into_keys().collect()
    }

    /// Every attempt that this life of the engine started has been reported to it.
    pub fn all_reported(&self, life: u32) -> bool {
        self.unreported.values().all(|of| *of != life)
    }

    pub fn stuck(&self) -> Vec<AttemptId> {
        self.live.iter().filter(|(_, live)| live.stuck).map(|(attempt, _)| *attempt).collect()
    }
}

/// What would be run, as the host is now.
fn plan(key: &Key, playbook: &Playbook, rung: usize, shape: u32) -> Plan {
    let target = key.target.name();
    let digest = Digest(format!("{}/{target}/{rung}/{shape}", key.content).into());
    let timeout_ms = playbook.remediate.get(rung).map_or(0, |rung| rung.timeout.millis());
    let sentence = format!("restart {target}").into();
    let step = PlannedStep { kind: "unit".into(), sentence, details: Vec::new(), order: "{}".into() };
    Plan { rung, steps: vec![step], timeout_ms, digest }
}

impl World {
    pub fn gather(&mut self, life: u32, request: &PreflightRequest) {
        let PreflightRequest { incident, survey, key, playbook, rung, verifier, began: _ } = request;
        let (incident, survey, rung, verifier) = (*incident, *survey, *rung, *verifier);
        let target = self.shelf.target(&key.target);
        let blind = self.strikes(Fault::BlindSurvey);
        let mut detector: Vec<_> =
            (0..playbook.detect.checks.len()).map(|index| self.reading(target, CheckRole::Detector, index)).collect();
        let asked = if verifier { playbook.verify.checks.len() } else { 0 };
        let mut verifier: Vec<_> = (0..asked).map(|index| self.reading(target, CheckRole::Verifier, index)).collect();
        if blind {
            for reading in detector.iter_mut().chain(&mut verifier) {
                reading.verdict = Verdict::Unknown("no answer".into());
            }
        }
        let thing = &self.host.things[target];
        let plan = if thing.planless_until > self.t {
            Err("the program is not there".into())
        } else if rung < playbook.remediate.len() {
            Ok(Arc::new(plan(key, playbook, rung, thing.shape)))
        } else {
            Err("there is no such rung".into())
        };
        let facts = Facts {
            detector,
            verifier,
            busy: (thing.busy_until > self.t).then(|| "auto-restart".into()),
            stop: match (thing.stopped_by_operator, thing.stop_unclear) {
                (true, _) => StopOrigin::Operator { evidence: "a stop job by uid 0".into() },
                (false, true) => StopOrigin::Unclear { evidence: "no record".into() },
                (false, false) => StopOrigin::Nobody,
            },
            plan,
            began: self.mono(),
        };
        let slow = self.strikes(Fault::SlowSurvey);
        let wait = if slow { self.rng.below(20 * SECOND) } else { self.rng.below(50) };
        self.later(wait, Happening::Surveyed { life, incident, survey, facts: Box::new(facts) });
    }

    pub fn start(&mut self, attempt: AttemptId, key: &Key, playbook: &Playbook, planned: &Plan) -> Judged {
        hold!(self.hands.started.insert(attempt), "3 intent first", "{attempt} was started twice");
        for (other, live) in &self.hands.live {
            let clash = live.target.conflicts(&key.target);
            hold!(!clash, "2 one live attempt", "{attempt} while {other} still runs on {}", live.target);
        }
        let target = self.shelf.target(&key.target);
        let same = plan(key, playbook, planned.rung, self.host.things[target].shape).digest == planned.digest;
        let refused = !same || self.strikes(Fault::Refused);
        let mended_by = self.host.things[target].broken.and_then(|broken| broken.mended_by);
        let able = mended_by.is_some_and(|rung| planned.rung >= rung);
        let timeout = planned.timeout_ms;
        let mut live = Live {
            target: key.target.clone(),
            rung: planned.rung,
            result: StepResult::Done("job done".into()),
            fixes: able,
            half: false,
            stuck: false,
            took: self.rng.below(timeout.min(5 * SECOND)),
        };
        if refused {
            self.coverage.count("checks", "executor refused a plan");
            (live.result, live.fixes, live.took) = (StepResult::Refused("it changed".into()), false, 0);
        } else if self.strikes(Fault::Stuck) {
            (live.result, live.fixes, live.stuck, live.took) =
                (StepResult::TimedOut, false, true, timeout + 5 * SECOND);
        } else if self.strikes(Fault::TimesOut) {
            (live.result, live.fixes, live.took) = (StepResult::TimedOut, false, timeout + SECOND);
        } else if self.strikes(Fault::TimesOutButFixed) {
            (live.result, live.took) = (StepResult::TimedOut, timeout + SECOND);
        } else if self.strikes(Fault::Fails) {
            (live.result, live.fixes) = (StepResult::Failed("exit code 1".into()), false);
        } else if self.strikes(Fault::FailsButFixed) {
            live.result = StepResult::Failed("exit code 1".into());
        } else if self.strikes(Fault::Useless) {
            live.fixes = false;
        } else if self.strikes(Fault::HalfFixes) {
            (live.fixes, live.half) = (false, true);
        }
        self.later(live.took, Happening::AttemptOver { attempt });
        self.hands.live.insert(attempt, live);
        self.hands.unreported.insert(attempt, self.engine.life);
        Ok(())
    }

    /// The attempt is over: what it did to the host happens, whoever still listens.
    pub fn attempt_over(&mut self, attempt: AttemptId) -> Judged {
        let mono = self.mono();
        let Some(life) = self.hands.unreported.remove(&attempt) else { return Ok(()) };
        let Some(scope) = self.hands.live.get(&attempt) else { return Ok(()) };
        let (target, fixes, stuck) = (self.shelf.target(&scope.target), scope.fixes, scope.stuck);
        let half = scope.half;
        let report = report(&scope.result, !stuck, scope.took);
        self.coverage.count("rung", ["first", "second", "third"][scope.rung.min(2)]);
        if stuck {
            let wait = self.rng.wait(20 * MINUTE);
            self.later(wait, Happening::StuckEnds { attempt });
            // What is stuck counts as over for the machine, which must not touch the target meanwhile.
            self.ledger.outside.empty_at.insert(attempt, mono);
        } else {
            self.hands.live.remove(&attempt);
            self.ledger.outside.empty_at.insert(attempt, mono);
        }
        if fixes {
            self.mended(target);
        } else if half {
            self.host.half_mend(target);
            self.changed(target);
        }
        if self.strikes(Fault::Breaks) {
            let wait = self.rng.below(MINUTE);
            self.later(wait, Happening::Break(target));
        }
        self.feed_in(life, &Input::AttemptEnded { attempt, report })
    }

    pub fn scope_ends(&mut self, attempt: AttemptId) {
        if self.hands.live.remove(&attempt).is_some() {
            let mono = self.mono();
            self.ledger.outside.empty_at.insert(attempt, mono);
        }
    }

    /// The engine empties what is left of a scope: killed, unless it cannot die.
    pub fn scope_looked(&mut self, life: u32, attempt: AttemptId) -> Judged {
        if life != self.engine.life {
            return Ok(());
        }
        let stuck = self.hands.live.get(&attempt).is_some_and(|live| live.stuck);
        let stays = stuck && self.rng.permille(500);
        let empty = !stays && !self.strikes(Fault::Stuck);
        if empty {
            self.hands.live.remove(&attempt);
            let mono = self.mono();
            self.ledger.outside.empty_at.entry(attempt).or_insert(mono);
        } else if let Some(live) = self.hands.live.get_mut(&attempt) {
            live.stuck = true;
            self.later(10 * MINUTE, Happening::StuckEnds { attempt });
        } else {
            let mono = self.mono();
            self.ledger.outside.empty_at.entry(attempt).or_insert(mono);
        }
        self.feed_in(life, &Input::ScopeEmptied { attempt, empty })
    }
}
