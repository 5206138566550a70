//! Pure decisions: no I/O, no clock, no async, no screen.
//!
//! `handle(now, input) -> effects`. Inputs are readings, attempt results, operator commands, time passing and
//! reloaded playbooks. Effects are data: record this event, start this attempt, watch this check, page. What is
//! durable changes only through [`event::Event`]: the machine applies each event that it records, and a journal
//! folded through the same `apply` rebuilds the same state.
//!
//! | module | what it does |
//! |---|---|
//! | [`machine`] | takes inputs, routes them, and gives effects |
//! | [`event`] | what is remembered, and how it is told |
//! | [`state`] | what is durable: the machines below, and the folds that move them |
//! | [`incident`] | one failure of one target, from phase to phase |
//! | [`detector`] | what is known of each watched key: readings, the fault they come to, flapping |
//! | [`gate`] | the rules that every attempt must pass, with locks, budget, contention and storms |
//! | [`breaker`] | stops attempts that do not help |
//! | [`suppression`] | pauses, snoozes, maintenance windows and arming |
//! | [`escalation`] | calls for a human, and the outbox |
//! | [`success`] | does the automation fix what it touches |
//! | [`command`] | what an operator can ask for, and the typed refusals |
//! | [`plan`] | what an attempt would do, and the digest that an approval is bound to |
//! | [`time`] | the only two clocks: what durations run on, and what moments are called |

pub mod breaker;
pub mod command;
pub mod detector;
pub mod escalation;
pub mod event;
pub mod gate;
pub mod id;
pub mod incident;
pub mod machine;
pub mod plan;
pub mod state;
pub mod success;
pub mod suppression;
pub mod time;

pub use command::reason::Reason;
pub use command::{Authority, Command, Operator, Refusal, Scope};
pub use detector::reading::{Reading, UnitRun, Verdict};
pub use detector::{Detector, DetectorState, Moment};
pub use event::{Event, Recorded};
pub use id::{AttemptId, CheckRole, IncidentId, Key, MaintenanceId, PageId, RequestId, SurveyId, WatchId};
pub use incident::{Denial, Outcome, Phase};
pub use machine::Core;
pub use machine::config::Config;
pub use machine::effect::Effect;
pub use machine::input::{ArmingPolicy, Binding, Facts, Input, Needed, Resolution};
pub use plan::{AttemptReport, Digest, Plan};
pub use state::State;
pub use time::{Mono, Now};

#[cfg(test)]
mod tests;
