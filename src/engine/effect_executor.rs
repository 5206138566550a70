//! Carries effects out. Everything that may take time runs in a task of its own and comes back as an input.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::page::Outbound;
use crate::action::{self, Context, Runner};
use crate::channel::{Outbox, Page};
use crate::check::{self, Monitor, TargetFacts};
use crate::core::machine::input::Facts;
use crate::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use crate::core::{AttemptId, IncidentId, Input, Key, Mono, PageId, Plan, Reading, SurveyId, Verdict};
use crate::evidence;
use crate::playbook::{Check, Playbook, placeholder};

/// How long the fresh readings before an attempt may take in all; later is unknown.
const SURVEY_DEADLINE: Duration = Duration::from_secs(20);

/// What the loop acts through.
#[derive(Debug)]
pub struct EffectExecutor {
    /// Reads the checks that the core watches, and reports every change of a reading.
    pub hub: Arc<Monitor>,
    runner: Arc<Runner>,
    outbox: Arc<Outbox>,
    inputs: mpsc::UnboundedSender<Input>,
    clean_roots: Arc<[PathBuf]>,
    /// Attempts that run now.
    running: Arc<()>,
}

/// One question to the host before an attempt.
#[derive(Debug)]
#[allow(clippy::struct_field_names, reason = "the question's number has the name that it has everywhere")]
pub struct PreflightRequest {
    /// For which incident.
    pub incident: IncidentId,
    /// The question's number.
    pub survey: SurveyId,
    /// The key that is about to be acted on.
    pub key: Key,
    /// Under which playbook.
    pub playbook: Arc<Playbook>,
    /// The rung that is next.
    pub rung: usize,
    /// Is the verifier read as well?
    pub verifier: bool,
    /// When it was asked.
    pub began: Mono,
}

impl EffectExecutor {
    /// Makes an executor that acts through these parts and sends the results to `inputs`.
    pub fn new(
        hub: Arc<Monitor>,
        runner: Runner,
        outbox: Outbox,
        inputs: mpsc::UnboundedSender<Input>,
        clean_roots: Vec<PathBuf>,
    ) -> Self {
        Self {
            hub,
            runner: Arc::new(runner),
            outbox: Arc::new(outbox),
            inputs,
            clean_roots: clean_roots.into(),
            running: Arc::new(()),
        }
    }

    /// How many attempts run now.
    pub fn running(&self) -> usize {
        Arc::strong_count(&self.running) - 1
    }

    /// Reads the detector anew, gathers the gate's facts and makes the plan.
    pub fn survey(&self, survey: PreflightRequest) {
        let (hub, inputs, clean_roots) = (Arc::clone(&self.hub), self.inputs.clone(), Arc::clone(&self.clean_roots));
        tokio::spawn(async move {
            let facts = gather(&hub, &survey, &clean_roots).await;
            let _ = inputs.send(Input::Surveyed { incident: survey.incident, survey: survey.survey, facts });
        });
    }

    /// Carries a plan out.
    pub fn start(&self, attempt: AttemptId, plan: Arc<Plan>) {
        let (runner, inputs, running) = (Arc::clone(&self.runner), self.inputs.clone(), Arc::clone(&self.running));
        tokio::spawn(async move {
            let report = Arc::new(runner.execute(attempt, plan).await);
            let _ = inputs.send(Input::AttemptEnded { attempt, report });
            drop(running);
        });
    }

    /// Tells the core that a plan was not carried out at all, and why.
    pub fn refuse(&self, attempt: AttemptId, plan: &Plan, why: &str) {
        let sentence = plan.steps.first().map_or_else(|| "nothing".into(), |step| Arc::clone(&step.sentence));
        let result = StepResult::Refused(why.into());
        let step = StepReport { sentence, result, output: "".into(), took_ms: 0 };
        let report = AttemptReport { steps: vec![step], scope: ScopeLevel::None, scope_empty: true, took_ms: 0 };
        let _ = self.inputs.send(Input::AttemptEnded { attempt, report: Arc::new(report) });
    }

    /// Ends what a crash left of an attempt.
    pub fn empty_scope(&self, attempt: AttemptId) {
        let (runner, inputs) = (Arc::clone(&self.runner), self.inputs.clone());
        tokio::spawn(async move {
            let empty = runner.empty_leftover(attempt).await;
            let _ = inputs.send(Input::ScopeEmptied { attempt, empty });
        });
    }

    /// Takes up a page that was delivered in an earlier life and is still open.
    pub fn keep(&self, page: &Page) {
        self.outbox.keep(page);
    }

    /// How often pages that are under way were not taken.
    pub fn tries(&self) -> BTreeMap<PageId, u32> {
        self.outbox.tries()
    }

    /// Gathers the evidence that the playbook names, and hands the page to the outbox.
    pub fn deliver(&self, outbound: Outbound) {
        let outbox = Arc::clone(&self.outbox);
        tokio::spawn(async move {
            let Outbound { page, attach } = outbound;
            let evidence = evidence::gather(&attach, &page.target).await;
            outbox.send(Page { evidence, ..page });
        });
    }
}

async fn gather(hub: &Monitor, survey: &PreflightRequest, clean_roots: &[PathBuf]) -> Facts {
    let target = &survey.key.target;
    let look = |check: &Check| tokio::spawn(hub.read(Arc::new(check.clone()), target.clone()));
    let detector: Vec<_> = survey.playbook.detect.checks.iter().map(look).collect();
    let verifier: Vec<_> = survey.playbook.verify.checks.iter().filter(|_| survey.verifier).map(look).collect();
    // the looks are under way before the plan is made: making it keeps this thread busy
    tokio::task::yield_now().await;
    let rest = async { tokio::join!(hub.target_facts(target), plan(survey, clean_roots)) };
    let (facts, plan) = match tokio::time::timeout(SURVEY_DEADLINE, rest).await {
        Ok((facts, plan)) => (facts, plan),
        Err(_) => {
            (TargetFacts::unclear("the host did not answer in time"), Err(Arc::from("the host did not answer in time")))
        }
    };
    let (detector, verifier) = (answers(detector, survey.began).await, answers(verifier, survey.began).await);
    let TargetFacts { busy, stop } = facts;
    Facts { detector, verifier, busy, stop, plan, began: survey.began }
}

/// What looks that are under way come to; unknown where one takes too long.
async fn answers(looks: Vec<JoinHandle<Reading>>, began: Mono) -> Vec<Reading> {
    let mut readings = Vec::with_capacity(looks.len());
    for look in looks {
        let reading = tokio::time::timeout(SURVEY_DEADLINE, look).await;
        readings.push(reading.ok().and_then(Result::ok).unwrap_or_else(|| unanswered(began)));
    }
    readings
}

async fn plan(survey: &PreflightRequest, clean_roots: &[PathBuf]) -> Result<Arc<Plan>, Arc<str>> {
    let PreflightRequest { playbook, rung, incident, key, .. } = survey;
    if playbook.remediate.is_empty() {
        return Err("the playbook has no remediation".into());
    }
    // looking it up reads every process of the host, or asks systemd: only for whom it is
    let wanted = playbook.remediate.get(*rung).is_some_and(|rung| placeholder::wanted(rung, "pid"));
    let pid = if wanted { check::main_pid(&key.target).await } else { None };
    let context = Context { target: key.target.clone(), incident: *incident, pid, clean_roots: clean_roots.to_vec() };
    match action::plan(playbook, *rung, &context).await {
        Ok(plan) => Ok(Arc::new(plan)),
        Err(error) => Err(error.to_string().into()),
    }
}

fn unanswered(began: Mono) -> Reading {
    let verdict = Verdict::Unknown("the probe did not answer in time".into());
    Reading { verdict, seen: "no answer".into(), figure: None, unit: None, began, since: began }
}
