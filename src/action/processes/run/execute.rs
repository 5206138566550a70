//! Runs a program without a shell: resolved to its file and its last argument, then run in the attempt's scope.

use std::collections::BTreeMap;

use rustix::process::geteuid;

use super::table::{RunAction, RunFull};
use crate::action::context::Context;
use crate::action::description::{quoted, user};
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::program::bound::{self, NamedPath};
use crate::action::program::identity::{self, FileIdentity};
use crate::action::program::process::{self, ResolvedProgram};
use crate::action::sourced;
use crate::action::step::{StepContext, StepOutcome};
use crate::host::program::FIXED_PATH;
use crate::playbook::Playbook;
use crate::playbook::placeholder::{self, Placeholders};
use crate::playbook::value::Sourced;
use crate::text::clean_line;
use crate::text::secret::Secret;

impl ActionKind for RunAction {
    type Resolved = ResolvedProgram;

    /// Resolves a playbook's command for one target: the program's file, the filled arguments, the environment, and the
    /// files that the command line names.
    async fn plan(&self, playbook: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let none = BTreeMap::new();
        let (argv, declared) = match self {
            RunAction::Argv(argv) => (argv, &none),
            RunAction::Full(RunFull { argv, env }) => (argv, env),
        };
        let values =
            Placeholders { target: context.target.clone(), incident: Some(context.incident.0), pid: context.pid };
        let words = placeholder::arguments(argv, &values)?;
        sourced::still_known("an argument", &words)?;
        let (program, identity) = identity::resolve(&words[0]).await?;
        let mut env = base_environment(playbook, context);
        for (name, value) in declared {
            if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("SALVE_") {
                return Err(PlanError::Variable(clean_line(name).into_owned()));
            }
            env.insert(name.clone(), sourced::value(name, value, &values).await?);
        }
        let in_env = declared.keys().filter_map(|name| env.get(name)?.expose());
        let in_words = words[1..].iter().map(String::as_str).chain(in_env);
        let named = bound::named(&program, in_words, &context.target).await;
        let argv = Secret::words(&words);
        let details = details(&identity, declared, &env, &named);
        let shown: Vec<String> = std::iter::once(program.to_string_lossy().into_owned())
            .chain(argv[1..].iter().map(|word| word.shown().to_owned()))
            .map(|word| quoted(&word))
            .collect();
        let resolved = ResolvedProgram { program, identity, argv, env: env.into_iter().collect(), files: named.files };
        Ok(ResolvedStep { sentence: shown.join(" "), details, resolved })
    }

    /// Runs the program in the attempt's scope until it exits or the deadline passes.
    async fn carry_out(resolved: ResolvedProgram, context: &mut StepContext<'_>) -> StepOutcome {
        let deadline = context.deadline;
        match context.scope() {
            Ok(scope) => process::run(&resolved, &scope, deadline).await,
            Err(error) => StepOutcome::failed(format!("no scope can be made for it: {error}")),
        }
    }
}

/// The details that a reviewer sees besides the command line.
fn details(
    identity: &FileIdentity,
    declared: &BTreeMap<String, Sourced>,
    env: &BTreeMap<String, Secret>,
    named: &NamedPath,
) -> Vec<(&'static str, String)> {
    let shown = |name: &String| format!("{name}={}", quoted(env.get(name).map_or("", Secret::shown)));
    let extra: Vec<String> = declared.keys().map(shown).collect();
    let mut details = vec![
        ("user", user()),
        ("folder", "/".into()),
        ("environment", if extra.is_empty() { "clean".into() } else { format!("clean, and {}", extra.join(" ")) }),
        ("limits", process::LIMITS.into()),
    ];
    if let Some(sha256) = &identity.sha256 {
        details.push(("sha256", sha256.clone()));
    }
    let bound = named.files.iter().map(|file| match &file.identity.sha256 {
        Some(sha256) => format!("{} sha256 {sha256}", file.path.display()),
        None => format!("{} {} bytes", file.path.display(), file.identity.size),
    });
    let bound: Vec<String> = bound.collect();
    if !bound.is_empty() {
        details.push(("files", bound.join("; ")));
    }
    if !named.unbound.is_empty() {
        details.push(("may change until it runs", named.unbound.join("; ")));
    }
    details.push(("blast radius", "whatever the program does; what it leaves running is ended".into()));
    details.push(("rollback", "none".into()));
    details
}

fn base_environment(playbook: &Playbook, context: &Context) -> BTreeMap<String, Secret> {
    let home = if geteuid().is_root() { "/root".into() } else { std::env::var("HOME").unwrap_or_else(|_| "/".into()) };
    [
        ("PATH", FIXED_PATH.join(":")),
        ("LANG", "C.UTF-8".into()),
        ("HOME", home),
        ("SALVE_PLAYBOOK", playbook.name.to_string()),
        ("SALVE_TARGET", context.target.name().to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Secret::text(&value.replace('\0', ""))))
    .collect()
}
