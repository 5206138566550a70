//! What would a playbook do now? Its checks are read, its arguments resolved, the gate is asked. Nothing is run, and
//! nothing is recorded.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::one_shot;
use crate::action::{self, Context, DryStep};
use crate::check::{self, Monitor};
use crate::core::gate::GateDecision;
use crate::core::incident::{Cause, Denial};
use crate::core::machine::input::{Binding, Facts, Resolution};
use crate::core::{Core, IncidentId, Key, Plan, Reading};
use crate::engine::backtest::Backtest;
use crate::engine::options::Options;
use crate::engine::reload;
use crate::engine::reload::playbook_files;
use crate::engine::snapshot::PlaybookView;
use crate::engine::views::playbook_view;
use crate::host::Clock;
use crate::journal::ReadError;
use crate::playbook::library::Library;
use crate::playbook::{Check, Playbook, Target};

/// What a playbook would do about one of its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rehearsal {
    /// Nothing: the target does not apply, or came to nothing.
    Nothing {
        /// The target as written.
        written: Arc<str>,
        /// Why it came to nothing, as a phrase for the screen.
        why: Arc<str>,
    },
    /// The target is here.
    Here {
        /// The target in its canonical form.
        target: Target,
        /// Each check of the detector: its condition, what it says now.
        detector: Vec<(String, Reading)>,
        /// Each check of the verifier.
        verifier: Vec<(String, Reading)>,
        /// Each rung: its plan and what a dry run of it says, or why there is none.
        rungs: Vec<Result<(Plan, Vec<DryStep>), String>>,
        /// What the gate would say to an attempt now, in words.
        gate: String,
    },
    /// What it would have done of late.
    Past(Box<Backtest>),
}

/// Rehearses a playbook against this host and the journal's state; `looking` is told what is looked at next.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub async fn rehearse(
    options: &Options,
    playbook: &Arc<Playbook>,
    looking: impl Fn(String),
) -> Result<Vec<Rehearsal>, ReadError> {
    looking("the journal".into());
    let (mut core, clock, _) = one_shot::fold(&options.paths.state, options)?;
    let (readings, _readings) = mpsc::unbounded_channel();
    let (kept, _kept) = mpsc::unbounded_channel();
    let (notes, _notes) = mpsc::unbounded_channel();
    let monitor = Monitor::new(clock, readings, kept, notes);
    looking("the targets".into());
    let resolutions = monitor.resolve(playbook).await;

    // the playbook stands among those in force, so that pauses, needs and storms are judged as they would be
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let mut bindings = reload::bind(&library, &monitor).await;
    bindings.retain(|binding| binding.playbook.name != playbook.name);
    let needs = reload::needs(playbook, &monitor).await;
    bindings.extend(resolutions.iter().map(|resolution| Binding {
        playbook: Arc::clone(playbook),
        resolution: resolution.clone(),
        standing: reload::standing(playbook),
        needs: Arc::clone(&needs),
    }));
    core.handle(clock.now(), crate::core::Input::Loaded(bindings));

    let stage = RehearsalContext { options, core, clock, monitor };
    let mut rehearsals = Vec::new();
    for resolution in resolutions {
        rehearsals.push(stage.rehearse(playbook, resolution, &looking).await);
    }
    Ok(rehearsals)
}

/// Every playbook in force, as its file stands, with what it would do about each of its targets.
#[derive(Debug)]
pub struct Rehearsed {
    /// The playbooks' files, and what each may do here.
    pub views: Vec<Arc<PlaybookView>>,
    /// Those in force, in the order of their names.
    pub rehearsals: Vec<(Arc<Playbook>, Vec<Rehearsal>)>,
}

/// Rehearses every playbook in force.
///
/// # Errors
/// As [`rehearse`].
pub async fn rehearse_all(options: &Options, looking: impl Fn(String)) -> Result<Rehearsed, ReadError> {
    looking("the journal".into());
    let (mut core, clock, _) = one_shot::fold(&options.paths.state, options)?;
    let (readings, _readings) = mpsc::unbounded_channel();
    let (kept, _kept) = mpsc::unbounded_channel();
    let (notes, _notes) = mpsc::unbounded_channel();
    let monitor = Monitor::new(clock, readings, kept, notes);
    looking("the targets".into());
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let bindings = reload::bind(&library, &monitor).await;
    core.handle(clock.now(), crate::core::Input::Loaded(bindings.clone()));
    let views = playbook_view::all(&library.found, &core);
    let stage = RehearsalContext { options, core, clock, monitor };
    let mut rehearsals: Vec<(Arc<Playbook>, Vec<Rehearsal>)> = Vec::new();
    for binding in bindings {
        let playbook = binding.playbook;
        let rehearsal = stage.rehearse(&playbook, binding.resolution, &looking).await;
        match rehearsals.last_mut().filter(|(former, _)| former.name == playbook.name) {
            Some((_, several)) => several.push(rehearsal),
            None => rehearsals.push((playbook, vec![rehearsal])),
        }
    }
    Ok(Rehearsed { views, rehearsals })
}

/// What one rehearsal needs.
struct RehearsalContext<'a> {
    options: &'a Options,
    core: Core,
    clock: Clock,
    monitor: Monitor,
}

impl RehearsalContext<'_> {
    async fn rehearse(&self, playbook: &Playbook, resolution: Resolution, looking: impl Fn(String)) -> Rehearsal {
        let target = match resolution {
            Resolution::NotApplicable { written, why } | Resolution::Unresolved { written, why } => {
                return Rehearsal::Nothing { written, why };
            }
            Resolution::Here(target) => target,
        };
        let detector = read_all(&self.monitor, &playbook.detect.checks, &target, &looking).await;
        let verifier = read_all(&self.monitor, &playbook.verify.checks, &target, &looking).await;
        looking(format!("what it would run on {target}"));
        let rungs = plan_all(self.options, playbook, &target).await;
        let host = self.monitor.target_facts(&target).await;
        let facts = Facts {
            detector: detector.iter().map(|(_, reading)| reading.clone()).collect(),
            verifier: Vec::new(),
            busy: host.busy,
            stop: host.stop,
            plan: Err("rehearsal".into()),
            began: self.clock.mono(),
        };
        let key = Key { content: playbook.content.clone(), target: target.clone() };
        let gate = gate(self.core.rehearse(&key, &facts), &rungs);
        Rehearsal::Here { target, detector, verifier, rungs, gate }
    }
}

/// What the gate would say to an attempt, which only a plan can become.
fn gate<P>(answer: Option<GateDecision>, rungs: &[Result<P, String>]) -> String {
    match (answer, rungs.first()) {
        (None, _) => "not watched".into(),
        (Some(GateDecision::Pass | GateDecision::Ask(_)), None) => Cause::NoRemediation.to_string(),
        (Some(GateDecision::Pass | GateDecision::Ask(_)), Some(Err(why))) => {
            GateDecision::Deny(Denial::NoPlan { why: why.as_str().into() }).to_string()
        }
        (Some(answer), _) => answer.to_string(),
    }
}

async fn read_all(
    monitor: &Monitor,
    checks: &[Check],
    target: &Target,
    looking: impl Fn(String),
) -> Vec<(String, Reading)> {
    let mut readings = Vec::new();
    for check in checks {
        let condition = check::condition(check);
        looking(format!("{target}: {condition}"));
        let reading = monitor.read(Arc::new(check.clone()), target.clone()).await;
        readings.push((condition, reading));
    }
    readings
}

async fn plan_all(
    options: &Options,
    playbook: &Playbook,
    target: &Target,
) -> Vec<Result<(Plan, Vec<DryStep>), String>> {
    let context = Context {
        target: target.clone(),
        incident: IncidentId(0),
        pid: check::main_pid(target).await,
        clean_roots: options.settings.clean_roots.clone(),
    };
    let mut rungs = Vec::new();
    for rung in 0..playbook.remediate.len() {
        rungs.push(match action::plan(playbook, rung, &context).await {
            Ok(plan) => {
                let dry = action::dry_run(&plan).await;
                Ok((plan, dry))
            }
            Err(error) => Err(error.to_string()),
        });
    }
    rungs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_plan_nothing_may_run() {
        let said = |rungs: &[Result<(), String>]| gate(Some(GateDecision::Pass), rungs);
        assert_eq!(said(&[Ok(())]), "allowed");
        assert_eq!(said(&[Err("there is no program `x`".into())]), "denied: no plan: there is no program `x`");
        assert_eq!(said(&[]), "no remediation is defined");
        assert_eq!(
            gate(Some(GateDecision::Deny(Denial::Shadow)), &[Err::<(), _>("x".into())]),
            GateDecision::Deny(Denial::Shadow).to_string()
        );
    }
}
