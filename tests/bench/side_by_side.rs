//! Salve, what it cannot be better than, and its peers, side by side in one run on one machine. Figures of different
//! machines, or of different minutes, say nothing about each other, so what counts is their ratios.
//!
//! `cargo bench --bench side_by_side [-- MEASURE… --OPTION N…]`; every measure where none is named. No figure makes it
//! fail, a missing one does. `cargo test` runs each measure in short, to see that figures come out.
//!
//! | measure | what it measures | options |
//! |---|---|---|
//! | [`reaction`] | from the death of a watched process to the first instruction of its remediation | `--kills`, `--monit-kills` |
//! | [`crowd`] | the same among ten thousand other processes, and what watching them costs | `--many`, `--crowd-kills`, `--idle` (seconds) |
//! | [`checks`] | the CPU that polled checks take | `--tcp`, `--http`, `--command` (how many), `--seconds` |
//!
//! | module | what it is |
//! |---|---|
//! | [`daemon`], [`monit`] | how salve and its peer are started, each with files of its own |
//! | [`process`] | a process that is measured, its CPU and its end |
//! | [`table`] | the one table in which all measures end |
//!
//! A measure is a folder: `mod.rs` measures, and each floor and peer has a file of its own beside it. The program plays
//! every other part as well (the victim, the remediation, the bare loops), by its first word.

#![allow(clippy::print_stdout, reason = "a bench speaks on standard output")]

mod checks;
mod crowd;
mod daemon;
mod monit;
mod process;
mod reaction;
mod table;

use std::error::Error;
use std::process::ExitCode;

use table::Row;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One measure.
struct Measure {
    name: &'static str,
    /// Its options, each with what it is where nothing is said, and in short.
    options: &'static [(&'static str, usize, usize)],
    run: fn(&Options) -> Outcome<Vec<Row>>,
}

const MEASURES: [Measure; 3] = [
    Measure { name: "reaction", options: &reaction::OPTIONS, run: reaction::measure },
    Measure { name: "crowd", options: &crowd::OPTIONS, run: crowd::measure },
    Measure { name: "checks", options: &checks::OPTIONS, run: checks::measure },
];

/// The figures on the command line, or those that stand for them.
struct Options(Vec<(&'static str, usize)>);

impl Options {
    fn of(measures: &[&Measure], in_short: bool) -> Self {
        let all = measures.iter().flat_map(|measure| measure.options);
        Self(all.map(|(name, usual, short)| (*name, if in_short { *short } else { *usual })).collect())
    }

    fn set(&mut self, name: &str, figure: usize) -> Outcome<()> {
        let known = self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let option = self.0.iter_mut().find(|(option, _)| *option == name);
        option.ok_or_else(|| format!("`{name}` is none of {known}"))?.1 = figure;
        Ok(())
    }

    /// The figure of an option that the measure has.
    fn get(&self, name: &str) -> Outcome<usize> {
        let option = self.0.iter().find(|(option, _)| *option == name);
        Ok(option.ok_or_else(|| format!("the measure has no option {name}"))?.1)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["stamp", path] => reaction::stage::stamp(path),
        ["victim"] => reaction::stage::live(),
        ["floor", name, ref over @ ..] => checks::floors::play(name, over),
        // `cargo test` leaves this word out: it has no release binary, and asks for no figures
        _ if !words.contains(&"--bench") => in_short(&words),
        _ => at_length(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("the bench could not be carried out: {error}");
            ExitCode::FAILURE
        }
    }
}

/// As tests: is everything still measured that is to be measured? Which of them run is up to the words, as for any test.
fn in_short(words: &[&str]) -> Outcome<()> {
    let listed = words.contains(&"--list");
    let filters: Vec<&&str> = words.iter().filter(|word| !word.starts_with('-')).collect();
    for measure in &MEASURES {
        let name = format!("{}_in_short", measure.name);
        if listed || !filters.is_empty() && !filters.iter().any(|filter| name.contains(**filter)) {
            println!("{name}: benchmark");
            continue;
        }
        table::print(&(measure.run)(&Options::of(&[measure], true))?)?;
        println!("{name} ... ok");
    }
    Ok(())
}

fn at_length(words: &[&str]) -> Outcome<()> {
    let mut words: Vec<&str> = words.iter().copied().filter(|word| *word != "--bench").collect();
    let measures: Vec<&Measure> = MEASURES.iter().filter(|measure| words.contains(&measure.name)).collect();
    words.retain(|word| measures.iter().all(|measure| measure.name != *word));
    let measures = if measures.is_empty() { MEASURES.iter().collect() } else { measures };
    let mut options = Options::of(&measures, false);
    for pair in words.chunks(2) {
        let [name, figure] = pair else { return Err(format!("`{}` needs a number", pair[0]).into()) };
        options.set(name, figure.parse().map_err(|_| format!("{name} needs a number, not `{figure}`"))?)?;
    }
    let mut rows = Vec::new();
    for measure in measures {
        rows.extend((measure.run)(&options)?);
    }
    table::print(&rows)
}
