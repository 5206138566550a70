//! A container, as its engine tells over its own socket: Docker's API, which Podman speaks as well.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};

use super::http::reason;
use super::judge::Judged;
use super::look::Looker;
use super::parts::{Parts, joined};
use super::subject::millis;
use crate::playbook::Target;
use crate::playbook::check::ContainerCheck;
use crate::text::clean_line;

/// Where engines listen.
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// No engine says more of one container, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Which container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerSubject {
    /// Its name.
    pub name: Arc<str>,
    /// The engine's socket; none means the first of the usual ones.
    pub socket: Option<Arc<str>>,
    /// For how long to wait, in milliseconds.
    pub timeout_ms: u64,
}

/// A container at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerSeen {
    /// The engine knows no such container.
    Absent,
    /// It is there.
    There {
        /// The engine's word: `running`, `exited`.
        state: String,
        /// Its health check's word: `healthy`, `unhealthy`, `starting`; none where it has no health check.
        health: Option<String>,
    },
}

/// What the engine's answer holds of what matters here.
#[derive(Debug, Deserialize)]
struct Inspected {
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
}

/// Its subject.
///
/// # Errors
/// Where the name cannot be a container's.
pub fn subject(check: &ContainerCheck, _: &Target) -> Result<ContainerSubject, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if check.name.is_empty() || !check.name.chars().all(fits) {
        return Err(format!("`{}` is no name of a container", clean_line(&check.name)));
    }
    let socket = check.socket.as_deref().map(Into::into);
    let timeout_ms = millis(check.timeout, Duration::from_secs(5));
    Ok(ContainerSubject { name: check.name.as_str().into(), socket, timeout_ms })
}

/// Asks the engine.
///
/// # Errors
/// In words, where no engine answers.
pub async fn look(subject: &ContainerSubject, _: &Looker) -> Result<ContainerSeen, String> {
    let usual = || SOCKETS.into_iter().find(|socket| Path::new(socket).exists());
    let socket = subject.socket.as_deref().or_else(usual);
    let socket = socket.ok_or_else(|| format!("no container engine listens on {}", SOCKETS.join(" or ")))?;
    let limit = Duration::from_millis(subject.timeout_ms);
    match tokio::time::timeout(limit, ask(socket, &subject.name)).await {
        Ok(seen) => seen.map_err(|why| format!("{socket}: {why}")),
        Err(_) => Err(format!("{socket}: nothing within {} s", limit.as_secs_f64())),
    }
}

async fn ask(socket: &str, name: &str) -> Result<ContainerSeen, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().unix_socket(socket).no_proxy().build().map_err(|error| reason(&error))?;
    let url = format!("http://localhost/containers/{name}/json");
    let mut response = client.get(url).send().await.map_err(|error| reason(&error))?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(ContainerSeen::Absent);
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
    let Inspected { state } = serde_json::from_slice(&body).map_err(|error| format!("not understood: {error}"))?;
    // an empty word and `none` both mean that it has no health check
    let health = state.health.map(|health| health.status).filter(|word| !word.is_empty() && word != "none");
    Ok(ContainerSeen::There {
        state: clean_line(&state.status).into_owned(),
        health: health.map(|word| clean_line(&word).into_owned()),
    })
}

/// Is the change too small to be kept?
pub(super) fn hardly_differs(now: &ContainerSeen, then: &ContainerSeen) -> bool {
    now == then
}

/// Judges it.
#[must_use]
pub fn judge(check: &ContainerCheck, seen: &ContainerSeen) -> Judged {
    let mut parts = Parts::default();
    let (state, health) = match seen {
        ContainerSeen::Absent => ("absent", None),
        ContainerSeen::There { state, health } => (state.as_str(), health.as_deref()),
    };
    if let Some(wanted) = check.state {
        parts.met(state == wanted.word(), state);
    }
    if let Some(wanted) = check.health {
        match health {
            Some(word) => parts.met(word == wanted.word(), word),
            // one that is not there, or not running, is neither healthy nor unhealthy
            None if state != "running" => parts.met(false, state),
            None => parts.unclear("it has no health check of its own"),
        }
    }
    parts.judged()
}

/// In words.
#[must_use]
pub fn condition(check: &ContainerCheck) -> String {
    joined([check.state.map(|state| state.word().into()), check.health.map(|health| health.word().into())])
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;
    use crate::playbook::check::{ContainerHealth, ContainerState};

    /// What is seen through an engine that answers so.
    async fn seen(status: &str, body: &str) -> Result<ContainerSeen, String> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let engine = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        let socket = Some(socket.to_str().unwrap().to_owned());
        let check = ContainerCheck { name: "web".into(), socket, ..ContainerCheck::default() };
        let seen = look(&subject(&check, &Target::Host).unwrap(), &Looker::new(Clock::starting())).await;
        assert!(engine.await.unwrap().starts_with("GET /containers/web/json "));
        seen
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_engine_tells_state_and_health() {
        let body = r#"{"Id":"x","State":{"Status":"running","Health":{"Status":"unhealthy","FailingStreak":3}}}"#;
        let there = ContainerSeen::There { state: "running".into(), health: Some("unhealthy".into()) };
        assert_eq!(seen("200 OK", body).await, Ok(there));
        let bare = ContainerSeen::There { state: "exited".into(), health: None };
        for body in [r#"{"State":{"Status":"exited"}}"#, r#"{"State":{"Status":"exited","Health":{"Status":"none"}}}"#]
        {
            assert_eq!(seen("200 OK", body).await, Ok(bare.clone()));
        }
        assert_eq!(seen("404 Not Found", "{}").await, Ok(ContainerSeen::Absent));
        assert!(seen("200 OK", "[]").await.unwrap_err().contains("not understood"));
        assert!(seen("500 Oh", "").await.unwrap_err().contains("the engine says 500"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_an_engine_it_is_unknown_and_names_lead_nowhere_else() {
        let named = |name: &str| ContainerCheck {
            name: name.into(),
            socket: Some("/nonexistent/engine.sock".into()),
            ..ContainerCheck::default()
        };
        let looked = look(&subject(&named("web"), &Target::Host).unwrap(), &Looker::new(Clock::starting())).await;
        assert!(looked.unwrap_err().contains("/nonexistent/engine.sock"));
        for name in ["", "../images", "a/b", "a b", "a%2f"] {
            assert!(subject(&named(name), &Target::Host).is_err(), "{name}");
        }
    }

    #[test]
    fn health_is_unknown_without_a_health_check_and_not_so_without_a_container() {
        let check = ContainerCheck { health: Some(ContainerHealth::Unhealthy), ..ContainerCheck::default() };
        let running =
            |health: Option<&str>| ContainerSeen::There { state: "running".into(), health: health.map(str::to_owned) };
        assert_eq!(judge(&check, &running(Some("unhealthy"))).verdict, Verdict::Holds);
        assert_eq!(judge(&check, &running(Some("starting"))).verdict, Verdict::DoesNotHold);
        assert!(matches!(judge(&check, &running(None)).verdict, Verdict::Unknown(_)));
        assert_eq!(judge(&check, &ContainerSeen::Absent).verdict, Verdict::DoesNotHold);
        let state = ContainerCheck { state: Some(ContainerState::Absent), ..ContainerCheck::default() };
        assert_eq!(judge(&state, &ContainerSeen::Absent).verdict, Verdict::Holds);
        assert_eq!(condition(&state), "absent");
    }
}
