//! The container engine of this host, over its own socket: Docker's API, which Podman speaks as well.

mod api;
mod own_restarts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{capped, cause, web};
use crate::text::{clean_line, cut_line};

use self::api::{ApiAnswer, ApiError, ContainerRow, EventRow, PodmanAnswer};
pub use self::own_restarts::own_restart;

/// Where engines listen.
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// No engine says more in one answer, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// So many characters of what an engine says about an error are kept.
const MESSAGE: usize = 300;
/// Said where there is none.
pub const NO_ENGINE: &str = "no container engine listens on /run/docker.sock or /run/podman/podman.sock";

/// An engine, by its socket.
#[derive(Debug, Clone)]
pub struct ContainerEngine(PathBuf);

/// What an engine says of one container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspected {
    /// `running`, `exited`; clean.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; none where it has no health check. Clean.
    pub health: Option<String>,
    /// What the latest runs of its health check said, oldest first: exit code and output, as they came.
    pub health_log: Vec<(i64, String)>,
    /// How its latest run ended.
    pub exit_code: i64,
    /// The kernel ended it for want of memory.
    pub oom_killed: bool,
    /// Why it could not be started; empty where it could. Clean.
    pub error: String,
    /// When its latest run ended; none where it never ran.
    pub finished: Option<Timestamp>,
    /// When the engine restarts it by itself: `no`, `always`, `unless-stopped`, `on-failure`; clean.
    pub restart_policy: String,
}

/// Where an engine tells that somebody asked for the end of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRecord {
    /// Docker: each stop is an event of its own.
    InEvents,
    /// Podman from 4.7 on: with the container itself; was its latest end asked for?
    WithContainer(bool),
    /// Podman before: its event of a stop is lost where the container ends at once, so an end that was asked for looks
    /// like any other.
    Nowhere,
}

/// One thing that an engine says happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEvent {
    /// `start`, `die`, `stop`, `kill`, `oom`, `restart`; clean.
    pub action: String,
    /// When it happened, by the engine's clock.
    pub at: Timestamp,
    /// The number of the signal that a `kill` sent, where the engine tells.
    pub signal: Option<i64>,
}

/// May a container be called so?
#[must_use]
pub fn fits(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

impl ContainerEngine {
    /// The one behind this socket.
    #[must_use]
    pub fn at(socket: &Path) -> Self {
        Self(socket.into())
    }

    /// The first that listens at one of the usual places.
    #[must_use]
    pub fn of_this_host() -> Option<Self> {
        SOCKETS.into_iter().map(Path::new).find(|socket| socket.exists()).map(Self::at)
    }

    /// Path of the socket on which the engine's API listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.0
    }

    /// What it says of a container; none where it knows no such.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn inspect(&self, name: &str, limit: Duration) -> Result<Option<Inspected>, String> {
        let asked = self.ask(Method::GET, &format!("containers/{name}/json"), limit).await?;
        let Some(body) = asked else { return Ok(None) };
        let ApiAnswer { state, host } = self.read(&body)?;
        let (word, log) = state.health.map_or_else(Default::default, |health| (health.status, health.log));
        // an empty word and `none` both mean that it has no health check
        let health = Some(word).filter(|word| !word.is_empty() && word != "none");
        Ok(Some(Inspected {
            state: clean_line(&state.status).into_owned(),
            health: health.map(|word| clean_line(&word).into_owned()),
            health_log: log.unwrap_or_default().into_iter().map(|probe| (probe.code, probe.output)).collect(),
            exit_code: state.exit_code,
            oom_killed: state.oom_killed,
            error: clean_line(&state.error).into_owned(),
            // a container that never ran has the year 1
            finished: state.finished.parse().ok().filter(|at: &Timestamp| *at > Timestamp::UNIX_EPOCH),
            restart_policy: clean_line(&host.restart.name).into_owned(),
        }))
    }

    /// What happened to a container since this moment, oldest first.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn events(&self, name: &str, since: Timestamp, limit: Duration) -> Result<Vec<ContainerEvent>, String> {
        // `{"container":["NAME"]}`; a name has nothing in it that would have to be escaped
        let filter = format!("%7B%22container%22%3A%5B%22{name}%22%5D%7D");
        let (since, until) = (since.as_second(), Timestamp::now().as_second() + 1);
        let path = format!("events?since={since}&until={until}&filters={filter}");
        let body = self.ask(Method::GET, &path, limit).await?.unwrap_or_default();
        let mut events = Vec::new();
        for row in serde_json::Deserializer::from_slice(&body).into_iter::<EventRow>() {
            let row = row.map_err(|error| format!("{}: not understood: {error}", self.0.display()))?;
            let at = Timestamp::from_nanosecond(i128::from(row.nanoseconds));
            if let (true, Ok(at)) = (row.actor.attributes.name == name, at) {
                let signal = row.actor.attributes.signal.parse().ok();
                events.push(ContainerEvent { action: clean_line(&row.action).into_owned(), at, signal });
            }
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    /// Where it tells that somebody asked for the end of this container.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn stop_record(&self, name: &str, limit: Duration) -> Result<StopRecord, String> {
        if self.ask(Method::GET, "libpod/_ping", limit).await?.is_none() {
            return Ok(StopRecord::InEvents);
        }
        let body = self.ask(Method::GET, &format!("v4.0.0/libpod/containers/{name}/json"), limit).await?;
        let Some(body) = body else { return Ok(StopRecord::Nowhere) };
        let PodmanAnswer { state } = self.read(&body)?;
        Ok(state.stopped_by_user.map_or(StopRecord::Nowhere, StopRecord::WithContainer))
    }

    /// The names of all containers, running or not, in order.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn names(&self, limit: Duration) -> Result<Vec<String>, String> {
        let body = self.ask(Method::GET, "containers/json?all=true", limit).await?.unwrap_or_default();
        let rows: Vec<ContainerRow> = self.read(&body)?;
        let first = |row: ContainerRow| Some(row.names.first()?.trim_start_matches('/').to_owned());
        let mut names: Vec<String> = rows.into_iter().filter_map(first).filter(|name| fits(name)).collect();
        names.sort();
        Ok(names)
    }

    /// Restarts a container; `grace` is what it gets to end by itself.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn restart(&self, name: &str, grace: Duration, limit: Duration) -> Result<(), String> {
        let path = format!("containers/{name}/restart?t={}", grace.as_secs());
        let from = Timestamp::now();
        own_restarts::begin(name, from);
        let asked = self.ask(Method::POST, &path, limit).await;
        own_restarts::end(name, from);
        asked?.map(drop).ok_or_else(|| format!("{}: there is no container {name}", self.0.display()))
    }

    /// One request; no body where the engine knows no such thing.
    async fn ask(&self, method: Method, path: &str, limit: Duration) -> Result<Option<Vec<u8>>, String> {
        let socket = self.0.display();
        match tokio::time::timeout(limit, self.request(method, path)).await {
            Ok(answer) => answer.map_err(|why| format!("{socket}: {why}")),
            Err(_) => Err(format!("{socket}: nothing within {} s", limit.as_secs_f64())),
        }
    }

    async fn request(&self, method: Method, path: &str) -> Result<Option<Vec<u8>>, String> {
        let client = web::client().unix_socket(self.0.as_path()).build();
        let client = client.map_err(|error| cause::of(&error))?;
        let request = client.request(method, format!("http://localhost/{path}"));
        let mut response = request.send().await.map_err(|error| cause::of(&error))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let status = response.status();
        let body = capped::whole(&mut response, LARGEST).await.map_err(|error| cause::of(&error))?;
        if !status.is_success() {
            let refusal = body.and_then(|body| serde_json::from_slice::<ApiError>(&body).ok());
            let why = refusal.map_or(String::new(), |refusal| format!(": {}", cut_line(&refusal.message, MESSAGE)));
            return Err(format!("the engine says {status}{why}"));
        }
        body.map(Some).ok_or_else(|| "the engine does not stop talking".into())
    }

    fn read<'b, T: Deserialize<'b>>(&self, body: &'b [u8]) -> Result<T, String> {
        serde_json::from_slice(body).map_err(|error| format!("{}: not understood: {error}", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn an_engine_whose_head_has_no_end_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let engine = async {
            let (stream, _) = listener.accept().await.unwrap();
            web::endless::talk(stream, "x").await
        };
        let names = async { ContainerEngine::at(&path).names(Duration::from_secs(30)).await };
        let (said, names) = tokio::join!(engine, names);
        assert!(names.is_err_and(|why| !why.contains("within")));
        assert!(said < web::endless::MOST, "{said} bytes were taken");
    }
}
