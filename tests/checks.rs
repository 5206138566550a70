//! The checks as the engine uses them: real processes, real listeners, one hub.

#![allow(clippy::unwrap_used, reason = "a host that cannot be looked at is a failed test")]

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use salve::check::{Monitor, ObservationChange};
use salve::core::machine::effect::Cadence;
use salve::core::{CheckRole, Key, Reading, Verdict, WatchId};
use salve::host::Clock;
use salve::playbook::check::{CommandCheck, HttpCheck, LoadCheck, PathCheck, ProcessCheck, TcpCheck};
use salve::playbook::value::{Period, Template};
use salve::playbook::{Check, ContentKey, Target};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Far longer than anything here takes: only a defect waits for it.
const FOREVER: Duration = Duration::from_mins(1);

/// No poll comes to the help of an event within a test.
const NEVER: Period = Period::from_secs(24 * 3600);

struct Host {
    hub: Monitor,
    clock: Clock,
    readings: UnboundedReceiver<(WatchId, Reading)>,
    /// Told while another watch was waited for.
    aside: Vec<(WatchId, Reading)>,
    kept: UnboundedReceiver<ObservationChange>,
    _notes: UnboundedReceiver<(Arc<str>, Arc<str>)>,
}

impl Host {
    fn start() -> Self {
        let clock = Clock::starting();
        let (to_readings, readings) = unbounded_channel();
        let (to_kept, kept) = unbounded_channel();
        let (to_notes, notes) = unbounded_channel();
        Self {
            hub: Monitor::new(clock, to_readings, to_kept, to_notes),
            clock,
            readings,
            aside: Vec::new(),
            kept,
            _notes: notes,
        }
    }

    fn watch(&self, name: &str, role: CheckRole, check: Check) -> WatchId {
        let key = Key { content: ContentKey(name.into()), target: Target::Host };
        let watch = WatchId { key, role, index: 0 };
        let cadence = match role {
            CheckRole::Detector => Cadence::Steady,
            CheckRole::Verifier => Cadence::Fast,
        };
        self.hub.watch(watch.clone(), Arc::new(check), cadence);
        watch
    }

    async fn next(&mut self, watch: &WatchId) -> Reading {
        if let Some(at) = self.aside.iter().position(|(whose, _)| whose == watch) {
            return self.aside.remove(at).1;
        }
        loop {
            let told = timeout(FOREVER, self.readings.recv()).await.expect("no reading came").expect("the hub ended");
            if told.0 == *watch {
                return told.1;
            }
            self.aside.push(told);
        }
    }

    async fn until(&mut self, watch: &WatchId, wanted: impl Fn(&Reading) -> bool) -> Reading {
        loop {
            let reading = self.next(watch).await;
            if wanted(&reading) {
                return reading;
            }
        }
    }
}

struct Sleeper(Child);

impl Sleeper {
    fn named(name: &str) -> Self {
        Self(Command::new("/bin/sleep").arg0(name).arg("600").spawn().unwrap())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn process(name: &str, exists: bool) -> Check {
    let exists = Some(exists);
    Check::Process(ProcessCheck { name: Some(name.into()), exists, every: Some(NEVER), ..ProcessCheck::default() })
}

fn tcp(address: &str) -> Check {
    Check::Tcp(TcpCheck { address: Some(address.into()), every: Some(NEVER), ..TcpCheck::default() })
}

#[tokio::test]
async fn death_is_told_by_its_event_and_not_by_a_poll() {
    let name = format!("salve-death-{}", std::process::id());
    let mut sleeper = Sleeper::named(&name);
    let mut host = Host::start();
    let dead = host.watch("a", CheckRole::Detector, process(&name, false));
    let alive = host.until(&dead, |reading| reading.verdict == Verdict::DoesNotHold).await;
    assert_eq!(&*alive.seen, "running");
    let before = host.clock.mono();
    sleeper.0.kill().unwrap();
    let reading = host.until(&dead, |reading| reading.verdict == Verdict::Holds).await;
    assert_eq!(&*reading.seen, "not running");
    // Not reaped yet: a zombie is dead.
    assert!(reading.since >= before && sleeper.0.try_wait().is_ok());
    // What takes its place soon is found without waiting for the next period.
    let _replacement = Sleeper::named(&name);
    host.until(&dead, |reading| reading.verdict == Verdict::DoesNotHold).await;
}

#[tokio::test]
async fn a_probe_that_hangs_becomes_unknown_and_holds_up_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Some(format!("http://{}/", silent.local_addr().unwrap()));
    let mut host = Host::start();
    let hangs = Some(Period::from_secs(600));
    let http = HttpCheck { url, timeout: hangs, every: Some(NEVER), ..HttpCheck::default() };
    let _http = host.watch("a", CheckRole::Detector, Check::Http(http));
    let run = |seconds: &str| vec![Template("sleep".into()), Template(seconds.into())];
    let late = Some(Period(Duration::from_millis(100)));
    let command = CommandCheck { run: run("600"), timeout: late, every: Some(NEVER), ..CommandCheck::default() };
    let command = host.watch("b", CheckRole::Detector, Check::Command(command));
    let open = host.watch("c", CheckRole::Detector, tcp(&silent.local_addr().unwrap().to_string()));
    assert_eq!(host.next(&open).await.verdict, Verdict::Holds);
    assert_eq!(host.next(&command).await.verdict, Verdict::Unknown("sleep did not end within 0.1 s".into()));
    assert!(host.aside.is_empty(), "the silent server answered");
}

#[tokio::test]
async fn every_look_of_a_verifier_is_told_and_none_of_a_detector_that_says_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let check = || {
        let address = Some(listener.local_addr().unwrap().to_string());
        Check::Tcp(TcpCheck { address, every: Some(Period(Duration::from_millis(100))), ..TcpCheck::default() })
    };
    let mut host = Host::start();
    let detector = host.watch("a", CheckRole::Detector, check());
    let verifier = host.watch("a", CheckRole::Verifier, check());
    let (mut seen, mut detected, mut last) = (0, 0, None);
    while seen < 5 {
        let (watch, reading) = timeout(FOREVER, host.readings.recv()).await.unwrap().unwrap();
        assert_eq!(reading.verdict, Verdict::Holds);
        if watch == verifier {
            seen += 1;
            assert!(last <= Some(reading.began));
            last = Some(reading.began);
        } else {
            detected += 1;
        }
    }
    assert_eq!(detected, 1);
    // Equal subjects are one: what was seen is kept once.
    let kept = host.kept.try_recv().unwrap();
    assert!(kept.subject.contains("tcp") && host.kept.try_recv().is_err());
    host.hub.unwatch(&detector);
}

#[tokio::test]
async fn a_watch_at_another_pace_goes_on_with_what_was_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, "begun").unwrap();
    let written = serde_json::json!({ "path": path, "growth": "< 1MiB", "window": "1s", "every": "100ms" });
    let check = || Check::Path(serde_json::from_value(written.clone()).unwrap());
    let mut host = Host::start();
    let watch = host.watch("a", CheckRole::Verifier, check());
    let known = host.until(&watch, |reading| reading.verdict == Verdict::Holds).await;
    assert!(known.figure.is_some(), "{known:?}");
    // the same watch again: growth over the window is known still
    host.watch("a", CheckRole::Verifier, check());
    let asked = host.clock.mono();
    let next = host.until(&watch, |reading| reading.began >= asked).await;
    assert_eq!(next.verdict, Verdict::Holds, "{next:?}");
    assert!(next.figure.is_some(), "{next:?}");
}

#[tokio::test]
async fn a_reading_begins_after_it_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut host = Host::start();
    let first = host.watch("a", CheckRole::Detector, tcp(&address));
    host.next(&first).await;
    drop(listener);
    let before = host.clock.mono();
    let second = host.watch("b", CheckRole::Detector, tcp(&address));
    let reading = host.next(&second).await;
    assert!(reading.began >= before && reading.verdict == Verdict::DoesNotHold);
    // The first watch learns it from the same look.
    assert_eq!(host.until(&first, |reading| reading.began >= before).await.verdict, Verdict::DoesNotHold);
    let read = host.hub.read(Arc::new(tcp(&address)), Target::Host).await;
    assert!(read.began >= reading.began && read.verdict == Verdict::DoesNotHold);
}

#[tokio::test]
async fn what_a_check_does_not_say_is_unknown_with_the_reason() {
    let mut host = Host::start();
    let nothing = host.watch("a", CheckRole::Detector, Check::Http(HttpCheck::default()));
    let reading = host.next(&nothing).await;
    assert!(matches!(reading.verdict, Verdict::Unknown(why) if why.contains("names no address")));
    let empty = host.watch("b", CheckRole::Detector, Check::Load(LoadCheck::default()));
    let reading = host.next(&empty).await;
    assert!(matches!(reading.verdict, Verdict::Unknown(why) if why.contains("compares nothing")));
    assert!(salve::check::host_usage().is_some_and(|strip| strip.memory > 0.0 && strip.cores > 0));
}

#[tokio::test]
async fn a_file_is_told_of_when_it_comes_and_goes_however_often() {
    let mut host = Host::start();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("flag");
    let (path, exists) = (Some(file.to_str().unwrap().into()), Some(true));
    let watch = host.watch(
        "a",
        CheckRole::Detector,
        Check::Path(PathCheck { path, exists, every: Some(NEVER), ..PathCheck::default() }),
    );
    assert_eq!(host.next(&watch).await.verdict, Verdict::DoesNotHold);
    std::fs::write(&file, "").unwrap();
    assert_eq!(host.next(&watch).await.verdict, Verdict::Holds);
    std::fs::rename(&file, folder.join("other")).unwrap();
    assert_eq!(host.next(&watch).await.verdict, Verdict::DoesNotHold);
    std::fs::rename(folder.join("other"), &file).unwrap();
    assert_eq!(host.next(&watch).await.verdict, Verdict::Holds);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(host.next(&watch).await.verdict, Verdict::DoesNotHold);
}
