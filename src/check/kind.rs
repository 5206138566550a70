//! How one kind of check looks at the host: the trait that a kind implements beside its table, and that all of this
//! module goes by. No other file matches on single kinds.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::events::event_source::OwnSources;
use super::events::folders::Folders;
use super::events::process_table::ProcessSubject;
use super::judge::Judgement;
use super::prober::{Cost, Prober, Timed};
use crate::core::UnitRun;
use crate::playbook::Target;
use crate::playbook::check::table::CheckTable;
use crate::playbook::value::Period;

/// A source of events that serves many subjects at once, and is opened only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedSource {
    /// No such source: the subject has sources of its own, or is only polled.
    None,
    /// systemd's signals about the unit of this name; each change is reported with the new state.
    Unit(Arc<str>),
    /// systemd's signals about whichever unit: each is a reason to probe.
    AnyUnit,
    /// The event loop's table of processes, which reports each change of these with the new state.
    ProcessTable(Arc<ProcessSubject>),
    /// The kernel's table of mounts: each change is a reason to probe.
    MountTable,
}

/// One kind of check, as it looks at the host. Its table in playbooks is [`CheckTable`].
pub trait CheckProbe: CheckTable {
    /// What to probe, a type of this kind alone. Equal subjects are probed once, however many playbooks ask. Its JSON is
    /// a key in the journal.
    type Subject: Debug + Clone + Ord + Hash + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What a probe observed, a type of this kind alone. Its JSON is recorded in the journal, and judged again by
    /// backtests.
    type Seen: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Which scarce resource a probe needs.
    const COST: Cost;

    /// What the check probes: the object that it names, or its target.
    ///
    /// # Errors
    /// A message: what the check does not name and cannot take from the target.
    fn subject(&self, target: &Target) -> Result<Self::Subject, String>;

    /// Probes the subject once, within its own deadline.
    ///
    /// # Errors
    /// A message: why nothing can be observed. The check is then unknown, never healthy.
    fn probe(subject: &Self::Subject, prober: &Prober) -> impl Future<Output = Result<Self::Seen, String>> + Send;

    /// Probes the subject once, with the time since when it is as observed, where the kind can tell.
    ///
    /// # Errors
    /// As [`Self::probe`].
    fn probe_timed(
        subject: &Self::Subject,
        prober: &Prober,
    ) -> impl Future<Output = Result<Timed<Self::Seen>, String>> + Send {
        async { Self::probe(subject, prober).await.map(Timed::from) }
    }

    /// Evaluates every condition of the check against an observation. Pure: a backtest judges old observations.
    #[must_use]
    fn judge(&self, seen: &Self::Seen) -> Judgement;

    /// The condition in a few words, for the screen: `> 85%`, `not active`.
    #[must_use]
    fn condition(&self) -> String;

    /// Whether a change is too small to be recorded for backtests. Changes of a verdict are recorded all the same.
    #[must_use]
    fn is_insignificant(now: &Self::Seen, then: &Self::Seen) -> bool {
        now == then
    }

    /// Why the check cannot work on this host at all, whatever its target; none if it can.
    #[must_use]
    fn unavailable(&self) -> Option<&'static str> {
        None
    }

    /// The source of events that this subject shares with others.
    #[must_use]
    fn shared_source(_: &Self::Subject) -> SharedSource {
        SharedSource::None
    }

    /// How the event sources of this one watch are opened; none if it has no sources of its own. `folders` is absent
    /// where folders cannot be watched.
    #[must_use]
    fn own_sources(&self, _: &Self::Subject, _folders: Option<Arc<Folders>>) -> Option<OwnSources> {
        None
    }

    /// The unit's run that was observed, which tells a restart from a unit that flaps; none for other subjects.
    #[must_use]
    fn unit_run(_: &Self::Seen) -> Option<UnitRun> {
        None
    }
}

/// The check's own period, or the kind's default, in milliseconds.
pub fn millis(own: Option<Period>, kinds: Duration) -> u64 {
    own.unwrap_or(Period(kinds)).millis()
}
