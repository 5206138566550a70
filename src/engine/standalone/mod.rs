//! What is done without a running engine, by one verb of the command line.
//!
//! | module | what it does |
//! |---|---|
//! | [`one_shot`] | reads the host once, without acting: what is its state? |
//! | [`offline`] | one command while no engine runs |
//! | [`dry_run`] | what would a playbook do now? |
//! | [`inventory`] | what is on a new host, and which playbooks apply to it |

pub mod dry_run;
pub mod inventory;
pub mod offline;
pub mod one_shot;
