//! `salve`: the console. On the engine that serves this host where there is one, else with a loop of its own.

use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::args::{Common, Screen};
use super::exit::Failure;
use super::{logs, reach, runtime};
use crate::console::{self, Ended, EngineAt, Options};
use crate::control::client::Attached;
use crate::engine::{self, Handle};

pub fn run(common: &Common, screen: &Screen) -> Result<ExitCode, Failure> {
    let runtime = runtime::build()?;
    if let Some(connection) = runtime.block_on(reach::engine_to_see(common))? {
        let attached = runtime.block_on(connection.attach())?;
        return self::attached(common, screen, attached, EngineAt::Daemon, &runtime);
    }
    match embedded(common, screen, &runtime) {
        Err(held) if held.is_held() => {
            let attached =
                runtime.block_on(async { Ok::<_, Failure>(reach::beginning(common, held).await?.attach().await?) })?;
            self::attached(common, screen, attached, EngineAt::Daemon, &runtime)
        }
        ended => ended,
    }
}

/// The console with a loop of its own.
fn embedded(common: &Common, screen: &Screen, runtime: &Runtime) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let _logs = logs::into(&options.paths.state);
    let (paths, roles) = (options.paths.clone(), reach::roles(&options.settings.roles));
    let (running, listening) = {
        let _inside = runtime.enter();
        let running = engine::start(options)?;
        let listening = reach::listen(&paths, &running.handle, roles);
        (running, listening)
    };
    let ended = show(common, screen, running.handle.clone(), EngineAt::Embedded, false, runtime);
    drop(listening);
    // whatever became of the screen, a running attempt ends and is recorded
    runtime.block_on(running.stop());
    ended
}

/// The console on an engine elsewhere.
pub fn attached(
    common: &Common,
    screen: &Screen,
    attached: Attached,
    at: EngineAt,
    runtime: &Runtime,
) -> Result<ExitCode, Failure> {
    let only_looks = !attached.welcome.rights.can_act();
    show(common, screen, attached.handle, at, only_looks, runtime)
}

fn show(
    common: &Common,
    screen: &Screen,
    handle: Handle,
    engine: EngineAt,
    only_looks: bool,
    runtime: &Runtime,
) -> Result<ExitCode, Failure> {
    let options = Options { engine, bell: true, ..options(common, screen, only_looks) };
    let ended = if screen.plain {
        console::plain::run(handle, &options, runtime.handle())
    } else {
        console::run(handle, options, runtime.handle())
    };
    match ended? {
        Ended::Quit => Ok(ExitCode::SUCCESS),
        Ended::TerminalLost | Ended::Signalled => Ok(ExitCode::from(129)),
    }
}

/// As the command line says.
pub fn options(common: &Common, screen: &Screen, only_looks: bool) -> Options {
    let paths = common.paths();
    Options {
        read_only: screen.read_only || only_looks,
        ascii: screen.ascii.then_some(true),
        theme: screen.theme.clone(),
        drafts: paths.state.join("drafts"),
        config: paths.config,
        engine: EngineAt::Daemon,
        bell: false,
    }
}
