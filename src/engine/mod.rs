//! Drives the core in real time; owns the only loop; publishes snapshots, takes commands.
//!
//! ```text
//! readings, results, commands, playbooks --> run (the loop) --> driver --> core.handle --> records --> journal
//!                                              ^                                               |  durable
//!                                              +------ results ------ effect_executor <--------+
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`start`] | opens the journal, folds it, lets the loop go |
//! | [`alarm`] | pages a human where salve itself cannot start, or cannot write its journal |
//! | [`driver`] | the one interpreter of effects: records first, then what acts |
//! | [`run`] | the only loop: waits for inputs, timers and the journal, and drives |
//! | [`effect_executor`] | carries effects out, each in a task of its own |
//! | `noted_records` | what the records leave to be shown |
//! | [`operator`] | who runs this process, as the kernel says |
//! | [`page`] | from a recorded escalation to the page that goes out |
//! | [`reload`] | which playbooks are in force |
//! | [`playbook_view`] | every playbook file, accepted or not, as a screen shows it |
//! | [`snapshot_builder`], [`snapshot`] | the state as a screen needs it |
//! | [`handle`] | what a console or a verb holds of an engine |
//! | [`one_shot`] | reads the host once, without acting: what is its state? |
//! | [`offline`] | one command while no engine runs |
//! | [`dry_run`] | what would a playbook do now? |
//! | [`inventory`] | what is on a new host, and which playbooks apply to it |
//! | [`backtest`] | what a playbook would have done in the past |
//! | [`target_candidates`] | what on this host could be a playbook's target |
//! | [`report`] | an incident as Markdown |
//! | [`metrics`] | the state as figures, for other monitoring |
//! | [`history`] | the journal as it stood at any event |
//! | [`host_queries`] | what a console can ask about the host, and the task that answers |
//! | [`heartbeat`] | tells an external switch that the loop runs |
//! | [`settings`] | the one settings file |

pub mod alarm;
pub mod backtest;
pub mod calls;
pub mod driver;
pub mod dry_run;
mod effect_executor;
pub mod handle;
pub mod heartbeat;
pub mod history;
pub mod host_queries;
pub mod inventory;
pub mod metrics;
mod noted_records;
pub mod offline;
pub mod one_shot;
pub mod operator;
pub mod page;
mod playbook_files;
pub mod playbook_view;
pub mod reload;
pub mod report;
pub mod run;
pub mod settings;
mod silence;
pub mod snapshot;
pub mod snapshot_builder;
pub mod start;
pub mod target_candidates;

pub use handle::Handle;
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use start::{Options, Running, StartError, start};
