//! Playbooks and attempts for the tests of the action room.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use salve::action::{Context, Runner, plan};
use salve::core::plan::{AttemptReport, Plan, StepResult};
use salve::core::{AttemptId, IncidentId};
use salve::playbook::action::RunAction;
use salve::playbook::value::{Period, Template};
use salve::playbook::{
    Action, BreakerLimits, Check, ContentKey, Detect, Escalate, Flapping, Mode, Origin, Playbook, Risk, Rung, Target,
    TargetSpec, Verify,
};

/// A playbook with one rung.
pub fn playbook(actions: Vec<Action>, timeout: Period, verify: Vec<Check>) -> Playbook {
    Playbook {
        name: "test".into(),
        content: ContentKey("content".into()),
        origin: Origin::Shipped,
        source: "".into(),
        title: "a test".into(),
        targets: vec![TargetSpec::Host],
        risk: Risk::Low,
        mode: Mode::Auto,
        detect: Detect { checks: Vec::new(), hold: Period::default(), flapping: Flapping::default() },
        remediate: vec![Arc::new(Rung { actions, timeout, idempotent: false })],
        verify: Verify { checks: verify, within: Period::from_secs(1), soak: Period::default() },
        escalate: Escalate { attempts: 1, window: Period::from_secs(60), to: Vec::new(), attach: Vec::new() },
        needs: Vec::new(),
        only_between: None,
        cooldown: None,
        breaker: BreakerLimits::default(),
        skip_if_stopped_by_operator: true,
        enabled_when: None,
    }
}

pub fn context(target: Target) -> Context {
    Context { target, incident: IncidentId(1), pid: None, clean_roots: Vec::new() }
}

pub fn run_action(argv: &[&str]) -> Action {
    Action::Run(RunAction::Argv(argv.iter().map(|word| Template((*word).to_owned())).collect()))
}

/// The plan for one program.
pub async fn program(argv: &[&str], timeout: &str) -> Arc<Plan> {
    let playbook = playbook(vec![run_action(argv)], timeout.parse().unwrap(), Vec::new());
    Arc::new(plan(&playbook, 0, &context(Target::Host)).await.unwrap())
}

/// A number that no other attempt of this process has.
pub fn fresh_attempt() -> AttemptId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    AttemptId(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Runs one shell line under the runner. (The shell is the test's own program, named like any other.)
pub async fn shell(runner: &Runner, line: &str, timeout: &str) -> AttemptReport {
    runner
        .execute(
            fresh_attempt(),
            program(&["/bin/sh", "-c", &line.replace('{', "{{").replace('}', "}}")], timeout).await,
        )
        .await
}

/// Both kinds of scope that this host offers: the best one, and the one that every host offers.
pub fn runners(state: &Path) -> Vec<Runner> {
    vec![Runner::new(state), Runner::without_cgroups(state)]
}

/// The first step's output.
pub fn output(report: &AttemptReport) -> &str {
    &report.steps[0].output
}

pub fn is_done(report: &AttemptReport) -> bool {
    matches!(report.steps[0].result, StepResult::Done(_))
}

/// Living processes (zombies are dead) whose command line holds this text.
pub fn living(text: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && *pid != own)
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(text)
        })
        .collect()
}

/// A real process whose first argument bears this name.
pub fn sleeper(name: &str) -> std::process::Child {
    use std::os::unix::process::CommandExt as _;
    // whoever listens to this test's words must not wait for it
    let silent = std::process::Stdio::null;
    let mut sleep = std::process::Command::new("/bin/sleep");
    sleep.arg0(format!("/x/{name}")).arg("600").stdin(silent()).stdout(silent()).stderr(silent()).spawn().unwrap()
}
