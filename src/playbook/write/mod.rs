//! What an editor of playbooks needs, without the screen.
//!
//! ```text
//! class + target ---template--> text --highlight--> classes of its characters
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`mod@highlight`] | the class of each character of a text, for colours |
//! | [`mod@complete`] | what may be written at a place, from the schema |
//! | [`template`] | a whole playbook for a failure class |
//! | [`mod@difference`] | compares two texts line by line |
//! | [`store`] | saves playbooks and keeps drafts; the only module here that touches files |
//! | `lex`, `scanner`, `cursor_context` | words and brackets of a text that need not be TOML yet, and the cursor's place in it |
//! | `schema_query` | asks the schema what may stand where |

pub mod complete;
mod cursor_context;
pub mod difference;
pub(super) mod draft;
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
