//! A program's output. Its placeholders are filled inside their one argument, and no shell sees them.

use std::time::Duration;

use super::super::child::{Ended, Job, run};
use super::Gathered;
use crate::host::program;
use crate::playbook::Target;
use crate::playbook::value::Template;

const DEADLINE: Duration = Duration::from_secs(30);
const LARGEST: usize = 128 << 10;

pub(super) async fn gather(words: &[Template], target: &Target) -> Gathered {
    let filled: Vec<String> = words.iter().map(|word| fill(word, target)).collect::<Result<_, _>>()?;
    let (name, args) = filled.split_first().ok_or("no program is named")?;
    let program = program::resolve(name).map_err(|error| error.to_string())?;
    let job = Job {
        program: program.path,
        args: args.to_vec(),
        env: Vec::new(),
        stdin: Vec::new(),
        deadline: DEADLINE,
        keep: LARGEST,
    };
    let ran = run(job).await.map_err(|error| format!("{name} could not be started: {error}"))?;
    match ran.ended {
        Ended::Exit(0) => Ok(ran.output),
        ended => Ok(format!("{}\n[{ended}]", ran.output.trim_end())),
    }
}

/// One argument with its values.
fn fill(word: &Template, target: &Target) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = word.0.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        out += &rest[..at];
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out += &rest[..1];
            rest = &rest[2..];
        } else if rest.starts_with('{') {
            let end = rest.find('}').ok_or_else(|| format!("`{word}` has a single brace"))?;
            out += value(&rest[1..end], target).ok_or_else(|| format!("{} has no value here", &rest[..=end]))?;
            rest = &rest[end + 1..];
        } else {
            out.push('}');
            rest = &rest[1..];
        }
    }
    out += rest;
    if out.contains('\0') { Err(format!("`{word}` holds a NUL")) } else { Ok(out) }
}

fn value<'a>(name: &str, target: &'a Target) -> Option<&'a str> {
    match (name, target) {
        ("target", _) | ("unit", Target::Unit(_)) | ("mount", Target::Mount(_)) => Some(target.name()),
        _ => None,
    }
}
