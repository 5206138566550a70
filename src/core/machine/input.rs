//! Everything that the engine can tell the core.

use std::sync::Arc;

use crate::core::command::{Authority, Command, Operator};
use crate::core::detector::reading::Reading;
use crate::core::id::{AttemptId, IncidentId, PageId, RequestId, SurveyId, WatchId};
use crate::core::plan::{AttemptReport, Plan};
use crate::core::time::Mono;
use crate::playbook::{Need, Playbook, Target};

/// One thing that happened outside.
#[derive(Debug, Clone)]
pub enum Input {
    /// An engine takes up its work on this journal, after the replay: `booted` is when the host booted, and
    /// `watched_until` when the engine before it is last known to have run.
    Started { version: Arc<str>, boot_id: Arc<str>, booted: Mono, watched_until: Option<Mono> },
    /// The playbooks in force, each with what its targets resolved to; replaces the former set.
    Loaded(Vec<Binding>),
    /// A watched check was read.
    Read { watch: WatchId, reading: Reading },
    /// The answer to [`crate::core::Effect::Survey`].
    Surveyed { incident: IncidentId, survey: SurveyId, facts: Facts },
    /// The executor has ended an attempt; its report says how each step went.
    AttemptEnded { attempt: AttemptId, report: Arc<AttemptReport> },
    /// The answer to [`crate::core::Effect::EmptyScope`]: is the left-over scope empty now?
    ScopeEmptied { attempt: AttemptId, empty: bool },
    /// A page that was sent to `channel` was taken, by that channel or by `instead`.
    Delivered { page: PageId, channel: Arc<str>, instead: Option<Arc<str>> },
    /// An operator asks for something.
    Command { by: Operator, authority: Authority, command: Command, request: RequestId },
    /// Something worth a note came up outside.
    Note { about: Arc<str>, text: Arc<str> },
    /// systemd answers nobody (with why), or answers again.
    Systemd(Result<(), Arc<str>>),
    /// Records cannot be written (with why), or can again.
    Recording(Result<(), Arc<str>>),
    /// Time has passed: the deadline that the core named, or later.
    Tick,
}

/// A playbook in force and one target of it.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The playbook that is in force, whole.
    pub playbook: Arc<Playbook>,
    /// What one of its targets came to on this host.
    pub resolution: Resolution,
    /// What its mode comes to on this host: in shadow until armed, asking where its first live attempt must.
    pub standing: ArmingPolicy,
    /// What each of its needs comes to on this host, in the playbook's order.
    pub needs: Arc<[Needed]>,
}

/// What a playbook's need comes to on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// The needed playbook, by name or title.
    pub playbook: Arc<str>,
    /// The targets that the need names; `None` where it names none, and means the target that both playbooks share,
    /// else the needed playbook's only one.
    pub targets: Option<Vec<Target>>,
}

impl Binding {
    /// With needs that mean what is written: an engine, which can ask the host, follows aliases and globs besides.
    #[must_use]
    pub fn new(playbook: Arc<Playbook>, resolution: Resolution, standing: ArmingPolicy) -> Self {
        let needs = playbook.needs.iter().map(|need| Needed {
            playbook: need.playbook().into(),
            targets: match need {
                Need::Playbook(_) => None,
                Need::Target(needed) => Some(vec![needed.target.as_written()]),
            },
        });
        Self { needs: needs.collect(), playbook, resolution, standing }
    }
}

/// What arming a playbook from this source needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmingPolicy {
    /// Who could write the file has armed it: its mode counts.
    AsWritten,
    /// In shadow until an operator arms exactly this content; then its mode counts.
    ShadowUntilArmed,
    /// Its first live attempt asks, whatever its mode.
    AsksFirst,
}

/// What a target came to on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The target exists on this host; this is its canonical form.
    Here(Target),
    /// `enabled_when` is not met, or what it needs is not on this host; in words.
    NotApplicable { written: Arc<str>, why: Arc<str> },
    /// It should be here and is not, or the list or glob came to nothing; in words. Nothing is acted on.
    Unresolved { written: Arc<str>, why: Arc<str> },
}

/// Who stopped a target, and so whether a remedy would undo what somebody wanted. There is no default: what nothing tells
/// is unclear, and never a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopOrigin {
    /// Nobody: it is up, or it failed, ended by itself, or fell with what did.
    Nobody,
    /// A job of salve's own, which salve makes good.
    Salve,
    /// An operator, or a stop or start that an operator asked for elsewhere; how that is known.
    Operator {
        /// What shows that an operator did it, as a clean phrase for the screen.
        evidence: Arc<str>,
    },
    /// It cannot be told; what is known.
    Unclear {
        /// What is known and what is missing, as a clean phrase for the screen.
        evidence: Arc<str>,
    },
}

impl Resolution {
    /// The target as its playbook writes it; the canonical one where it was found.
    #[must_use]
    pub fn written(&self) -> Arc<str> {
        match self {
            Self::Here(target) => target.to_string().into(),
            Self::NotApplicable { written, .. } | Self::Unresolved { written, .. } => Arc::clone(written),
        }
    }
}

/// What is true right now, gathered freshly before an attempt.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Every detector check, read anew, in order.
    pub detector: Vec<Reading>,
    /// Every verifier check, read anew, in order; empty where the survey did not ask for it.
    pub verifier: Vec<Reading>,
    /// What systemd or a container engine does with the target by itself, in words.
    pub busy: Option<Arc<str>>,
    /// Whether an operator stopped the target, as far as that can be told.
    pub stop: StopOrigin,
    /// The next rung's plan, or why there is none.
    pub plan: Result<Arc<Plan>, Arc<str>>,
    /// When gathering began, on the running clock: what was read before may be older.
    pub began: Mono,
}
