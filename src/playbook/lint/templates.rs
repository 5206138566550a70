//! Arguments: their placeholders, their program, and code that is handed to a shell.

use std::path::Path;

use crate::playbook::diagnostic::{Findings, listed, nearest};
use crate::playbook::model::TargetSpec;
use crate::playbook::placeholder::{Placeholder, TemplateError, TemplatePart};
use crate::playbook::read::command_line::{CommandLine, in_brackets};
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::Template;

/// Where a template stands: not every placeholder has a value everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateUse {
    /// In a check, which belongs to no incident.
    Check,
    /// In an attempt.
    Attempt,
    /// In a page's evidence.
    Evidence,
}

/// Program and arguments.
pub fn arguments(
    argv: &[Template],
    at: SpannedTable<'_>,
    place: TemplateUse,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    program(argv, at, findings);
    shell(argv, at, findings);
    shell_syntax(argv, at, findings);
    for (nth, argument) in argv.iter().enumerate() {
        template(argument, at.element(nth), place, targets, findings);
    }
}

/// Lints one argument: its braces, its placeholders, and whether each has a value for every target.
pub fn template(
    template: &Template,
    at: SpannedTable<'_>,
    place: TemplateUse,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
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
        if let TemplatePart::Value(placeholder) = piece {
            filled(placeholder, at, place, targets, findings);
        }
    }
}

/// Has the placeholder a value here, for every target?
fn filled(
    placeholder: Placeholder,
    at: SpannedTable<'_>,
    place: TemplateUse,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    let only = |kinds: &[&str]| targets.iter().find(|target| !kinds.contains(&target.kind()));
    let name = placeholder.name();
    if place == TemplateUse::Check && matches!(placeholder, Placeholder::Incident | Placeholder::Pid) {
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
        let kind = target.kind();
        let message = format!("`{{{name}}}` needs {wanted} as target, and `{}` is a {kind}", target.name());
        findings.add(Rule::EmptyPlaceholder, at.span(), message, "`{target}` stands for any target's name");
    }
}

fn program(argv: &[Template], at: SpannedTable<'_>, findings: &mut Findings<'_>) {
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
        let help = match CommandLine::of(program) {
            CommandLine::One(mut words) => {
                words.extend(argv.iter().skip(1).map(|word| word.0.clone()));
                format!("write run = {}", in_brackets(&words))
            }
            CommandLine::Several(_) | CommandLine::Shell => SCRIPT.to_owned(),
        };
        findings.add(Rule::BadValue, span, message, help);
    }
}

/// A program's name without its folder and its version: `python3.11` is `python`.
pub(super) fn file_name(program: &str) -> &str {
    let file = Path::new(program).file_name().and_then(|file| file.to_str()).unwrap_or(program);
    file.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// The option behind which a shell or an interpreter takes code; none for other programs.
fn code_flag(program: &str) -> Option<char> {
    const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"];
    match file_name(program) {
        name if SHELLS.contains(&name) => Some('c'),
        "python" | "pypy" => Some('c'),
        "perl" | "ruby" | "node" | "lua" => Some('e'),
        _ => None,
    }
}

/// Is this a shell, whose arguments may be commands?
pub(super) fn takes_code(program: &str) -> bool {
    code_flag(program) == Some('c')
}

/// Where a shell or an interpreter is handed a line of code, also behind `env`, `nice`, `timeout` and their like.
fn code_at(argv: &[Template]) -> Option<(usize, char)> {
    let (nth, flag) = argv.iter().enumerate().find_map(|(nth, word)| Some((nth, code_flag(&word.0)?)))?;
    let takes = |word: &Template| word.0.starts_with('-') && !word.0.starts_with("--") && word.0.contains(flag);
    let code = argv.iter().skip(nth + 1).position(takes).map(|found| nth + found + 2)?;
    argv.get(code).map(|_| (code, flag))
}

/// `sh -c CODE` and the like. Values belong into arguments, where they cannot become code.
fn shell(argv: &[Template], at: SpannedTable<'_>, findings: &mut Findings<'_>) {
    let Some((code, flag)) = code_at(argv) else { return };
    let (line, span) = (&argv[code], at.element(code).span());
    let placed = line.pieces().is_ok_and(|pieces| pieces.iter().any(|piece| matches!(piece, TemplatePart::Value(_))));
    if placed {
        let message = "a placeholder inside code: whatever the value holds would be run";
        let help = "hand the value over as an argument of its own after the code, as \"$1\"";
        findings.add(Rule::ShellPlaceholder, span, message, help);
    } else if flag == 'c' {
        let message = "code for a shell or an interpreter is hard to review, and fails in ways that nobody sees";
        findings.add(Rule::Shell, span, message, "name the program and its arguments, or put the code into a file");
    }
}

/// Programs that read patterns, variables or operators of their own in their arguments.
const OWN_SYNTAX: [&str; 26] = [
    "find",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "awk",
    "gawk",
    "mawk",
    "sed",
    "perl",
    "expr",
    "test",
    "[",
    "jq",
    "rsync",
    "tar",
    "git",
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "redis-cli",
    "valkey-cli",
    "systemctl",
    "journalctl",
    "udevadm",
];

/// What only a shell would understand: there is none, so the program is handed these very characters.
fn shell_syntax(argv: &[Template], at: SpannedTable<'_>, findings: &mut Findings<'_>) {
    let own = argv.first().is_some_and(|program| OWN_SYNTAX.contains(&file_name(&program.0)));
    let code = code_at(argv).map(|(code, _)| code);
    for (nth, argument) in argv.iter().enumerate().skip(1).filter(|(nth, _)| code.is_none_or(|code| *nth < code)) {
        let Some((what, help)) = only_a_shell(&argument.0, own) else { continue };
        let message =
            format!("`{}`: there is no shell that {what}; the program is handed these very characters", argument.0);
        findings.add(Rule::ShellSyntax, at.element(nth).span(), message, help);
    }
}

/// What to do with what only a shell understands.
const SCRIPT: &str = "put the line into a script of root's, and write run = [\"/usr/local/sbin/fix\"]";

/// What a shell would do with an argument, and the right form without one.
fn only_a_shell(argument: &str, own: bool) -> Option<(&'static str, &'static str)> {
    const STEPS: &str =
        "write an action of its own for each program, as do = [{ run = [\"first\"] }, { run = [\"second\"] }]";
    match argument {
        "|" | "||" | ">" | ">>" | "<" | "<<" | "&" | "2>" | "2>>" | "2>&1" | "&>" | ">&2" if !own => {
            return Some(("would join programs or send output elsewhere", SCRIPT));
        }
        "&&" => return Some(("would run one program after the other", STEPS)),
        ";" if !own => return Some(("would run one program after the other", STEPS)),
        _ if own => return None,
        _ => {}
    }
    let variable = argument
        .split('$')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '(')));
    if variable || argument.contains('`') {
        let help = "write the value itself, or a placeholder, as \"{target}\"; what the program reads from its environment stands in env = { NAME = \"value\" }";
        return Some(("would put a value in its place", help));
    }
    if argument.starts_with("~/") || argument == "~" {
        return Some(("would put a home folder in its place", "write the whole path, as \"/home/app/state\""));
    }
    let is_path = argument == "*" || argument.contains('/');
    if is_path && argument.contains(['*', '?']) && !argument.contains("://") {
        let help = "name each file; aged files go by clean = { path = \"/var/tmp\", older_than = \"7d\" }";
        return Some(("would put the names of files in its place", help));
    }
    None
}
