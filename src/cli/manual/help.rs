//! `salve help`: the overview, the help of a verb, or a topic of the manual.

use std::process::ExitCode;

use clap::{Command, CommandFactory};

use crate::cli::args::Args;
use crate::cli::exit::Failure;
use crate::cli::manual::topics::TOPICS;
use crate::cli::output::stream;

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
