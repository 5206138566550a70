//! The container engine of this host, over its own socket: Docker's API, which Podman speaks as well.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;

use crate::text::clean_line;

/// Where engines listen.
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// No engine says more in one answer, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// Said where there is none.
pub const NO_ENGINE: &str = "no container engine listens on /run/docker.sock or /run/podman/podman.sock";

/// An engine, by its socket.
#[derive(Debug, Clone)]
pub struct Engine(PathBuf);

/// What an engine says of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// `running`, `exited`; clean.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; none where it has no health check. Clean.
    pub health: Option<String>,
    /// What the latest runs of its health check said, oldest first: exit code and output, as they came.
    pub health_log: Vec<(i64, String)>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "State")]
    state: State,
}

#[derive(Debug, Deserialize)]
struct State {
    #[serde(rename = "Status")]
    status: String,
    #[serde(rename = "Health", default)]
    health: Option<Health>,
}

#[derive(Debug, Deserialize)]
struct Health {
    #[serde(rename = "Status", default)]
    status: String,
    #[serde(rename = "Log", default)]
    log: Option<Vec<Probe>>,
}

#[derive(Debug, Deserialize)]
struct Probe {
    #[serde(rename = "ExitCode", default)]
    code: i64,
    #[serde(rename = "Output", default)]
    output: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "Names", default)]
    names: Vec<String>,
}

/// May a container be called so?
#[must_use]
pub fn fits(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

impl Engine {
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

    /// Its socket.
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
        let Answer { state } = self.read(&body)?;
        let (word, log) = state.health.map_or_else(Default::default, |health| (health.status, health.log));
        // an empty word and `none` both mean that it has no health check
        let health = Some(word).filter(|word| !word.is_empty() && word != "none");
        Ok(Some(Inspected {
            state: clean_line(&state.status).into_owned(),
            health: health.map(|word| clean_line(&word).into_owned()),
            health_log: log.unwrap_or_default().into_iter().map(|probe| (probe.code, probe.output)).collect(),
        }))
    }

    /// The names of all containers, running or not, in order.
    ///
    /// # Errors
    /// In words, with the socket's name.
    pub async fn names(&self, limit: Duration) -> Result<Vec<String>, String> {
        let body = self.ask(Method::GET, "containers/json?all=true", limit).await?.unwrap_or_default();
        let rows: Vec<Row> = self.read(&body)?;
        let first = |row: Row| Some(row.names.first()?.trim_start_matches('/').to_owned());
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
        let asked = self.ask(Method::POST, &path, limit).await?;
        asked.map(drop).ok_or_else(|| format!("{}: there is no container {name}", self.0.display()))
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
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().unix_socket(self.0.as_path()).no_proxy().build();
        let client = client.map_err(|error| reason(&error))?;
        let request = client.request(method, format!("http://localhost/{path}"));
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !response.status().is_success() {
            return Err(format!("the engine says {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err("the engine does not stop talking".into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }

    fn read<'b, T: Deserialize<'b>>(&self, body: &'b [u8]) -> Result<T, String> {
        serde_json::from_slice(body).map_err(|error| format!("{}: not understood: {error}", self.0.display()))
    }
}

/// The innermost reason, which names what happened; the outer ones only say that a request failed.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    clean_line(&inner.to_string()).into_owned()
}
