//! What only root can set up, and what only a real systemd can show. Each trial says why it is left out where it is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/attempt.rs"]
mod attempt;
#[path = "support/executable.rs"]
mod executable;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use attempt::{context, fresh_attempt, output, playbook, shell};
use libtest_mimic::{Arguments, Failed, Trial};
use salve::action::{Runner, plan};
use salve::core::plan::{AttemptReport, ScopeLevel, StepResult};
use salve::playbook::action::{CleanAction, NamedUnit, UnitAction, UnitVerb};
use salve::playbook::{Action, Target};

/// Set in a copy of this program that runs one trial in mount namespace of its own.
const INSIDE: &str = "SALVE_TEST_INSIDE";
const NOBODY: u32 = 65534;

fn main() -> ExitCode {
    let root = rustix::process::geteuid().is_root();
    let systemd = Path::new("/run/systemd/system").is_dir();
    let trial = |name: &str, possible: bool, body: fn() -> Result<(), Failed>| {
        Trial::test(name, body).with_ignored_flag(!possible)
    };
    let version_1 = fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| mounts.contains(" - cgroup cgroup "));
    let trials = vec![
        trial("a_bind_mount_inside_the_tree_is_not_entered (needs root)", root, || in_namespace("bind_mount")),
        trial("a_file_system_that_fills_up_is_cleaned_to_its_target (needs root)", root, || in_namespace("filled")),
        trial("an_immutable_file_stays (needs root)", root, || in_namespace("immutable")),
        trial("an_attacker_as_nobody_gets_nothing_deleted_outside (needs root)", root, attacker_as_nobody),
        trial("files_of_others_go_by_way_of_the_quarantine (needs root)", root, others_files),
        trial("an_engine_of_somebody_else_is_not_asked (needs root)", root, an_engine_of_somebody_else),
        trial("a_daemon_that_finds_a_full_disk_calls_and_starts_when_there_is_room (needs root)", root, || {
            in_namespace("full_disk")
        }),
        trial("a_version_1_cgroup_is_emptied (needs root and a version 1 hierarchy)", root && version_1, || {
            in_namespace("version_1")
        }),
        trial("a_cgroup_is_made_and_removed (needs root)", root, a_cgroup_is_removed),
        trial(
            "a_unit_is_restarted_by_systemd_and_outlives_the_attempt (needs root and systemd)",
            root && systemd,
            unit_restart,
        ),
        trial("a_unit_that_cannot_start_fails_with_its_state (needs root and systemd)", root && systemd, unit_failure),
    ];
    // In the copy that runs inside a namespace only its one trial runs.
    if let Ok(name) = std::env::var(INSIDE) {
        return inside(&name);
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs this program again in a mount namespace of its own, so that no mount reaches this machine.
fn in_namespace(name: &str) -> Result<(), Failed> {
    let own = std::env::current_exe()?;
    let done =
        Command::new("unshare").args(["--mount", "--propagation", "private"]).arg(own).env(INSIDE, name).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)).into())
}

fn inside(name: &str) -> ExitCode {
    match name {
        "bind_mount" => bind_mount(),
        "filled" => filled(),
        "immutable" => immutable(),
        "version_1" => version_1(),
        "stranger" => stranger(),
        "full_disk" => full_disk(),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("salve-hostile-").tempdir_in("/tmp").unwrap()
}

fn clean(path: &Path, verify: Vec<salve::playbook::Check>) -> AttemptReport {
    let state = tempfile::tempdir().unwrap();
    let action = CleanAction {
        path: path.to_str().unwrap().into(),
        older_than: "0s".parse().unwrap(),
        max_files: None,
        max_bytes: None,
    };
    let playbook = playbook(vec![Action::Clean(action)], "60s".parse().unwrap(), verify);
    let target = Target::Mount(path.to_str().unwrap().into());
    wait(async {
        let plan = plan(&playbook, 0, &context(target)).await.unwrap();
        Runner::new(state.path()).execute(fresh_attempt(), Arc::new(plan)).await
    })
}

fn mount(arguments: &[&str]) {
    assert!(Command::new("mount").args(arguments).status().unwrap().success(), "mount {arguments:?}");
}

/// Without the unified hierarchy, where the old ones are there.
fn version_1() {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    for line in mounts.lines().filter(|line| line.contains(" - cgroup2 ")) {
        let point = line.split(' ').nth(4).unwrap();
        assert!(Command::new("umount").args(["-l", point]).status().unwrap().success());
    }
    let state = tempfile::tempdir().unwrap();
    let runner = Runner::new(state.path());
    assert_eq!(runner.level(), ScopeLevel::CgroupV1);
    let name = format!("salve-version-1-{}", std::process::id());
    let line = format!("(setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done; : {name}' &); sleep 0.3");
    let report = wait(shell(&runner, &line, "20s"));
    assert!(attempt::is_done(&report) && report.scope_empty, "{report:?}");
    assert_eq!((report.scope, attempt::living(&name)), (ScopeLevel::CgroupV1, Vec::<String>::new()));
    let line = format!(
        "i=0; while [ $i -lt 100 ]; do setsid sh -c 'trap \"\" TERM; sleep 60; : {name}' & i=$((i+1)); done; wait"
    );
    let report = wait(shell(&runner, &line, "2s"));
    assert!(report.scope_empty && attempt::living(&name).is_empty(), "{report:?}");
    let left = Command::new("find").args(["/sys/fs/cgroup", "-name", "salve-*attempt*"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
}

fn bind_mount() {
    let (inside, outside) = (scratch(), scratch());
    let (canary, bait) = (outside.path().join("canary"), inside.path().join("bait"));
    fs::write(&canary, "x").unwrap();
    fs::write(&bait, "x").unwrap();
    fs::create_dir(inside.path().join("bound")).unwrap();
    fs::write(inside.path().join("bound-file"), "").unwrap();
    mount(&["--bind", outside.path().to_str().unwrap(), inside.path().join("bound").to_str().unwrap()]);
    mount(&["--bind", canary.to_str().unwrap(), inside.path().join("bound-file").to_str().unwrap()]);
    let report = clean(inside.path(), Vec::new());
    assert!(canary.exists() && !bait.exists(), "{}", output(&report));
    assert!(output(&report).contains("kept 2: on another mount"), "{}", output(&report));
    for name in ["bound", "bound-file"] {
        assert!(Command::new("umount").arg(inside.path().join(name)).status().unwrap().success());
    }
}

fn filled() {
    let folder = scratch();
    let base = folder.path().to_str().unwrap();
    // The list allows `/tmp`; a mount below it must be named by a setting, so this one covers `/tmp` itself.
    mount(&["-t", "tmpfs", "-o", "size=10m,mode=1777", "tmpfs", "/tmp"]);
    for name in 0..18 {
        fs::write(format!("/tmp/{name:02}"), vec![b'x'; 512 * 1024]).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    let used = salve::playbook::check::FilesystemCheck {
        used: Some("< 50%".parse().unwrap()),
        ..salve::playbook::check::FilesystemCheck::default()
    };
    let report = clean(Path::new("/tmp"), vec![salve::playbook::Check::Filesystem(used)]);
    assert!(matches!(&report.steps[0].result, StepResult::Done(_)), "{report:?}");
    let left = fs::read_dir("/tmp").unwrap().flatten().filter(|entry| entry.file_name().len() == 2).count();
    assert!((8..=9).contains(&left), "{left} left of {base}: {}", output(&report));
    assert!(Path::new("/tmp/17").exists() && !Path::new("/tmp/00").exists());
    assert!(output(&report).contains("the file system gained 4"), "{}", output(&report));
    assert!(Command::new("umount").arg("/tmp").status().unwrap().success());
}

fn immutable() {
    mount(&["-t", "tmpfs", "-o", "size=1m,mode=1777", "tmpfs", "/tmp"]);
    fs::write("/tmp/fixed", "x").unwrap();
    // tmpfs keeps these attributes since Linux 6.6; without chattr there is nothing to show.
    let set = Command::new("chattr").args(["+i", "/tmp/fixed"]).output().is_ok_and(|done| done.status.success());
    let report = clean(Path::new("/tmp"), Vec::new());
    assert_eq!(Path::new("/tmp/fixed").exists(), set, "{}", output(&report));
    let _ = Command::new("chattr").args(["-i", "/tmp/fixed"]).status();
    let _ = Command::new("umount").arg("/tmp").status();
}

/// A process without rights swaps folders and links, and makes hard links and FIFOs, while root cleans.
fn attacker_as_nobody() -> Result<(), Failed> {
    let (inside, outside) = (scratch(), scratch());
    fs::set_permissions(inside.path(), Permissions::from_mode(0o1777))?;
    fs::set_permissions(outside.path(), Permissions::from_mode(0o755))?;
    for name in 0..20 {
        fs::write(outside.path().join(format!("{name}")), format!("canary {name}"))?;
    }
    let script = format!(
        "cd {inside}; while :; do mkdir -p a; for i in 1 2 3 4 5; do echo x > a/$i; done; mv -T a b; ln -s {outside} a; \
         sleep 0.00$(($$ % 7)); rm -f a; mv -T b a; sleep 0.04; ln a/1 a/6; mkfifo a/7; ln -sf {outside}/3 a/2; rm -rf a b; done",
        inside = inside.path().display(),
        outside = outside.path().display(),
    );
    let mut attacker = Command::new("/bin/sh")
        .args(["-c", &script])
        .stderr(std::process::Stdio::null())
        .uid(NOBODY)
        .gid(NOBODY)
        .process_group(0)
        .spawn()?;
    let (until, longest) = (Instant::now() + Duration::from_secs(8), Instant::now() + Duration::from_mins(1));
    let mut deleted = 0;
    while Instant::now() < until || (deleted == 0 && Instant::now() < longest) {
        let report = clean(inside.path(), Vec::new());
        deleted += output(&report).lines().filter(|line| line.starts_with("  /")).count();
    }
    rustix::process::kill_process_group(rustix::process::Pid::from_child(&attacker), rustix::process::Signal::KILL)?;
    attacker.wait()?;
    for name in 0..20 {
        let text = fs::read_to_string(outside.path().join(format!("{name}")))?;
        assert_eq!(text, format!("canary {name}"));
    }
    assert!(deleted > 0, "no contest");
    Ok(())
}

/// A daemon's state folder lies on a disk without room, and later there is some.
fn full_disk() {
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = |name: &str| folder.path().join(name);
    let (disk, called) = (path("disk"), path("called"));
    fs::create_dir(&disk).unwrap();
    fs::create_dir(path("playbooks")).unwrap();
    mount(&["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", disk.to_str().unwrap()]);
    let filler = disk.join("filler");
    assert!(fs::write(&filler, vec![b'x'; 5 << 20]).is_err(), "the disk is full");
    let script = format!("echo $SALVE_KIND >> {}", called.display());
    let settings = format!("[channels.duty]\ncommand = {{ run = [\"/bin/sh\", \"-c\", {script:?}] }}\n");
    fs::write(path("salve.toml"), settings).unwrap();
    let salve = |verb: &str| {
        let mut salve = Command::new(env!("CARGO_BIN_EXE_salve"));
        salve.arg(verb).arg("--state").arg(disk.join("state")).arg("--settings").arg(path("salve.toml"));
        salve
    };
    let mut daemon = salve("daemon").spawn().unwrap();
    let heard = |word: &str| {
        let until = Instant::now() + Duration::from_secs(30);
        while !fs::read_to_string(&called).is_ok_and(|text| text.lines().any(|line| line == word)) {
            assert!(Instant::now() < until, "the channel never heard of {word}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    heard("trigger");
    assert!(daemon.try_wait().unwrap().is_none(), "it goes on trying");
    fs::remove_file(&filler).unwrap();
    heard("resolve");
    let status = salve("status").output().unwrap();
    assert_ne!(status.status.code(), Some(69), "{}", String::from_utf8_lossy(&status.stdout));
    assert_eq!(fs::read_to_string(&called).unwrap(), "trigger\nresolve\n", "each is said once");
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
}

/// A user listens where root's client looks for its engine.
fn an_engine_of_somebody_else() -> Result<(), Failed> {
    use salve::control::client::{ClientError, Connection, EngineLookup, Stay, find};
    use salve::control::transport::{Asking, Transport};
    let folder = scratch();
    let socket = folder.path().join("salve.sock");
    // it lies in a folder that only root can write, so that the listener itself is what is wrong
    let listener = std::os::unix::net::UnixListener::bind(&socket)?;
    drop(listener);
    fs::remove_file(&socket)?;
    chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
    let own = std::env::current_exe()?;
    let copy = folder.path().join("stranger");
    executable::copy(&own, &copy);
    let mut stranger = Command::new(&copy)
        .env(INSIDE, "stranger")
        .env("SALVE_TEST_SOCKET", &socket)
        .uid(NOBODY)
        .gid(NOBODY)
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let until = Instant::now() + Duration::from_secs(20);
    while !socket.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let folders = [folder.path().to_owned()];
    let in_their_folder = wait(find(&folders));
    chown(folder.path(), Some(0), Some(0))?;
    let in_our_folder = wait(find(&folders));
    let opened = wait(Connection::open(&Transport::Socket(socket), Asking::Not, Stay::Brief));
    stranger.kill()?;
    let heard = stranger.wait_with_output()?.stdout;
    assert!(matches!(&in_their_folder, EngineLookup::Stranger(it) if it.to_string().contains("belongs to uid 65534")));
    assert!(matches!(&in_our_folder, EngineLookup::Stranger(it) if it.to_string().contains("uid 65534 listens there")));
    assert!(matches!(opened, Err(ClientError::Stranger(_))));
    assert!(heard.is_empty(), "said to a stranger: {}", String::from_utf8_lossy(&heard));
    Ok(())
}

/// Listens as the stranger, and tells whatever is said to it.
fn stranger() {
    use std::io::{Read as _, Write as _};
    let path = std::env::var_os("SALVE_TEST_SOCKET").unwrap();
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    for mut stream in listener.incoming().flatten() {
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        #[allow(clippy::disallowed_methods, reason = "a child of the test hands on what it heard")]
        std::io::stdout().write_all(&heard).unwrap();
    }
}

fn others_files() -> Result<(), Failed> {
    let folder = scratch();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777))?;
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs)?;
    fs::write(theirs.join("file"), "x")?;
    chown(&theirs, Some(NOBODY), Some(NOBODY))?;
    chown(theirs.join("file"), Some(NOBODY), Some(NOBODY))?;
    let report = clean(folder.path(), Vec::new());
    assert!(!theirs.join("file").exists(), "{}", output(&report));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1, "the quarantine is gone");
    Ok(())
}

fn a_cgroup_is_removed() -> Result<(), Failed> {
    let state = tempfile::tempdir()?;
    let runner = Runner::new(state.path());
    if runner.level() == ScopeLevel::Subreaper {
        return Err("root cannot make a cgroup here".into());
    }
    let report = wait(shell(&runner, "cat /proc/self/cgroup", "10s"));
    let line = output(&report).lines().find(|line| line.contains("/salve-")).ok_or("in no cgroup of its own")?;
    let name = line.rsplit('/').next().unwrap().to_owned();
    let left = Command::new("find").args(["/sys/fs/cgroup", "-name", &name]).output()?;
    assert!(left.stdout.is_empty(), "{name} is still there");
    Ok(())
}

fn unit(name: &str, verb: UnitVerb) -> AttemptReport {
    let state = tempfile::tempdir().unwrap();
    let action = Action::Unit(UnitAction::On(NamedUnit { name: name.into(), verb }));
    let playbook = playbook(vec![action], "20s".parse().unwrap(), Vec::new());
    wait(async {
        let plan = plan(&playbook, 0, &context(Target::Host)).await.unwrap();
        Runner::new(state.path()).execute(fresh_attempt(), Arc::new(plan)).await
    })
}

fn write_unit(name: &str, exec: &str) -> Result<(), Failed> {
    fs::write(format!("/run/systemd/system/{name}"), format!("[Service]\nExecStart={exec}\n"))?;
    assert!(Command::new("systemctl").arg("daemon-reload").status()?.success());
    Ok(())
}

fn main_pid(name: &str) -> Result<String, Failed> {
    let shown = Command::new("systemctl").args(["show", "-P", "MainPID", name]).output()?;
    Ok(String::from_utf8_lossy(&shown.stdout).trim().to_owned())
}

fn unit_restart() -> Result<(), Failed> {
    const NAME: &str = "salve-test-sleep.service";
    write_unit(NAME, "/bin/sleep 1000")?;
    let report = unit(NAME, UnitVerb::Start);
    let done = StepResult::Done(format!("job done; {NAME} is active (running)").into());
    assert_eq!(report.steps[0].result, done, "{report:?}");
    assert_eq!((report.scope, report.scope_empty), (ScopeLevel::None, true));
    let first = main_pid(NAME)?;
    assert_eq!(unit(NAME, UnitVerb::Restart).steps[0].result, done);
    let second = main_pid(NAME)?;
    assert!(first != second && second != "0");
    assert!(matches!(unit(NAME, UnitVerb::Stop).steps[0].result, StepResult::Done(_)));
    Ok(())
}

fn unit_failure() -> Result<(), Failed> {
    const NAME: &str = "salve-test-broken.service";
    fs::write(format!("/run/systemd/system/{NAME}"), "[Service]\nType=oneshot\nExecStart=/bin/false\n")?;
    assert!(Command::new("systemctl").arg("daemon-reload").status()?.success());
    let report = unit(NAME, UnitVerb::Start);
    let failed = StepResult::Failed(format!("job failed; {NAME} is failed (failed, exit-code)").into());
    assert_eq!(report.steps[0].result, failed);
    let report = unit(NAME, UnitVerb::ResetFailed);
    assert!(matches!(report.steps[0].result, StepResult::Done(_)), "{report:?}");
    let report = unit("salve-test-none.service", UnitVerb::Start);
    assert!(matches!(report.steps[0].result, StepResult::Failed(_)), "{report:?}");
    Ok(())
}
