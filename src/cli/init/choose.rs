//! The guided choice: a numbered list, a line at a time, so that it works on any terminal and for a screen reader.

use std::io::{BufRead as _, Read as _};
use std::path::Path;

use super::print;
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::engine::standalone::inventory::{Inventory, Proposal};

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    /// Toggle the proposals of these numbers.
    Switch(Vec<usize>),
    /// Show everything about the proposal of this number.
    Tell(usize),
    /// Finish choosing and ask for confirmation.
    Done,
    /// Leave without arming anything.
    Leave,
    /// The input was not understood.
    What,
}

fn said(line: &str) -> Choice {
    let line = line.trim();
    match line {
        "" => return Choice::Done,
        "q" | "quit" | "n" | "no" => return Choice::Leave,
        _ => {}
    }
    if let Some(number) = line.strip_prefix('?') {
        return number.trim().parse().map_or(Choice::What, Choice::Tell);
    }
    let numbers = line.split([' ', ',']).filter(|part| !part.is_empty()).map(str::parse);
    numbers.collect::<Result<_, _>>().map_or(Choice::What, Choice::Switch)
}

/// What the operator chose, after a yes to exactly what will be written; none where they left.
pub fn choose<'s>(
    found: &'s Inventory,
    mut chosen: Vec<&'s Proposal>,
    state: &Path,
) -> Result<Option<Vec<&'s Proposal>>, Failure> {
    let applying: Vec<&Proposal> = found.playbooks.iter().filter(|one| one.applies()).collect();
    print::playbooks(found, &chosen);
    loop {
        println!();
        println!("Type a number to select or deselect, ?number to see what it would do, Enter to continue, q to quit.");
        let Some(line) = asked("choose> ")? else { return Ok(None) };
        match said(&line) {
            Choice::Leave => return Ok(None),
            Choice::Done => break,
            Choice::Tell(number) => match number.checked_sub(1).and_then(|at| applying.get(at)) {
                Some(one) => print::whole(one),
                None => println!("no playbook has number {number}"),
            },
            Choice::Switch(numbers) => {
                for number in numbers {
                    match number.checked_sub(1).and_then(|at| applying.get(at)) {
                        None => println!("no playbook has number {number}"),
                        Some(one) if !one.may_be_armed() => println!("{}: {}", one.name, print::why_not(one)),
                        Some(one) => {
                            let before = chosen.len();
                            chosen.retain(|other| other.name != one.name);
                            if chosen.len() == before {
                                chosen.push(one);
                            }
                            print::brief(number, one, chosen.len() > before);
                        }
                    }
                }
            }
            Choice::What => println!("invalid input"),
        }
    }
    let armed: Vec<&Proposal> = chosen.into_iter().filter(|one| one.may_be_armed()).collect();
    if armed.is_empty() {
        println!("nothing selected");
        return Ok(None);
    }
    println!();
    println!("This will be recorded in {} with your name:", state.join("journal.db").display());
    for one in &armed {
        println!("  armed: {} (risk {}, mode {})", one.name, one.risk, one.mode);
    }
    println!("Nothing else is written. `salve playbook disarm NAME` undoes one.");
    match asked("arm these? [y/N] ")? {
        Some(answer) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(Some(armed)),
        _ => Ok(None),
    }
}

/// No answer is longer, in bytes.
const LONGEST: u64 = 4096;

/// A line from the terminal; none at its end.
fn asked(question: &str) -> Result<Option<String>, Failure> {
    stream::prompt(question);
    let failed = |error| Failure::Io("the terminal".into(), error);
    let mut line = String::new();
    let count = std::io::stdin().lock().take(LONGEST).read_line(&mut line).map_err(failed)?;
    Ok((count > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_numbers_a_question_or_the_end() {
        assert_eq!(said(" 3, 5 7\n"), Choice::Switch(vec![3, 5, 7]));
        assert_eq!(said("?12"), Choice::Tell(12));
        assert_eq!(said("\n"), Choice::Done);
        assert_eq!(said("q"), Choice::Leave);
        assert_eq!(said("3x"), Choice::What);
        assert_eq!(said("?"), Choice::What);
    }
}
