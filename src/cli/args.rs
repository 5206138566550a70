//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use super::completions::Shell;
use super::exit::Failure;
use super::help;
use super::json::Document;
use super::report;
use crate::control::transport::{self, Destination};
use crate::engine::operator;
use crate::engine::{Options, Settings};
use crate::foreign::MayHang;
use crate::host::paths::Paths;
use crate::playbook::library::{self, Library, Sources};
use crate::playbook::value::Period;

/// A self-healing console for this host: detect, remediate, verify, escalate.
///
/// Without a verb it opens the console, with the healing loop and its journal inside.
#[derive(Debug, Parser)]
#[command(name = "salve", version, max_term_width = 100, disable_help_subcommand = true, after_help = help::topics())]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub screen: Screen,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// For every verb.
#[derive(Debug, ClapArgs)]
pub struct Common {
    /// A further folder of playbooks; its files win over others of the same name, and act as their `mode` says
    #[arg(long, value_name = "DIR", global = true)]
    pub playbooks: Option<PathBuf>,
    /// The state folder (journal, tickets); default /var/lib/salve for root, else ~/.local/state/salve
    #[arg(long, value_name = "DIR", global = true)]
    pub state: Option<PathBuf>,
    /// The settings file; default /etc/salve/salve.toml for root, else ~/.config/salve/salve.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub settings: Option<PathBuf>,
}

/// For the screen.
#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Screen {
    /// Print one screen as text and exit with the host's health: 0 well, 1 broken or in need of you, 2 unknown (which
    /// a monitoring plugin's caller reads as critical: map it), 69 no engine watches
    #[arg(long)]
    pub once: bool,
    /// Sentences instead of a screen, for screen readers and logs; with --once how the host stands, and the same codes
    #[arg(long)]
    pub plain: bool,
    /// Look only: no key that acts
    #[arg(long)]
    pub read_only: bool,
    /// A theme by name; else the one that `console.toml` in your configuration folder names
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

/// What can be done besides.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A new host: what was found, which playbooks apply, what each would do; arms what you choose, after a yes
    Init {
        /// Arm what is proposed (low risk, and it applies) without asking; a second time changes nothing
        #[arg(long)]
        yes: bool,
        /// Exactly these playbooks instead
        #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
        only: Vec<String>,
        /// As JSON; arms nothing without --yes
        #[arg(long)]
        json: bool,
    },
    /// The whole loop on stand-ins that may be broken (F); needs no privileges, changes nothing, leaves nothing behind
    Demo {
        /// It plays by itself, with explanations; q ends it
        #[arg(long)]
        tour: bool,
        /// The tour without a terminal, as an animated picture in this file
        #[arg(long, value_name = "FILE.svg")]
        record: Option<PathBuf>,
    },
    /// One of the demo's children
    #[command(hide = true)]
    DemoActor { part: String, demo: i32, port: u16, folder: PathBuf },
    /// What the demo's playbooks run
    #[command(hide = true)]
    DemoCue { what: String, words: Vec<String> },
    /// Run the healing loop in the foreground, with no screen; HUP reads settings and playbooks anew
    Daemon,
    /// Look over everything that salve stands on, and say how to mend what is not as it should be; changes nothing
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Also send a test page, which says that it is one, through every channel
        #[arg(long)]
        page: bool,
    },
    /// The daemon as a systemd service: install, print, remove
    Service {
        #[command(subcommand)]
        verb: ServiceVerb,
    },
    /// The console on another host's engine, by ssh; `salve` must be installed there
    Attach {
        /// Where: ssh://user@host:port, or a name from ~/.ssh/config
        #[arg(value_name = "HOST")]
        to: Destination,
        /// What runs on the far side: `sudo -n salve` where only root may look there
        #[arg(long, value_name = "COMMAND", default_value = transport::FAR_SIDE)]
        program: String,
    },
    /// The far side of `attach`: standard input and output to this host's engine
    #[command(hide = true)]
    Bridge,
    /// How the host stands
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Again whenever it changes, until Ctrl-C: at a terminal in its place, elsewhere a line a change; with
        /// --json a line a state
        #[arg(long)]
        watch: bool,
    },
    /// How the host stands and what salve has done, as OpenMetrics text
    Metrics {
        /// Not on standard output, but into this file for the node exporter's textfile collector, replaced whole;
        /// the collector reads names that end in .prom
        #[arg(long, value_name = "FILE")]
        textfile: Option<PathBuf>,
    },
    /// What a period came to: success rate, what to automate next, what to stop automating
    Report {
        /// Up to now, for so long, as 24h or 30d; compared with as long before
        #[arg(long, value_name = "TIME", default_value = "7d")]
        since: Period,
        /// How it is written
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: report::ReportFormat,
    },
    /// Open and latest incidents
    Incidents {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One incident's whole story
    Show {
        /// Its number
        incident: u64,
        /// As JSON lines
        #[arg(long)]
        json: bool,
        /// As Markdown, to keep or to hand on
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Playbooks: list, show, check, plan, backtest, new, kinds, schema, arm, disarm
    Playbook {
        #[command(subcommand)]
        verb: PlaybookVerb,
    },
    /// Channels: list, test
    Channel {
        #[command(subcommand)]
        verb: ChannelVerb,
    },
    /// The journal: verify, export
    Journal {
        #[command(subcommand)]
        verb: JournalVerb,
    },
    /// Approve an incident's pending plan, as `salve show` shows it
    Approve {
        /// The incident's number
        incident: u64,
        /// The digest of the plan that you looked at; `salve show` prints it
        #[arg(long)]
        digest: String,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Decline an incident's pending plan
    Decline {
        /// The incident's number
        incident: u64,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Run a playbook's first rung now, through the whole gate but its mode
    Run {
        /// Its name
        playbook: String,
        /// On which target, where it has several: as `salve status` names it
        target: Option<String>,
    },
    /// Leave one target of a playbook alone for a while
    Snooze {
        /// The playbook's name
        playbook: String,
        /// Which target, where it has several: as `salve status` names it
        target: Option<String>,
        /// For so long, as 2h
        #[arg(long = "for", value_name = "TIME", required_unless_present = "end")]
        length: Option<Period>,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
        /// The end of a snooze
        #[arg(long, conflicts_with = "length")]
        end: bool,
    },
    /// Acknowledge a page
    Acknowledge {
        /// The incident's number
        incident: u64,
    },
    /// End an open incident by hand
    Close {
        /// The incident's number
        incident: u64,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Breakers: list, reset, latch
    Breaker {
        #[command(subcommand)]
        verb: BreakerVerb,
    },
    /// No new attempts, on this host or for one playbook; with --at, from that moment on
    Pause {
        /// A playbook's name; the whole host where left out
        scope: Option<String>,
        /// For so long, as 30m; until resumed where left out
        #[arg(long = "for", value_name = "TIME")]
        length: Option<Period>,
        /// Not now but at this moment, for the time given: 22:00, "tomorrow 02:00", "sat 23:30", "in 2h"
        #[arg(long, value_name = "WHEN", requires = "length")]
        at: Option<String>,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// The end of a pause, or of planned maintenance
    Resume {
        /// A playbook's name; the whole host where left out
        #[arg(conflicts_with = "maintenance")]
        scope: Option<String>,
        /// The number of a maintenance window, begun or not; `salve status` lists them
        #[arg(long, value_name = "NUMBER")]
        maintenance: Option<u64>,
    },
    /// What your shell completes: `salve completions bash > /etc/bash_completion.d/salve`
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// The JSON Schema of what a verb says with --json
    Schema {
        /// Of which
        document: Document,
    },
    /// Show the help of a verb, or a topic of the manual
    Help {
        /// A topic (`keys`), or a verb (`playbook check`); without one, both are listed
        #[arg(value_name = "TOPIC")]
        words: Vec<String>,
    },
    /// Print the manual page, to be read with `salve man | man -l -`
    Man {
        /// Write this page, one for each verb and one for each topic into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// What can be done with playbooks.
#[derive(Debug, Subcommand)]
pub enum PlaybookVerb {
    /// Every playbook that was found, and what it may do here
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// A playbook's text
    Show {
        /// Its name
        name: String,
    },
    /// Read files and say everything that is wrong with them
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Evaluate its checks now and resolve every argument; runs nothing
    Plan {
        /// A file, or the name of a playbook
        file: PathBuf,
    },
    /// What it would have done over the kept readings, on a timeline beside what really happened; runs nothing
    Backtest {
        /// A file, or the name of a playbook
        file: PathBuf,
        /// Up to now, for so long, as 24h or 30d
        #[arg(long, value_name = "TIME", default_value = "7d")]
        since: Period,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a playbook for a failure class, ready to be looked through; without a class, list the classes
    New {
        /// The failure class, as service-down
        #[arg(long, value_name = "CLASS")]
        class: Option<String>,
        /// What it is about: a unit, a mount point or a program, as the class wants; an example where left out
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// The playbook's name; made from class and target where left out
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// The JSON Schema of the format, for editors
    Schema,
    /// The kinds of checks and actions; with a name, its page: keys, units, what it costs, when it is unknown
    Kinds {
        /// A kind, as filesystem or clean
        name: Option<String>,
    },
    /// Let a playbook act as its mode says
    Arm {
        /// Its name
        name: String,
    },
    /// Back to shadow
    Disarm {
        /// Its name
        name: String,
    },
}

/// What can be done with the service.
#[derive(Debug, Subcommand)]
pub enum ServiceVerb {
    /// Write the unit, make group `salve`, enable and (re)start the daemon; safe to repeat
    Install,
    /// Print the unit
    Print,
    /// Stop the daemon and take the unit away; journal and settings stay
    Remove,
}

/// What can be done with breakers.
#[derive(Debug, Subcommand)]
pub enum BreakerVerb {
    /// Those that are open, and those that have counted attempts
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Close one that is open or latched
    Reset {
        /// The playbook's name
        playbook: String,
        /// Which target, where it has several: as `salve status` names it
        target: Option<String>,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Hold one open until it is reset
    Latch {
        /// The playbook's name
        playbook: String,
        /// Which target, where it has several: as `salve status` names it
        target: Option<String>,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// What can be done with channels.
#[derive(Debug, Subcommand)]
pub enum ChannelVerb {
    /// Every channel of the settings, where its pages go, and who is called besides
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a page that says it is a test, and its end, and say what the other side answered
    Test {
        /// The channel's name
        name: String,
    },
}

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Walk the hash chain
    Verify,
    /// Every record
    Export {
        /// As JSON lines (the only form so far)
        #[arg(long)]
        json: bool,
    },
}

impl Common {
    /// Where files live.
    pub fn paths(&self) -> Paths {
        let paths = Paths::of_this_user();
        match &self.state {
            Some(state) => paths.with_state(state.clone()),
            None => paths,
        }
    }

    /// Where playbooks come from.
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

    /// Every playbook as it stands now; for verbs, which have nothing else to do meanwhile.
    pub fn library(&self) -> Library {
        // settings that cannot be read name no channel, and none is missed then: `salve doctor` tells of them
        let channels = Settings::read(&self.settings_file()).ok().map(|settings| settings.channel_names());
        library::load(
            &Sources { channels, ..self.sources() },
            &MayHang::because("a verb has nothing else to do meanwhile"),
        )
    }

    /// Where the settings are.
    pub fn settings_file(&self) -> PathBuf {
        let paths = self.paths();
        let root = rustix::process::geteuid().is_root();
        self.settings.clone().unwrap_or_else(|| if root { paths.system } else { paths.config }.join("salve.toml"))
    }

    /// What an engine needs to know.
    pub fn options(&self) -> Result<Options, Failure> {
        let paths = self.paths();
        let settings = Settings::read(&self.settings_file())?;
        let sources = Sources { channels: Some(settings.channel_names()), ..self.sources() };
        Ok(Options { sources, operator: operator::of_this_process(), settings, paths })
    }
}
