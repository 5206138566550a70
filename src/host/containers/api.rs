//! Answers of the engine's API, as far as they are used. Fields that are not known are ignored.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct ApiAnswer {
    #[serde(rename = "State")]
    pub(super) state: StateReport,
    #[serde(rename = "HostConfig", default)]
    pub(super) host: HostConfig,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct HostConfig {
    #[serde(rename = "RestartPolicy", default)]
    pub(super) restart: RestartPolicy,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RestartPolicy {
    #[serde(rename = "Name", default)]
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct StateReport {
    #[serde(rename = "Status")]
    pub(super) status: String,
    #[serde(rename = "Health", default)]
    pub(super) health: Option<HealthReport>,
    #[serde(rename = "ExitCode", default)]
    pub(super) exit_code: i64,
    #[serde(rename = "OOMKilled", default)]
    pub(super) oom_killed: bool,
    #[serde(rename = "Error", default)]
    pub(super) error: String,
    #[serde(rename = "FinishedAt", default)]
    pub(super) finished: String,
}

/// What only Podman's own API says of a container.
#[derive(Debug, Deserialize)]
pub(super) struct PodmanAnswer {
    #[serde(rename = "State")]
    pub(super) state: PodmanState,
}

#[derive(Debug, Deserialize)]
pub(super) struct PodmanState {
    #[serde(rename = "StoppedByUser", default)]
    pub(super) stopped_by_user: Option<bool>,
}

/// What an engine says beside the status of an answer that is an error.
#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct EventRow {
    #[serde(rename = "Action", default)]
    pub(super) action: String,
    #[serde(rename = "Actor", default)]
    pub(super) actor: EventActor,
    #[serde(rename = "timeNano", default)]
    pub(super) nanoseconds: i64,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct EventActor {
    #[serde(rename = "Attributes", default)]
    pub(super) attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Attributes {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) signal: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct HealthReport {
    #[serde(rename = "Status", default)]
    pub(super) status: String,
    #[serde(rename = "Log", default)]
    pub(super) log: Option<Vec<Probe>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Probe {
    #[serde(rename = "ExitCode", default)]
    pub(super) code: i64,
    #[serde(rename = "Output", default)]
    pub(super) output: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContainerRow {
    #[serde(rename = "Names", default)]
    pub(super) names: Vec<String>,
}
