//! A file system that does not answer holds up nothing but what asks about it: every check, plan, action, piece of
//! evidence, reload, ticket and export is driven into one. Needs root and `/dev/fuse`; mounts are this process's own.
//!
//! The runtime has one thread, so whatever blocks it blocks everything: a watchdog says at what. Its clock is paused,
//! so deadlines pass at once where nothing else is to be waited for. At the end of each part the runtime is dropped,
//! which waits for every call that was left in its own pool.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "what is not there is a failed test")]

#[path = "support/attempt.rs"]
mod attempt;
#[path = "support/hanging_fs.rs"]
mod hanging_fs;
#[path = "support/hidden_memory.rs"]
mod hidden_memory;

use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hanging_fs::HangingFs;
use libtest_mimic::{Arguments, Trial};
use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use salve::action::{Context, Runner, plan};
use salve::check::Monitor;
use salve::core::plan::{AttemptReport, Plan, StepResult};
use salve::core::{Resolution, Verdict};
use salve::engine::reload;
use salve::host::Clock;
use salve::playbook::library::Sources;
use salve::playbook::read::read;
use salve::playbook::{Origin, Playbook, Target};
use tokio::sync::mpsc;

/// Where everything is: in a file system of this process's own over the host's logs.
const LOGS: &str = "/var/log";
/// The file system that hangs.
const DEAD: &str = "/var/log/dead";
/// Nothing here takes as long where nothing blocks.
const HUNG: Duration = Duration::from_secs(40);

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(hidden_memory::PART) {
        hidden_memory::play(&Path::new(DEAD).join("page"));
    }
    let arguments = Arguments::from_args();
    let able = rustix::process::geteuid().is_root() && Path::new("/dev/fuse").exists();
    let stage = if able { Stage::new().map_err(|error| error.to_string()) } else { Err("no root, or no FUSE".into()) };
    let ignored = stage.is_err();
    if let Err(why) = &stage {
        eprintln!("ignored: no file system that hangs can be had here: {why}");
    }
    let stage = stage.ok().map(Arc::new);
    let dead = stage.as_ref().map(|stage| stage.dead.clone());
    let name = "a_file_system_that_does_not_answer_holds_nothing_up";
    let run = move || {
        if let Some(stage) = stage {
            all(&stage);
        }
        Ok(())
    };
    let trial = Trial::test(name, run).with_ignored_flag(ignored);
    let code = libtest_mimic::run(&arguments, vec![trial]).exit_code();
    if let Some(dead) = dead {
        dead.let_go();
    }
    code
}

/// The file system, and what this test does now.
struct Stage {
    dead: HangingFs,
    step: Arc<Mutex<(String, Instant)>>,
}

impl Stage {
    /// Before any thread is started, so that all of them live in the new namespace.
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        mount("none", LOGS, "tmpfs", MountFlags::empty(), c"mode=755")?;
        fs::create_dir(DEAD)?;
        let dead = HangingFs::mount(Path::new(DEAD))?;
        let step = Arc::new(Mutex::new((String::new(), Instant::now())));
        Ok(Self { dead, step })
    }

    fn watch(&self) {
        let (step, dead) = (Arc::clone(&self.step), self.dead.clone());
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                let (name, since) = step.lock().unwrap().clone();
                if since.elapsed() > HUNG {
                    eprintln!("FAILED: everything is held up by: {name}");
                    dead.let_go();
                    std::process::exit(101);
                }
            }
        });
    }

    fn now_at(&self, step: String) {
        *self.step.lock().unwrap() = (step, Instant::now());
    }

    /// One part, on a runtime of its own that must come to its end.
    fn part<T>(&self, name: &str, clock: Time, work: impl Future<Output = T>) -> T {
        self.now_at(name.to_owned());
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = match clock {
            Time::Paused => builder.enable_all().start_paused(true),
            Time::Real => builder.enable_all(),
        };
        let runtime = runtime.build().unwrap();
        let done = runtime.block_on(work);
        self.now_at(format!("the end of the runtime of {name}"));
        drop(runtime);
        self.now_at(format!("what follows {name}"));
        done
    }
}

#[derive(Clone, Copy)]
enum Time {
    Paused,
    Real,
}

fn all(stage: &Stage) {
    stage.watch();
    let hidden = hidden_memory::Hidden::start();
    let name = format!("salve-h{}", std::process::id());
    let mut sleeper = attempt::sleeper(&name);
    let held = File::open(Path::new(DEAD).join("held")).unwrap();
    fs::write("/var/log/app.log", "a line\n").unwrap();
    let book = playbook();
    let planned: Vec<Arc<Plan>> = stage
        .part("plans while it answers", Time::Real, plans(&book))
        .into_iter()
        .map(|plan| Arc::new(plan.unwrap()))
        .collect();
    stage.dead.hang();

    stage.part("checks", Time::Paused, checks(&book));
    for plan in stage.part("plans", Time::Paused, plans(&book)) {
        let why = plan.unwrap_err();
        assert!(why.contains("did not answer within") || why.contains("does not answer"), "{why}");
    }
    for report in stage.part("actions", Time::Paused, actions(planned)) {
        assert!(!matches!(report.steps[0].result, StepResult::Done(_)), "{:?}", report.steps);
    }
    stage.part("evidence", Time::Paused, evidence(&book));
    stage.part("reload", Time::Paused, reloaded());
    stage.part("export", Time::Paused, exported());
    stage.part("ticket", Time::Paused, ticket());
    stage.part("secrets and authorities", Time::Paused, secrets());
    stage.part("what has nothing to do with it", Time::Real, innocent());
    // it has inherited the open file, and cannot become another program before it is closed
    let stuck = attempt::sleeper("stuck");
    stage.part("programs beside processes that hang", Time::Real, programs(&name));
    assert!(hidden.lives(), "it was there all the while");
    stage.part("attempts beside processes that hang", Time::Real, attempts());
    stage.part("leftovers beside processes that hang", Time::Real, leftovers());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    // it cannot even be ended
    std::mem::forget(stuck);
    // its file system must agree to a close, and does not answer
    std::mem::forget(held);
}

fn playbook() -> Playbook {
    let text = format!(
        r#"
title = "everything lies on a file system that hangs"
target = {{ path = "{DEAD}/target" }}
enabled_when = {{ file = "{DEAD}/wanted" }}
risk = "low"
mode = "auto"

[detect]
path = [
  {{ path = "{DEAD}/file", age = "> 1d", timeout = "1s" }},
  {{ path = "{DEAD}/sum", sha256 = "not 0000000000000000000000000000000000000000000000000000000000000000", timeout = "1s" }},
]
log = {{ path = "{DEAD}/log", pattern = "ERROR", count = "> 3", window = "1m", timeout = "1s" }}
filesystem = {{ mount = "{DEAD}", used = "> 90%", timeout = "1s" }}
command = {{ run = ["{DEAD}/program"], exit = "not 0", timeout = "1s" }}
process = {{ pidfile = "{DEAD}/pid", stale = true }}

[[remediate]]
do = [{{ run = ["{DEAD}/program"] }}]
timeout = "5s"

[[remediate]]
do = [{{ clean = {{ path = "{DEAD}/dir", older_than = "7d" }} }}]
timeout = "5s"

[[remediate]]
do = [{{ clean = {{ path = "/var/tmp", older_than = "7d" }} }}]
timeout = "5s"

[[remediate]]
do = [{{ truncate = "{DEAD}/app.log" }}]
timeout = "5s"

[verify]
filesystem = {{ mount = "{DEAD}", used = "< 80%" }}
within = "1m"

[escalate]
attempts = 3
window = "1h"
attach = [{{ repeated = {{ path = "{DEAD}/log", top = 3 }} }}, {{ disk_usage = {{ depth = 1, top = 3 }} }}, {{ run = ["{DEAD}/program"] }}]
"#
    );
    let read = read("hanging.toml", "hanging", Origin::Shipped, &text);
    let wrong: Vec<_> = read.diagnostics.iter().filter(|found| found.is_error()).collect();
    read.playbook.unwrap_or_else(|| panic!("{wrong:#?}"))
}

fn target() -> Target {
    Target::Path(format!("{DEAD}/target").into())
}

fn hub() -> Monitor {
    Monitor::new(
        Clock::starting(),
        mpsc::unbounded_channel().0,
        mpsc::unbounded_channel().0,
        mpsc::unbounded_channel().0,
    )
}

async fn checks(book: &Playbook) {
    let hub = hub();
    for check in book.detect.checks.iter().chain(&book.verify.checks) {
        let reading = hub.read(Arc::new(check.clone()), target()).await;
        assert!(matches!(reading.verdict, Verdict::Unknown(_)), "{check:?}: {reading:?}");
    }
    let resolved = hub.resolve(book).await;
    assert!(!resolved.iter().any(|one| matches!(one, Resolution::Here(_))), "{resolved:?}");
}

async fn plans(book: &Playbook) -> Vec<Result<Plan, String>> {
    let context = Context { clean_roots: vec![PathBuf::from(DEAD).join("dir")], ..attempt::context(target()) };
    let mut plans = Vec::new();
    for rung in 0..book.remediate.len() {
        plans.push(plan(book, rung, &context).await.map_err(|error| error.to_string()));
    }
    plans
}

async fn actions(plans: Vec<Arc<Plan>>) -> Vec<AttemptReport> {
    let state = tempfile::tempdir().unwrap();
    let runner = Runner::without_cgroups(state.path());
    let mut reports = Vec::new();
    for plan in plans.into_iter().filter(|plan| plan.steps.iter().any(|step| step.sentence.contains(DEAD))) {
        reports.push(runner.execute(attempt::fresh_attempt(), plan).await);
    }
    reports
}

async fn evidence(book: &Playbook) {
    let gathered = salve::evidence::gather(&book.escalate.attach, &target()).await;
    assert_eq!(gathered.len(), 3);
    for piece in gathered {
        assert!(piece.body.starts_with("not gathered: "), "{piece:?}");
    }
}

async fn reloaded() {
    let sources = Sources { folder: Some(PathBuf::from(DEAD).join("dir")), ..Sources::default() };
    let (out, mut loaded) = mpsc::unbounded_channel();
    let reloading = tokio::spawn(reload::run(sources, Arc::new(hub()), out));
    let first = loaded.recv().await.unwrap();
    assert!(first.found.iter().all(|found| found.outcome.is_err()), "{:?}", first.found);
    reloading.abort();
}

async fn exported() {
    let written = salve::console::export::write(DEAD.into(), "incident".into(), "text".into()).await;
    assert!(written.unwrap_err().contains("did not answer within"));
}

async fn ticket() {
    let settings = salve::channel::kinds::tickets::TicketSettings { folder: Some(PathBuf::from(DEAD).join("dir")) };
    let settings = salve::channel::ChannelSettings::Tickets(settings);
    let said = salve::channel::test_page::trial("tickets", &settings, Path::new("/nowhere"), "host").await;
    assert!(said.call.as_ref().is_err_and(|why| why.contains("did not answer within")), "{said:?}");
}

/// A process is found by its first argument, whatever stands in the memory of another, and whatever a third is about to
/// become.
async fn programs(name: &str) {
    let check = salve::playbook::check::ProcessCheck { name: Some(name.into()), ..Default::default() };
    let hub = hub();
    for _ in 0..3 {
        let reading = hub.read(Arc::new(salve::playbook::Check::Process(check.clone())), Target::Host).await;
        assert_eq!(reading.verdict, Verdict::Holds, "{reading:?}");
    }
}

/// Both processes that hang are children of this one: whoever looks for what an attempt left behind meets them. The
/// attempt's own program has inherited the open file, so it hangs as well, and that is said at its deadline.
async fn attempts() {
    let state = tempfile::tempdir().unwrap();
    let runner = Runner::without_cgroups(state.path());
    let before = children();
    let report = attempt::shell(&runner, "true", "1s").await;
    assert_eq!(report.steps[0].result, StepResult::TimedOut, "{:?}", report.steps);
    assert!(report.steps[0].output.contains("cannot be ended"), "{:?}", report.steps);
    let started: Vec<i32> = children().into_iter().filter(|pid| !before.contains(pid)).collect();
    assert!(started.iter().any(|pid| is_being_killed(*pid)), "it is killed though it does not answer: {started:?}");
    assert!(!before.iter().any(|pid| is_being_killed(*pid)), "and nobody else is");
}

/// Some do not say whether a crash left them behind, so it is not known that nothing is left.
async fn leftovers() {
    let state = tempfile::tempdir().unwrap();
    let runner = Runner::without_cgroups(state.path());
    assert!(!runner.empty_leftover(attempt::fresh_attempt()).await);
}

/// The children of all threads of this process.
fn children() -> Vec<i32> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<i32>>()).collect()
}

/// Has it been sent SIGKILL, which it cannot heed yet?
fn is_being_killed(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let masks = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    masks.map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap()).any(|mask| mask & (1 << 8) != 0)
}

async fn secrets() {
    let said = |settings: String| async move {
        let settings: salve::channel::ChannelSettings = toml::from_str(&settings).unwrap();
        let said = salve::channel::test_page::trial("one", &settings, Path::new("/nowhere"), "host").await;
        let troubles = settings.troubles();
        (said.call.unwrap_err(), troubles)
    };
    let (call, troubles) = said(format!("webhook = {{ url_file = \"{DEAD}/url\" }}")).await;
    assert!(call.contains("did not answer within"), "{call}");
    assert!(troubles.len() == 1 && troubles[0].contains("does not answer"), "{troubles:?}");
    for tls in ["starttls", "implicit"] {
        let to = "server = \"mail.example.net\", from = \"a@example.net\", to = [\"b@example.net\"]";
        let (call, _) = said(format!("smtp = {{ {to}, tls = \"{tls}\", ca_file = \"{DEAD}/{tls}.pem\" }}")).await;
        assert!(call.contains("did not answer within"), "{call}");
    }
}

/// Somebody else's file on it is open; who looks at all processes meets it.
async fn innocent() {
    let action = salve::playbook::Action::Truncate(salve::playbook::action::TruncateAction("/var/log/app.log".into()));
    let book = attempt::playbook(vec![action], "10s".parse().unwrap(), Vec::new());
    plan(&book, 0, &attempt::context(Target::Host)).await.unwrap();
    let attach = [salve::playbook::Attachment::DiskUsage(salve::playbook::attachment::DiskUsage {
        depth: 1,
        top: 3,
        by: salve::playbook::attachment::UsageBy::Bytes,
    })];
    let gathered = salve::evidence::gather(&attach, &Target::Path("/var/log/app.log".into())).await;
    assert!(gathered[0].body.contains("app.log"), "{gathered:?}");
}
