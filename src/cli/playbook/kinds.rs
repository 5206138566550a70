//! `salve playbook kinds [NAME]`: the manual of the kinds of checks and actions.

use std::process::ExitCode;

use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::playbook::kind_docs::manual::{KindSide, Manual};
use crate::playbook::kind_docs::manuals;

pub fn run(name: Option<&str>) -> Result<ExitCode, Failure> {
    let found = manuals(name);
    match name {
        None => list(&found),
        Some(name) if found.is_empty() => return Err(unknown(name)),
        Some(_) => stream::text(&found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(manuals: &[Manual]) {
    let width = manuals.iter().map(|manual| manual.kind.len()).max().unwrap_or_default();
    let mut side = None;
    for manual in manuals {
        let title = match manual.side {
            KindSide::Check(_) => "Checks, in [detect] and in [verify]:",
            KindSide::Action(_) => "Actions, in a rung's `do`:",
        };
        if side.replace(title) != Some(title) {
            println!("{title}");
        }
        println!("  {:<width$}  {}", manual.kind, manual.about);
    }
}

fn unknown(name: &str) -> Failure {
    let near = manuals(None)
        .into_iter()
        .max_by(|a, b| strsim::jaro(a.kind, name).total_cmp(&strsim::jaro(b.kind, name)))
        .map_or_else(String::new, |manual| format!("; did you mean `{}`?", manual.kind));
    Failure::Said(format!("kind `{name}` not found{near} (`salve playbook kinds` lists all)"))
}
