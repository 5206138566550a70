//! `salve channel list | test`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::{ChannelVerb, Common};
use super::exit::Failure;
use super::output::stream;
use super::runtime;
use crate::channel::ChannelSettings;
use crate::channel::kinds::tickets::TicketSettings;
use crate::channel::outbox::TICKETS;
use crate::channel::test_page::{Trial, trial};
use crate::engine::settings::SecondCallSettings;
use crate::engine::{Settings, operator};
use crate::playbook::diagnostic::nearest;

pub fn run(common: &Common, verb: &ChannelVerb) -> Result<ExitCode, Failure> {
    let Settings { mut channels, second_calls, .. } = Settings::read(&common.settings_file())?;
    // it is there without a setting too
    channels.entry(TICKETS.into()).or_insert_with(|| ChannelSettings::Tickets(TicketSettings::default()));
    match verb {
        ChannelVerb::List { json: true } => list_json(&channels, &second_calls),
        ChannelVerb::List { json: false } => {
            list(&channels, &second_calls);
            Ok(ExitCode::SUCCESS)
        }
        ChannelVerb::Test { name } => test(&channels, name, &common.paths().state.join("tickets")),
    }
}

fn list(channels: &BTreeMap<String, ChannelSettings>, seconds: &BTreeMap<String, SecondCallSettings>) {
    for (name, channel) in channels {
        let besides = seconds.get(name).map_or_else(String::new, |second| {
            format!("; if not acknowledged within {}: {}", second.after, second.to.join(", "))
        });
        let line = format!("{name:<16} {:<13} {}{besides}", channel.kind(), channel.destination());
        println!("{line}");
        for trouble in channel.troubles() {
            println!("{:<16} {trouble}", "");
        }
    }
}

fn list_json(
    channels: &BTreeMap<String, ChannelSettings>,
    seconds: &BTreeMap<String, SecondCallSettings>,
) -> Result<ExitCode, Failure> {
    let all: Vec<_> = channels
        .iter()
        .map(|(name, channel)| {
            let second = seconds.get(name).map(|it| json!({ "after": it.after.to_string(), "to": it.to }));
            json!({
                "name": name,
                "kind": channel.kind(),
                "to": channel.destination(),
                "unacknowledged": second,
                "troubles": channel.troubles(),
            })
        })
        .collect();
    stream::json(&serde_json::to_string_pretty(&all).map_err(|error| Failure::Said(error.to_string()))?);
    Ok(ExitCode::SUCCESS)
}

fn test(channels: &BTreeMap<String, ChannelSettings>, name: &str, tickets: &Path) -> Result<ExitCode, Failure> {
    let Some(channel) = channels.get(name) else {
        let near = nearest(name, channels.keys().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Failure::Said(format!("channel `{name}` not found{near} (`salve channel list` shows all)")));
    };
    let result = runtime::build()?.block_on(trial(name, channel, tickets, &operator::host()));
    let Trial { call, end } = &result;
    println!("test page  {}", outcome(call));
    if let Some(end) = end {
        println!("resolution {}", outcome(end));
    }
    Ok(if result.taken() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn outcome(said: &Result<String, String>) -> String {
    match said {
        Ok(said) => format!("delivered: {said}"),
        Err(why) => format!("not delivered: {why}"),
    }
}
