//! One module per kind of check: events where the kernel or systemd has them, otherwise polls with a deadline.
//!
//! Probing and judging are separate. A [`Subject`] says what to probe: equal subjects are probed once, however many
//! playbooks and roles ask. An [`Observation`] is what was seen, and is recorded for backtests. [`judge()`] turns it
//! into a verdict, and is pure: the same observation under another condition needs no second probe.
//!
//! ```text
//!  signals, pidfds, mounts, PSI --> event_loop, unit::watch --+
//!                                                             v
//!  watch, unwatch --> scheduler --(when due)--> probe --> observation --judge--> reading --> engine
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`monitor`] | the entry point: what the engine calls |
//! | `scheduler` | what is watched, when it is probed next, which readings are emitted |
//! | `registry` | the kinds, registered once: add a kind's module, and its line there |
//! | `probe` | one probe of one subject, within its deadline |
//! | `event_loop` | the one thread that waits on every pidfd, the mount table and the PSI triggers |
//! | `event_source`, `folders` | descriptors that become ready when something should be probed |
//! | `probe_history` | what a kind remembers from one probe to the next |
//! | `conditions` | combines a check's conditions into a verdict and its text |
//! | [`judge`](mod@judge) | observation and condition to verdict, text and figure |
//! | `resolve`, `preflight`, `pid` | targets on this host; the facts about a target before an attempt |
//! | [`unit`], [`process`], [`path`] and the rest | the kinds: subject, probe, judgement, text |

pub mod cgroup;
pub mod clock;
pub mod command;
mod conditions;
pub mod container;
pub mod cpu;
pub mod dns;
mod event_loop;
mod event_source;
pub mod failed_units;
pub mod filesystem;
mod folders;
pub mod http;
pub mod judge;
pub mod link;
pub mod load;
pub mod log;
pub mod memory;
pub mod monitor;
pub mod mount;
pub mod path;
mod pid;
mod preflight;
pub mod pressure;
mod probe;
mod probe_history;
pub mod process;
mod registry;
mod resolve;
mod scheduler;
pub mod subject;
pub mod tcp;
pub mod tls;
pub mod unit;

pub use judge::{Judgement, condition, judge};
pub use monitor::{HostStrip, Monitor, ObservationChange, strip};
pub use pid::main_pid;
pub use preflight::TargetFacts;
pub use subject::{Observation, Subject};
