//! Which processes are looked for, and what is found of them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The processes to find: by name or by pidfile, and of one user or of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ProcessSubject {
    /// By name: `comm`, or the file name of the first argument.
    pub name: Option<Arc<str>>,
    /// The path of the pidfile that names the process.
    pub pidfile: Option<Arc<str>>,
    /// The user whose processes count, by name or number; none for all.
    pub user: Option<Arc<str>>,
    /// Whether their resident memory is wanted as well.
    pub memory: bool,
}

/// The processes of a subject at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// How many are alive.
    pub count: u64,
    /// Resident memory of all of them, in bytes, where it was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Why the pidfile names no living process; none if it does, or if no pidfile was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pidfile: Option<PidfileError>,
}

/// Why a pidfile names no living process, with a message for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PidfileError {
    /// The file is missing, or holds no process id.
    Missing(String),
    /// The process that it names has exited, or is another program.
    Stale(String),
}
