//! The verbs of `salve journal` and their arguments.

use clap::Subcommand;

/// The verbs of `salve journal`.
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Verify the hash chain of the journal
    Verify,
    /// Print every record of the journal
    Export {
        /// Print JSON lines (the only format so far)
        #[arg(long)]
        json: bool,
        /// Then print each new record as soon as it is durable, until Ctrl-C; waits for the first where none is there yet
        #[arg(long)]
        follow: bool,
    },
}
