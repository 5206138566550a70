//! The command line: the options of every verb, and the verbs.

mod breaker_verb;
mod channel_verb;
pub mod choices;
mod journal_verb;
mod playbook_verb;
mod service_verb;
mod verb;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser};

use super::exit::Failure;
use super::manual::topics;
use crate::engine::{Options, Settings, operator};
use crate::foreign::MayHang;
use crate::host::paths::Paths;
use crate::playbook::library::{self, Library, Sources};

pub use breaker_verb::BreakerVerb;
pub use channel_verb::ChannelVerb;
pub use journal_verb::JournalVerb;
pub use playbook_verb::PlaybookVerb;
pub use service_verb::ServiceVerb;
pub use verb::Verb;

/// A self-healing console for this host: detect, remediate, verify, escalate.
///
/// Without a verb, salve opens the console and runs the healing loop and its journal inside it.
#[derive(Debug, Parser)]
#[command(name = "salve", version, max_term_width = 100, disable_help_subcommand = true, after_help = topics::topics())]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub screen: Screen,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The options that every verb takes.
#[derive(Debug, ClapArgs)]
pub struct Common {
    /// Also read playbooks from this folder; its files win over others of the same name, and act as their `mode` says
    #[arg(long, value_name = "DIR", global = true)]
    pub playbooks: Option<PathBuf>,
    /// Keep the state (journal, tickets) in this folder; default /var/lib/salve for root, else ~/.local/state/salve
    #[arg(long, value_name = "DIR", global = true)]
    pub state: Option<PathBuf>,
    /// Read the settings from this file; default /etc/salve/salve.toml for root, else ~/.config/salve/salve.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub settings: Option<PathBuf>,
}

/// The options of the console.
#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Screen {
    /// Print one screen as text and exit with the host's health: 0 healthy, 1 failing or action needed, 2 unknown (a
    /// caller of monitoring plugins reads 2 as critical: map it), 69 no engine is running
    #[arg(long)]
    pub once: bool,
    /// Print sentences instead of a screen, for screen readers and logs; with --once, print the host's status and exit
    /// with the same codes
    #[arg(long)]
    pub plain: bool,
    /// Disable every key that acts
    #[arg(long)]
    pub read_only: bool,
    /// Use this theme instead of the one that `console.toml` in your configuration folder names
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

impl Common {
    /// The folders of this user's files, with --state applied.
    pub fn paths(&self) -> Paths {
        let paths = Paths::of_this_user();
        match &self.state {
            Some(state) => paths.with_state(state.clone()),
            None => paths,
        }
    }

    /// The places that playbooks are read from; the channels of the settings are not filled in.
    pub fn sources(&self) -> Sources {
        let paths = self.paths();
        Sources {
            shipped: true,
            system: Some(paths.system.join("playbooks")),
            user: Some(paths.config.join("playbooks")),
            folder: self.playbooks.clone(),
            channels: None,
        }
    }

    /// Reads every playbook from its file. This can block, so only verbs that do nothing else meanwhile call it.
    pub fn library(&self) -> Library {
        // unreadable settings name no channel, and then no channel is reported as missing: `salve doctor` reports them
        let channels = Settings::read(&self.settings_file()).ok().map(|settings| settings.channel_names());
        library::load(
            &Sources { channels, ..self.sources() },
            &MayHang::because("a verb has nothing else to do meanwhile"),
        )
    }

    /// The path of the settings file: --settings, or the default of this user.
    pub fn settings_file(&self) -> PathBuf {
        let paths = self.paths();
        let root = rustix::process::geteuid().is_root();
        self.settings.clone().unwrap_or_else(|| if root { paths.system } else { paths.config }.join("salve.toml"))
    }

    /// The options that an engine starts with.
    ///
    /// # Errors
    /// When the settings file cannot be read or is not valid.
    pub fn options(&self) -> Result<Options, Failure> {
        let paths = self.paths();
        let settings = Settings::read(&self.settings_file())?;
        let sources = Sources { channels: Some(settings.channel_names()), ..self.sources() };
        Ok(Options { sources, operator: operator::of_this_process(), settings, paths })
    }
}
