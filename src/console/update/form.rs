//! Opening questions and choosing among their options.

use std::sync::Arc;

use super::super::form::{self, DryRunResult, Form, FormPurpose, Value};
use super::super::keys::KeyAction;
use super::super::model::{Model, OpenPage, Overlay};
use super::{pick, say};
use crate::console::content::context::ViewContext;
use crate::console::content::{rows, suppressions};
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::subject;
use crate::console::model::subject::SelectedSubject;
use crate::core::{Key, Scope};
use crate::engine::snapshot::{Arming, IncidentStage, PlaybookState};
use crate::playbook::Mode;

/// Opens the question that a key asks, or says why there is none.
pub fn open(model: &mut Model, verb: KeyAction, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let subject = subject::subject(model, world);
    // a key that acts on a target asks which where none is looked at
    let needy = match verb {
        KeyAction::Snooze | KeyAction::RunNow | KeyAction::Breaker => {
            subject.as_ref().is_none_or(|subject| subject.key.is_none())
        }
        KeyAction::Arm => subject.is_none(),
        _ => false,
    };
    if needy {
        return match subject.map(|subject| subject.playbook.ok_or(subject::OF_A_STORM)).transpose() {
            Ok(of) => pick::open(model, verb, of, world),
            Err(why) => {
                say(model, world, why);
                Vec::new()
            }
        };
    }
    open_for(model, verb, subject.as_ref(), world)
}

/// The same about this.
pub fn open_for(
    model: &mut Model,
    verb: KeyAction,
    subject: Option<&SelectedSubject>,
    world: &ViewContext<'_>,
) -> Vec<ConsoleEffect> {
    match question(model, verb, subject, world) {
        Ok(form) => ask(model, form),
        Err(why) => {
            say(model, world, why);
            Vec::new()
        }
    }
}

/// Puts a question over the page; a run by hand needs its plan first.
pub fn ask(model: &mut Model, form: Form) -> Vec<ConsoleEffect> {
    let requests = match &form.purpose {
        FormPurpose::RunNow(key) => vec![ConsoleEffect::Plan(key.clone())],
        _ => Vec::new(),
    };
    model.overlay = Some(Overlay::Form(Box::new(form)));
    requests
}

/// A plan was made: the question that waits for it shows it.
pub fn looked(model: &mut Model, key: &Key, looked: &DryRunResult) {
    if let Some(Overlay::Form(form)) = &mut model.overlay {
        form.looked(key, looked);
    }
}

fn question(
    model: &Model,
    verb: KeyAction,
    subject: Option<&SelectedSubject>,
    world: &ViewContext<'_>,
) -> Result<Form, &'static str> {
    let snapshot = world.snapshot;
    match verb {
        KeyAction::Decline => match model.pages.last() {
            Some(OpenPage::Approval(review)) => {
                Ok(Form::decline(review.incident, &crate::core::event::event_text::plan_words(&review.request.plan)))
            }
            _ => Err("no approval request here"),
        },
        KeyAction::Pause => match paused(subject, world) {
            Some(scope @ Scope::Host) => Form::resume(snapshot, &scope, world.mono).ok_or("nothing is paused"),
            _ => Ok(Form::pause(snapshot, subject.and_then(|subject| subject.playbook.clone()), world.mono)),
        },
        KeyAction::Schedule => {
            Ok(Form::schedule(snapshot, subject.and_then(|subject| subject.playbook.clone()), world.mono))
        }
        KeyAction::Resume => match paused(subject, world) {
            Some(scope) => Form::resume(snapshot, &scope, world.mono),
            None => suppressions::pausing(snapshot).and_then(|held| Form::ending(&held, world)),
        }
        .ok_or("nothing is paused"),
        KeyAction::Snooze => {
            let (playbook, key) = target(subject)?;
            Ok(match form::snooze_of(snapshot, key) {
                Some(snooze) => Form::unsnooze(snooze, world.mono),
                None => Form::snooze(playbook, key),
            })
        }
        KeyAction::RunNow => target(subject).map(|(playbook, key)| Form::run_now(snapshot, playbook, key)),
        KeyAction::Breaker => {
            let (playbook, key) = target(subject)?;
            Ok(Form::breaker(&form::breaker_for(snapshot, playbook, key), world.mono))
        }
        KeyAction::Arm => arming(subject.ok_or("no playbook here")?, model, world),
        KeyAction::Close => {
            let id = subject::incident_here(model, world).ok_or("no open incident here")?;
            let target = rows::incident(snapshot, id).map_or_else(String::new, |view| view.key.target.to_string());
            Ok(Form::close(id, &target))
        }
        _ => Err("no question here"),
    }
}

fn target(subject: Option<&SelectedSubject>) -> Result<(&Arc<str>, &Key), &'static str> {
    let subject = subject.ok_or("choose a row first")?;
    let playbook = subject.playbook.as_ref().ok_or(subject::OF_A_STORM)?;
    let key = subject.key.as_ref().ok_or("choose a target of this playbook on the main screen first")?;
    Ok((playbook, key))
}

/// The pause that matters here: the host's, else this playbook's, else any.
fn paused(subject: Option<&SelectedSubject>, world: &ViewContext<'_>) -> Option<Scope> {
    let scopes = || world.snapshot.pauses.iter().map(|pause| &pause.scope);
    let of_subject = |scope: &&Scope| matches!(scope, Scope::Playbook(name) if subject.is_some_and(|s| s.playbook.as_ref() == Some(name)));
    scopes()
        .find(|scope| **scope == Scope::Host)
        .or_else(|| scopes().find(of_subject))
        .or_else(|| scopes().next())
        .cloned()
}

fn arming(subject: &SelectedSubject, model: &Model, world: &ViewContext<'_>) -> Result<Form, &'static str> {
    let name = subject.playbook.as_ref().ok_or(subject::OF_A_STORM)?;
    let playbook = world.snapshot.playbooks.iter().find(|playbook| playbook.name == *name);
    let Some(PlaybookState::InForce { title, mode, arming, needs_root, .. }) = playbook.map(|view| &view.state) else {
        return Err("this playbook was rejected: Enter shows why");
    };
    if *mode == Mode::Shadow || *mode == Mode::Off {
        return Err("its file sets mode shadow or off: e edits it");
    }
    let arm = *arming != Arming::Armed;
    if arm && model.is_powerless(world.snapshot) && *needs_root {
        return Err("actions on services need root, and salve does not run as root: `sudo salve`, then A");
    }
    Ok(Form::arming(world.snapshot, name, (title, mode.word()), arm, model.is_powerless(world.snapshot)))
}

/// The option before or after.
pub fn choose(model: &mut Model, after: bool) {
    let Some(Overlay::Form(form)) = &mut model.overlay else { return };
    let at = form.at;
    if let Some(Value::Choice { options, at }) = form.fields.get_mut(at).map(|field| &mut field.value) {
        let count = options.len().max(1);
        *at = if after { (*at + 1) % count } else { (*at + count - 1) % count };
    }
    form.settle();
}

/// To the next option with a word that begins with this letter.
pub fn jump(form: &mut Form, letter: char) {
    let begins = |option: &String| {
        option.split([' ', '-']).any(|word| word.chars().next().is_some_and(|c| c.eq_ignore_ascii_case(&letter)))
    };
    if let Some(Value::Choice { options, at }) = form.fields.get_mut(form.at).map(|field| &mut field.value) {
        let next = (*at + 1..options.len()).chain(0..*at).find(|index| begins(&options[*index]));
        *at = next.unwrap_or(*at);
    }
    form.settle();
}

/// Quitting: at once where the engine lives elsewhere, else after a question.
pub fn quit(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let watched = world.snapshot.incidents.iter().any(|view| !matches!(view.stage, IncidentStage::Closed { .. }))
        || !world.snapshot.detectors.is_empty();
    // a show heals nothing that anybody would miss
    if !model.engine.is_embedded() || !watched || !model.faults.is_empty() {
        return vec![ConsoleEffect::Quit];
    }
    model.overlay = Some(Overlay::Form(Box::new(Form::quit(world.snapshot))));
    Vec::new()
}
