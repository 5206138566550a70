//! One file per kind of action; children in scopes that can be emptied; safe deletion.
//!
//! ```text
//! playbook --plan--> Plan (orders, sentences, digest) --dry_run--> what would happen, in sentences
//!                              |
//!                              +--Runner::execute--> AttemptReport
//!                                    unit: a systemd job, waited for
//!                                    run: a child in the attempt's scope
//!                                    clean: judged, re-judged, removed
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`plan`] | a rung resolved to the last argument, and its digest |
//! | [`order`] | what the executor gets; its JSON is a record without secrets |
//! | `bound` | the files that a command line names, bound to the plan like its program |
//! | `sourced` | values that may come from files of their own |
//! | [`runner`] | the orders of a plan, one after the other, to a deadline |
//! | `registry` | the kinds, registered once: add a kind's file, and its line there |
//! | [`unit`], `run`, [`clean`], `truncate`, `signal`, `http`, `remount`, `container`, `link`, `limit`, `wait`, `snapshot` | one kind of action each |
//! | `process` | one child of an attempt |
//! | `output`, [`redact`] | what a program printed: visible, without secrets |

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
