//! Kinds of actions, child processes in scopes that can be emptied, and safe deletion.
//!
//! ```text
//! playbook --plan--> Plan (resolved actions, sentences, digest) --dry_run--> what would happen, in sentences
//!                              |
//!                              +--Runner::execute--> AttemptReport
//!                                    unit: a systemd job, waited for
//!                                    run: a child in the attempt's scope
//!                                    clean: files selected, checked again, removed
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`plan`] | resolves a rung to the last argument, and computes its digest |
//! | `context` | what a plan is made for |
//! | `kind` | the trait of a kind: how it is resolved and carried out |
//! | `description` | words that the kinds describe their steps with |
//! | `step` | what a step may use while it is carried out, and how it ended |
//! | `registry` | what is carried out, an enum over the kinds; its JSON is a record without secrets |
//! | [`runner`] | carries out the steps of a plan, one after the other, until a deadline |
//! | `dry_run` | describes what a plan would do |
//! | `sourced` | values that may come from files of their own |
//! | `program` | one child of an attempt: its file, the files that it names, its output |
//! | [`redact`] | what a program printed, without secrets |
//! | [`units`], [`processes`], [`storage`], [`network`], [`attempt`] | the kinds, by what they act on |
//!
//! A kind is a folder of two files: `table.rs`, what is written in playbooks, and `execute.rs`, how it is carried out.
//! `table.rs` belongs to the level of `playbook`, which makes its `Action` of it, and uses no more than that level has.
//! A kind has one line in `playbook::action::kinds`, and is named nowhere else.

mod context;
mod description;
mod dry_run;
mod kind;
pub mod plan;
mod program;
mod registry;
pub mod runner;
mod sourced;
mod step;

macro_rules! modules {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        $(
            #[doc = concat!("The kinds of actions on: ", stringify!($group), ".")]
            pub mod $group {
                $(
                    #[doc = concat!("The kind `", stringify!($module), "`.")]
                    pub mod $module {
                        pub mod execute;
                        pub mod table;
                    }
                )*
            }
        )*
    };
}

crate::playbook::action::for_each_action_kind!(modules);

pub use self::context::Context;
pub use self::dry_run::{DryStep, dry_run};
pub use self::plan::error::PlanError;
pub use self::plan::plan;
pub use self::program::output::presentable;
pub use self::runner::Runner;
use crate::core::plan::ScopeLevel;
use crate::host::child::Scopes;
pub use crate::host::redact;

/// How well the processes of an attempt could be held together if one were started by this process now.
#[must_use]
pub fn scope_level() -> ScopeLevel {
    runner::scope_level(Scopes::detect("look").level())
}
