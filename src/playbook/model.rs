//! The types of an accepted playbook. A [`Playbook`] has always been read and linted.

pub mod policy;
pub mod target;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::attachment::Attachment;
use super::check::Check;
use super::placeholder::{Placeholder, TemplatePart};
use super::value::{DayWindow, Period, Template};
pub use policy::{Mode, Risk};
pub use target::{Target, TargetSpec};

/// One failure class: target, detector, ladder, verifier, escalation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Playbook {
    /// The file's name without `.toml`; later sources win by it.
    pub name: Arc<str>,
    /// SHA-256 over the meaning (not over comments, layout or name): budgets, breakers and arming hang on it.
    pub content: ContentKey,
    /// Where it came from.
    pub origin: Origin,
    /// The file's text, as read.
    #[serde(skip)]
    pub source: Arc<str>,
    /// What holds while the target is healthy, as a sentence.
    pub title: Arc<str>,
    /// What it acts on, before globs and aliases are resolved; at least one.
    pub targets: Vec<TargetSpec>,
    /// How much may go wrong: as written, or more where its commands destroy more than that.
    pub risk: Risk,
    /// What it may do by itself.
    pub mode: Mode,
    /// What says that something is wrong.
    pub detect: Detect,
    /// The ladder; empty means evidence and escalation only.
    pub remediate: Vec<Arc<Rung>>,
    /// What says that it is right again.
    pub verify: Verify,
    /// The budget, and whom to call.
    pub escalate: Escalate,
    /// What must be healthy before it acts.
    pub needs: Vec<Need>,
    /// Attempts only in this window of the local day.
    pub only_between: Option<DayWindow>,
    /// Least time between two attempts on one target.
    pub cooldown: Option<Period>,
    /// The breaker's times.
    pub breaker: BreakerLimits,
    /// Leave a unit alone that an operator stopped.
    pub skip_if_stopped_by_operator: bool,
    /// Not applicable unless this exists.
    pub enabled_when: Option<EnabledWhen>,
}

impl Playbook {
    /// Whether every rung contains an action that only root can carry out.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        let needs = |rung: &Arc<Rung>| rung.actions.iter().any(Action::needs_root);
        !self.remediate.is_empty() && self.remediate.iter().all(needs)
    }
}

/// Another playbook's target that must be healthy before a playbook acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Need {
    /// A playbook by name or title: the target that it shares with this playbook, else the only one it has.
    Playbook(String),
    /// One target of a playbook with several: `{ playbook = "db-up", target = { unit = "postgresql.service" } }`.
    Target(NeededTarget),
}

/// One target of another playbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeededTarget {
    /// The playbook, by name or title.
    pub playbook: String,
    /// Which of its targets; a glob in a name stands for every one that matches.
    pub target: TargetSpec,
}

impl Need {
    /// The needed playbook's name or title.
    #[must_use]
    pub fn playbook(&self) -> &str {
        match self {
            Self::Playbook(playbook) | Self::Target(NeededTarget { playbook, .. }) => playbook,
        }
    }
}

/// SHA-256 over a playbook's meaning, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContentKey(pub Arc<str>);

/// Where a playbook came from; a later one wins over an earlier one of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Compiled into the program.
    Shipped,
    /// From `/etc/salve/playbooks/`, which arms it, because only root can write there.
    System(PathBuf),
    /// The user's configuration folder.
    User(PathBuf),
    /// A folder named on the command line.
    Folder(PathBuf),
}

/// What says that something is wrong: any check holds, for this long without a break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Detect {
    /// At least one.
    pub checks: Vec<Check>,
    /// The hold time (`for`), measured from the event.
    pub hold: Period,
    /// Whether a fault that comes and goes counts as one that lasts.
    #[serde(default, skip_serializing_if = "Flapping::is_watch")]
    pub flapping: Flapping,
}

/// How a fault that comes and goes is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flapping {
    /// It is one fault, until it has stayed away for a while.
    #[default]
    Watch,
    /// Each time is a fault of its own, for conditions that may come and go.
    Ignore,
}

impl Flapping {
    /// What holds where nothing is said: it is left out of what a playbook's content is computed over, so that files
    /// from before it keep their budgets and breakers.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        *self == Self::Watch
    }
}

/// One remediation of the ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rung {
    /// In order; the first that fails ends the attempt.
    pub actions: Vec<Action>,
    /// For the whole rung.
    pub timeout: Period,
    /// May be run again after a crash that left its outcome unknown.
    pub idempotent: bool,
}

impl Rung {
    /// Whether it contains this placeholder or needs its value, so that the value must be looked up.
    #[must_use]
    pub fn wants(&self, placeholder: Placeholder) -> bool {
        let is_wanted = |piece: &TemplatePart<'_>| *piece == TemplatePart::Value(placeholder);
        let holds = |template: &Template| template.pieces().is_ok_and(|pieces| pieces.iter().any(is_wanted));
        let acts_on_it = placeholder == Placeholder::Pid && self.actions.iter().any(Action::needs_pid);
        acts_on_it || self.actions.iter().flat_map(Action::templates).any(holds)
    }
}

/// What says that it is right again: all checks hold before the deadline, and go on holding for the soak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verify {
    /// At least one.
    pub checks: Vec<Check>,
    /// How long after the last step the checks may take to hold.
    pub within: Period,
    /// How long the checks must go on holding after that; zero if left out.
    pub soak: Period,
}

/// The budget, and whom to call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Escalate {
    /// The attempt of this number in the window runs, opens the breaker, and pages.
    pub attempts: u32,
    /// The sliding window.
    pub window: Period,
    /// Channels by name; empty means the ticket folder.
    pub to: Vec<String>,
    /// Evidence to gather for the page.
    pub attach: Vec<Attachment>,
}

/// The breaker's times; each has a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerLimits {
    /// First stay in open.
    pub cooldown: Period,
    /// Longest stay in open, after doubling.
    pub longest: Period,
    /// Reopenings in 24 hours after which it latches.
    pub latch_after: u32,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { cooldown: Period::from_secs(30 * 60), longest: Period::from_secs(4 * 3600), latch_after: 3 }
    }
}

/// What must exist for a playbook to apply to this host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnabledWhen {
    /// A unit that is installed, and neither disabled nor masked.
    Unit(String),
    /// A file or folder that exists, by its absolute path.
    File(String),
    /// Each target where it is there (a unit: where it is installed, and neither disabled nor masked).
    Present,
}

impl Origin {
    /// Whether a playbook from there is armed by its place, so that its mode takes effect.
    #[must_use]
    pub const fn arms(&self) -> bool {
        match self {
            Self::System(_) | Self::Folder(_) => true,
            Self::Shipped | Self::User(_) => false,
        }
    }
}

impl fmt::Display for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_wants_what_its_arguments_and_environment_name() {
        let rung = |action: &str| -> Rung {
            let text = format!("actions = [{action}]\ntimeout = \"1s\"\nidempotent = false");
            toml::from_str(&text).expect("a rung")
        };
        assert!(rung(r#"{ run = ["kill", "{pid}"] }"#).wants(Placeholder::Pid));
        assert!(rung(r#"{ run = { argv = ["kick"], env = { WHO = "{pid}" } } }"#).wants(Placeholder::Pid));
        assert!(!rung(r#"{ run = ["kill", "{{pid}}", "{target}"] }"#).wants(Placeholder::Pid));
        assert!(!rung(r#"{ unit = "restart" }"#).wants(Placeholder::Pid));
    }
}
