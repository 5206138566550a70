//! An action resolved to the last argument, sealed inside a planned step.
//!
//! The journal keeps its JSON, without secrets, with the intent; an approval's digest covers it; and the runner carries
//! out exactly this and reads nothing else.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use super::registry::ResolvedAction;
use crate::playbook::action::UnitVerb;
use crate::playbook::value::Bound;
use crate::text::secret::Secret;

/// A systemd job to request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedUnitJob {
    /// The unit, with its suffix.
    pub unit: String,
    /// What to do with it.
    pub verb: UnitVerb,
}

/// A program with everything that it is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedRun {
    /// The program's absolute path, found when the plan was made.
    pub program: PathBuf,
    /// The file's identity when the plan was made; another file is refused.
    pub identity: FileIdentity,
    /// Program, as written, and arguments.
    pub argv: Vec<Secret>,
    /// The whole environment but for the attempt's marker, in order of names.
    pub env: Vec<(String, Secret)>,
    /// The files that its arguments and environment name; changed ones are refused like another program.
    #[serde(default)]
    pub files: Vec<BoundFile>,
}

/// A file that a command line names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundFile {
    /// The file's path, as named in the command.
    pub path: PathBuf,
    /// The file's identity when the plan was made.
    pub identity: FileIdentity,
}

/// The identity of a file. A change of its content changes at least one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The number of the device that the file is on.
    pub device: u64,
    /// The file's inode number on its device.
    pub inode: u64,
    /// The file's length in bytes.
    pub size: u64,
    /// The owner's user id.
    pub owner: u32,
    /// Type and permissions.
    pub mode: u32,
    /// Last change of content, in nanoseconds of wall time.
    pub modified: i128,
    /// Last change of anything, in nanoseconds of wall time.
    pub changed: i128,
    /// SHA-256 of a small file (scripts), in hexadecimal.
    pub sha256: Option<String>,
}

/// Safe deletion below one folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedClean {
    /// The absolute path of the folder below which files are deleted.
    pub root: PathBuf,
    /// The entry of the list that allows it.
    pub base: PathBuf,
    /// Its device and inode when it was planned; none where it was not there.
    pub identity: Option<(u64, u64)>,
    /// Whether only rotated log files may be deleted.
    pub rotated_only: bool,
    /// How old a file must be, in milliseconds since the latest of its three times.
    pub older_than_ms: u64,
    /// How many files may be deleted at most.
    pub max_files: u64,
    /// How many bytes may be deleted at most; none for no limit.
    pub max_bytes: Option<u64>,
    /// How many folders deep the walk goes at most.
    pub max_depth: u32,
    /// Stop once all of these hold on the root's file system: what the verifier wants.
    pub enough: Vec<StopCondition>,
}

/// A bound that the verifier sets for the file system.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCondition {
    /// A bound on the space in use, in bytes or percent.
    Used(Bound),
    /// A bound on the free space, in bytes or percent.
    Free(Bound),
    /// A bound on the inodes in use, as a count or in percent.
    Inodes(Bound),
}
