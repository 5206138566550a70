//! Arguments: their placeholders, their program, and code that is handed to a shell.

use std::path::Path;

use super::parts::{spec_kind, spec_name};
use crate::playbook::diagnostic::{Findings, listed, nearest};
use crate::playbook::model::TargetSpec;
use crate::playbook::placeholder::{Piece, Placeholder, TemplateError};
use crate::playbook::read::site::Site;
use crate::playbook::rule::Rule;
use crate::playbook::value::Template;

/// Where a template stands: not every placeholder has a value everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a check, which belongs to no incident.
    Check,
    /// In an attempt.
    Attempt,
    /// In a page's evidence.
    Evidence,
}

/// Program and arguments.
pub fn arguments(argv: &[Template], at: Site<'_>, place: Place, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    program(argv, at, findings);
    shell(argv, at, findings);
    for (nth, argument) in argv.iter().enumerate() {
        template(argument, at.element(nth), place, targets, findings);
    }
}

/// One argument.
pub fn template(template: &Template, at: Site<'_>, place: Place, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    if template.0.contains('\0') {
        findings.add(Rule::BadValue, at.span(), "no argument can hold a NUL", "leave it out");
    }
    let pieces = match template.pieces() {
        Ok(pieces) => pieces,
        Err(TemplateError::Unknown(name)) => {
            let names = || Placeholder::ALL.into_iter().map(Placeholder::name);
            let help = match nearest(&name, names()) {
                Some(near) => format!("did you mean `{{{near}}}`? A literal brace is written twice: `{{{{`"),
                None => format!("placeholders are {} in braces; a literal brace is written twice", listed(names())),
            };
            let message = format!("there is no placeholder `{{{name}}}`");
            findings.add(Rule::UnknownPlaceholder, at.span(), message, help);
            return;
        }
        Err(error) => {
            let help = "write `{{` or `}}` for a literal brace";
            findings.add(Rule::SingleBrace, at.span(), error.to_string(), help);
            return;
        }
    };
    for piece in pieces {
        if let Piece::Value(placeholder) = piece {
            filled(placeholder, at, place, targets, findings);
        }
    }
}

/// Has the placeholder a value here, for every target?
fn filled(placeholder: Placeholder, at: Site<'_>, place: Place, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let only = |kinds: &[&str]| targets.iter().find(|target| !kinds.contains(&spec_kind(target)));
    let name = placeholder.name();
    if place == Place::Check && matches!(placeholder, Placeholder::Incident | Placeholder::Pid) {
        let message = format!("`{{{name}}}` has no value in a check");
        findings.add(Rule::EmptyPlaceholder, at.span(), message, "a check may use `{target}`, `{unit}` and `{mount}`");
        return;
    }
    let (unfit, wanted) = match placeholder {
        Placeholder::Unit => (only(&["unit"]), "a unit"),
        Placeholder::Mount => (only(&["mount"]), "a mount"),
        Placeholder::Pid => (only(&["unit", "process"]), "a unit or a process"),
        Placeholder::Target | Placeholder::Incident => (None, ""),
    };
    if let Some(target) = unfit {
        let kind = spec_kind(target);
        let message = format!("`{{{name}}}` needs {wanted} as target, and `{}` is a {kind}", spec_name(target));
        findings.add(Rule::EmptyPlaceholder, at.span(), message, "`{target}` stands for any target's name");
    }
}

fn program(argv: &[Template], at: Site<'_>, findings: &mut Findings<'_>) {
    let Some(program) = argv.first().map(|program| program.0.as_str()).filter(|program| !program.is_empty()) else {
        let help = "write run = [\"apt-get\", \"clean\"]";
        findings.add(Rule::EmptyArguments, at.head(), "`run` names no program", help);
        return;
    };
    let span = at.element(0).span();
    if program.starts_with('{') && !program.starts_with("{{") {
        let message = format!("`{program}`: which program is run must stand in the playbook");
        findings.add(Rule::PlaceholderProgram, span, message, "name the program; placeholders may be its arguments");
    } else if program.contains('/') && !program.starts_with('/') {
        let message = format!("`{program}` is relative to a folder that nobody can know");
        let help = "write the absolute path, or the bare name of a program in /usr/sbin, /usr/bin, /sbin or /bin";
        findings.add(Rule::RelativeProgram, span, message, help);
    } else if program.contains(char::is_whitespace) {
        let message = format!("`{program}` holds a space; there is no shell that could split it");
        findings.add(Rule::BadValue, span, message, "write each argument as an element of its own");
    }
}

/// `sh -c CODE` and the like. Values belong into arguments, where they cannot become code.
fn shell(argv: &[Template], at: Site<'_>, findings: &mut Findings<'_>) {
    const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"];
    let named = |name: &str| {
        let file = Path::new(name).file_name().map_or(name, |file| file.to_str().unwrap_or(name));
        let bare = file.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
        SHELLS.contains(&&*bare).then_some('c').or(match bare.as_str() {
            "python" | "pypy" => Some('c'),
            "perl" | "ruby" | "node" | "lua" => Some('e'),
            _ => None,
        })
    };
    // also behind `env`, `nice`, `timeout` and their like
    let Some((nth, flag)) = argv.iter().enumerate().find_map(|(nth, word)| Some((nth, named(&word.0)?))) else {
        return;
    };
    let takes_code = |word: &&Template| word.0.starts_with('-') && !word.0.starts_with("--") && word.0.contains(flag);
    let Some(code) = argv.iter().skip(nth + 1).position(|word| takes_code(&word)).map(|found| nth + found + 2) else {
        return;
    };
    let Some(line) = argv.get(code) else { return };
    let span = at.element(code).span();
    let placed = line.pieces().is_ok_and(|pieces| pieces.iter().any(|piece| matches!(piece, Piece::Value(_))));
    if placed {
        let message = "a placeholder inside code: whatever the value holds would be run";
        let help = "hand the value over as an argument of its own after the code, as \"$1\"";
        findings.add(Rule::ShellPlaceholder, span, message, help);
    } else if flag == 'c' {
        let message = "code for a shell or an interpreter is hard to review, and fails in ways that nobody sees";
        findings.add(Rule::Shell, span, message, "name the program and its arguments, or put the code into a file");
    }
}
