//! Pure decisions: no I/O, no clock, no async, no screen.
//!
//! `handle(now, input) -> effects`. Inputs are readings, attempt results, operator commands, time passing and
//! reloaded playbooks. Effects are data: record this event, start this attempt, watch this check, page. What is
//! durable changes only through [`event::Event`]: the machine applies each event that it records, and a journal
//! folded through the same `apply` rebuilds the same state.
//!
//! | module | what it does |
//! |---|---|
//! | [`time`] | the only two clocks: what durations run on, and what moments are called |
//! | [`reading`] | holds, does not hold, unknown |
//! | [`input`], [`effect`], [`event`] | what comes in, what goes out, what is remembered |
//! | [`command`] | what an operator can ask for, and the typed refusals |
//! | [`Reason`] | why an operator asks for it: one short, clean line |
//! | [`plan`] | what an attempt would do, and the digest that an approval is bound to |
//! | [`sealed`] | what an executor carries out, secrets and all, and what a record says of it |
//! | [`incident`] | one failure of one target, as a state with data |
//! | [`maintenance`] | pauses that were planned and begin at a given moment |
//! | [`event_text`] | one plain sentence per event |
//! | [`history_view`] | the state at a moment of the past, for a screen |
//! | [`rate`] | does the automation fix what it touches |
//! | [`period_report`] | what a period came to, for a report |

mod acknowledgement;
mod apply;
mod approval;
mod attempt;
pub mod automation_gaps;
pub mod breaker;
pub mod calls;
pub mod command;
mod command_handler;
pub mod config;
pub mod contention;
pub mod counters;
mod denial;
pub mod denial_bounds;
mod detector;
mod display;
pub mod effect;
pub mod escalation;
pub mod event;
pub mod event_text;
pub mod flapping;
pub mod gate;
mod gate_input;
pub mod history_view;
pub mod id;
pub mod incident;
pub mod input;
mod lifecycle;
mod load;
mod machine;
pub mod maintenance;
mod needs;
pub mod parse_time;
pub mod period_report;
pub mod plan;
mod preflight;
pub mod rate;
pub mod reading;
mod readings;
mod reason;
mod recovery;
pub mod sealed;
mod silence;
mod spent;
pub mod state;
pub mod success_counters;
mod suppression;
pub mod time;
mod timers;
mod trend;
mod unbound;
mod verify;
mod view;
pub mod window;

pub use command::{Authority, Command, Operator, Refusal, Scope};
pub use config::Config;
pub use detector::{Detector, DetectorState, Moment, telling};
pub use effect::Effect;
pub use event::{Event, Recorded};
pub use id::{AttemptId, CheckRole, IncidentId, Key, MaintenanceId, PageId, RequestId, SurveyId, WatchId};
pub use incident::{Denial, Outcome, Phase};
pub use input::{ArmingPolicy, Binding, Facts, Input, Needed, Resolution};
pub use machine::Core;
pub use plan::{AttemptReport, Digest, Plan};
pub use reading::{Reading, UnitRun, Verdict};
pub use reason::Reason;
pub use state::State;
pub use time::{Mono, Now};

#[cfg(test)]
mod tests;
