//! The host port of a running engine. Everything that may take time runs in a task of its own and comes back as an
//! input.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::noted_records::NotedRecords;
use crate::action::{self, Context, Runner};
use crate::channel::{Outbox, Page};
use crate::check::{self, Monitor, TargetFacts};
use crate::core::machine::effect::Cadence;
use crate::core::machine::input::Facts;
use crate::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use crate::core::{
    AttemptId, Core, Input, Mono, PageId, Plan, Reading, Recorded, Refusal, RequestId, Verdict, WatchId,
};
use crate::engine::driver::ports::{AttemptRequest, HostPort, PreflightRequest};
use crate::engine::operator;
use crate::engine::views::page::{self, Outbound};
use crate::evidence;
use crate::playbook::Check;
use crate::playbook::placeholder::Placeholder;

/// How long the fresh readings before an attempt may take in all; later is unknown.
const PREFLIGHT_DEADLINE: Duration = Duration::from_secs(20);

/// The host port of a running engine.
#[derive(Debug)]
pub struct EffectExecutor {
    /// Reads the checks that the core watches, and reports every change of a reading.
    monitor: Arc<Monitor>,
    runner: Arc<Runner>,
    outbox: Arc<Outbox>,
    inputs: mpsc::UnboundedSender<Input>,
    clean_roots: Arc<[PathBuf]>,
    /// This host's name, cleaned.
    host: Arc<str>,
    noted: NotedRecords,
    /// Commands that wait for their answers.
    requests: HashMap<RequestId, oneshot::Sender<Result<Arc<str>, Refusal>>>,
    last_request: u64,
}

impl EffectExecutor {
    /// Makes an executor that acts through these parts and sends the results to `inputs`.
    pub fn new(
        monitor: Arc<Monitor>,
        runner: Runner,
        outbox: Outbox,
        inputs: mpsc::UnboundedSender<Input>,
        clean_roots: Vec<PathBuf>,
    ) -> Self {
        Self {
            monitor,
            runner: Arc::new(runner),
            outbox: Arc::new(outbox),
            inputs,
            clean_roots: clean_roots.into(),
            host: operator::host().into(),
            noted: NotedRecords::default(),
            requests: HashMap::new(),
            last_request: 0,
        }
    }

    /// This host's name, cleaned.
    pub fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// What the records have left to be shown.
    pub fn noted(&self) -> &NotedRecords {
        &self.noted
    }

    /// Whether a playbook was armed or disarmed since this was asked last.
    pub fn take_arming_changed(&mut self) -> bool {
        self.noted.take_arming_changed()
    }

    /// Takes a command's way back; the core's answer goes there.
    pub fn expect_reply(&mut self, to: oneshot::Sender<Result<Arc<str>, Refusal>>) -> RequestId {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.requests.insert(request, to);
        request
    }

    /// Takes up the open pages that an earlier engine delivered: some channels must be told of them again and again.
    pub fn keep_open_pages(&self, core: &Core) {
        for page in page::open(core, |page| self.noted.page(page), &self.host) {
            self.outbox.keep(&page);
        }
    }

    /// How often pages that are under way were not taken.
    pub fn tries(&self) -> BTreeMap<PageId, u32> {
        self.outbox.tries()
    }

    /// What must not keep the loop waiting comes back as an input.
    fn answer_later(&self, input: Input) {
        // a loop that has ended needs no answer
        let _ = self.inputs.send(input);
    }
}

impl HostPort for EffectExecutor {
    fn note(&mut self, recorded: &Arc<Recorded>) {
        self.noted.note(recorded);
    }

    fn watch(&mut self, watch: WatchId, check: Arc<Check>, cadence: Cadence) {
        self.monitor.watch(watch, check, cadence);
    }

    fn unwatch(&mut self, watch: &WatchId) {
        self.monitor.unwatch(watch);
    }

    /// Reads the detector afresh, gathers the gate's facts and makes the plan.
    fn preflight(&mut self, request: PreflightRequest) {
        let (monitor, inputs) = (Arc::clone(&self.monitor), self.inputs.clone());
        let clean_roots = Arc::clone(&self.clean_roots);
        tokio::spawn(async move {
            let facts = gather(&monitor, &request, &clean_roots).await;
            let _ = inputs.send(Input::Surveyed { incident: request.incident, survey: request.survey, facts });
        });
    }

    fn start(&mut self, request: AttemptRequest) {
        let AttemptRequest { attempt, plan, .. } = request;
        let (runner, inputs) = (Arc::clone(&self.runner), self.inputs.clone());
        tokio::spawn(async move {
            let report = Arc::new(runner.execute(attempt, plan).await);
            let _ = inputs.send(Input::AttemptEnded { attempt, report });
        });
    }

    fn refuse(&mut self, request: AttemptRequest, why: &str) {
        let AttemptRequest { attempt, plan, .. } = request;
        let sentence = plan.steps.first().map_or_else(|| "nothing".into(), |step| Arc::clone(&step.sentence));
        let result = StepResult::Refused(why.into());
        let step = StepReport { sentence, result, output: "".into(), took_ms: 0 };
        let report = AttemptReport { steps: vec![step], scope: ScopeLevel::None, scope_empty: true, took_ms: 0 };
        self.answer_later(Input::AttemptEnded { attempt, report: Arc::new(report) });
    }

    fn empty_scope(&mut self, attempt: AttemptId) {
        let (runner, inputs) = (Arc::clone(&self.runner), self.inputs.clone());
        tokio::spawn(async move {
            let empty = runner.empty_leftover(attempt).await;
            let _ = inputs.send(Input::ScopeEmptied { attempt, empty });
        });
    }

    /// Gathers the evidence that the playbook names, and hands the page to the outbox.
    fn deliver(&mut self, page: PageId, core: &Core) {
        let recorded = self.noted.page(page);
        let Some(outbound) = recorded.and_then(|recorded| page::of(recorded, core, &self.host)) else { return };
        let outbox = Arc::clone(&self.outbox);
        tokio::spawn(async move {
            let Outbound { page, attach } = outbound;
            let evidence = evidence::gather(&attach, &page.target).await;
            outbox.send(Page { evidence, ..page });
        });
    }

    fn reply(&mut self, request: RequestId, answer: Result<Arc<str>, Refusal>) {
        if let Some(to) = self.requests.remove(&request) {
            // whoever asked may have gone
            let _ = to.send(answer);
        }
    }
}

async fn gather(monitor: &Monitor, request: &PreflightRequest, clean_roots: &[PathBuf]) -> Facts {
    let target = &request.key.target;
    let read = |check: &Check| tokio::spawn(monitor.read(Arc::new(check.clone()), target.clone()));
    let detector: Vec<_> = request.playbook.detect.checks.iter().map(read).collect();
    let verifier: Vec<_> = request.playbook.verify.checks.iter().filter(|_| request.verifier).map(read).collect();
    // the probes are under way before the plan is made: making it keeps this thread busy
    tokio::task::yield_now().await;
    let rest = async { tokio::join!(monitor.target_facts(target), plan(request, clean_roots)) };
    let (facts, plan) = match tokio::time::timeout(PREFLIGHT_DEADLINE, rest).await {
        Ok((facts, plan)) => (facts, plan),
        Err(_) => {
            (TargetFacts::unclear("the host did not answer in time"), Err(Arc::from("the host did not answer in time")))
        }
    };
    let (detector, verifier) = (readings(detector, request.began).await, readings(verifier, request.began).await);
    let TargetFacts { busy, stop } = facts;
    Facts { detector, verifier, busy, stop, plan, began: request.began }
}

/// What probes that are under way read; unknown where one takes too long.
async fn readings(probes: Vec<JoinHandle<Reading>>, began: Mono) -> Vec<Reading> {
    let mut readings = Vec::with_capacity(probes.len());
    for probe in probes {
        let reading = tokio::time::timeout(PREFLIGHT_DEADLINE, probe).await;
        readings.push(reading.ok().and_then(Result::ok).unwrap_or_else(|| unanswered(began)));
    }
    readings
}

async fn plan(request: &PreflightRequest, clean_roots: &[PathBuf]) -> Result<Arc<Plan>, Arc<str>> {
    let PreflightRequest { playbook, rung, incident, key, .. } = request;
    if playbook.remediate.is_empty() {
        return Err("the playbook has no remediation".into());
    }
    // looking it up reads every process of the host, or asks systemd: only for whom it is
    let wanted = playbook.remediate.get(*rung).is_some_and(|rung| rung.wants(Placeholder::Pid));
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
