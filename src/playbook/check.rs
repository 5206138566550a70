//! The kinds of checks, as an operator writes them. How each one looks at the host stands in the `check` room;
//! a check that leaves its object out takes it from the target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{Bound, LatencyBound, Period, Template, WantedNumber, WantedState};

/// One check: its kind and its condition. Written as `kind = { … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A systemd unit's state, by D-Bus signals.
    Unit(UnitCheck),
    /// Processes by name or pidfile; death by pidfd.
    Process(ProcessCheck),
    /// Room and inodes of a mounted file system.
    Filesystem(FilesystemCheck),
    /// An HTTP answer.
    Http(HttpCheck),
    /// A TCP connection.
    Tcp(TcpCheck),
    /// A program's exit code and output: the escape hatch.
    Command(CommandCheck),
    /// Load average per core.
    Load(LoadCheck),
    /// Memory in use.
    Memory(MemoryCheck),
    /// Pressure stall information.
    Pressure(PressureCheck),
}

impl Check {
    /// The kinds, as they stand in files.
    pub const KINDS: [&'static str; 9] =
        ["unit", "process", "filesystem", "http", "tcp", "command", "load", "memory", "pressure"];

    /// Its kind, as it stands in files.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Process(_) => "process",
            Self::Filesystem(_) => "filesystem",
            Self::Http(_) => "http",
            Self::Tcp(_) => "tcp",
            Self::Command(_) => "command",
            Self::Load(_) => "load",
            Self::Memory(_) => "memory",
            Self::Pressure(_) => "pressure",
        }
    }
}

/// `unit = { state = "not active" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UnitCheck {
    /// The unit; the target's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`, or `not` and one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WantedState>,
    /// systemd's sub-state, as `running`, `exited`, `auto-restart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// systemd's result of the last run, as `success`, `exit-code`, `oom-kill`, `timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// How often systemd itself has restarted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Bound>,
}

/// `process = { name = "worker", exists = false }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessCheck {
    /// The program's name (its `comm`, or the file name of its first argument); the target's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A pidfile; the process must have started before the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pidfile: Option<String>,
    /// Only this user's processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// There is at least one (a zombie is dead).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Bound>,
    /// Resident memory of all of them together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bound>,
    /// How often to look behind the events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a look may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `filesystem = { used = "> 85%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilesystemCheck {
    /// The mount point; the target's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Used room: percent as `df` counts it, or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Bound>,
    /// Free room for an unprivileged user: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<Bound>,
    /// Used inodes: percent or count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inodes: Option<Bound>,
    /// Mounted read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// How often to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a look may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `http = { url = "http://127.0.0.1/healthz", status = 200 }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpCheck {
    /// Where to ask; the target's where left out. No proxy, no redirect, a fresh connection each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The status: `200`, or `"not 200"`. No answer at all is not any status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<WantedNumber>,
    /// Text that the first 64 KiB of the body must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Time to the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyBound>,
    /// How often to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait for an answer; later is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `tcp = { address = "127.0.0.1:6379" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TcpCheck {
    /// Host and port; the target's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A connection is accepted (true where left out).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// How often to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait; later is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `command = { run = ["pg_isready", "-q"], exit = 0 }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandCheck {
    /// Program and arguments; no shell.
    pub run: Vec<Template>,
    /// The exit code: `0`, or `"not 0"`. Death by a signal is not any exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<WantedNumber>,
    /// Text that standard output must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// How often to run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long it may run; longer is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// `load = { per_core = "> 4" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadCheck {
    /// Load average of the last minute, divided by the number of cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_core: Option<Bound>,
    /// How often to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

/// `memory = { used = "> 90%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryCheck {
    /// Memory that is not available: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Bound>,
    /// Swap in use: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<Bound>,
    /// How often to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

/// `pressure = { memory = "> 10%" }`: the share of the last 10 seconds in which tasks stood still for want of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PressureCheck {
    /// Some task waited for a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Bound>,
    /// Every task waited for memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bound>,
    /// Every task waited for input or output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io: Option<Bound>,
    /// How often to look behind the triggers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}
