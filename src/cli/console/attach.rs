//! `salve attach`: the console on another host's engine; and `salve bridge`, its far side.

use std::process::ExitCode;

use crate::cli::args::{Common, Screen};
use crate::cli::exit::Failure;
use crate::cli::output::logs;
use crate::cli::{console, runtime};
use crate::console::options::EngineAt;
use crate::control::bridge as carry;
use crate::control::client::{ClientError, Connection, EngineLookup, Stay, find};
use crate::control::socket::NAME;
use crate::control::transport::{Asking, Destination, Transport};

pub fn attach(common: &Common, screen: &Screen, to: Destination, program: String) -> Result<ExitCode, Failure> {
    let runtime = runtime::build()?;
    let _logs = logs::into(&common.paths().state);
    let far = EngineAt::Far(to.to_string().into());
    let way = Transport::Ssh { to, program };
    let attached =
        runtime.block_on(async { Connection::open(&way, Asking::Allowed, Stay::Long).await?.attach().await })?;
    let ended = console::attached(common, screen, attached, far, &runtime);
    // ssh may sit in a question that nobody answers
    runtime.shutdown_background();
    ended
}

pub fn bridge(common: &Common) -> Result<ExitCode, Failure> {
    let runtime = runtime::build()?;
    let folders = common.paths().sockets();
    let carried = runtime.block_on(async {
        let socket = match find(&folders).await {
            EngineLookup::Engine(socket) => socket,
            EngineLookup::Forbidden(path) => return Err(Failure::Forbidden(path)),
            EngineLookup::Stranger(stranger) => return Err(ClientError::Stranger(stranger).into()),
            EngineLookup::Nobody => {
                let wanted: Vec<String> = folders.iter().map(|one| one.join(NAME).display().to_string()).collect();
                return Err(Failure::Nobody(format!(
                    "no engine is running on this host ({}): run `salve service install` as root, or open `salve` there",
                    wanted.join(", ")
                )));
            }
        };
        #[allow(clippy::disallowed_methods, reason = "a bridge carries the protocol as it is")]
        let out = tokio::io::stdout();
        carry::run(tokio::io::stdin(), out, &socket).await.map_err(|error| Failure::Said(error.to_string()))
    });
    // standard input may be read for ever
    runtime.shutdown_background();
    carried.map(|()| ExitCode::SUCCESS)
}
