//! The state as a screen needs it: immutable, whole, serialisable, with a generation number.
//!
//! Nothing here is text laid out for a screen, and nothing needs a second look at the engine: who holds a snapshot
//! can draw it, locally or at the far end of a socket.

mod recording;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::automation_gaps::Wanting;
use crate::core::command::{Operator, Scope};
use crate::core::counters::Totals;
use crate::core::event_text::AttemptNumbers;
use crate::core::id::{AttemptId, IncidentId, Key, MaintenanceId};
use crate::core::incident::{ApprovalRequest, BreakerState, Cause, Denial, Outcome};
use crate::core::plan::Plan;
use crate::core::rate::{PlaybookRates, Rates, Trend};
use crate::core::reading::Reading;
use crate::core::{CheckRole, Mono, Now, Reason, Recorded};
use crate::playbook::{Mode, Origin, Risk};

/// Everything that a screen shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snapshot {
    /// Rises with every change.
    pub generation: u64,
    /// When it was taken.
    pub now: Now,
    /// This host's name, cleaned.
    pub host: Arc<str>,
    /// The operator to whom the snapshot is shown; over the socket, the client's.
    pub operator: Operator,
    /// Load, memory and pressure; none before the first look.
    pub strip: Option<HostLoad>,
    /// Can records be written? If not, nothing acts, and why.
    #[serde(with = "recording")]
    #[schemars(with = "recording::RecordingSchema")]
    pub recording: Result<(), Arc<str>>,
    /// No engine watches this host: the state was put together once, by whoever asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unwatched: bool,
    /// Why systemd answers nobody, where it has not for long: then no unit can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systemd_silent: Option<Arc<str>>,
    /// The storm whose page is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// Pauses in force.
    pub pauses: Vec<PauseView>,
    /// Maintenance windows that are not over, the soonest first.
    pub maintenance: Vec<MaintenanceView>,
    /// Snoozes in force, the soonest to end first.
    pub snoozes: Vec<Snooze>,
    /// One row per watched key, and one per binding that came to nothing; in no order.
    pub detectors: Vec<DetectorView>,
    /// Breakers that are not closed, and closed ones that have counted an invocation.
    pub breakers: Vec<BreakerView>,
    /// Open incidents, and the latest closed ones (at most 50), newest first.
    pub incidents: Vec<Arc<IncidentView>>,
    /// Every playbook file that was found, accepted or not.
    pub playbooks: Vec<Arc<PlaybookView>>,
    /// The success rate.
    pub rates: Rates,
    /// The same by playbook, for those that had an incident in the last 30 days.
    pub playbook_rates: Vec<PlaybookRates>,
    /// How the success rate went.
    pub trend: Trend,
    /// The remediations to write next, most wanted first.
    pub wanting: Vec<Wanting>,
    /// What was ever counted.
    #[serde(default)]
    pub totals: Totals,
    /// Pages that not every channel has taken yet.
    #[serde(default)]
    pub undelivered: usize,
    /// Keys that heal so often that they need a real fix.
    pub recurring: Vec<Recurring>,
    /// Latest first, at most 200.
    pub messages: Vec<Message>,
}

/// The host at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HostLoad {
    /// One-minute load average.
    pub load: f64,
    /// Cores that salve may use.
    pub cores: usize,
    /// Memory that is not available, percent.
    pub memory: f64,
    /// Swap in use, percent; 0 without swap.
    pub swap: f64,
    /// `some avg10` for cpu, `full avg10` for memory and io, percent; none where the kernel has no PSI.
    pub pressure: Option<[f64; 3]>,
}

/// A pause in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseView {
    /// Everything that is paused: the host, a playbook or a target.
    pub scope: Scope,
    /// When it ends, on the running clock; none means when somebody resumes it.
    pub until: Option<Mono>,
    /// When the pause began, on the running clock.
    pub since: Mono,
    /// The operator who paused it.
    pub by: Operator,
    /// Why it was paused, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// A maintenance window that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MaintenanceView {
    /// The window's number, unique in the journal.
    pub id: MaintenanceId,
    /// What it pauses.
    pub scope: Scope,
    /// When it begins, or was to begin.
    pub from: jiff::Timestamp,
    /// How long it lasts.
    pub length_ms: u64,
    /// It has begun, and pauses until then.
    pub until: Option<Mono>,
    /// By whom it was planned.
    pub by: Operator,
    /// Why the maintenance was planned, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// A snooze in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snooze {
    /// The key whose incidents are on hold.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// When the snooze ends, on the running clock.
    pub until: Mono,
    /// The operator who snoozed it.
    pub by: Operator,
    /// Why it was snoozed, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// One watched key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DetectorView {
    /// Its key; none for a binding that came to nothing.
    pub key: Option<Key>,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// The target's kind and name, cleaned: `unit nginx.service`.
    pub target: Arc<str>,
    /// What it may do here, after arming: its mode in force.
    pub mode: Mode,
    /// How it stands.
    pub health: Health,
    /// What the most telling check saw: `97%`, `failed`; none before the first reading.
    pub seen: Option<Arc<str>>,
    /// That check's condition: `> 85%`, `not active`.
    pub condition: Arc<str>,
    /// Since when it stands so.
    pub since: Mono,
    /// The open incident.
    pub incident: Option<IncidentId>,
    /// A page that is open for it: it needs action, whatever else happens to it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<DeliveryState>,
    /// How often its fault began within the last hour, where that is so often that it is flapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<u8>,
    /// The last hour's changes of mark, oldest first: what the timeline draws.
    pub marks: Vec<(Mono, TimelineMark)>,
    /// Latest figures of the telling check, oldest first, at most 120: what the sparkline draws.
    pub figures: Vec<(Mono, f64)>,
}

/// How a watched key stands, most urgent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// A person is needed: it asks.
    Asks,
    /// A person is needed: it was escalated.
    Escalated(Cause),
    /// Broken, and nothing is done about it now, for this reason.
    Held(Denial),
    /// Broken; the hold time has passed, and the gate is being asked.
    Broken,
    /// An attempt runs: of the ladder's rungs, this one, counted from 1.
    Fixing { rung: usize, of: usize },
    /// An attempt is over and is being verified (or soaks).
    Verifying { soaking: bool },
    /// The fault is there, but not yet for the hold time.
    Pending,
    /// It cannot be seen, and why.
    Unknown(Arc<str>),
    /// No reading yet.
    Waiting,
    /// All is well.
    Ok,
    /// It does not apply to this host, and why.
    NotApplicable(Arc<str>),
    /// Its target came to nothing, and why.
    Unresolved(Arc<str>),
}

/// What the timeline shows of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineMark {
    /// Nobody watched: no engine ran.
    NoData,
    /// It was watched and could not be seen.
    Unknown,
    /// All was well.
    Ok,
    /// The fault was there.
    Broken,
    /// An operator's approval was requested.
    Asked,
    /// An attempt ran.
    Fixing,
    /// An attempt was verified.
    Verified,
    /// An attempt failed.
    Failed,
    /// A page went out.
    Escalated,
}

/// A circuit breaker of one key, which limits how often its playbook may act on its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BreakerView {
    /// The key that it guards.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// Where it stands.
    pub state: BreakerState,
    /// Invocations in the window now.
    pub invocations: usize,
    /// Of so many that it allows.
    pub limit: u32,
    /// Why it stands so.
    pub why: Reason,
}

/// One incident with its whole story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IncidentView {
    /// The incident's number, unique in the journal.
    pub id: IncidentId,
    /// Content of the playbook and canonical target that it is about.
    pub key: Key,
    /// The playbook's name and title.
    pub playbook: Arc<str>,
    /// As the playbook says it.
    pub title: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// When the fault began, and when the incident was opened.
    pub since: Now,
    /// Where it stands.
    pub stage: IncidentStage,
    /// Attempts so far, of the ladder's rungs.
    pub attempts: usize,
    /// Rungs in the ladder.
    pub rungs: usize,
    /// Attempts that the playbook allows in its window; 0 where that is not known.
    #[serde(default)]
    pub limit: u32,
    /// The latest readings: role, condition in words, reading.
    pub readings: Vec<(CheckRole, Arc<str>, Option<Reading>)>,
    /// Every event of it, oldest first.
    pub story: Vec<Arc<Recorded>>,
    /// A person has seen the page.
    pub acknowledged: Option<Operator>,
    /// A page that is open for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<DeliveryState>,
}

impl IncidentView {
    /// How its attempts are counted, for people.
    #[must_use]
    pub fn numbers(&self) -> AttemptNumbers {
        AttemptNumbers::of(&self.story, self.limit)
    }
}

/// How far a page has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// No channel has taken it yet, after so many tries that failed.
    Calling { tries: u32 },
    /// These channels took it.
    Taken { channels: Vec<Arc<str>> },
}

/// In words, the same on every surface: what a channel took is `PAGED`, and nothing else is.
impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calling { tries: 0 } => f.write_str("paging: not delivered yet"),
            Self::Calling { tries: 1 } => f.write_str("paging: not delivered yet (1 try)"),
            Self::Calling { tries } => write!(f, "paging: not delivered yet ({tries} tries)"),
            Self::Taken { .. } => f.write_str("PAGED"),
        }
    }
}

/// How far a page has come, and why it went out: `PAGED: 3 of 3 attempts not verified`. Where it is not known what
/// became of it, a channel has taken it.
#[must_use]
pub fn paged(call: Option<&DeliveryState>, cause: &Cause) -> String {
    match call {
        Some(call @ DeliveryState::Calling { .. }) => format!("{call}; {cause}"),
        Some(call @ DeliveryState::Taken { .. }) => format!("{call}: {cause}"),
        None => format!("PAGED: {cause}"),
    }
}

/// The storm whose page is open: so many targets fail at once that nothing is attempted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Storm {
    /// The incident under which its page is acknowledged.
    pub incident: IncidentId,
    /// Targets that fail.
    pub failing: usize,
    /// Targets that are watched.
    pub of: usize,
    /// The targets that fail, in the order of their names, at most 100.
    pub targets: Vec<Arc<str>>,
    /// How far the page has come.
    pub call: DeliveryState,
    /// Who acknowledged it.
    pub acknowledged: Option<Operator>,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStage {
    /// Fresh readings are being gathered.
    Firing,
    /// The gate said no for now.
    Held(Denial),
    /// An operator's yes is wanted.
    Asking(ApprovalRequest),
    /// An attempt runs.
    Remediating { attempt: AttemptId, plan: Arc<Plan>, since: Mono },
    /// It is being verified.
    Verifying { attempt: AttemptId, deadline: Mono },
    /// It is verified and must stay so.
    Soaking { attempt: AttemptId, until: Mono },
    /// A page went out.
    Escalated(Cause),
    /// It is over.
    Closed { outcome: Outcome, at: Now },
}

/// One playbook file, accepted or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaybookView {
    /// The file's name without `.toml`.
    pub name: Arc<str>,
    /// Where it came from.
    pub origin: Origin,
    /// Accepted, or not.
    pub state: PlaybookState,
    /// The file's text, cleaned.
    pub source: Arc<str>,
}

/// What an operator's arming would change of what a playbook may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arming {
    /// Nothing: it acts as its mode says.
    Armed,
    /// It is in shadow until then.
    Shadow,
    /// Its first live attempt asks until then: it was saved from an editor, new or changed.
    AsksFirst,
}

/// A playbook file, accepted or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaybookState {
    /// The file was accepted, and the playbook watches its targets.
    InForce {
        /// The playbook's title, one line.
        title: Arc<str>,
        /// How much may go wrong.
        risk: Risk,
        /// The mode as the file says it, before arming.
        mode: Mode,
        /// The mode that this host applies after arming.
        in_force: Mode,
        /// What arming would change.
        arming: Arming,
        /// Every remediation of it needs root.
        #[serde(default)]
        needs_root: bool,
    },
    /// It was rejected; its diagnostics, drawn. Where an earlier version stays in force, it says so.
    Rejected {
        /// As `playbook check` prints them.
        diagnostics: Arc<str>,
        /// The last good version is still in force.
        former_in_force: bool,
    },
}

/// A key that heals so often that it needs a real fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recurring {
    /// The key that was healed again and again.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// When it healed in the last 7 days, oldest first.
    pub healed: Vec<Now>,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Message {
    /// When it was said, on the wall clock.
    pub at: jiff::Timestamp,
    /// The part of salve, playbook or channel that it is about, as one word: `journal`, `systemd`.
    pub about: Arc<str>,
    /// The message as one paragraph, without control characters.
    pub text: Arc<str>,
}

impl From<crate::check::HostStrip> for HostLoad {
    fn from(strip: crate::check::HostStrip) -> Self {
        let crate::check::HostStrip { load, cores, memory, swap, pressure } = strip;
        Self { load, cores, memory, swap, pressure }
    }
}
