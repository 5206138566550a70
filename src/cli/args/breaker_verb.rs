//! The verbs of `salve breaker` and their arguments.

use clap::Subcommand;

/// The verbs of `salve breaker`.
#[derive(Debug, Subcommand)]
pub enum BreakerVerb {
    /// List the breakers that are open or have counted attempts
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Close a breaker that is open or latched
    Reset {
        /// The playbook's name
        playbook: String,
        /// The target, if the playbook has several, as `salve status` names it
        target: Option<String>,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Keep a breaker open until it is reset
    Latch {
        /// The playbook's name
        playbook: String,
        /// The target, if the playbook has several, as `salve status` names it
        target: Option<String>,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}
