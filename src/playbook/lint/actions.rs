//! What an attempt would do, and what a page would gather.

use std::path::Path;

use super::names;
use super::templates::{self, Place};
use crate::playbook::action::{Action, CleanAction, RunAction, RunFull, UnitAction, UnitVerb};
use crate::playbook::allow_list::ALLOWED_ROOTS;
use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::parts::spec_kind;
use crate::playbook::model::{Attachment, TargetSpec};
use crate::playbook::read::site::{Placed, Site};
use crate::playbook::rule::Rule;
use crate::playbook::value::{Amount, Period};

/// Younger files may still be in use, however their times read.
const YOUNG: Period = Period::from_secs(24 * 3600);
/// Units that the whole host, or salve itself, hangs on.
const ESSENTIAL: [&str; 5] = ["init.scope", "-.slice", "-.mount", "dbus.service", "salve.service"];

pub fn lint(action: &Placed<'_, Action>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    match &action.value {
        Action::Unit(unit) => verb(unit, action.at, targets, findings),
        Action::Run(RunAction::Argv(argv)) => templates::arguments(argv, action.at, Place::Attempt, targets, findings),
        Action::Run(RunAction::Full(full)) => run(full, action.at, targets, findings),
        Action::Clean(action_clean) => clean(action_clean, action.at, findings),
    }
}

/// Evidence: only a program's arguments can be wrong beyond their range.
pub fn attachment(attachment: &Placed<'_, Attachment>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    if let Attachment::Run(argv) = &attachment.value {
        templates::arguments(argv, attachment.at, Place::Evidence, targets, findings);
    }
}

fn verb(action: &UnitAction, at: Site<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let verb = match action {
        UnitAction::On(named) => {
            names::unit(&named.name, at.field_span("name"), findings);
            essential(&named.name, named.verb, at.field_span("name"), findings);
            return;
        }
        UnitAction::Verb(verb) => *verb,
    };
    for target in targets {
        if let TargetSpec::Unit(name) = target {
            essential(name, verb, at.span(), findings);
        } else {
            let message = format!("the verb needs a unit, and the target is a {}", spec_kind(target));
            let help = "write unit = { name = \"php-fpm.service\", verb = \"restart\" }";
            findings.add(Rule::NoObject, at.span(), message, help);
        }
    }
}

fn essential(name: &str, verb: UnitVerb, span: std::ops::Range<usize>, findings: &mut Findings<'_>) {
    let ends = matches!(verb, UnitVerb::Stop | UnitVerb::Restart);
    if ends && ESSENTIAL.contains(&name) {
        let message = format!("`{name}` carries the whole host, or salve itself, and is never stopped or restarted");
        findings.add(Rule::OwnUnit, span, message, "let systemd look after it: Restart=, WatchdogSec=");
    }
}

fn run(full: &RunFull, at: Site<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    templates::arguments(&full.argv, at.field("argv").unwrap_or(at), Place::Attempt, targets, findings);
    let Some(table) = at.field("env") else { return };
    for (name, value) in &full.env {
        let entry = table.field(name).unwrap_or(table);
        if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("SALVE_") {
            let message = format!("the variable `{name}` cannot be set");
            let help = "a name is not empty, holds no `=`, and does not begin with SALVE_";
            findings.add(Rule::BadVariable, entry.key_span(), message, help);
        } else if name.starts_with("LD_") {
            let message = format!("`{name}` would load foreign code into the program");
            findings.add(Rule::BadVariable, entry.key_span(), message, "leave it out");
        }
        templates::template(value, entry, Place::Attempt, targets, findings);
    }
}

fn clean(clean: &CleanAction, at: Site<'_>, findings: &mut Findings<'_>) {
    let span = at.field_span("path");
    if names::path(&clean.path, span.clone(), findings) {
        let roots: Vec<&str> = ALLOWED_ROOTS.iter().map(|root| root.path).collect();
        let path = Path::new(&clean.path);
        if is_system(path) {
            let message = format!("`{}` is a system folder or a home, and is never cleaned", clean.path);
            let help = format!("{} may be, and what is below them", roots.join(", "));
            findings.add(Rule::CleanOutside, span, message, help);
        } else if !roots.iter().any(|root| path.starts_with(root)) {
            let message = format!("`{}` may be cleaned only where the host's settings allow it", clean.path);
            let help = format!(
                "without a setting {} may be, and what is below them (`clean_roots` adds to it)",
                roots.join(", ")
            );
            findings.add(Rule::CleanNeedsSetting, span, message, help);
        }
    }
    if clean.older_than.0.is_zero() {
        let message = "`older_than` of no time at all would take every file";
        findings.add(Rule::ZeroTime, at.field_span("older_than"), message, "write older_than = \"7d\"");
    } else if clean.older_than < YOUNG {
        let message = format!("files of {} may still be in use", clean.older_than);
        findings.add(Rule::YoungFiles, at.field_span("older_than"), message, "write older_than = \"1d\" or more");
    }
    if clean.max_files == Some(0) {
        let message = "`max_files` of none at all would delete nothing";
        findings.add(
            Rule::OutOfRange,
            at.field_span("max_files"),
            message,
            "leave it out, or write a number from 1 up",
        );
    }
    if let Some(bytes) = clean.max_bytes
        && !matches!(bytes, Amount::Bytes(1..))
    {
        let message = format!("`max_bytes` is an amount of bytes, not {bytes}");
        findings.add(Rule::WrongAmount, at.field_span("max_bytes"), message, "write max_bytes = \"5GiB\"");
    }
}

/// No setting may add these: the host and its people live in them, or everything else does.
fn is_system(path: &Path) -> bool {
    const WHOLE: [&str; 15] = [
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib32",
        "/lib64",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/sys",
        "/usr",
        "/var/lib/salve",
    ];
    const THEMSELVES: [&str; 9] =
        ["/", "/var", "/var/lib", "/var/spool", "/var/cache", "/opt", "/srv", "/mnt", "/media"];
    WHOLE.iter().any(|system| path.starts_with(system)) || THEMSELVES.iter().any(|system| path == Path::new(system))
}
