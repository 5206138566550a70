//! `salve daemon`: the loop with no screen, until SIGTERM or SIGINT. SIGHUP reloads settings and playbooks.

pub(super) mod journal;
pub(super) mod service;
pub(super) mod service_notifier;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::args::Common;
use super::exit::Failure;
use super::output::logs;
use super::{connect, runtime};
use crate::engine::metrics::{self, Vitals};
use crate::engine::run::alarm::{self, Alarm, Trouble};
use crate::engine::settings::Metrics;
use crate::engine::{self, Handle, Options, Running};
use crate::foreign::{self, MayHang};
use service_notifier::ServiceNotifier;

/// A start that failed for a reason that may pass is tried again so often.
const AGAIN: Duration = Duration::from_secs(5);

pub fn run(common: &Common) -> Result<ExitCode, Failure> {
    let mut options = common.options()?;
    let runtime = runtime::build()?;
    let _logs = logs::into(&options.paths.state);
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let mut begun = false;
        loop {
            let Some((running, started)) = start(common, options, &mut signals).await? else {
                return Ok(ExitCode::SUCCESS);
            };
            options = started;
            if !std::mem::replace(&mut begun, true) {
                eprintln!("salve: running; TERM or Ctrl-C stops it, HUP reloads the settings");
            }
            let (paths, roles) = (options.paths.clone(), connect::roles(&options.settings.roles));
            let metrics = options.settings.metrics.clone();
            let listening = connect::listen(&paths, &running.handle, roles);
            let manager = ServiceNotifier::follow(running.handle.clone());
            let mut recording = JoinSet::new();
            recording.spawn(alarm::watch_recording(running.handle.clone(), options.clone()));
            let figures = metrics.map(|settings| figures(running.handle.clone(), settings, paths.state.clone()));
            let next = loop {
                match signals.next().await {
                    DaemonSignal::End => break None,
                    DaemonSignal::Reload => {
                        service_notifier::reloading();
                        match common.options() {
                            Ok(options) => break Some(options),
                            Err(failure) => {
                                let why = failure.to_string();
                                tracing::error!(%why, "the settings stay unchanged");
                                let first = why.lines().next().unwrap_or_default();
                                running.note(
                                    "settings",
                                    &format!("not reloaded, the previous settings stay in force: {first}"),
                                );
                                service_notifier::not_reloaded();
                            }
                        }
                    }
                }
            };
            if next.is_none() {
                service_notifier::stopping();
            }
            drop(listening);
            drop(figures);
            drop(recording);
            // a running attempt ends and is recorded; consoles come back by themselves
            running.stop().await;
            drop(manager);
            match next {
                Some(next) => options = next,
                None => return Ok(ExitCode::SUCCESS),
            }
        }
    })
}

/// Starts the engine, with the options that it started with. Where that fails for a reason that may pass, as a full disk
/// does, a human is called from memory, and it is tried again; none where it was told to end meanwhile.
async fn start(
    common: &Common,
    mut options: Options,
    signals: &mut Signals,
) -> Result<Option<(Running, Options)>, Failure> {
    let mut alarm: Option<Alarm> = None;
    loop {
        let error = match engine::start(options.clone()) {
            Ok(running) => {
                if let Some(alarm) = alarm {
                    tokio::spawn(alarm.resolve());
                }
                return Ok(Some((running, options)));
            }
            Err(error) if error.may_pass() => error,
            Err(error) => return Err(error.into()),
        };
        service_notifier::not_started(&error.to_string());
        if alarm.is_none() {
            eprintln!("salve: {error}: this host is not watched; retrying every {} s", AGAIN.as_secs());
            alarm = Some(Alarm::raise(&options, &Trouble::NotStarted(error.to_string().into())));
        }
        tokio::select! {
            () = sleep(AGAIN) => {}
            wish = signals.next() => match wish {
                DaemonSignal::End => return Ok(None),
                // settings that are wrong now are no reason to give up
                DaemonSignal::Reload => options = common.options().unwrap_or(options),
            },
        }
    }
}

/// How long the folder of the figures may take to answer.
const FIGURES: Duration = Duration::from_secs(10);

/// Writes the figures for a collector, again and again, until this is dropped.
fn figures(handle: Handle, settings: Metrics, state: PathBuf) -> JoinSet<()> {
    let mut writes = JoinSet::new();
    writes.spawn(async move {
        let mut failing = false;
        loop {
            let snapshot = service_notifier::looked(&handle).await;
            let (vitals, file) = (Vitals::of(&handle, Some(&state)), settings.file.clone());
            let place = file.clone();
            let write = move |may_hang: &MayHang| metrics::write_textfile(&file, &snapshot, vitals, may_hang);
            let written = foreign::task("the metrics file", &place, FIGURES, write).await;
            let failed = !matches!(written, Ok(Ok(())));
            if let (Ok(Err(error)), false) = (&written, failing) {
                tracing::error!(file = %settings.file.display(), %error, "the metrics file cannot be written");
            }
            failing = failed;
            sleep(settings.every.0).await;
        }
    });
    writes
}

/// What a signal asks for.
enum DaemonSignal {
    End,
    Reload,
}

struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::Io("cannot listen for signals".into(), error));
        Ok(Self {
            term: listen(SignalKind::terminate())?,
            int: listen(SignalKind::interrupt())?,
            hup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> DaemonSignal {
        tokio::select! {
            _ = self.term.recv() => DaemonSignal::End,
            _ = self.int.recv() => DaemonSignal::End,
            _ = self.hup.recv() => DaemonSignal::Reload,
        }
    }
}
