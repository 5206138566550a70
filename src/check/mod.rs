//! One file per kind of check: events where the kernel or systemd has them, else deadline-bound polls.
//!
//! Looking and judging are apart. A [`Subject`] says what to look at: equal subjects are looked at once, however many
//! playbooks and roles ask. An [`Observation`] is what was seen, and is kept for backtests. [`judge()`] turns it into
//! a verdict, and is pure: the same observation under another condition needs no second look.
//!
//! ```text
//!  signals, pidfds, mounts, PSI --> kernel, unit::watch --+
//!                                                         v
//!  watch, unwatch --> dispatch --(when due)--> look --> observation --judge--> reading --> engine
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`hub`] | what the engine calls |
//! | `dispatch` | who watches what, when it is looked at next, which readings are told |
//! | `registry` | the kinds, registered once: add a kind's file, and its line there |
//! | `look` | one look at one subject, within its deadline |
//! | `kernel` | the one thread that sleeps on every pidfd, on the mount table and on PSI triggers |
//! | `bell` | descriptors that ring when it is worth a look |
//! | `trace` | what a kind remembers from one look to the next |
//! | [`judge`](mod@judge) | observation and condition to verdict, words and figure |
//! | `resolve`, `facts`, `pid` | targets to canonical things; what is true of a target before an attempt |
//! | [`unit`], [`process`], [`path`] and the rest | the kinds: what it looks at, the look, the judgement, the words |

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
