//! `salve`: the console, with the embedded loop.

use std::process::ExitCode;

use super::args::{Common, Screen};
use super::exit::Failure;
use super::{logs, runtime};
use crate::console::{self, Ended};
use crate::engine;

pub fn run(common: &Common, screen: &Screen) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let runtime = runtime::build()?;
    let _logs = logs::into(&options.paths.state);
    let (config, drafts) = (options.paths.config.clone(), options.paths.state.join("drafts"));
    let running = {
        let _inside = runtime.enter();
        engine::start(options)?
    };
    let plain = screen.plain;
    let screen = console::Options {
        read_only: screen.read_only,
        ascii: screen.ascii.then_some(true),
        theme: screen.theme.clone(),
        config,
        drafts,
        embedded: true,
        bell: true,
    };
    let handle = running.handle.clone();
    let ended = if plain {
        console::plain::run(handle, &screen, runtime.handle())
    } else {
        console::run(handle, screen, runtime.handle())
    };
    // whatever became of the screen, a running attempt ends and is recorded
    runtime.block_on(running.stop());
    match ended? {
        Ended::Quit => Ok(ExitCode::SUCCESS),
        Ended::TerminalLost | Ended::Signalled => Ok(ExitCode::from(129)),
    }
}
