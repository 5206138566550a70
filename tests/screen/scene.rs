//! The program under test: this one again, with a fixture for an engine.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use salve::console;
use salve::console::options::{Ended, EngineAt, Options, Writing};
use salve::core::{Config, Recorded};
use salve::engine::history::{self, HistoryClient, HistoryContext};
use salve::engine::{Handle, Snapshot};
use salve::host::clock::{ClockMark, boottime_ms};
use salve::journal::Journal;
use tokio::sync::{mpsc, watch};

use super::fixture;
use super::pty::Pty;

/// Which scene the child plays; none means that this is the test.
pub const SCENE: &str = "SALVE_TEST_SCENE";
/// A file for the generation that a fast engine has reached.
pub const PROGRESS: &str = "SALVE_TEST_PROGRESS";

/// Plays a scene.
pub fn play(scene: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let snapshot = match scene {
        "hostile" => fixture::hostile(),
        "paused" => fixture::paused(),
        "medium" | "plain medium" => fixture::with_risk(salve::playbook::Risk::Medium),
        "quiet" => fixture::first(),
        "calm" | "plain calm" | "asks later" => fixture::calm(),
        "fast" => many(),
        _ => fixture::trouble(),
    };
    let handle = engine(&runtime, snapshot, scene);
    let handle = match std::env::var_os("SALVE_TEST_FOLDER").map(PathBuf::from) {
        Some(folder) => {
            std::env::set_current_dir(&folder).unwrap();
            let _inside = runtime.enter();
            handle.with_past(past_of(folder))
        }
        None => handle,
    };
    let config = std::env::var_os("SALVE_TEST_CONFIG").map_or_else(|| "/nonexistent".into(), PathBuf::from);
    let options = Options {
        read_only: false,
        ascii: (scene != "by locale").then_some(scene == "ascii"),
        theme: std::env::var("SALVE_TEST_THEME").ok(),
        writing: Writing::Here,
        drafts: config.join("drafts"),
        config,
        engine: if scene == "embedded" || scene.starts_with("plain") { EngineAt::Embedded } else { EngineAt::Daemon },
        bell: true,
        stage: None,
    };
    let ended = if scene.starts_with("plain") {
        console::plain::run(handle, &options, runtime.handle())
    } else {
        console::run(handle, options, runtime.handle())
    };
    runtime.shutdown_background();
    match ended {
        Ok(Ended::Quit) => ExitCode::from(10),
        Ok(Ended::TerminalLost) => ExitCode::from(11),
        Ok(Ended::Signalled) => ExitCode::from(12),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(13)
        }
    }
}

/// An engine that knows one snapshot and answers every command with the command itself.
fn engine(runtime: &tokio::runtime::Runtime, snapshot: Snapshot, scene: &str) -> Handle {
    let beat = Arc::new(AtomicU64::new(boottime_ms()));
    let (publish, snapshots) = watch::channel(Arc::new(snapshot));
    let (asks, mut asked) = mpsc::channel(8);
    let beats = Arc::clone(&beat);
    let scene = scene.to_owned();
    runtime.spawn(async move {
        loop {
            tokio::select! {
                Some(salve::engine::handle::CommandRequest { command, answer, .. }) = asked.recv() => {
                    let _ = answer.send(Ok(format!("{command:?}").into()));
                }
                () = tokio::time::sleep(Duration::from_millis(if scene == "fast" { 10 } else { 200 })) => {
                    beats.store(boottime_ms(), Ordering::Relaxed);
                    if scene == "busy" {
                        // published again and again, and the same each time
                        publish.send_modify(|snapshot| Arc::make_mut(snapshot).generation += 1);
                    }
                    if scene == "fast" {
                        publish.send_modify(|snapshot| changed(Arc::make_mut(snapshot)));
                        note(publish.borrow().generation);
                    }
                    if scene == "plain calm" && publish.borrow().pauses.is_empty() {
                        publish.send_replace(Arc::new(fixture::paused()));
                    }
                    if scene == "asks later" {
                        publish.send_modify(|snapshot| *snapshot = Arc::new(fixture::trouble()));
                    }
                    if scene == "panics elsewhere" {
                        thread::spawn(|| panic!("a thread that does not draw"));
                    }
                }
            }
        }
    });
    Handle::new(snapshots, asks, beat)
}

/// The past of a host whose journal tells the fixture's incidents.
fn past_of(folder: PathBuf) -> HistoryClient {
    let mut events: Vec<_> = fixture::trouble().incidents.iter().flat_map(|view| view.story.clone()).collect();
    events.sort_by_key(|recorded| recorded.mono);
    let numbered = |(index, recorded): (usize, Arc<Recorded>)| {
        Arc::new(Recorded { seq: index as u64 + 1, ..Recorded::clone(&recorded) })
    };
    let events: Vec<_> = events.into_iter().enumerate().map(numbered).collect();
    let mono = events.last().unwrap().mono;
    let journal = Journal::open(&folder).unwrap().journal;
    let mark = ClockMark { boot_id: "b00t".into(), boottime: mono.0, mono };
    journal.commit(events, mark).blocking_recv().unwrap().unwrap();
    journal.close();
    let today =
        HistoryContext { bindings: Vec::new(), found: Vec::new(), host: "web-03".into(), operator: fixture::alice() };
    history::start(folder, Config::default(), watch::channel(Arc::new(today)).1)
}

/// So many rows that a few drawings fill a terminal's buffer.
fn many() -> Snapshot {
    let mut snapshot = fixture::calm();
    let row = snapshot.detectors[0].clone();
    snapshot.detectors.extend((0..60).map(|number| {
        let mut row = row.clone();
        row.target = format!("unit number-{number}.service").into();
        row
    }));
    snapshot
}

/// Another figure in every row.
fn changed(snapshot: &mut Snapshot) {
    snapshot.generation += 1;
    let generation = snapshot.generation;
    for (row, detector) in (0..).zip(&mut snapshot.detectors) {
        detector.seen = Some(format!("figure {}", generation * 100 + row).into());
    }
}

/// Where the engine is, for a test that wants to know whether it was held up.
fn note(generation: u64) {
    if let Some(file) = std::env::var_os(PROGRESS) {
        let _ = std::fs::write(file, generation.to_string());
    }
}

/// This program again, playing a scene in a terminal.
pub fn scene(name: &str, size: (u16, u16), environment: &[(&str, &str)]) -> Pty {
    let mut program = Command::new("setsid");
    program.arg("--ctty").arg(std::env::current_exe().unwrap()).env_clear();
    program.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent").env("LANG", "C.UTF-8");
    program.env("TERM", "xterm-256color").env("TZ", "UTC").env(SCENE, name);
    program.envs(environment.iter().copied());
    Pty::start(&mut program, size.1, size.0)
}

/// A host in trouble.
pub fn trouble() -> Pty {
    let pty = scene("trouble", (80, 24), &[]);
    pty.wait_for("NEED ACTION");
    pty
}

/// Is the terminal as a shell wants it?
pub fn given_back(pty: &Pty) {
    pty.wait_until("terminal given back", |pty| {
        let left =
            |screen: &vt100::Screen| !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste();
        pty.is_cooked() && pty.look(left)
    });
}
