//! A rung resolved to the last argument: what is shown is what is run, and the digest binds an approval to all of it.

use std::path::Path;
use std::sync::Arc;

use rustix::process::geteuid;

use super::clean::roots::RootError;
use super::order::{CleanOrder, Enough, Order, RunOrder, UnitOrder};
use super::{Context, clean, identity, redact, unit};
use crate::core::plan::{Digest, Plan, PlannedStep};
use crate::host::clock;
use crate::host::program::{FIXED_PATH, ProgramError};
use crate::playbook::action::{CleanAction, RunAction, RunFull, UnitAction, UnitVerb};
use crate::playbook::placeholder::{self, Placeholders, TemplateError};
use crate::playbook::value::{Amount, Period};
use crate::playbook::{Action, Check, Playbook, Rung, Target};
use crate::text::clean_line;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The ladder has no such rung.
    #[error("the ladder has no rung {}", .0 + 1)]
    NoRung(usize),
    /// A program that may not be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// An argument that cannot be filled.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A variable that may not be set.
    #[error("the variable `{0}` cannot be set: its name is empty, holds `=` or NUL, or begins with SALVE_")]
    Variable(String),
    /// A unit that may not be acted on.
    #[error(transparent)]
    Unit(#[from] unit::UnitRefusal),
    /// A `unit` action without a unit.
    #[error("`unit` names no unit, and the target is {0}")]
    NoUnit(String),
    /// A folder that may not be cleaned.
    #[error(transparent)]
    Clean(#[from] RootError),
    /// A cap that is no amount of bytes.
    #[error("`max_bytes` is not an amount of bytes")]
    NotBytes,
    /// Something about the host cannot be read.
    #[error("the host cannot be looked at: {0}")]
    Host(#[from] std::io::Error),
    /// An order that cannot be written down (a path that is no UTF-8).
    #[error("the plan cannot be written down: {0}")]
    Order(#[from] serde_json::Error),
}

/// Resolves one rung (from 0) of a playbook for one target. Looks at the host, changes nothing.
///
/// # Errors
/// Where anything cannot be resolved, or must not be done; in words that say which.
pub async fn plan(playbook: &Playbook, rung: usize, context: &Context) -> Result<Plan, PlanError> {
    let actions = playbook.remediate.get(rung).ok_or(PlanError::NoRung(rung))?;
    let steps = actions
        .actions
        .iter()
        .map(|action| match action {
            Action::Unit(action) => of_unit(action, context),
            Action::Run(action) => of_run(action, playbook, context),
            Action::Clean(action) => of_clean(action, playbook, context),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let digest = digest(playbook, rung, actions, &steps, context)?;
    Ok(Plan { rung, steps, timeout_ms: actions.timeout.millis(), digest })
}

/// Over everything that an approval is bound to. Programs' identities and the environment stand in the orders.
fn digest(
    playbook: &Playbook,
    rung: usize,
    actions: &Rung,
    steps: &[PlannedStep],
    context: &Context,
) -> Result<Digest, PlanError> {
    let (rung, user) = (rung.to_string(), geteuid().as_raw().to_string());
    let (target, limits) = (context.target.to_string(), format!("{} {}", actions.timeout.millis(), actions.idempotent));
    let boot = clock::boot_id()?;
    let shown = serde_json::to_string(steps)?;
    Ok(Digest::over([
        ("content", &*playbook.content.0),
        ("rung", &rung),
        ("steps", &shown),
        ("user", &user),
        ("target", &target),
        ("limits", &limits),
        ("boot", &boot),
    ]))
}

fn step(sentence: &str, details: Vec<(&str, String)>, order: &Order) -> Result<PlannedStep, PlanError> {
    let kind = match order {
        Order::Unit(_) => "unit",
        Order::Run(_) => "run",
        Order::Clean(_) => "clean",
    };
    let details = details
        .into_iter()
        .map(|(name, value)| (name.into(), Arc::from(&*redact::redact(&clean_line(&value)))))
        .collect();
    let sentence = redact::redact(&clean_line(sentence)).into();
    Ok(PlannedStep { kind: kind.into(), sentence, details, order: serde_json::to_string(order)?.into() })
}

fn of_unit(action: &UnitAction, context: &Context) -> Result<PlannedStep, PlanError> {
    let (name, verb) = match (action, &context.target) {
        (UnitAction::On(named), _) => (named.name.as_str(), named.verb),
        (UnitAction::Verb(verb), Target::Unit(unit)) => (&**unit, *verb),
        (UnitAction::Verb(_), target) => return Err(PlanError::NoUnit(target.to_string())),
    };
    unit::may(name, verb)?;
    let (radius, rollback) = match verb {
        UnitVerb::Start => ("the unit and what it requires", "stop it"),
        UnitVerb::Restart => ("the unit's clients lose their connections; what requires it restarts too", "none"),
        UnitVerb::Reload => ("the unit reads its configuration again", "none"),
        UnitVerb::ResetFailed => ("the unit's failed state and start counter", "none needed"),
        UnitVerb::Stop => ("the unit's clients lose it, as does what requires it", "start it"),
    };
    let details =
        vec![("by", "systemd".into()), ("blast radius", radius.to_owned()), ("rollback", rollback.to_owned())];
    step(&format!("{} {name}", unit::word(verb)), details, &Order::Unit(UnitOrder { unit: name.into(), verb }))
}

fn of_run(action: &RunAction, playbook: &Playbook, context: &Context) -> Result<PlannedStep, PlanError> {
    let none = std::collections::BTreeMap::new();
    let (argv, declared) = match action {
        RunAction::Argv(argv) => (argv, &none),
        RunAction::Full(RunFull { argv, env }) => (argv, env),
    };
    let values = Placeholders { target: context.target.clone(), incident: Some(context.incident.0), pid: context.pid };
    let argv = placeholder::arguments(argv, &values)?;
    let (program, identity) = identity::resolve(&argv[0])?;
    let mut env = base_environment(playbook, context);
    for (name, value) in declared {
        if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("SALVE_") {
            return Err(PlanError::Variable(clean_line(name).into_owned()));
        }
        env.insert(name.clone(), value.fill(&values)?);
    }
    let hidden = |name: &str, value: &str| if redact::names_secret(name) { "[redacted]".into() } else { quoted(value) };
    let extra: Vec<String> = declared.keys().map(|name| format!("{name}={}", hidden(name, &env[name]))).collect();
    let mut details = vec![
        ("user", user()),
        ("folder", "/".into()),
        ("environment", if extra.is_empty() { "clean".into() } else { format!("clean, and {}", extra.join(" ")) }),
        ("limits", super::process::LIMITS.into()),
    ];
    if let Some(sha256) = &identity.sha256 {
        details.push(("sha256", sha256.clone()));
    }
    details.push(("blast radius", "whatever the program does; what it leaves running is ended".into()));
    details.push(("rollback", "none".into()));
    let words: Vec<String> = std::iter::once(program.to_string_lossy().into_owned())
        .chain(argv[1..].iter().cloned())
        .map(|word| quoted(&word))
        .collect();
    let order = RunOrder { program, identity, argv, env: env.into_iter().collect() };
    step(&words.join(" "), details, &Order::Run(order))
}

fn base_environment(playbook: &Playbook, context: &Context) -> std::collections::BTreeMap<String, String> {
    let home = if geteuid().is_root() { "/root".into() } else { std::env::var("HOME").unwrap_or_else(|_| "/".into()) };
    [
        ("PATH", FIXED_PATH.join(":")),
        ("LANG", "C.UTF-8".into()),
        ("HOME", home),
        ("SALVE_PLAYBOOK", playbook.name.to_string()),
        ("SALVE_TARGET", context.target.name().to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.replace('\0', "")))
    .collect()
}

fn user() -> String {
    let uid = geteuid();
    if uid.is_root() { "root".into() } else { format!("uid {}", uid.as_raw()) }
}

/// One word as a reader would quote it: plain where it is plain, so that two arguments never look like one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn of_clean(action: &CleanAction, playbook: &Playbook, context: &Context) -> Result<PlannedStep, PlanError> {
    let root = clean::roots::admit(&action.path, &context.clean_roots)?;
    let max_bytes = match action.max_bytes {
        Some(Amount::Bytes(bytes)) => Some(bytes),
        None => None,
        Some(_) => return Err(PlanError::NotBytes),
    };
    let order = CleanOrder {
        identity: clean::roots::identity(&root.path)?,
        rotated_only: root.rotated_only,
        older_than_ms: action.older_than.millis(),
        max_files: action.max_files.unwrap_or(clean::DEFAULT_MAX_FILES),
        max_bytes,
        max_depth: clean::MAX_DEPTH,
        enough: enough(playbook, context, &root.path),
        root: root.path,
        base: root.base,
    };
    let what = if order.rotated_only { "rotated log files" } else { "files" };
    let Period(age) = action.older_than;
    let sentence = format!("delete {what} below {} older than {}", quoted(&action.path), Period(age));
    let cap = max_bytes.map_or(String::new(), |bytes| format!(" or {}", bytesize::ByteSize(bytes).display().iec()));
    let stop = match order.enough[..] {
        [] => "when all that may go is gone".into(),
        ref bounds => format!("once {}", bounds.iter().map(clean::words).collect::<Vec<_>>().join(" and ")),
    };
    let details = vec![
        ("user", user()),
        ("order", "oldest first".into()),
        ("at most", format!("{} files{cap}", order.max_files)),
        ("stops", stop),
        ("blast radius", "regular files that nobody has open; no folder, no link, no database, no lock".into()),
        ("rollback", "none: deletion is final".into()),
    ];
    step(&sentence, details, &Order::Clean(order))
}

/// What the verifier wants of the file system that the folder is on.
fn enough(playbook: &Playbook, context: &Context, root: &Path) -> Vec<Enough> {
    let mut bounds = Vec::new();
    for check in &playbook.verify.checks {
        let Check::Filesystem(check) = check else { continue };
        let mount = match (&check.mount, &context.target) {
            (Some(mount), _) => mount.as_str(),
            (None, Target::Mount(mount)) => mount,
            (None, _) => continue,
        };
        if clean::roots::same_file_system(mount.as_ref(), root) {
            bounds.extend(check.used.map(Enough::Used));
            bounds.extend(check.free.map(Enough::Free));
            bounds.extend(check.inodes.map(Enough::Inodes));
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_so_that_arguments_cannot_be_mistaken() {
        assert_eq!(quoted("--vacuum-size=500M"), "--vacuum-size=500M");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
