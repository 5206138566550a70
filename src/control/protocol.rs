//! The messages of the socket: JSON in frames (see [`wire`]).
//!
//! ```text
//! client: hello            -> server: welcome | refused (and the end)
//! client: look             -> server: whole (before it, where it is long, parts), then changed … changed
//! client: ask {id, what}   -> server: answer {id, …}; before it, perhaps, rehearsing and progress
//! client: forget {id}
//!                             server: beat, once a second
//! ```
//!
//! The first message of each side is read leniently, so that versions can tell each other apart; everything after it
//! strictly.

pub mod delta;
pub mod parts;
pub mod rights;
pub mod wire;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::{Command, IncidentId, Operator, Refusal};
use crate::engine::Snapshot;
use crate::engine::history::{FoldProgress, PastError, Replayed, Seek};
use crate::engine::host_queries::target_candidates::Offer;
use crate::engine::operator::Claims;
use crate::engine::snapshot::IncidentView;
use crate::engine::standalone::dry_run::Rehearsal;
use crate::playbook::write::WantedTarget;
use delta::Difference;
use parts::SnapshotPart;
use rights::Rights;

/// Both sides must speak the same; it rises whenever a message changes.
pub const VERSION: u32 = 5;

/// The client's first message. Fields that are not known are from another version, and do not matter yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`VERSION`] of the protocol.
    pub version: u32,
    /// Version of the client's program, for people: `0.4.1`.
    pub build: Arc<str>,
    /// What the client says of its terminal and its origin; nothing is decided by it.
    #[serde(default)]
    pub claims: Claims,
    /// It is a console, which stays until its user quits.
    #[serde(default)]
    pub stays: bool,
}

impl Hello {
    /// Of this program, in this process, for a moment.
    #[must_use]
    pub fn here() -> Self {
        let claims = Claims::of_this_process();
        Self { version: VERSION, build: env!("CARGO_PKG_VERSION").into(), claims, stays: false }
    }
}

/// The server's first message. Fields that are not known are from another version, and do not matter yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// The client is accepted.
    Welcome(Welcome),
    /// No, why, and what to do.
    Refused(Arc<str>),
}

/// Who the server is, and who it takes the client for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The server's [`VERSION`] of the protocol.
    pub version: u32,
    /// Version of the server's program, for people: `0.4.1`.
    pub build: Arc<str>,
    /// The engine's host, cleaned.
    pub host: Arc<str>,
    /// As the kernel says; what the client claims is in it.
    pub operator: Operator,
    /// What this operator may do.
    pub rights: Rights,
}

/// What a client says after its hello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ToServer {
    /// Send the state, now and whenever it changes.
    Look {},
    /// A question or a command; its answer carries the same number.
    Ask {
        /// A number that the client chose, used once on its connection.
        id: u64,
        /// The question or command itself.
        what: Request,
    },
    /// An answer is not wanted any more.
    Forget {
        /// The number of the request that is cancelled.
        id: u64,
    },
}

/// What can be asked for: a closed list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Carry out an operator's command; it is recorded, and denied where the operator lacks the role for it.
    Command(Command),
    /// How many events the journal holds.
    History {},
    /// The state at a moment of the past.
    Recall(Seek),
    /// One incident with its whole story.
    Incident(IncidentId),
    /// What a playbook's text would do now.
    Rehearse {
        /// The playbook's name.
        name: Arc<str>,
        /// The playbook's text as TOML, which need not be saved anywhere.
        text: Arc<str>,
    },
    /// What a new playbook could be about.
    Offers(WantedTarget),
}

/// What a server says after its greeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ToClient {
    /// Rows of the state that comes next.
    Part(Box<SnapshotPart>),
    /// The state; rows that came in parts before it stand before its own.
    Whole(Arc<Snapshot>),
    /// How the state differs from the one before.
    Changed(Box<Difference>),
    /// The connection is alive, and so was the engine so many milliseconds ago.
    Beat(u64),
    /// How far a look into the past has come.
    Progress(Option<FoldProgress>),
    /// What a rehearsal looks at now.
    Rehearsing {
        /// The number of the dry run's request.
        id: u64,
        /// The check or target that is read now, as a phrase for the screen.
        at: Arc<str>,
    },
    /// What came of a request: exactly one for each, unless it was cancelled.
    Answer {
        /// The number of the request that is answered.
        id: u64,
        /// Boxed: most messages are smaller.
        answer: Box<Response>,
    },
}

/// The answer to a [`Request`], of the same name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Response {
    /// In words what was done.
    Command(Result<Arc<str>, Refusal>),
    /// How many events the journal holds.
    History(Result<u64, PastError>),
    /// The state at the moment that was asked for.
    Recall(Result<Box<Replayed>, PastError>),
    /// The incident that was asked for, with its whole story.
    Incident(Result<Arc<IncidentView>, PastError>),
    /// What each target would see.
    Rehearse(Result<Vec<Rehearsal>, Arc<str>>),
    /// What there is.
    Offers(Vec<Offer>),
}
