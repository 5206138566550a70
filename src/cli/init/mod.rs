//! `salve init`: a host that is met for the first time. What was found, which playbooks apply, what each would do; arms
//! what is chosen, and nothing before a yes.

mod choose;
mod print;
pub mod report;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::Common;
use super::exit::Failure;
use super::output::{json, stream};
use super::{connect, runtime};
use crate::core::Command;
use crate::engine::standalone::inventory::{self, Inventory, Proposal};
use report::InitReport;

/// The options of `salve init`.
#[derive(Debug, Clone, Copy)]
pub struct InitOptions<'a> {
    /// Arm the proposed playbooks without asking.
    pub yes: bool,
    /// Arm exactly these playbooks instead of the proposed ones, if there are any.
    pub only: &'a [String],
    /// Print the report as JSON.
    pub json: bool,
}

pub fn run(common: &Common, wanted: InitOptions<'_>) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let progress = stream::error_is_terminal();
    let looking = |what: String| {
        if progress {
            stream::progress(&format!("checking {what} …"));
        }
    };
    let found = runtime::build()?.block_on(inventory::gather(&options, looking))?;
    if progress {
        stream::progress("");
    }
    let proposed = proposed(&found, wanted.only)?;
    if wanted.json {
        if wanted.yes {
            arm(common, &proposed, true)?;
        }
        let chosen = proposed.iter().map(|one| Arc::clone(&one.name)).collect();
        json::print(InitReport { survey: &found, chosen, armed: wanted.yes })?;
        return Ok(ExitCode::SUCCESS);
    }
    print::found(&found);
    if wanted.yes {
        print::playbooks(&found, &proposed);
        return arm(common, &proposed, false);
    }
    if !std::io::stdin().is_terminal() || !stream::is_terminal() {
        print::playbooks(&found, &proposed);
        print::closing(&proposed);
        return Ok(ExitCode::from(1));
    }
    if let Some(chosen) = choose::choose(&found, proposed, &options.paths.state)? {
        return arm(common, &chosen, false);
    }
    println!("nothing was armed or written");
    Ok(ExitCode::from(1))
}

/// What is named, or else what a careful operator begins with.
fn proposed<'s>(found: &'s Inventory, only: &[String]) -> Result<Vec<&'s Proposal>, Failure> {
    if only.is_empty() {
        return Ok(found.playbooks.iter().filter(|one| one.is_proposed()).collect());
    }
    let one = |name: &String| {
        let one = found.playbooks.iter().find(|one| *one.name == **name);
        one.ok_or_else(|| Failure::Usage(format!("playbook `{name}` not found (`salve playbook list` shows all)")))
    };
    only.iter().map(one).collect()
}

/// Arms them, each as `salve playbook arm` does; one that is armed already stays as it is.
fn arm(common: &Common, chosen: &[&Proposal], silent: bool) -> Result<ExitCode, Failure> {
    let mut count = 0;
    for one in chosen {
        if one.may_be_armed() {
            let said = connect::ask(common, Command::Arm { playbook: Arc::clone(&one.name) })?;
            count += 1;
            if !silent {
                println!("{said}");
            }
        } else if !silent {
            println!("{}: {}", one.name, print::why_not(one));
        }
    }
    if count == 0 && !silent {
        println!("nothing to arm");
    }
    Ok(ExitCode::SUCCESS)
}
