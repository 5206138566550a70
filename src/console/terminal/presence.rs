//! Is there a terminal, and can anything be placed on it?

use std::io::{self, IsTerminal};

/// Are both ends a terminal?
#[must_use]
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Whether it is a terminal on which nothing can be placed, as an editor's shell window gives it: it gets sentences.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
