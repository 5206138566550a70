//! Letters that are text: fields, the filter, the palette, a target's name.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::form::{Form, FormResult, Value};
use super::super::keys::KeyAction;
use super::super::model::{Model, OpenPage, Overlay, Pane};
use super::super::view::{self, PaletteEntry};
use super::{act, form, opening, pick, reading, review, say};
use crate::console::content::context::ViewContext;
use crate::console::content::suppressions;
use crate::console::keys::guard::{PAUSE, QUIET};
use crate::console::model::decision::Decision;
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::subject::SelectedSubject;
use crate::text::clean_line;

/// No field needs more characters than this.
const LONGEST: usize = 500;

/// A key that is text.
pub fn typed(model: &mut Model, key: KeyEvent, world: &ViewContext<'_>) {
    let held = key.modifiers.difference(KeyModifiers::SHIFT);
    if let (Some(Overlay::Form(form)), KeyCode::Char(letter)) = (&mut model.overlay, key.code)
        && held.is_empty()
        && matches!(form.fields.get(form.at).map(|field| &field.value), Some(Value::Choice { .. }))
    {
        return form::jump(form, letter);
    }
    let Some(text) = field(model) else { return };
    match (key.code, held) {
        (KeyCode::Char(sign), KeyModifiers::NONE) if text.chars().count() < LONGEST => text.push(sign),
        (KeyCode::Backspace, _) => drop(text.pop()),
        (KeyCode::Char('u' | 'w'), KeyModifiers::CONTROL) => text.clear(),
        _ => return,
    }
    changed(model, world);
}

/// Pasted text goes into fields; it never decides anything, and never names what is risky.
pub fn pasted(model: &mut Model, text: &str, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    review::interrupted(model, world);
    review::pressed(model, world);
    if let Some(OpenPage::Approval(review)) = model.pages.last()
        && review.naming.is_some()
        && model.overlay.is_none()
    {
        say(model, world, "type the name: nothing was pasted");
        return Vec::new();
    }
    if let Some(Overlay::Form(form)) = &model.overlay
        && let Some(Value::Word { .. }) = form.fields.get(form.at).map(|field| &field.value)
    {
        say(model, world, "type this word: nothing was pasted");
        return Vec::new();
    }
    if let Some(requests) = super::author::pasted(model, text, world) {
        return requests;
    }
    if let Some(field) = field(model) {
        let room = LONGEST.saturating_sub(field.chars().count());
        field.extend(clean_line(text).chars().take(room));
        changed(model, world);
    }
    Vec::new()
}

/// The text that is being typed.
fn field(model: &mut Model) -> Option<&mut String> {
    if let Some(Overlay::Filter { .. }) = model.overlay {
        return Some(model.filter_mut());
    }
    match &mut model.overlay {
        Some(Overlay::Form(form)) => match &mut form.fields.get_mut(form.at)?.value {
            Value::Text(text) | Value::Word { typed: text, .. } | Value::Moment { typed: text, .. } => Some(text),
            Value::Choice { .. } => None,
        },
        Some(Overlay::Palette { typed, .. }) => Some(typed),
        Some(Overlay::Pick(pick)) => Some(&mut pick.typed),
        Some(Overlay::Find(find)) => Some(&mut find.words),
        Some(Overlay::Filter { .. }) | None => match model.pages.last_mut() {
            Some(OpenPage::Approval(review)) => review.naming.as_mut(),
            _ => None,
        },
    }
}

fn changed(model: &mut Model, world: &ViewContext<'_>) {
    match &mut model.overlay {
        Some(Overlay::Palette { at, .. }) => *at = 0,
        Some(Overlay::Pick(pick)) => pick.at = 0,
        Some(Overlay::Form(form)) => form.tell_moment(world.wall, world.zone),
        Some(Overlay::Filter { .. }) => model.main.follow(world.snapshot),
        Some(Overlay::Find(_)) => reading::changed(model, world),
        _ => {}
    }
}

/// Enter, or the yes to a question.
pub fn submit(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match model.overlay.take() {
        Some(Overlay::Form(mut form)) => {
            let answer = form.answer(world.wall, world.zone);
            if answer.is_err() {
                // on to the field that lacks something
                form.at = lacking(&form, world).unwrap_or(form.at);
            }
            model.overlay = Some(Overlay::Form(form));
            match (answer, hurried(model, world)) {
                (Err(why), _) => say(model, world, why),
                (Ok(_), Some(why)) => say(model, world, why),
                (Ok(answer), None) if answer.holds_back() => return answered(model, answer),
                (Ok(answer), None) => review::decide(model, Decision::Answer(answer), world),
            }
            Vec::new()
        }
        Some(Overlay::Pick(pick)) => pick::chosen(model, &pick, world),
        Some(Overlay::Palette { typed, at }) => {
            let entry = view::entries(&typed, model, world).into_iter().nth(at);
            entry.map_or_else(Vec::new, |entry| chosen(model, entry, world))
        }
        Some(Overlay::Filter { .. } | Overlay::Find(_)) | None => Vec::new(),
    }
}

/// The field that keeps a form from being answered.
fn lacking(form: &Form, world: &ViewContext<'_>) -> Option<usize> {
    form.fields.iter().position(|field| match &field.value {
        Value::Word { expected, typed } => typed != &**expected,
        Value::Moment { .. } => form.moment(world.wall, world.zone).is_err(),
        Value::Text(text) => text.trim().is_empty(),
        Value::Choice { .. } => false,
    })
}

/// Carries a form's answer out: nothing followed its key.
pub fn answered(model: &mut Model, answer: FormResult) -> Vec<ConsoleEffect> {
    if let Some(Overlay::Form(_)) = model.overlay {
        model.overlay = None;
    }
    // a declined request's page has nothing left to answer
    if matches!(model.pages.last(), Some(OpenPage::Approval(_))) {
        model.pages.pop();
    }
    vec![match answer {
        FormResult::Send(command) => ConsoleEffect::Send(command),
        FormResult::Quit => ConsoleEffect::Quit,
    }]
}

/// Why an answer came too early to be meant for this question.
fn hurried(model: &Model, world: &ViewContext<'_>) -> Option<&'static str> {
    let Some(Overlay::Form(form)) = &model.overlay else { return None };
    let quiet = if form.wants_yes() { QUIET } else { PAUSE };
    let guard = &form.guard;
    if guard.is_open(world.at, quiet) {
        return None;
    }
    Some(match form.preview {
        Some(_) if guard.has_seen_some() && !guard.has_seen_all() => {
            "the plan continues below: read it to the end first (PgDn)"
        }
        Some(_) if !guard.has_seen_all() => "too quick: the plan was shown only a moment ago",
        None if guard.has_seen_some() && !guard.has_seen_all() => {
            "the question continues below: read it to the end first (PgDn)"
        }
        Some(_) | None => "too quick: nothing was done; wait a moment and press it again",
    })
}

fn chosen(model: &mut Model, entry: PaletteEntry, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match entry {
        // a yes is never given through the palette
        PaletteEntry::Verb { verb: KeyAction::Yes, .. } => Vec::new(),
        // what is named there need not be what is looked at
        PaletteEntry::Verb { verb, .. } if verb.needs_subject() => pick::open(model, verb, None, world),
        PaletteEntry::Verb { verb, .. } => act(model, verb, world),
        PaletteEntry::Target { row, playbook, key, incident, .. } => {
            model.pages.clear();
            model.main.filter.clear();
            model.main.pane = Pane::Detectors;
            model.main.detectors.on = Some(row);
            opening::open(model, SelectedSubject { playbook: Some(playbook), key, incident }, world);
            Vec::new()
        }
        PaletteEntry::End { row, .. } => {
            let held = suppressions::all(world.snapshot).into_iter().find(|held| held.id() == row);
            let question = held.and_then(|held| Form::ending(&held, world));
            question.map_or_else(Vec::new, |question| form::ask(model, question))
        }
        PaletteEntry::Breaker { row, .. } => {
            model.pages.clear();
            model.main.pane = Pane::Breakers;
            model.main.breakers.on = Some(row);
            Vec::new()
        }
        PaletteEntry::Playbook(name) => {
            model.pages.push(OpenPage::Playbook { name: Arc::clone(&name), scroll: 0 });
            Vec::new()
        }
        PaletteEntry::Incident { id, .. } => {
            model.pages.push(OpenPage::Incident { id, scroll: 0 });
            Vec::new()
        }
        PaletteEntry::Theme(name) => vec![ConsoleEffect::Theme(name)],
        PaletteEntry::Fault { at, .. } => vec![ConsoleEffect::Break(at)],
    }
}
