//! One child of an attempt: which file is run, which files its command line names, how it runs, and what it printed.

pub(super) mod bound;
pub(super) mod identity;
pub mod output;
pub(super) mod process;
