//! A program, without a shell: resolved to its file and its last argument, then run in the attempt's scope.

use std::collections::BTreeMap;

use rustix::process::geteuid;

use super::order::{Order, RunOrder};
use super::plan::{PlanError, quoted, step, user};
use super::runner::{Ran, Stage};
use super::{Context, identity, process, redact};
use crate::core::plan::PlannedStep;
use crate::host::program::FIXED_PATH;
use crate::playbook::Playbook;
use crate::playbook::action::{RunAction, RunFull};
use crate::playbook::placeholder::{self, Placeholders};
use crate::text::clean_line;

/// Resolves it.
pub(super) async fn plan(action: &RunAction, playbook: &Playbook, context: &Context) -> Result<PlannedStep, PlanError> {
    let none = BTreeMap::new();
    let (argv, declared) = match action {
        RunAction::Argv(argv) => (argv, &none),
        RunAction::Full(RunFull { argv, env }) => (argv, env),
    };
    let values = Placeholders { target: context.target.clone(), incident: Some(context.incident.0), pid: context.pid };
    let argv = placeholder::arguments(argv, &values)?;
    let (program, identity) = identity::resolve(&argv[0]).await?;
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
        ("limits", process::LIMITS.into()),
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

/// Runs it.
pub(super) async fn carry_out(order: RunOrder, stage: &mut Stage<'_>) -> Ran {
    let deadline = stage.deadline;
    match stage.scope() {
        Ok(scope) => process::run(&order, &scope, deadline).await,
        Err(error) => Ran::failed(format!("no scope can be made for it: {error}")),
    }
}

fn base_environment(playbook: &Playbook, context: &Context) -> BTreeMap<String, String> {
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
