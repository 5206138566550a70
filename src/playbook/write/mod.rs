//! What an editor of playbooks needs, without the screen.
//!
//! ```text
//! class + target ---> text --paint--> inks
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`mod@paint`] | what each character of a text is, for colours |
//! | [`mod@complete`] | what may be written here, from the schema |
//! | [`template`] | a whole playbook for a failure class |
//! | [`mod@difference`] | two texts, line by line |
//! | [`store`] | saving, and keeping drafts; the only one that touches files |
//! | `lex`, `walk`, `spot` | words and brackets of a text that need not be TOML yet, and where in it one stands |
//! | `shape` | the schema, asked what may stand where |

pub mod complete;
mod cursor_context;
pub mod difference;
pub mod highlight;
mod lex;
mod scanner;
mod schema_query;
pub mod store;
pub mod template;

pub use complete::{Completion, CompletionItem, complete};
pub use difference::{LineChange, difference};
pub use highlight::{HighlightClass, highlight};
pub use store::{Drafts, SaveError, SaveResult, SavedDraft, save};
pub use template::{FailureClass, WantedTarget, fill};
