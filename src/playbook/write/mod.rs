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
pub mod difference;
mod lex;
pub mod paint;
mod shape;
mod spot;
pub mod store;
pub mod template;
mod walk;

pub use complete::{Candidate, Completion, complete};
pub use difference::{Change, difference};
pub use paint::{Ink, paint};
pub use store::{Draft, Drafts, SaveError, Saved, save};
pub use template::{Class, WantedTarget, fill};
