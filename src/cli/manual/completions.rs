//! `salve completions SHELL`: what a shell completes, from the command line's own definition.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::aot::{self, Generator};

use crate::cli::args::Args;
use crate::cli::args::choices::Shell;
use crate::cli::output::stream;

pub fn run(shell: Shell) -> ExitCode {
    stream::text(&String::from_utf8_lossy(&script(shell)));
    ExitCode::SUCCESS
}

fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => write(aot::Shell::Bash),
        Shell::Zsh => write(aot::Shell::Zsh),
        Shell::Fish => write(aot::Shell::Fish),
    }
}

fn write(generator: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    aot::generate(generator, &mut Args::command(), "salve", &mut script);
    script
}
