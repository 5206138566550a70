//! Drives the core in real time; owns the only loop; publishes snapshots, takes commands.
//!
//! ```text
//! readings, results, commands, playbooks --> run (the loop) --> core.handle --> records --> journal
//!                                              ^                                    |  durable
//!                                              +---- results ---- carry <-- effects-+
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`start`] | opens the journal, folds it, lets the loop go |
//! | [`alarm`] | pages a human where salve itself cannot start, or cannot write its journal |
//! | [`run`] | the only loop; its records and timers have rooms of their own |
//! | [`carry`] | carries effects out, each in a task of its own |
//! | [`operator`] | who runs this process, as the kernel says |
//! | [`page`] | from a recorded escalation to the page that goes out |
//! | [`reload`] | which playbooks are in force |
//! | [`playbook_view`] | every playbook file, accepted or not, as a screen shows it |
//! | [`publish`], [`snapshot`] | the state as a screen needs it |
//! | [`handle`] | what a console or a verb holds of an engine |
//! | [`look`] | the engine without hands: how does the host stand? |
//! | [`offline`] | one command while no engine runs |
//! | [`rehearse`] | what would a playbook do now? |
//! | [`survey`] | a host that is met for the first time: what is there, and what playbooks would be on it |
//! | [`backtest`] | what a playbook would have done in the past |
//! | [`offer`] | what on this host could be a playbook's target |
//! | [`report`] | an incident as Markdown |
//! | [`metrics`] | the state as figures, for other monitoring |
//! | [`past`] | the journal as it stood at any event |
//! | [`question`] | what a console may ask about the host, and who answers it |
//! | [`heartbeat`] | tells an external switch that the loop runs |
//! | [`settings`] | the one settings file |

pub mod alarm;
pub mod backtest;
pub mod calls;
pub mod dry_run;
mod effect_executor;
pub mod handle;
pub mod heartbeat;
pub mod history;
pub mod host_queries;
pub mod inventory;
pub mod metrics;
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
