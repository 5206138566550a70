//! The verbs of `salve channel` and their arguments.

use clap::Subcommand;

/// The verbs of `salve channel`.
#[derive(Debug, Subcommand)]
pub enum ChannelVerb {
    /// List every channel of the settings, where its pages go, and the escalation channels
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Send a test page and its resolution through a channel, and print what the receiver answered
    Test {
        /// The channel's name
        name: String,
    },
}
