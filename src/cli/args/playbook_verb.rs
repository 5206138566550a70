//! The verbs of `salve playbook` and their arguments.

use std::path::PathBuf;

use clap::Subcommand;

use crate::playbook::value::Period;

/// The verbs of `salve playbook`.
#[derive(Debug, Subcommand)]
pub enum PlaybookVerb {
    /// List every playbook that was found, and what it may do on this host
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Print a playbook's text
    Show {
        /// The playbook's name
        name: String,
    },
    /// Check playbook files and print every error in them
    Check {
        /// The playbook files to check
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Evaluate a playbook's checks now and resolve every argument; runs nothing
    Plan {
        /// A file, or the name of a playbook
        file: PathBuf,
    },
    /// Show what a playbook would have done on the recorded readings, beside what really happened; runs nothing
    Backtest {
        /// A file, or the name of a playbook
        file: PathBuf,
        /// Cover this long until now (24h, 30d)
        #[arg(long, value_name = "TIME", default_value = "7d")]
        since: Period,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Print a new playbook for a failure class, ready for review; without a class, list the classes
    New {
        /// The failure class, such as service-down
        #[arg(long, value_name = "CLASS")]
        class: Option<String>,
        /// The unit, mount point or program that the playbook is for, depending on the class; an example if omitted
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// The playbook's name; made from class and target if omitted
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Print the JSON Schema of the playbook format, for editors
    Schema,
    /// List the kinds of checks and actions, or describe one: its keys, units, cost, and when it is unknown
    Kinds {
        /// The name of a kind, such as filesystem or clean
        name: Option<String>,
    },
    /// Let a playbook act as its mode says
    Arm {
        /// The playbook's name
        name: String,
    },
    /// Disarm a playbook: it only records what it would do (shadow)
    Disarm {
        /// The playbook's name
        name: String,
    },
}
