//! What an editor of playbooks needs, without the screen.
//!
//! ```text
//! class + target --template--> text --paint--> inks
//!                               |  ^----complete---- the schema
//!                               v
//!                      read, lint, save, keep
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`mod@paint`] | what each character of a text is, for colours |
//! | [`mod@complete`] | what may be written here, from the schema |
//! | [`template`] | a whole playbook for a failure class |
//! | [`mod@difference`] | two texts, line by line |
//! | [`store`] | saving, and keeping drafts; the only one that touches files |
//! | `lex`, `walk` | words and brackets of a text that need not be TOML yet, and where in it one stands |

pub mod difference;
mod lex;
pub mod paint;
mod walk;

pub use difference::{Change, difference};
pub use paint::{Ink, paint};
