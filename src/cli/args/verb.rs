//! The verbs of the command line and their arguments.

use std::path::PathBuf;

use clap::Subcommand;

use super::{BreakerVerb, ChannelVerb, JournalVerb, PlaybookVerb, ServiceVerb};
use crate::cli::args::choices::{ReportFormat, Shell};
use crate::cli::output::json::Document;
use crate::control::transport::{self, Destination};
use crate::playbook::value::Period;

/// The verbs of the command line.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Set up a new host: show which playbooks apply and what each would do, then arm those that you choose
    Init {
        /// Arm what is proposed (low risk and applicable) without asking; safe to repeat
        #[arg(long)]
        yes: bool,
        /// Arm exactly these playbooks instead
        #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
        only: Vec<String>,
        /// Print JSON; arms nothing without --yes
        #[arg(long)]
        json: bool,
    },
    /// Try the whole loop on demo services that you can break (F); needs no privileges and leaves nothing behind
    Demo {
        /// Play an explained tour that runs by itself; q ends it
        #[arg(long)]
        tour: bool,
        /// Write the tour to this file as an animated picture; needs no terminal
        #[arg(long, value_name = "FILE.svg")]
        record: Option<PathBuf>,
    },
    /// Run one of the demo's child processes
    #[command(hide = true)]
    DemoActor { part: String, demo: i32, port: u16, folder: PathBuf },
    /// Run a command of the demo's playbooks
    #[command(hide = true)]
    DemoCue { what: String, words: Vec<String> },
    /// Run the healing loop in the foreground, with no screen; SIGHUP reloads settings and playbooks
    Daemon,
    /// Check everything that salve depends on, and say how to fix each problem; changes nothing
    Doctor {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        /// Also send a page that is marked as a test through every channel
        #[arg(long)]
        page: bool,
    },
    /// Manage the daemon as a systemd service: install, print, remove
    Service {
        #[command(subcommand)]
        verb: ServiceVerb,
    },
    /// Open the console on another host's engine over ssh; `salve` must be installed there
    Attach {
        /// The other host: ssh://user@host:port, or a name from ~/.ssh/config
        #[arg(value_name = "HOST")]
        to: Destination,
        /// Run this command on the other host: `sudo -n salve` where only root can reach the engine
        #[arg(long, value_name = "COMMAND", default_value = transport::FAR_SIDE)]
        program: String,
    },
    /// Serve `attach` from the other side: connect standard input and output to this host's engine
    #[command(hide = true)]
    Bridge,
    /// Show the host's status
    Status {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        /// Update the status whenever it changes, until Ctrl-C: in place at a terminal, else one line per change; with
        /// --json one line per state
        #[arg(long)]
        watch: bool,
    },
    /// Print the host's status and what salve has done as OpenMetrics text
    Metrics {
        /// Replace this file with the text instead of printing it, for the node exporter's textfile collector, which
        /// reads names that end in .prom
        #[arg(long, value_name = "FILE")]
        textfile: Option<PathBuf>,
    },
    /// Report on a period: success rate, what to automate next, what to stop automating
    Report {
        /// Cover this long until now (24h, 30d), compared with the same length before
        #[arg(long, value_name = "TIME", default_value = "7d")]
        since: Period,
        /// Choose the report's format
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ReportFormat,
    },
    /// List open and recent incidents
    Incidents {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Show everything that happened in an incident
    Show {
        /// The incident's number
        incident: u64,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
        /// Print Markdown, to archive or to share
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Manage playbooks: list, show, check, plan, backtest, new, kinds, schema, arm, disarm
    Playbook {
        #[command(subcommand)]
        verb: PlaybookVerb,
    },
    /// Manage the channels that page people: list, test
    Channel {
        #[command(subcommand)]
        verb: ChannelVerb,
    },
    /// Verify or export the journal
    Journal {
        #[command(subcommand)]
        verb: JournalVerb,
    },
    /// Approve the pending plan of an incident, as `salve show` prints it
    Approve {
        /// The incident's number
        incident: u64,
        /// The digest of the plan that you reviewed; `salve show` prints it
        #[arg(long)]
        digest: String,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Decline the pending plan of an incident
    Decline {
        /// The incident's number
        incident: u64,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Run a playbook's first rung now, whatever its mode; every other safety rule of the gate applies
    Run {
        /// The playbook's name
        playbook: String,
        /// The target, if the playbook has several, as `salve status` names it
        target: Option<String>,
    },
    /// Snooze one target of a playbook: attempt nothing on it for a while
    Snooze {
        /// The playbook's name
        playbook: String,
        /// The target, if the playbook has several, as `salve status` names it
        target: Option<String>,
        /// Snooze for this long (2h)
        #[arg(long = "for", value_name = "TIME", required_unless_present = "end")]
        length: Option<Period>,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
        /// End a snooze now
        #[arg(long, conflicts_with = "length")]
        end: bool,
    },
    /// Acknowledge a page
    Acknowledge {
        /// The incident's number
        incident: u64,
    },
    /// Close an open incident manually
    Close {
        /// The incident's number
        incident: u64,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Manage circuit breakers: list, reset, latch
    Breaker {
        #[command(subcommand)]
        verb: BreakerVerb,
    },
    /// Pause remediation on this host or for one playbook; with --at, plan maintenance for later
    Pause {
        /// The playbook's name; the whole host if omitted
        scope: Option<String>,
        /// Pause for this long (30m); until resumed if omitted
        #[arg(long = "for", value_name = "TIME")]
        length: Option<Period>,
        /// Start at this time instead of now: 22:00, "tomorrow 02:00", "sat 23:30", "in 2h"
        #[arg(long, value_name = "WHEN", requires = "length")]
        at: Option<String>,
        /// Record this reason in the journal
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Resume remediation, or cancel planned maintenance
    Resume {
        /// The playbook's name; the whole host if omitted
        #[arg(conflicts_with = "maintenance")]
        scope: Option<String>,
        /// End or cancel the maintenance window of this number; `salve status` lists them
        #[arg(long, value_name = "NUMBER")]
        maintenance: Option<u64>,
    },
    /// Print completions for your shell: `salve completions bash > /etc/bash_completion.d/salve`
    Completions {
        /// The shell that you use
        shell: Shell,
    },
    /// Print the JSON Schema of what a verb prints with --json
    Schema {
        /// The verb whose output the schema describes
        document: Document,
    },
    /// Show the help of a verb, or a topic of the manual
    Help {
        /// A topic (`keys`), or a verb (`playbook check`); without one, both are listed
        #[arg(value_name = "TOPIC")]
        words: Vec<String>,
    },
    /// Print the manual page; read it with `salve man | man -l -`
    Man {
        /// Write this page, and one for each verb and topic, into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}
