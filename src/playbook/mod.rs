//! What an operator writes: one TOML file, one failure class.
//!
//! ```text
//! text --read--> tree with spans --model--> Playbook --lint--> accepted, or diagnostics (all of them)
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`model`] | the types of an accepted playbook |
//! | [`check`], [`action`] | the kinds of checks and actions, one struct each, registered in one place |
//! | [`value`] | values with their units: periods, bounds, sizes, templates |
//! | `read` | text to model, every mistake collected with its place |
//! | `lint` | what is well-formed and still dangerous |
//! | `diagnostic` | a mistake, its place and its mend, drawn with the marked source |
//! | `schema` | the JSON Schema, from the same types |
//! | `library` | where playbooks come from: shipped, `/etc/salve`, the user's, a folder |

pub mod action;
pub mod allow_list;
pub mod check;
pub mod diagnostic;
pub mod library;
pub mod lint;
pub mod model;
pub mod placeholder;
mod places;
pub mod read;
pub mod schema;
pub mod trust;
pub mod value;

pub use action::Action;
pub use check::Check;
pub use model::{
    Attachment, BreakerLimits, ContentKey, Detect, EnabledWhen, Escalate, Mode, Origin, Playbook, Risk, Rung, Target,
    TargetSpec, Verify,
};
