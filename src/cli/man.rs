//! `salve man`: the manual's pages, from the command line's own definition.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Args;
use super::exit::{CODES, Failure};
use super::stream;

/// The page of the whole program on standard output; or into this folder one for each verb besides.
pub fn run(out: Option<&Path>) -> Result<ExitCode, Failure> {
    match out {
        None => {
            let page = page(&whole()).map_err(|error| Failure::Io("the manual".into(), error))?;
            stream::text(&String::from_utf8_lossy(&page));
        }
        Some(folder) => {
            let pages = all(folder).map_err(|error| Failure::Io(folder.display().to_string(), error))?;
            println!("{pages} pages in {}; `man -l {}/salve.1` shows the first", folder.display(), folder.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `salve.1`, `salve-status.1`, `salve-playbook-check.1` and so on; says how many.
fn all(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    each(&whole(), folder)
}

/// The command line with every verb's full name; `salve help` has no page of its own.
fn whole() -> Command {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    command
}

fn each(command: &Command, folder: &Path) -> io::Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs.map(|verb| each(verb, folder)).sum::<io::Result<usize>>().map(|below| below + 1)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone().version(env!("CARGO_PKG_VERSION"))).manual("salve");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    codes().to_writer(&mut page)?;
    Ok(page)
}

fn codes() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in CODES {
        section.control("TP", []);
        section.text([bold(code.to_string())]).text([roman(meaning)]);
    }
    section
}
