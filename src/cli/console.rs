//! `salve`: the console. On the engine that serves this host where there is one, else with a loop of its own.

pub(super) mod attach;
pub(super) mod demo;

use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::args::{Common, Screen};
use super::exit::Failure;
use super::output::logs;
use super::{connect, runtime};
use crate::console;
use crate::console::options::{Ended, EngineAt, Options, Writing};
use crate::control::client::{Attached, Stay};
use crate::control::protocol::rights::Right;
use crate::engine::{self, Handle};

pub fn run(common: &Common, screen: &Screen) -> Result<ExitCode, Failure> {
    let runtime = runtime::build()?;
    if let Some(connection) = runtime.block_on(connect::engine_to_see(common, Stay::Long))? {
        let attached = runtime.block_on(connection.attach())?;
        return self::attached(common, screen, attached, EngineAt::Daemon, &runtime);
    }
    match embedded(common, screen, &runtime) {
        Err(held) if held.is_held() => {
            let attached = runtime.block_on(async {
                Ok::<_, Failure>(connect::beginning(common, Stay::Long, held).await?.attach().await?)
            })?;
            self::attached(common, screen, attached, EngineAt::Daemon, &runtime)
        }
        ended => ended,
    }
}

/// The console with a loop of its own.
fn embedded(common: &Common, screen: &Screen, runtime: &Runtime) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let _logs = logs::into(&options.paths.state);
    let (paths, roles) = (options.paths.clone(), connect::roles(&options.settings.roles));
    let (running, listening) = {
        let _inside = runtime.enter();
        let running = engine::start(options)?;
        let listening = connect::listen(&paths, &running.handle, roles);
        (running, listening)
    };
    let options =
        Options { engine: EngineAt::Embedded, writing: Writing::Here, ..self::options(common, screen, false) };
    let ended = show(running.handle.clone(), screen, options, runtime);
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
    let rights = &attached.welcome.rights;
    let writing = match &at {
        EngineAt::Far(_) => {
            Writing::Elsewhere("playbooks can only be edited on their own host: log in there and open salve")
        }
        _ if rights.has(Right::Admin) => Writing::Here,
        _ => Writing::Elsewhere("permission denied: editing playbooks needs the right to admin; ask root"),
    };
    let options = Options { engine: at, writing, ..options(common, screen, !rights.can_act()) };
    show(attached.handle, screen, options, runtime)
}

fn show(handle: Handle, screen: &Screen, options: Options, runtime: &Runtime) -> Result<ExitCode, Failure> {
    let options = Options { bell: true, ..options };
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
        writing: Writing::Elsewhere("read-only console"),
        bell: false,
        stage: None,
    }
}
