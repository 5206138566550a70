//! Playbooks, as an operator writes them: one TOML file for one failure class.
//!
//! ```text
//! text --read--> tree with spans --model--> Playbook --lint--> accepted, or diagnostics (all of them)
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`model`] | the types of an accepted playbook |
//! | [`check`], [`action`] | the kinds of checks and actions, one struct each, registered in one place |
//! | [`attachment`] | the kinds of evidence |
//! | [`value`], [`placeholder`] | values with their units: periods, bounds, sizes; templates and what fills them |
//! | [`mod@read`] | reads text into the model, and collects every error with its place |
//! | [`lint`] | finds what is valid in form and still dangerous |
//! | [`lint::cross_check`] | checks that need the other playbooks and the settings: needs, channels |
//! | [`lint::host_check`] | checks that need the host: units that are at rest |
//! | [`kind_docs`] | the manual of the kinds, from what each kind documents |
//! | [`rule`], [`diagnostic`] | what can be wrong; an error with its place and fix, rendered with the marked source |
//! | [`mod@schema`] | the JSON Schema, from the same types |
//! | [`library`] | where playbooks come from: shipped, `/etc/salve`, the user's, a folder |
//! | [`library::trust`] | whether the owner and mode of a file make it trustworthy |
//! | [`library::allow_list`] | where `clean` may delete |
//! | [`write`] | what an editor needs: colours, completion, templates, differences, saving and drafts |

pub mod action;
pub mod attachment;
pub mod check;
mod content;
pub mod diagnostic;
pub mod kind_docs;
pub mod library;
pub mod lint;
pub mod model;
pub mod placeholder;
pub mod read;
pub mod rule;
pub mod schema;
pub mod value;
pub mod write;

pub use action::Action;
pub use attachment::Attachment;
pub use check::Check;
pub use diagnostic::Diagnostic;
pub use model::{
    BreakerLimits, ContentKey, Detect, EnabledWhen, Escalate, Flapping, Mode, Need, NeededTarget, Origin, Playbook,
    Risk, Rung, Target, TargetSpec, Verify,
};
pub use placeholder::Placeholders;
pub use rule::{Rule, Severity};
