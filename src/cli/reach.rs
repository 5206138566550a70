//! Which engine a verb speaks to: the one that listens for this host, else none.

use std::process::ExitCode;

use super::args::Common;
use super::exit::Failure;
use super::runtime;
use crate::control::client::{Connection, find};
use crate::control::protocol::{Answer, Request};
use crate::control::rights::Roles;
use crate::control::server::Listening;
use crate::control::socket::Socket;
use crate::control::way::{Asking, Way};
use crate::core::{Command, Refusal};
use crate::engine::{Handle, offline};
use crate::host::paths::Paths;

/// A connection to the engine that serves this host; none where nobody listens.
pub async fn engine(common: &Common) -> Result<Option<Connection>, Failure> {
    let Some(path) = find(&common.paths().sockets()).await else { return Ok(None) };
    Ok(Some(Connection::open(&Way::Socket(path), Asking::Not).await?))
}

/// Lets other consoles and verbs reach this engine. Where that cannot be, the engine goes on alone and says so.
pub fn listen(paths: &Paths, handle: &Handle, roles: Roles) -> Option<Listening> {
    let socket = Socket::listen(&paths.runtime);
    let listening = socket
        .map_err(|error| error.to_string())
        .and_then(|socket| Listening::start(socket, handle.clone(), roles).map_err(|error| error.to_string()));
    listening.inspect_err(|error| tracing::warn!(%error, "no other console can reach this engine")).ok()
}

/// The same for a verb that has no runtime yet.
pub fn engine_now(common: &Common) -> Result<Option<Connection>, Failure> {
    runtime::build()?.block_on(engine(common))
}

/// Who may do what at an engine of this process.
pub fn roles() -> Roles {
    Roles::usual()
}

/// Carries a command out, through the engine that listens or on the journal, and says the answer.
pub fn command(common: &Common, command: Command) -> Result<ExitCode, Failure> {
    let answer = runtime::build()?.block_on(async {
        match engine(common).await? {
            Some(mut connection) => match connection.ask(Request::Command(command)).await? {
                Answer::Command(answer) => Ok(answer?),
                _ => Err(Failure::Refused(Refusal::Lost)),
            },
            None => Ok::<_, Failure>(offline::command(&common.options()?, command).await?),
        }
    })?;
    println!("{answer}");
    Ok(ExitCode::SUCCESS)
}
