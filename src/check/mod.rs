//! Kinds of checks: events where the kernel or systemd has them, otherwise polls with a deadline.
//!
//! Probing and judging are separate. A [`Subject`] says what to probe: equal subjects are probed once, however many
//! playbooks and roles ask. An [`Observation`] is what was seen, and is recorded for backtests. [`judge()`] turns it
//! into a verdict, and is pure: the same observation under another condition needs no second probe.
//!
//! ```text
//!  signals, pidfds, mounts, PSI --> events, unit watcher --+
//!                                                          v
//!  watch, unwatch --> scheduler --(when due)--> prober --> observation --judge--> reading --> engine
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`monitor`] | the entry point: what the engine calls |
//! | `scheduler` | what is watched, when it is probed next, which readings are emitted |
//! | [`kind`] | the trait of a kind: how it looks at the host, and who announces its changes |
//! | `registry`, [`subject`] | enums over the kinds, made from their one list |
//! | [`prober`] | what probes share: permits, the connection to systemd, what is remembered from one to the next |
//! | [`events`] | the one thread that waits on every pidfd, the mount table and the PSI triggers; its process table |
//! | `report` | what probes, the event loop and the unit watcher report to the scheduler |
//! | [`judge`](mod@judge) | observation and condition to verdict, text and figure |
//! | `proc` | what `/proc` tells of single processes |
//! | `target` | targets on this host; the facts about a target before an attempt |
//! | [`units`], [`processes`], [`storage`], [`network`], [`logs`], [`host`] | the kinds, by subject |
//!
//! A kind is a folder of two files: `table.rs`, what is written in playbooks, and `probe.rs`, how it is looked at.
//! `table.rs` belongs to the level of `playbook`, which makes its `Check` of it, and uses no more than that level has.
//! A kind has one line in `playbook::check::kinds`, and is named nowhere else.

pub mod events;
pub mod judge;
pub mod kind;
pub mod monitor;
pub mod prober;
mod proc;
mod registry;
mod report;
mod scheduler;
pub mod subject;
mod target;

macro_rules! modules {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        $(
            #[doc = concat!("The kinds of checks whose subject is: ", stringify!($group), ".")]
            pub mod $group {
                $(
                    #[doc = concat!("The kind `", stringify!($module), "`.")]
                    pub mod $module {
                        pub mod probe;
                        pub mod table;
                    }
                )*
            }
        )*
    };
}

crate::playbook::check::for_each_check_kind!(modules);

pub use judge::Judgement;
pub use monitor::{HostUsage, Monitor, host_usage};
pub use registry::{condition, judge};
pub use report::ObservationChange;
pub use subject::{Observation, Subject};
pub use target::facts::TargetFacts;
pub use target::main_pid;
