//! Drives the core in real time; owns the only loop; publishes snapshots, takes commands.
//!
//! ```text
//! readings, results, commands, playbooks --> run (the loop) --> driver --> core.handle --> records --> journal
//!                                              ^                                               |  durable
//!                                              +------ results ------ the host <----------------+
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`start`] | opens the journal, folds it, lets the loop go |
//! | [`driver`] | the one interpreter of effects: records first, then what acts |
//! | [`run`] | the only loop: waits for inputs, timers and the journal, and drives |
//! | [`operator`] | who runs this process, as the kernel says |
//! | [`reload`] | which playbooks are in force |
//! | [`snapshot`] | the state as a screen needs it |
//! | [`views`] | makes snapshots, pages and reports of the state |
//! | [`options`] | what an engine needs to know before it starts |
//! | [`handle`] | what a console or a verb holds of an engine |
//! | [`standalone`] | what a verb does without a running engine: look once, one command, a dry run, an inventory |
//! | [`backtest`] | what a playbook would have done in the past |
//! | [`host_queries::target_candidates`] | what on this host could be a playbook's target |
//! | [`metrics`] | the state as figures, for other monitoring |
//! | [`history`] | the journal as it stood at any event |
//! | [`host_queries`] | what a console can ask about the host, and the task that answers |
//! | [`settings`] | the one settings file |

pub mod backtest;
pub mod driver;
pub mod handle;
pub mod history;
pub mod host_queries;
pub mod metrics;
pub mod operator;
pub mod options;
pub mod reload;
pub mod run;
pub mod settings;
pub mod snapshot;
pub mod standalone;
pub mod start;
pub mod views;

pub use handle::Handle;
pub use options::{Options, StartError};
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use start::{Running, start};
