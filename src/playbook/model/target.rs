//! What a playbook acts on: as written, and resolved to one canonical thing.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A target as written; a glob in the name of a unit, a container or a link stands for every one that matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetSpec {
    /// A systemd unit, with its suffix: `{ unit = "nginx.service" }`.
    Unit(String),
    /// A mount point: `{ mount = "/" }`.
    Mount(String),
    /// A program by name: `{ process = "worker" }`.
    Process(String),
    /// A file or folder: `{ path = "/var/log/app.log" }`.
    Path(String),
    /// A web address: `{ url = "http://127.0.0.1/" }`.
    Url(String),
    /// Host and port: `{ address = "127.0.0.1:5432" }`.
    Address(String),
    /// A container of Docker or Podman: `{ container = "web" }`; a glob stands for every one that matches.
    Container(String),
    /// A network link: `{ link = "eth0" }`; a glob stands for every one that matches.
    Link(String),
    /// The host as a whole: `"host"`.
    Host,
}

/// The one canonical thing that is acted on: aliases followed, globs resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A unit by systemd's own id.
    Unit(Arc<str>),
    /// A mount point that is mounted.
    Mount(Arc<str>),
    /// A program's name.
    Process(Arc<str>),
    /// An absolute path.
    Path(Arc<str>),
    /// A web address.
    Url(Arc<str>),
    /// Host and port.
    Address(Arc<str>),
    /// A container by its name.
    Container(Arc<str>),
    /// A network link by its name.
    Link(Arc<str>),
    /// The host that salve runs on.
    Host,
}

impl TargetSpec {
    /// The target of exactly this name, without following aliases or expanding globs.
    #[must_use]
    pub fn as_written(&self) -> Target {
        match self {
            Self::Unit(name) => Target::Unit(name.as_str().into()),
            Self::Mount(place) => Target::Mount(place.as_str().into()),
            Self::Process(name) => Target::Process(name.as_str().into()),
            Self::Path(path) => Target::Path(path.as_str().into()),
            Self::Url(url) => Target::Url(url.as_str().into()),
            Self::Address(address) => Target::Address(address.as_str().into()),
            Self::Container(name) => Target::Container(name.as_str().into()),
            Self::Link(name) => Target::Link(name.as_str().into()),
            Self::Host => Target::Host,
        }
    }

    /// The kind's word, as [`Target::kind`] has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.as_written().kind()
    }

    /// The name as written, which may be a glob; `host` for the host.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unit(name)
            | Self::Mount(name)
            | Self::Process(name)
            | Self::Path(name)
            | Self::Url(name)
            | Self::Address(name)
            | Self::Container(name)
            | Self::Link(name) => name,
            Self::Host => "host",
        }
    }
}

impl Target {
    /// The kind's word: `unit`, `mount`, …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Mount(_) => "mount",
            Self::Process(_) => "process",
            Self::Path(_) => "path",
            Self::Url(_) => "url",
            Self::Address(_) => "address",
            Self::Container(_) => "container",
            Self::Link(_) => "link",
            Self::Host => "host",
        }
    }

    /// The name alone: `nginx.service`, `/`, …
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unit(name)
            | Self::Mount(name)
            | Self::Process(name)
            | Self::Path(name)
            | Self::Url(name)
            | Self::Address(name)
            | Self::Container(name)
            | Self::Link(name) => name,
            Self::Host => "host",
        }
    }

    /// Whether attempts on these two must not run at the same time. Equal targets conflict, and a mount with the paths
    /// below it.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        let below = |mount: &str, path: &str| Path::new(path).starts_with(mount);
        match (self, other) {
            (Self::Mount(mount), Self::Path(path)) | (Self::Path(path), Self::Mount(mount)) => below(mount, path),
            _ => self == other,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            _ => write!(f, "{} {}", self.kind(), self.name()),
        }
    }
}
