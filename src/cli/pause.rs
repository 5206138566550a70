//! `salve pause` and `salve resume`.

use std::process::ExitCode;

use super::args::Common;
use super::exit::Failure;
use super::runtime;
use crate::core::{Command, Scope};
use crate::engine::offline;
use crate::playbook::value::Period;

pub fn pause(
    common: &Common,
    scope: Option<String>,
    length: Option<Period>,
    reason: String,
) -> Result<ExitCode, Failure> {
    ask(common, Command::Pause { scope: scope_of(scope), length, reason: reason.into() })
}

pub fn resume(common: &Common, scope: Option<String>) -> Result<ExitCode, Failure> {
    ask(common, Command::Resume { scope: scope_of(scope) })
}

fn scope_of(scope: Option<String>) -> Scope {
    scope.map_or(Scope::Host, |name| Scope::Playbook(name.into()))
}

/// Carries a command out and says the answer.
pub fn ask(common: &Common, command: Command) -> Result<ExitCode, Failure> {
    let options = common.options()?;
    let answer = runtime::build()?.block_on(offline::command(&options, command))?;
    println!("{answer}");
    Ok(ExitCode::SUCCESS)
}
