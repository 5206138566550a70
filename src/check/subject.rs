//! What to look at, and what was seen.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::CommandSeen;
use super::filesystem::FilesystemSeen;
use super::http::HttpSeen;
use super::load::LoadSeen;
use super::memory::MemorySeen;
use super::pressure::PressureSeen;
use super::process::ProcessSeen;
use super::tcp::TcpSeen;
use super::unit::UnitSight;
use super::{command, filesystem, http, process, tcp, unit};
use crate::playbook::value::Period;
use crate::playbook::{Check, Target};

/// What to look at. Equal subjects are looked at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A systemd unit.
    Unit {
        /// Its name, or an alias.
        name: Arc<str>,
    },
    /// Processes.
    Process(ProcessSubject),
    /// A mounted file system.
    Filesystem {
        /// Where it is mounted.
        mount: Arc<str>,
        /// For how long to wait, in milliseconds.
        timeout_ms: u64,
    },
    /// An HTTP answer.
    Http {
        /// Where to ask.
        url: Arc<str>,
        /// Text to look for in the body.
        text: Option<Arc<str>>,
        /// For how long to wait, in milliseconds.
        timeout_ms: u64,
    },
    /// A TCP connection.
    Tcp {
        /// Host and port.
        address: Arc<str>,
        /// For how long to wait, in milliseconds.
        timeout_ms: u64,
    },
    /// A program's end.
    Command {
        /// Program and arguments, placeholders filled.
        argv: Vec<Arc<str>>,
        /// Text to look for in its output.
        text: Option<Arc<str>>,
        /// How long it may run, in milliseconds.
        timeout_ms: u64,
    },
    /// Load average.
    Load,
    /// Memory and swap.
    Memory,
    /// Pressure stall information.
    Pressure,
}

/// Which processes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ProcessSubject {
    /// By name: `comm`, or the file name of the first argument.
    pub name: Option<Arc<str>>,
    /// The one that a pidfile names.
    pub pidfile: Option<Arc<str>>,
    /// Only this user's (a name or a number).
    pub user: Option<Arc<str>>,
    /// Is their memory wanted, too?
    pub memory: bool,
}

/// What was seen of a subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// Of a unit.
    Unit(UnitSight),
    /// Of processes.
    Process(ProcessSeen),
    /// Of a file system.
    Filesystem(FilesystemSeen),
    /// Of an HTTP answer.
    Http(HttpSeen),
    /// Of a connection.
    Tcp(TcpSeen),
    /// Of a program.
    Command(CommandSeen),
    /// Of the load.
    Load(LoadSeen),
    /// Of memory.
    Memory(MemorySeen),
    /// Of pressure.
    Pressure(PressureSeen),
    /// Nothing could be seen, and why.
    Unseen(String),
}

impl Subject {
    /// What a check looks at, with its target where it leaves its object out.
    ///
    /// # Errors
    /// In words: what it does not say and cannot take from the target.
    pub fn of(check: &Check, target: &Target) -> Result<Self, String> {
        match check {
            Check::Unit(check) => unit::subject(check, target),
            Check::Process(check) => process::subject(check, target),
            Check::Filesystem(check) => filesystem::subject(check, target),
            Check::Http(check) => http::subject(check, target),
            Check::Tcp(check) => tcp::subject(check, target),
            Check::Command(check) => command::subject(check, target),
            Check::Load(_) => Ok(Self::Load),
            Check::Memory(_) => Ok(Self::Memory),
            Check::Pressure(_) => Ok(Self::Pressure),
        }
    }

    /// As JSON, the same for equal subjects: what kept observations are filed under.
    #[must_use]
    pub fn canonical(&self) -> Arc<str> {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

impl Observation {
    /// Is the change since `earlier` too small to be kept? Verdicts that change are kept all the same.
    #[must_use]
    pub fn hardly_differs(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Filesystem(now), Self::Filesystem(then)) => now.hardly_differs(then),
            (Self::Http(now), Self::Http(then)) => now.hardly_differs(then),
            (Self::Tcp(now), Self::Tcp(then)) => now.hardly_differs(then),
            (Self::Load(now), Self::Load(then)) => now.hardly_differs(then),
            (Self::Memory(now), Self::Memory(then)) => now.hardly_differs(then),
            (Self::Pressure(now), Self::Pressure(then)) => now.hardly_differs(then),
            (Self::Process(now), Self::Process(then)) => now.hardly_differs(then),
            _ => self == earlier,
        }
    }
}

/// A check's own period, or the kind's.
pub fn millis(own: Option<Period>, kinds: Duration) -> u64 {
    own.unwrap_or(Period(kinds)).millis()
}

/// How often a check is looked at behind its events, or for want of them.
pub fn every(check: &Check) -> Duration {
    let (own, kinds) = match check {
        // Behind D-Bus signals.
        Check::Unit(_) => (None, 60),
        Check::Process(check) => (check.every, 10),
        Check::Filesystem(check) => (check.every, 10),
        Check::Http(check) => (check.every, 10),
        Check::Tcp(check) => (check.every, 10),
        Check::Command(check) => (check.every, 30),
        Check::Load(check) => (check.every, 10),
        Check::Memory(check) => (check.every, 10),
        Check::Pressure(check) => (check.every, 10),
    };
    // Faster than this no playbook needs, and the host would feel it.
    own.unwrap_or(Period::from_secs(kinds)).0.max(Duration::from_millis(100))
}
