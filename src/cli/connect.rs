//! Which engine a verb speaks to: the one that listens for this host, else none.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::args::Common;
use super::exit::Failure;
use super::runtime;
use crate::control::client::{ClientError, Connection, EngineLookup, Stay, find};
use crate::control::protocol::rights::{Right, Roles};
use crate::control::protocol::{Request, Response};
use crate::control::server::Listener;
use crate::control::socket::Socket;
use crate::control::transport::{Asking, Transport};
use crate::core::{Command, Refusal};
use crate::engine::standalone::offline;
use crate::engine::{Handle, settings};
use crate::host::paths::Paths;

/// An engine that holds the journal listens within so long.
const BEGINNING: Duration = Duration::from_secs(3);

/// A connection to the engine that serves this host; none where nobody listens.
///
/// # Errors
/// Where one may listen and we may not come near: what such a user asks for is meant for that one. And where somebody
/// else listens in its place.
pub async fn engine(common: &Common, stay: Stay) -> Result<Option<Connection>, Failure> {
    match find(&common.paths().sockets()).await {
        EngineLookup::Engine(path) => Ok(Some(Connection::open(&Transport::Socket(path), Asking::Not, stay).await?)),
        EngineLookup::Forbidden(path) => Err(Failure::Forbidden(path)),
        EngineLookup::Stranger(stranger) => Err(ClientError::Stranger(stranger).into()),
        EngineLookup::Nobody => Ok(None),
    }
}

/// Lets other consoles and verbs reach this engine. Where that cannot be, the engine goes on alone and says so.
pub fn listen(paths: &Paths, handle: &Handle, roles: Roles) -> Option<Listener> {
    let socket = Socket::listen(&paths.runtime);
    let listening = socket
        .map_err(|error| error.to_string())
        .and_then(|socket| Listener::start(socket, handle.clone(), roles).map_err(|error| error.to_string()));
    listening.inspect_err(|error| tracing::warn!(%error, "other consoles cannot reach this engine")).ok()
}

/// The same for whoever only looks: where one may not come near, that is said, and the look is one's own.
pub async fn engine_to_see(common: &Common, stay: Stay) -> Result<Option<Connection>, Failure> {
    match engine(common, stay).await {
        Err(forbidden @ (Failure::Forbidden(_) | Failure::Client(ClientError::Stranger(_)))) => {
            eprintln!("salve: {forbidden}; showing a check of this host without the engine");
            Ok(None)
        }
        reached => reached,
    }
}

/// The state folder of the engine that listens, where that is our own: another user's is not ours to look into.
pub async fn own_state(common: &Common) -> Option<PathBuf> {
    let paths = common.paths();
    matches!(find(&[paths.runtime]).await, EngineLookup::Engine(_)).then_some(paths.state)
}

/// The engine that holds the journal, once it listens: one that has just begun takes a moment.
pub async fn beginning(common: &Common, stay: Stay, held: Failure) -> Result<Connection, Failure> {
    let until = Instant::now() + BEGINNING;
    loop {
        if let Some(connection) = engine(common, stay).await? {
            return Ok(connection);
        }
        if Instant::now() > until {
            return Err(held);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The same for a verb that has no runtime yet.
pub fn engine_now(common: &Common) -> Result<Option<Connection>, Failure> {
    runtime::build()?.block_on(engine(common, Stay::Brief))
}

/// Who may do what at an engine of this process.
pub fn roles(set: &settings::RoleSettings) -> Roles {
    let groups = [
        (Right::View, &set.view),
        (Right::Operate, &set.operate),
        (Right::Approve, &set.approve),
        (Right::Admin, &set.admin),
    ];
    Roles::new(
        groups.into_iter().flat_map(|(right, names)| names.iter().map(move |name| (right, name.clone()))).collect(),
    )
}

/// Carries a command out, through the engine that listens or on the journal, and says the answer.
pub fn command(common: &Common, command: Command) -> Result<ExitCode, Failure> {
    println!("{}", ask(common, command)?);
    Ok(ExitCode::SUCCESS)
}

/// Carries a command out in the same way; its answer.
pub fn ask(common: &Common, command: Command) -> Result<Arc<str>, Failure> {
    runtime::build()?.block_on(async {
        let mut connection = match engine(common, Stay::Brief).await? {
            Some(connection) => connection,
            None => match offline::command(&common.options()?, command.clone()).await.map_err(Failure::from) {
                Ok(said) => {
                    return Ok(format!("{said}; no engine is running: this takes effect with the next one").into());
                }
                Err(held) if held.is_held() => beginning(common, Stay::Brief, held).await?,
                Err(failure) => return Err(failure),
            },
        };
        match connection.ask(Request::Command(command)).await? {
            Response::Command(answer) => Ok::<Arc<str>, Failure>(answer?),
            _ => Err(Failure::Refused(Refusal::Lost)),
        }
    })
}
