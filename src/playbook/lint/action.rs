//! No shell, no stray program, no folder outside the allow-list.

use std::path::{Component, Path};

use super::Said;
use super::target::unit_name;
use crate::playbook::action::{CleanAction, RunAction, UnitAction};
use crate::playbook::allow_list::ALLOWED_ROOTS;
use crate::playbook::diagnostic::{Rule, nearest};
use crate::playbook::placeholder::{self, Fault, NAMES};
use crate::playbook::places::Step;
use crate::playbook::value::Template;
use crate::playbook::{Action, Attachment, Check, Playbook, TargetSpec};

/// Folders that are never cleaned, whatever a setting says.
const NEVER: [&str; 14] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/salve",
];

pub fn lint(playbook: &Playbook, said: &mut Said<'_, '_>) {
    if playbook.remediate.is_empty() {
        said.say(
            Rule::NothingToDo,
            &[Step::Key("title")],
            "there is no `[[remediate]]`: this playbook detects, gathers evidence and calls a human",
            "nothing, if that is what is meant",
        );
    }
    for (at, rung) in playbook.remediate.iter().enumerate() {
        let path = [Step::Key("remediate"), Step::Item(at), Step::Key("do")];
        if rung.actions.is_empty() {
            said.say(Rule::EmptyRung, &path, "this rung does nothing", "do = [{ unit = \"restart\" }]");
        }
        for (index, action) in rung.actions.iter().enumerate() {
            let [remediate, rung, list] = path;
            one(action, playbook, &[remediate, rung, list, Step::Item(index)], said);
        }
    }
    let mut commands = 0;
    for (part, checks) in [("detect", &playbook.detect.checks), ("verify", &playbook.verify.checks)] {
        for check in checks {
            if let Check::Command(command) = check {
                let item = Step::Item(commands);
                program(&command.run, playbook, &[Step::Key(part), Step::Key("command"), item, Step::Key("run")], said);
                commands += 1;
            }
        }
        commands = 0;
    }
    for (at, attachment) in playbook.escalate.attach.iter().enumerate() {
        if let Attachment::Run(argv) = attachment {
            program(
                argv,
                playbook,
                &[Step::Key("escalate"), Step::Key("attach"), Step::Item(at), Step::Key("run")],
                said,
            );
        }
    }
}

fn one(action: &Action, playbook: &Playbook, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    match action {
        Action::Unit(UnitAction::Verb(_)) => {
            if !playbook.targets.iter().all(|target| matches!(target, TargetSpec::Unit(_))) {
                said.say(
                    Rule::VerbNeedsUnit,
                    path,
                    "this verb needs a unit, and the target is none",
                    "{ unit = { name = \"php-fpm.service\", verb = \"restart\" } }",
                );
            }
        }
        Action::Unit(UnitAction::On(named)) => unit_name(&named.name, path, said),
        Action::Run(RunAction::Argv(argv)) => program(argv, playbook, path, said),
        Action::Run(RunAction::Full(full)) => {
            program(&full.argv, playbook, path, said);
            for value in full.env.values() {
                placeholders(value, playbook, path, said);
            }
        }
        Action::Clean(clean) => folder(clean, path, said),
    }
}

fn program(argv: &[Template], playbook: &Playbook, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let Some(program) = argv.first().filter(|program| !program.0.is_empty()) else {
        said.say(Rule::EmptyArguments, path, "there is no program to run", "[\"apt-get\", \"clean\"]");
        return;
    };
    if program.0.contains('/') && !program.0.starts_with('/') {
        said.say(
            Rule::RelativeProgram,
            path,
            format!("`{program}` depends on a working folder"),
            "an absolute path, or a bare name that is found in /usr/sbin, /usr/bin, /sbin or /bin",
        );
    }
    for argument in argv {
        placeholders(argument, playbook, path, said);
    }
    shell(argv, path, said);
}

fn shell(argv: &[Template], path: &[Step<'_>], said: &mut Said<'_, '_>) {
    const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "busybox"];
    let name = Path::new(&argv[0].0).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !SHELLS.contains(&name) || !argv.iter().any(|argument| argument.0.starts_with('-') && argument.0.contains('c')) {
        return;
    }
    if argv.iter().any(placeholder::any) {
        said.say(
            Rule::ShellWithPlaceholder,
            path,
            "a shell would read the placeholder's value as its own language",
            "the program itself with its arguments, as [\"systemctl\", \"kill\", \"{unit}\"]",
        );
    } else {
        said.say(
            Rule::Shell,
            path,
            "this goes through a shell: what it does cannot be shown argument by argument",
            "the program itself with its arguments, or a script file by its absolute path",
        );
    }
}

fn placeholders(template: &Template, playbook: &Playbook, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let Some(target) = playbook.targets.first() else { return };
    for fault in placeholder::faults(template, target) {
        match fault {
            Fault::Open => said.say(
                Rule::UnknownPlaceholder,
                path,
                format!("`{template}` opens a placeholder and does not close it"),
                "a literal brace is written twice: {{",
            ),
            Fault::Unknown(name) => said.say(
                Rule::UnknownPlaceholder,
                path,
                format!("there is no placeholder `{{{name}}}`"),
                nearest(name, NAMES).map_or_else(
                    || {
                        "one of {target}, {unit}, {mount}, {pid}, {incident}; a literal brace is written twice: {{"
                            .into()
                    },
                    |near| format!("did you mean `{{{near}}}`?"),
                ),
            ),
            Fault::Unfilled(name) => said.say(
                Rule::UnfilledPlaceholder,
                path,
                format!("this target has no value for `{{{name}}}`"),
                "{target} stands for the target's name, whatever it is",
            ),
        }
    }
}

fn folder(clean: &CleanAction, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let place: Vec<Step<'_>> = path.iter().copied().chain([Step::Key("clean"), Step::Key("path")]).collect();
    let folder = Path::new(&clean.path);
    let normal = clean.path.starts_with('/')
        && !clean.path.contains("//")
        && folder.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
        && !clean.path.contains(['*', '?', '[']);
    let roots = ALLOWED_ROOTS.map(|root| root.path).join(", ");
    if !normal || clean.path == "/" || clean.path == "/var" || NEVER.iter().any(|never| folder.starts_with(never)) {
        said.say(
            Rule::CleanOutside,
            &place,
            format!("`{}` is never cleaned", clean.path),
            format!("a plain absolute folder on the allow-list or below it: {roots}"),
        );
    } else if !ALLOWED_ROOTS.iter().any(|root| folder.starts_with(root.path)) {
        said.say(
            Rule::CleanNeedsSetting,
            &place,
            format!("`{}` is not on the allow-list ({roots})", clean.path),
            "it is cleaned only where the host's settings allow it: clean_roots = [\"/srv/scratch\"]",
        );
    }
    if clean.older_than.0.is_zero() {
        said.say(Rule::ZeroTime, &place, "files of any age would be deleted", "older_than = \"7d\"");
    }
}
