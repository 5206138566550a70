//! One module per kind of action, child processes in scopes that can be emptied, and safe deletion.
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
//! | [`resolved_action`] | what is carried out; its JSON is a record without secrets |
//! | `bound` | the files that a command line names, bound to the plan like its program |
//! | `sourced` | values that may come from files of their own |
//! | [`runner`] | carries out the steps of a plan, one after the other, until a deadline |
//! | `dry_run` | describes what a plan would do |
//! | `registry` | the kinds, registered once: add a kind's module, and its line there |
//! | [`unit`], `run`, [`clean`], `truncate`, `signal`, `http`, `remount`, `container`, `link`, `limit`, `wait`, `snapshot` | one kind of action each |
//! | `process`, `identity` | one child of an attempt; the identity of a program's file |
//! | `output`, [`redact`] | what a program printed: safe to print, without secrets |

mod bound;
pub mod clean;
mod container;
mod dry_run;
mod http;
mod identity;
mod limit;
mod link;
mod output;
pub mod plan;
mod process;
pub mod resolved_action;
pub use crate::host::redact;
mod registry;
mod remount;
mod run;
pub mod runner;
mod signal;
mod snapshot;
mod sourced;
mod truncate;
pub mod unit;
mod wait;

use std::path::PathBuf;

pub use self::dry_run::{DryStep, dry_run};
pub use self::output::presentable;
pub use self::plan::{PlanError, plan};
pub use self::runner::Runner;
use crate::core::IncidentId;
use crate::core::plan::ScopeLevel;
use crate::host::child::Scopes;
use crate::playbook::Target;

/// How well the processes of an attempt could be held together if one were started by this process now.
#[must_use]
pub fn scope_level() -> ScopeLevel {
    runner::scope_level(Scopes::detect("look").level())
}

/// What a plan is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The one thing that is acted on.
    pub target: Target,
    /// The incident that asks for it.
    pub incident: IncidentId,
    /// The target's main process, where it has one: `{pid}`.
    pub pid: Option<i32>,
    /// Folders that a root-owned setting adds to those that `clean` may work below.
    pub clean_roots: Vec<PathBuf>,
}
