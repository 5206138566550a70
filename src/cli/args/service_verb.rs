//! The verbs of `salve service` and their arguments.

use clap::Subcommand;

/// The verbs of `salve service`.
#[derive(Debug, Subcommand)]
pub enum ServiceVerb {
    /// Write the unit, create the group `salve`, enable and (re)start the daemon; safe to repeat
    Install,
    /// Print the unit file
    Print,
    /// Stop the daemon and remove its unit; journal and settings stay
    Remove,
}
