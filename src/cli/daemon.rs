//! `salve daemon`: the loop with no screen, until TERM, INT or HUP.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::args::Common;
use super::exit::Failure;
use super::{logs, reach, runtime};
use crate::engine;

pub fn run(common: &Common) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let runtime = runtime::build()?;
    let _logs = logs::into(&options.paths.state);
    runtime.block_on(async {
        let (paths, roles) = (options.paths.clone(), reach::roles(&options.settings.roles));
        let running = engine::start(options)?;
        let listening = reach::listen(&paths, &running.handle, roles);
        eprintln!("salve: the loop runs; end it with TERM or Ctrl-C");
        let listen = |kind| signal(kind).map_err(|error| Failure::Io("cannot listen for signals".into(), error));
        let (mut term, mut int, mut hup) =
            (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?, listen(SignalKind::hangup())?);
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            _ = hup.recv() => {}
        }
        drop(listening);
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}
