//! A container of Docker or Podman.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::Period;

/// `container = { health = "unhealthy" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContainerCheck {
    /// The container's name; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The result of its own health check: `healthy`, `unhealthy` or `starting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<ContainerHealth>,
    /// Its state, as the engine reports it: `running`, `exited`, `paused`, `restarting`, `created` or `dead`; or
    /// `absent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ContainerState>,
    /// The engine's socket; Docker's, else Podman's, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// How often to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait for the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// What a container's own health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContainerHealth {
    /// The latest health check succeeded.
    Healthy,
    /// Several health checks in a row failed.
    Unhealthy,
    /// Just started: health checks may still fail without being counted.
    Starting,
}

impl ContainerHealth {
    /// The engine's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Starting => "starting",
        }
    }
}

/// The state that the engine reports for a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContainerState {
    /// Its main process is running.
    Running,
    /// Its main process has exited.
    Exited,
    /// Its processes are frozen until it is resumed.
    Paused,
    /// The engine is restarting it.
    Restarting,
    /// It was created and never started.
    Created,
    /// The engine is removing it.
    Removing,
    /// It could not be removed.
    Dead,
    /// No container has this name.
    Absent,
}

impl ContainerState {
    /// The engine's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Created => "created",
            Self::Removing => "removing",
            Self::Dead => "dead",
            Self::Absent => "absent",
        }
    }
}

impl CheckTable for ContainerCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A container of Docker or Podman.",
        example: "container = { name = \"web\", health = \"unhealthy\" }",
        condition: "state = \"running\"",
        events: "none: the engine is asked",
        cost: "one request on the engine's socket",
        unknown: "no engine answers; whether it is healthy, where the container has no health check of its own",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("name", &["container"], self.name.as_deref())
            .besides(format!("{:?}", self.socket))
            .every(self.every)
            .timeout(self.timeout)
            .named("name", self.name.as_deref(), NameKind::Container)
            .named("socket", self.socket.as_deref(), NameKind::Path)
            .word("health", self.health.map(ContainerHealth::word))
            .word("state", self.state.map(ContainerState::word))
    }
}
