//! What an attempt starts is started clean, and nothing of it is left when the attempt is over: at every level of
//! scope that this host offers. Needs no root.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/attempt.rs"]
mod attempt;
#[path = "support/executable.rs"]
mod executable;

use std::sync::Arc;
use std::time::{Duration, Instant};

use attempt::{fresh_attempt, is_done, living, output, playbook, program, run_action, runners, shell};
use salve::action::{Runner, dry_run, plan};
use salve::core::plan::{Plan, ScopeLevel, StepResult};
use salve::playbook::action::{RunAction, RunFull};
use salve::playbook::value::{SecretFile, Sourced, Template};
use salve::playbook::{Action, Target};

/// Far above what anything here takes, far below what a hang would take.
const BOUND: Duration = Duration::from_secs(25);

fn state() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A text that only this test's processes have in their command lines.
fn unique(name: &str) -> String {
    format!("{name}-{}-{}", std::process::id(), fresh_attempt().0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_and_the_output_are_reported() {
    let state = state();
    for runner in runners(state.path()) {
        let report = shell(&runner, "echo out; echo err >&2", "10s").await;
        assert_eq!(report.steps[0].result, StepResult::Done("exit code 0".into()));
        assert_eq!(output(&report), "out\nerr\n");
        assert!(report.scope_empty);
        assert_eq!(report.scope, runner.level());
        let report = shell(&runner, "exit 3", "10s").await;
        assert_eq!(report.steps[0].result, StepResult::Failed("exit code 3".into()));
        let report = shell(&runner, "kill -9 $$", "10s").await;
        assert_eq!(report.steps[0].result, StepResult::Failed("ended by signal 9".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_step_that_is_not_done_ends_the_attempt() {
    let state = state();
    let runner = Runner::new(state.path());
    let actions = vec![run_action(&["true"]), run_action(&["false"]), run_action(&["true"])];
    let playbook = playbook(actions, "10s".parse().unwrap(), Vec::new());
    let plan = Arc::new(plan(&playbook, 0, &attempt::context(Target::Host)).await.unwrap());
    let report = runner.execute(fresh_attempt(), plan).await;
    assert_eq!(report.steps.len(), 2);
    assert!(!report.all_done() && report.scope_empty);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_begins_clean() {
    let state = state();
    for runner in runners(state.path()) {
        let report = shell(
            &runner,
            "umask; pwd; ulimit -c; ulimit -n; cat; tty; ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj; \
             set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo leader; grep -E 'SigBlk|SigIgn' /proc/self/status; env | sort",
            "10s",
        )
        .await;
        assert!(report.steps[0].output.contains("not a tty"), "{}", output(&report));
        let lines: Vec<&str> = output(&report).lines().collect();
        assert_eq!(&lines[..6], ["0077", "/", "0", "1024", "not a tty", "4"], "{lines:?}");
        assert_eq!(&lines[6..8], ["0", "leader"]);
        // The first 31 signals; the C library keeps the two next for itself.
        let mask = |line: &str| u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap() & 0x7fff_ffff;
        assert!(lines[8..10].iter().all(|line| mask(line) == 0), "{lines:?}");
        let names: Vec<&str> = lines[10..].iter().map(|line| line.split_once('=').unwrap().0).collect();
        assert_eq!(names, ["HOME", "LANG", "PATH", "PWD", "SALVE_ATTEMPT", "SALVE_PLAYBOOK", "SALVE_TARGET"]);
        assert!(lines.contains(&"PATH=/usr/sbin:/usr/bin:/sbin:/bin") && lines.contains(&"LANG=C.UTF-8"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_argument_is_one_argument_whatever_is_in_it() {
    let state = state();
    let words = ["/usr/bin/printf", "[%s]", "a b", "$(id); `id` & | > x", "", "*"];
    let report = Runner::new(state.path()).execute(fresh_attempt(), program(&words, "10s").await).await;
    assert_eq!(output(&report).trim_end(), "[a b][$(id); `id` & | > x][][*]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_escapes_by_double_fork_and_setsid_is_ended_at_the_timeout() {
    let state = state();
    for runner in runners(state.path()) {
        let name = unique("escape");
        let line = format!(
            "(setsid sh -c '(setsid sh -c \"while :; do sleep 1; done; : {name}\" </dev/null >/dev/null 2>&1 &)' &); sleep 100"
        );
        let began = Instant::now();
        let report = shell(&runner, &line, "1s").await;
        assert_eq!(report.steps[0].result, StepResult::TimedOut);
        assert!(report.scope_empty && living(&name).is_empty(), "{:?} {:?}", runner.level(), living(&name));
        assert!(began.elapsed() < BOUND);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_also_cleared_its_environment_is_ended_after_a_normal_exit() {
    let state = state();
    for runner in runners(state.path()) {
        let name = unique("cleared");
        let line = format!(
            "(setsid env -i /bin/sh -c '(setsid /bin/sh -c \"while :; do sleep 1; done; : {name}\" &)' &); sleep 0.3"
        );
        let report = shell(&runner, &line, "20s").await;
        assert!(is_done(&report), "{report:?}");
        assert!(report.scope_empty && living(&name).is_empty(), "{:?} {:?}", runner.level(), living(&name));
        assert!(output(&report).contains("left running, so ended: sh ("), "{}", output(&report));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ignores_term_is_killed() {
    let state = state();
    for runner in runners(state.path()) {
        let name = unique("stubborn");
        let report = shell(&runner, &format!("trap '' TERM; while :; do sleep 1; done; : {name}"), "500ms").await;
        assert_eq!(report.steps[0].result, StepResult::TimedOut);
        assert!(report.scope_empty && living(&name).is_empty());
        assert!(report.took_ms >= 5500 && Duration::from_millis(report.took_ms) < BOUND, "{}", report.took_ms);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_heeds_term_gets_its_grace() {
    let state = state();
    for runner in runners(state.path()) {
        let report = shell(&runner, "trap 'echo tidied; exit 0' TERM; while :; do sleep 0.1; done", "500ms").await;
        assert_eq!(report.steps[0].result, StepResult::TimedOut);
        assert!(output(&report).contains("tidied"), "{}", output(&report));
        assert!(report.took_ms < 5000, "{}", report.took_ms);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grandchild_that_holds_the_pipe_does_not_hold_the_attempt() {
    let state = state();
    for runner in runners(state.path()) {
        let began = Instant::now();
        let report = shell(&runner, "setsid sleep 60 & echo done", "30s").await;
        assert!(is_done(&report) && report.scope_empty);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(output(&report).starts_with("done\n[left running, so ended: sleep ("), "{}", output(&report));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_of_output_are_drained_in_bounded_memory() {
    let state = state();
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = resident();
    let report = shell(&Runner::new(state.path()), "echo first; yes | head -c 200000000; echo last", "60s").await;
    assert!(is_done(&report), "{:?}", report.steps[0].result);
    assert!(output(&report).starts_with("first\n") && output(&report).ends_with("last\n"));
    assert!(output(&report).contains("left out]") && output(&report).len() < 200_000);
    assert!(resident() < before + 64 * 1024, "{before} kB before, {} kB after", resident());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_forks_in_sessions_of_their_own_are_all_ended() {
    let state = state();
    for runner in runners(state.path()) {
        let name = unique("bomb");
        let line = format!(
            "i=0; while [ $i -lt 200 ]; do setsid sh -c 'trap \"\" TERM; sleep 60; : {name}' & i=$((i+1)); done; wait"
        );
        let report = shell(&runner, &line, "3s").await;
        assert_eq!(report.steps[0].result, StepResult::TimedOut);
        assert!(report.scope_empty && living(&name).is_empty(), "{:?}: {} live", runner.level(), living(&name).len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_dead_is_left_unreaped() {
    let state = state();
    for runner in runners(state.path()) {
        shell(&runner, "(setsid sh -c 'sleep 30 &' &) ; sleep 0.2", "10s").await;
    }
    // Other tests' children may be dead for a moment until the runtime reaps them.
    let zombies = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .flat_map(|task| {
                let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
                list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
            })
            .filter(|pid| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                stat.contains("(sleep) Z") || stat.contains("(setsid) Z")
            })
            .collect::<Vec<_>>()
    };
    let seen = zombies();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let still: Vec<String> = zombies().into_iter().filter(|pid| seen.contains(pid)).collect();
    assert_eq!(still, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_changed_since_the_plan_is_refused() {
    let root = rustix::process::geteuid().is_root();
    // As root only a folder that nobody else can write will do.
    let folder = tempfile::tempdir_in(if root { "/root" } else { "/tmp" }).unwrap();
    let path = folder.path().join("tool");
    let write = |text: &str| executable::script(&path, text);
    write("#!/bin/sh\necho one\n");
    let plan = program(&[path.to_str().unwrap()], "10s").await;
    let state = state();
    let runner = Runner::new(state.path());
    assert_eq!(output(&runner.execute(fresh_attempt(), Arc::clone(&plan)).await), "one\n");
    write("#!/bin/sh\necho two\n");
    let report = runner.execute(fresh_attempt(), Arc::clone(&plan)).await;
    assert!(matches!(&report.steps[0].result, StepResult::Refused(why) if why.contains("changed")), "{report:?}");
    let later = program(&[path.to_str().unwrap()], "10s").await;
    assert_ne!(plan.digest, later.digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_behind_an_interpreter_that_changed_since_the_plan_is_refused() {
    let folder = state();
    let script = folder.path().join("fix.sh");
    std::fs::write(&script, "echo one\n").unwrap();
    let words = ["/bin/sh", script.to_str().unwrap()];
    let plan = program(&words, "10s").await;
    let bound = plan.steps[0].details.iter().find(|(name, _)| &**name == "files").map(|(_, value)| &**value);
    assert!(bound.is_some_and(|bound| bound.contains("fix.sh sha256 ")), "{:?}", plan.steps[0].details);
    let runner = Runner::new(folder.path());
    assert_eq!(output(&runner.execute(fresh_attempt(), Arc::clone(&plan)).await), "one\n");
    std::fs::write(&script, "echo two\n").unwrap();
    let report = runner.execute(fresh_attempt(), Arc::clone(&plan)).await;
    assert!(matches!(&report.steps[0].result, StepResult::Refused(why) if why.contains("changed")), "{report:?}");
    assert_ne!(plan.digest, program(&words, "10s").await.digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_a_plan_holds_no_secret_and_the_program_gets_it_all_the_same() {
    let folder = state();
    let key = folder.path().join("db.key");
    let write_key = |secret: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&key, secret).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write_key("swordfish\n");
    let line = r#"[ "$DB_PASSWORD" = hunter2 ] && [ "$API" = swordfish ] && [ "$2" = opensesame ] && echo all there"#;
    let plan_of = async || {
        let env = [
            ("DB_PASSWORD".to_owned(), Sourced::Text(Template("hunter2".into()))),
            ("API".to_owned(), Sourced::File(SecretFile { file: key.clone() })),
        ];
        let argv = ["/bin/sh", "-c", line, "name", "--token", "opensesame"].map(|word| Template(word.into()));
        let full = RunFull { argv: argv.into(), env: env.into() };
        let book = playbook(vec![Action::Run(RunAction::Full(full))], "10s".parse().unwrap(), Vec::new());
        Arc::new(plan(&book, 0, &attempt::context(Target::Host)).await.unwrap())
    };
    let planned = plan_of().await;
    let record = serde_json::to_string(&planned).unwrap();
    // The shell's line says what it compares with; only there may the words stand.
    let elsewhere = record.replace("= hunter2", "").replace("= swordfish", "").replace("= opensesame", "");
    for secret in ["hunter2", "swordfish", "opensesame"] {
        assert!(!elsewhere.contains(secret), "{secret}: {elsewhere}");
        assert!(!format!("{:?}", planned.steps[0].order).replace(line, "").contains(&format!("\"{secret}\"")));
    }
    let runner = Runner::new(folder.path());
    assert_eq!(output(&runner.execute(fresh_attempt(), Arc::clone(&planned)).await), "all there\n");
    assert_eq!(planned.digest, plan_of().await.digest);
    let read_back: Plan = serde_json::from_str(&record).unwrap();
    assert_eq!(read_back, *planned);
    let refused = runner.execute(fresh_attempt(), Arc::new(read_back)).await;
    assert!(matches!(&refused.steps[0].result, StepResult::Refused(why) if why.contains("record")), "{refused:?}");
    write_key("another\n");
    assert_ne!(planned.digest, plan_of().await.digest, "an approval is bound to the secret as well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_digest_is_the_same_for_the_same_and_another_for_anything_else() {
    let base = program(&["true", "a"], "10s").await;
    assert_eq!(base.digest, program(&["true", "a"], "10s").await.digest);
    assert_ne!(base.digest, program(&["true", "b"], "10s").await.digest);
    assert_ne!(base.digest, program(&["true", "a"], "11s").await.digest);
    assert_ne!(base.digest, program(&["false", "a"], "10s").await.digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_starts_nothing() {
    let folder = state();
    let mark = folder.path().join("mark");
    let plan = program(&["touch", mark.to_str().unwrap()], "10s").await;
    let steps = dry_run(&plan).await;
    assert!(steps[0].sentence.ends_with(mark.to_str().unwrap()), "{}", steps[0].sentence);
    assert!(!mark.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dropped_attempt_started_ends_with_it() {
    let state = state();
    for runner in runners(state.path()) {
        let name = unique("dropped");
        let line = format!("sleep 100; : {name}");
        let running = shell(&runner, &line, "60s");
        assert!(tokio::time::timeout(Duration::from_millis(500), running).await.is_err());
        for _ in 0..100 {
            if living(&name).is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(living(&name), Vec::<String>::new(), "{:?}", runner.level());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_salve_left_of_an_attempt_is_found_and_ended() {
    let state = state();
    for runner in runners(state.path()) {
        let (name, attempt) = (unique("left"), fresh_attempt());
        // As a crash leaves it: marked, in a session of its own, and nobody's child.
        let marker = marker_of(&runner).await.replace(":0", &format!(":{}", attempt.0));
        let line = format!("(setsid sh -c 'while :; do sleep 1; done; : {name}' &)");
        std::process::Command::new("sh").args(["-c", &line]).env("SALVE_ATTEMPT", marker).status().unwrap();
        // while it becomes another program it has no name to be found by
        for _ in 0..250 {
            if !living(&name).is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!living(&name).is_empty());
        assert!(runner.empty_leftover(attempt).await);
        assert_eq!(living(&name), Vec::<String>::new());
        assert!(runner.empty_leftover(attempt).await, "empty already");
    }
}

/// The marker that this runner gives, with the attempt's number 0.
async fn marker_of(runner: &Runner) -> String {
    let plan = program(&["/bin/sh", "-c", "echo $SALVE_ATTEMPT"], "10s").await;
    let report = runner.execute(salve::core::AttemptId(0), plan).await;
    output(&report).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_in_force_is_told() {
    let state = state();
    assert_eq!(Runner::without_cgroups(state.path()).level(), ScopeLevel::Subreaper);
    assert_ne!(Runner::new(state.path()).level(), ScopeLevel::None);
}
