//! A container, as its engine tells over its own socket: Docker's API, which Podman speaks as well.

pub(in crate::check) mod preflight;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::{ContainerCheck, ContainerHealth};
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober};
use crate::host::containers::{self, ContainerEngine};
use crate::playbook::Target;
use crate::text::clean_line;

/// The container to inspect, and the engine that is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerSubject {
    /// The container's name, as its engine knows it.
    pub name: Arc<str>,
    /// The engine's socket; none means the first of the usual ones.
    pub socket: Option<Arc<str>>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// A container at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerSeen {
    /// The engine knows no such container.
    Absent,
    /// The engine knows the container, running or not.
    There {
        /// The engine's word: `running`, `exited`.
        state: String,
        /// Its health check's word: `healthy`, `unhealthy`, `starting`; none where it has no health check.
        health: Option<String>,
    },
}

impl CheckProbe for ContainerCheck {
    type Subject = ContainerSubject;
    type Seen = ContainerSeen;
    const COST: Cost = Cost::Request;

    /// The container that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<ContainerSubject, String> {
        let name = match (&self.name, target) {
            (Some(name), _) => name.as_str(),
            (None, Target::Container(name)) => name,
            (None, _) => return Err("the check names no container, and its target is none".into()),
        };
        if !containers::fits(name) {
            return Err(format!("`{}` is no name of a container", clean_line(name)));
        }
        let socket = self.socket.as_deref().map(Into::into);
        let timeout_ms = millis(self.timeout, Duration::from_secs(5));
        Ok(ContainerSubject { name: name.into(), socket, timeout_ms })
    }

    /// Asks the engine.
    async fn probe(subject: &ContainerSubject, _: &Prober) -> Result<ContainerSeen, String> {
        let named = subject.socket.as_deref().map(|socket| ContainerEngine::at(Path::new(socket)));
        let engine = named.or_else(ContainerEngine::of_this_host).ok_or(containers::NO_ENGINE)?;
        let inspected = engine.inspect(&subject.name, Duration::from_millis(subject.timeout_ms)).await?;
        Ok(inspected.map_or(ContainerSeen::Absent, |inspected| ContainerSeen::There {
            state: inspected.state,
            health: inspected.health,
        }))
    }

    fn judge(&self, seen: &ContainerSeen) -> Judgement {
        let mut parts = Conditions::default();
        let (state, health) = match seen {
            ContainerSeen::Absent => ("absent", None),
            ContainerSeen::There { state, health } => (state.as_str(), health.as_deref()),
        };
        if let Some(wanted) = self.state {
            parts.met(state == wanted.word(), state);
        }
        if let Some(wanted) = self.health {
            match health {
                // a container that does not exist or run is neither: engines keep the last health of the run before
                _ if state != "running" => parts.met(false, state),
                Some(word) => parts.met(word == wanted.word(), word),
                // without a health check it is neither unhealthy nor healthy
                None if wanted != ContainerHealth::Healthy => parts.met(false, "no health check of its own"),
                None => parts.unclear("it has no health check of its own"),
            }
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([self.state.map(|state| state.word().into()), self.health.map(|health| health.word().into())])
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;
    use crate::check::processes::container::table::ContainerState;
    use crate::core::Verdict;
    use crate::host::Clock;

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
        let check = ContainerCheck { name: Some("web".into()), socket, ..ContainerCheck::default() };
        let seen = ContainerCheck::probe(&check.subject(&Target::Host).unwrap(), &Prober::new(Clock::starting())).await;
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
            name: Some(name.into()),
            socket: Some("/nonexistent/engine.sock".into()),
            ..ContainerCheck::default()
        };
        let looked =
            ContainerCheck::probe(&named("web").subject(&Target::Host).unwrap(), &Prober::new(Clock::starting())).await;
        assert!(looked.unwrap_err().contains("/nonexistent/engine.sock"));
        for name in ["", "../images", "a/b", "a b", "a%2f"] {
            assert!(named(name).subject(&Target::Host).is_err(), "{name}");
        }
    }

    #[test]
    fn health_is_unknown_without_a_health_check_and_not_so_without_a_container() {
        let check = ContainerCheck { health: Some(ContainerHealth::Unhealthy), ..ContainerCheck::default() };
        let running =
            |health: Option<&str>| ContainerSeen::There { state: "running".into(), health: health.map(str::to_owned) };
        assert_eq!(check.judge(&running(Some("unhealthy"))).verdict, Verdict::Holds);
        assert_eq!(check.judge(&running(Some("starting"))).verdict, Verdict::DoesNotHold);
        assert_eq!(check.judge(&running(None)).verdict, Verdict::DoesNotHold);
        let healthy = ContainerCheck { health: Some(ContainerHealth::Healthy), ..ContainerCheck::default() };
        assert!(matches!(healthy.judge(&running(None)).verdict, Verdict::Unknown(_)));
        assert_eq!(check.judge(&ContainerSeen::Absent).verdict, Verdict::DoesNotHold);
        for state in ["exited", "restarting", "paused", "created", "dead"] {
            let stale = ContainerSeen::There { state: state.into(), health: Some("unhealthy".into()) };
            assert_eq!(check.judge(&stale).verdict, Verdict::DoesNotHold, "{state}");
            assert_eq!(healthy.judge(&stale).verdict, Verdict::DoesNotHold, "{state}");
        }
        let state = ContainerCheck { state: Some(ContainerState::Absent), ..ContainerCheck::default() };
        assert_eq!(state.judge(&ContainerSeen::Absent).verdict, Verdict::Holds);
        assert_eq!(state.condition(), "absent");
    }
}
