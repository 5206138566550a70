//! `salve man`: the manual's pages, from the command line's own definition and the topics of `salve help`.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::topics::{TOPICS, Topic};
use crate::cli::args::Args;
use crate::cli::exit::{CODES, Failure};
use crate::cli::output::stream;

/// Prints the page of the whole program; or writes it into this folder, with one for each verb and topic.
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

/// Writes `salve.1`, `salve-status.1`, `salve-playbook-check.1` and so on, and `salve-keys.7` and so on for the topics;
/// gives their number.
fn all(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    for topic in &TOPICS {
        let mut text = Vec::new();
        topic_page(topic).to_writer(&mut text)?;
        fs::write(folder.join(format!("salve-{}.7", topic.name)), text)?;
    }
    Ok(each(&whole(), folder)? + TOPICS.len())
}

/// The command line with every verb's full name.
fn whole() -> Command {
    let mut command = Args::command();
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
    topics().to_writer(&mut page)?;
    Ok(page)
}

/// A topic as it is written: its Markdown is made to be read as text.
fn topic_page(topic: &Topic) -> Roff {
    let mut page = Roff::new();
    page.control("TH", [&format!("SALVE-{}", topic.name.to_uppercase()), "7", "", "salve"]);
    page.control("SH", ["NAME"]).text([roman(format!("salve-{} - {}", topic.name, topic.about))]);
    page.control("SH", ["DESCRIPTION"]).control("nf", []);
    for line in (topic.text)().lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page
}

fn topics() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["SEE ALSO"]);
    for topic in &TOPICS {
        section.control("TP", []);
        section.text([bold(format!("salve help {}", topic.name))]).text([roman(topic.about)]);
    }
    section
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
