//! `salve playbook plan FILE`: evaluates the checks now, resolves every argument, shows what the gate would say.
//! Runs nothing.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::args::Common;
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::cli::{playbook, runtime};
use crate::core::CheckRole;
use crate::core::event::event_text::reading_words;
use crate::engine::backtest;
use crate::engine::standalone::dry_run::{self, Rehearsal};
use crate::playbook::Playbook;

pub fn run(common: &Common, file: &Path) -> Result<ExitCode, Failure> {
    let playbook = find(common, file)?;
    let options = common.options()?;
    let rehearsals = runtime::build()?.block_on(dry_run::rehearse(&options, &playbook, |_| ()))?;
    println!("{} ({}, risk {}, mode {})", playbook.title, playbook.name, playbook.risk, playbook.mode);
    for rehearsal in &rehearsals {
        print(rehearsal);
    }
    println!();
    println!("nothing was run");
    Ok(ExitCode::SUCCESS)
}

/// A file where there is one, else a playbook by name.
pub fn find(common: &Common, file: &Path) -> Result<Arc<Playbook>, Failure> {
    if !file.is_file() {
        let library = common.library();
        let name = file.to_string_lossy();
        return library
            .in_force()
            .into_iter()
            .find(|playbook| *playbook.name == *name)
            .ok_or_else(|| playbook::unknown(&library, &name));
    }
    let (text, read) = playbook::read_file(file)?;
    for diagnostic in &read.diagnostics {
        stream::drawn_error(|colour| format!("{}\n", diagnostic.render(&text, colour)));
    }
    read.playbook
        .map(Arc::new)
        .ok_or_else(|| Failure::Said(format!("{}: rejected, so no plan can be made", file.display())))
}

fn print(rehearsal: &Rehearsal) {
    match rehearsal {
        Rehearsal::Past(past) => stream::text(&format!("\n{}\n", backtest::drawn(past, 64))),
        Rehearsal::Nothing { written, why } => {
            println!();
            println!("{written}: would do nothing: {why}");
        }
        Rehearsal::Here { target, detector, verifier, rungs, gate } => {
            println!();
            println!("{target}");
            for (role, readings) in [(CheckRole::Detector, detector), (CheckRole::Verifier, verifier)] {
                let name = if role == CheckRole::Detector { "detect" } else { "verify" };
                for (condition, reading) in readings {
                    println!("  {name:<8} {condition:<28} {}", reading_words(role, reading));
                }
            }
            for (number, rung) in rungs.iter().enumerate() {
                println!("  rung {}", number + 1);
                match rung {
                    Err(why) => println!("    no plan: {why}"),
                    Ok((plan, dry)) => {
                        for step in dry {
                            println!("    {} {}", step.kind, step.sentence);
                            for (name, detail) in &step.details {
                                println!("      {name}: {detail}");
                            }
                            for found in &step.found {
                                println!("      {found}");
                            }
                        }
                        println!("    digest {}", plan.digest);
                    }
                }
            }
            println!("  gate     {gate}");
        }
    }
}
