//! The topics of the manual: chapters that belong to no single verb.

use std::fmt::Write as _;

use crate::cli::exit::CODES;
use crate::console::keys;

/// A chapter of the manual that belongs to no single verb.
pub struct Topic {
    /// The word after `salve help`.
    pub name: &'static str,
    /// One line that says what the chapter is about.
    pub about: &'static str,
    /// Gives the chapter's text, in Markdown.
    pub text: fn() -> String,
}

/// Every topic, in the order in which a newcomer reads them.
pub const TOPICS: [Topic; 11] = [
    Topic { name: "console", about: "the screen, its themes, and reading without it", text: || CONSOLE.to_owned() },
    Topic { name: "keys", about: "every key of the screen", text: keys_of_the_screen },
    Topic { name: "playbooks", about: "the format, and rehearsing a playbook", text: || PLAYBOOKS.to_owned() },
    Topic {
        name: "catalogue",
        about: "the playbooks that come with salve, each with its test",
        text: || CATALOGUE.to_owned(),
    },
    Topic { name: "settings", about: "every setting, in one example", text: || SETTINGS.to_owned() },
    Topic { name: "channels", about: "ways to page a human", text: || CHANNELS.to_owned() },
    Topic { name: "daemon", about: "healing without a console, and consoles on it", text: || DAEMON.to_owned() },
    Topic { name: "scripting", about: "documents, metrics, monitoring, completions", text: || SCRIPTING.to_owned() },
    Topic { name: "files", about: "where settings, playbooks, journal and logs are", text: || FILES.to_owned() },
    Topic { name: "exit-codes", about: "what an exit code means", text: exit_codes },
    Topic { name: "safety", about: "what keeps salve harmless", text: || SAFETY.to_owned() },
];

const CONSOLE: &str = include_str!("topics/console.md");

const PLAYBOOKS: &str = include_str!("topics/playbooks.md");

const CATALOGUE: &str = include_str!("../../../playbooks/README.md");

const SETTINGS: &str = include_str!("topics/settings.md");

const CHANNELS: &str = include_str!("topics/channels.md");

const DAEMON: &str = include_str!("topics/daemon.md");

const SCRIPTING: &str = include_str!("topics/scripting.md");

const FILES: &str = include_str!("topics/files.md");

const SAFETY: &str = include_str!("topics/safety.md");

/// The list of topics, one a line.
pub fn topics() -> String {
    let mut text = String::from("Topics (`salve help TOPIC`):\n");
    for topic in &TOPICS {
        let _ = writeln!(text, "  {:<11} {}", topic.name, topic.about);
    }
    text
}

fn keys_of_the_screen() -> String {
    format!("# Keys\n\n{}", keys::reference())
}

fn exit_codes() -> String {
    let mut text = String::from("# Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in CODES {
        let _ = writeln!(text, "| {code} | {meaning} |");
    }
    text
}
