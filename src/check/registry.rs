//! What to probe and what was observed, as enums over the kinds, made from the one list of kinds
//! (`playbook::check::kinds`). Everything that differs between kinds is asked of [`CheckProbe`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::event_source::OwnSources;
use super::events::folders::Folders;
use super::judge::Judgement;
use super::kind::{CheckProbe, SharedSource};
use super::prober::history::Traces;
use super::prober::{Cost, Prober, Timed};
use crate::core::{UnitRun, Verdict};
use crate::playbook::Target;
use crate::playbook::check::{self, Check, for_each_check_kind};

macro_rules! dispatch {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        /// What to probe. Equal subjects are probed once, however many playbooks ask.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Subject {
            $($(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind(<check::$table as CheckProbe>::Subject),)*)*
        }

        /// What a probe observed of a subject.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Observation {
            $($(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind(<check::$table as CheckProbe>::Seen),)*)*
            /// Nothing could be observed, and why.
            Unseen(String),
        }

        $($(
            impl From<<check::$table as CheckProbe>::Subject> for Subject {
                fn from(subject: <check::$table as CheckProbe>::Subject) -> Self {
                    Self::$kind(subject)
                }
            }

            impl From<<check::$table as CheckProbe>::Seen> for Observation {
                fn from(seen: <check::$table as CheckProbe>::Seen) -> Self {
                    Self::$kind(seen)
                }
            }
        )*)*

        impl Subject {
            /// What a check probes: the object that it names, or its target.
            ///
            /// # Errors
            /// A message: what the check does not name and cannot take from the target.
            pub fn of(check: &Check, target: &Target) -> Result<Self, String> {
                let subject = match check {
                    $($(Check::$kind(check) => check.subject(target).map(Self::$kind),)*)*
                };
                subject.and_then(Self::still_known)
            }

            /// Which scarce resource a probe of it needs.
            pub(super) const fn cost(&self) -> Cost {
                match self {
                    $($(Self::$kind(_) => <check::$table as CheckProbe>::COST,)*)*
                }
            }

            /// Looks at it once. The result carries the time since when it is so, if an event announced it.
            pub(super) async fn observe(&self, prober: &Prober) -> Result<Timed<Observation>, String> {
                match self {
                    $($(Self::$kind(subject) => {
                        // in a box of its own, so that none carries the largest of them along
                        let Timed { seen, changed } = Box::pin(check::$table::probe_timed(subject, prober)).await?;
                        Ok(Timed { seen: seen.into(), changed })
                    })*)*
                }
            }

            /// Starts to remember it from one probe to the next, because it is watched now.
            pub(super) fn remember(&self, traces: &Traces) {
                match self {
                    $($(Self::$kind(subject) => traces.remember(subject),)*)*
                }
            }

            /// Forgets what is remembered of it, because it is no longer watched.
            pub(super) fn forget(&self, traces: &Traces) {
                match self {
                    $($(Self::$kind(subject) => traces.forget(subject),)*)*
                }
            }

            /// The source of events that it shares with other subjects.
            pub(super) fn shared_source(&self) -> SharedSource {
                match self {
                    $($(Self::$kind(subject) => check::$table::shared_source(subject),)*)*
                }
            }

            /// How the event sources of a watch of this subject are opened; none if it has none of its own.
            pub(super) fn own_sources(&self, check: &Check, folders: Option<Arc<Folders>>) -> Option<OwnSources> {
                match (self, check) {
                    $($((Self::$kind(subject), Check::$kind(check)) => check.own_sources(subject, folders),)*)*
                    _ => None,
                }
            }
        }

        impl Observation {
            /// Whether the change since `earlier` is too small to be recorded. Changes of a verdict are recorded all
            /// the same.
            #[must_use]
            pub fn is_insignificant(&self, earlier: &Self) -> bool {
                match (self, earlier) {
                    $($((Self::$kind(now), Self::$kind(then)) => check::$table::is_insignificant(now, then),)*)*
                    _ => self == earlier,
                }
            }

            /// The unit's run that was observed; none for other subjects.
            pub(super) fn unit_run(&self) -> Option<UnitRun> {
                match self {
                    $($(Self::$kind(seen) => check::$table::unit_run(seen),)*)*
                    Self::Unseen(_) => None,
                }
            }
        }

        /// Evaluates a check's condition against an observation. An observation of another kind is unknown.
        #[must_use]
        pub fn judge(check: &Check, seen: &Observation) -> Judgement {
            match (check, seen) {
                $($((Check::$kind(check), Observation::$kind(seen)) => check.judge(seen),)*)*
                (_, Observation::Unseen(why)) => {
                    Judgement { verdict: Verdict::Unknown(why.as_str().into()), seen: why.clone(), figure: None }
                }
                _ => Judgement {
                    verdict: Verdict::Unknown("this was seen of another kind of thing".into()),
                    seen: String::new(),
                    figure: None,
                },
            }
        }

        /// The condition in a few words: `> 85%`, `not active`.
        #[must_use]
        pub fn condition(check: &Check) -> String {
            match check {
                $($(Check::$kind(check) => check.condition(),)*)*
            }
        }

        /// Why a check cannot work on this host at all, whatever its target; none if it can.
        pub fn unavailable(check: &Check) -> Option<&'static str> {
            match check {
                $($(Check::$kind(check) => check.unavailable(),)*)*
            }
        }
    };
}

for_each_check_kind!(dispatch);
