//! `salve daemon`: the loop with no screen, until TERM or INT. HUP reads settings and playbooks anew.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::Common;
use super::exit::Failure;
use super::manager::{self, Manager};
use super::{logs, reach, runtime};
use crate::engine;

pub fn run(common: &Common) -> Result<ExitCode, Failure> {
    let mut options = common.options()?;
    let runtime = runtime::build()?;
    let _logs = logs::into(&options.paths.state);
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        eprintln!("salve: the loop runs; end it with TERM or Ctrl-C, HUP reads the settings anew");
        loop {
            let (paths, roles) = (options.paths.clone(), reach::roles(&options.settings.roles));
            let running = engine::start(options)?;
            let listening = reach::listen(&paths, &running.handle, roles);
            let manager = Manager::follow(running.handle.clone());
            let next = loop {
                match signals.next().await {
                    Wish::End => break None,
                    Wish::Reload => {
                        manager::reloading();
                        match common.options() {
                            Ok(options) => break Some(options),
                            Err(failure) => {
                                let why = failure.to_string();
                                tracing::error!(%why, "the settings stay as they were");
                                let first = why.lines().next().unwrap_or_default();
                                running.note(
                                    "settings",
                                    &format!("not read anew, the former ones stay in force: {first}"),
                                );
                                manager::ready();
                            }
                        }
                    }
                }
            };
            if next.is_none() {
                manager::stopping();
            }
            drop(listening);
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

/// What a signal asks for.
enum Wish {
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

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.term.recv() => Wish::End,
            _ = self.int.recv() => Wish::End,
            _ = self.hup.recv() => Wish::Reload,
        }
    }
}
