//! `salve help`: the verbs, and the topics of the manual.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Command, CommandFactory};

use super::args::Args;
use super::exit::{CODES, Failure};
use super::stream;
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

const CONSOLE: &str = include_str!("help/console.md");
const PLAYBOOKS: &str = include_str!("help/playbooks.md");
const CATALOGUE: &str = include_str!("../../playbooks/README.md");
const SETTINGS: &str = include_str!("help/settings.md");
const CHANNELS: &str = include_str!("help/channels.md");
const DAEMON: &str = include_str!("help/daemon.md");
const SCRIPTING: &str = include_str!("help/scripting.md");
const FILES: &str = include_str!("help/files.md");
const SAFETY: &str = include_str!("help/safety.md");

/// Prints the overview; or the help of a verb (`playbook check`), a topic, or of both where they share a name.
pub fn run(words: &[String]) -> Result<ExitCode, Failure> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    if words.is_empty() {
        stream::text(&command.render_long_help().to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let verb = find(command, words).map(|mut verb| verb.render_long_help().to_string());
    let topic = match words {
        [word] => TOPICS.iter().find(|topic| topic.name == word.as_str()).map(|topic| (topic.text)()),
        _ => None,
    };
    match (verb, topic) {
        (None, None) => {
            let asked = words.join(" ");
            return Err(Failure::Usage(format!("there is no verb and no topic `{asked}`; `salve help` lists both")));
        }
        (Some(verb), Some(topic)) => stream::text(&format!("{verb}\n{topic}")),
        (Some(text), None) | (None, Some(text)) => stream::text(&text),
    }
    Ok(ExitCode::SUCCESS)
}

/// The verb that these words name, from the left.
fn find(command: Command, words: &[String]) -> Option<Command> {
    words.iter().try_fold(command, |command, word| {
        command.get_subcommands().find(|verb| verb.get_name() == word.as_str() && !verb.is_hide_set()).cloned()
    })
}

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
