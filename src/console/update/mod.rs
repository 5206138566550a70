//! From a key, a snapshot or an answer to a changed model and a few requests. Nothing here draws, waits or looks at a
//! clock: time comes in with the world, so every rule can be tested with strings of keys.

mod author;
mod follow;
mod form;
mod input;
mod mouse;
mod moves;
mod opening;
mod pick;
mod reading;
mod review;
mod typing;

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::content::context::ViewContext;
use super::editor::EditorTask;
use super::keys::guard::PAUSE;
use super::keys::{self, InputMode, KeyAction};
use super::model::decision::Decision;
use super::model::time_travel::{self, TimeStep};
use super::model::{Model, OpenPage, Overlay, StatusMessage, incident_history};
use super::view;
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::subject;
use crate::console::options::Writing;

pub use author::rest;
pub use input::ConsoleInput;

/// Takes one input in. A new snapshot comes with the live world, everything else with the one that is shown.
pub fn update(model: &mut Model, input: ConsoleInput, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let mut requests = taken(model, input, world);
    if model.replayed().is_some() {
        // whatever led here: nothing acts from the past
        requests
            .retain(|request| !matches!(request, ConsoleEffect::Send(_) | ConsoleEffect::Ask(EditorTask::Open { .. })));
    }
    author::settle(model);
    requests.extend(incident_history::wanted(model, world));
    let under_cursor = view::theme_under_cursor(model, world);
    if under_cursor != model.preview {
        model.preview.clone_from(&under_cursor);
        requests.push(ConsoleEffect::Preview(under_cursor));
    }
    requests
}

fn taken(model: &mut Model, input: ConsoleInput, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match input {
        ConsoleInput::Key(key) => pressed(model, key, world),
        ConsoleInput::Paste(text) => typing::pasted(model, &text, world),
        ConsoleInput::Mouse(mouse) => mouse::moved(model, mouse, world),
        ConsoleInput::Resize(width, height) => {
            model.size = (width, height);
            review::unseen(model);
            Vec::new()
        }
        ConsoleInput::Snapshot => follow::followed(model, world),
        ConsoleInput::Replayed(answer) => {
            let requests = time_travel::came(model, answer.map(|moment| *moment), world);
            if let Some(snapshot) = model.replayed().map(|shown| Arc::clone(&shown.moment.snapshot)) {
                follow::follow(model, &snapshot);
            }
            requests
        }
        ConsoleInput::Told(id, answer) => {
            incident_history::told(model, id, answer);
            Vec::new()
        }
        ConsoleInput::Recalling(progress) => {
            if let Some(rewind) = &mut model.rewind {
                rewind.progress = progress;
            }
            Vec::new()
        }
        ConsoleInput::Answer(answer) => {
            let (text, bad) = match answer {
                Ok(text) => (text, false),
                Err(text) => (text.into(), true),
            };
            model.said = Some(StatusMessage { text, bad, at: world.at });
            Vec::new()
        }
        ConsoleInput::Author(told) => author::told(model, told, world),
        ConsoleInput::Looked { key, looked } => {
            form::looked(model, &key, &looked);
            Vec::new()
        }
        ConsoleInput::Drawn => {
            review::drawn(model, world);
            Vec::new()
        }
        ConsoleInput::Caption(text) => {
            model.caption = text;
            Vec::new()
        }
        ConsoleInput::Stop => suspend(model, world),
        ConsoleInput::Tick => {
            if model.said.as_ref().is_some_and(|said| world.at.0 >= said.at.0 + StatusMessage::STAYS) {
                model.said = None;
            }
            let mut requests = review::settle(model, world);
            requests.extend(author::tick(model, world));
            requests
        }
    }
}

/// Says something above the keys.
fn say(model: &mut Model, world: &ViewContext<'_>, text: impl Into<Arc<str>>) {
    model.said = Some(StatusMessage { text: text.into(), bad: true, at: world.at });
}

fn pressed(model: &mut Model, key: KeyEvent, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    review::interrupted(model, world);
    // what was said stays long enough to be read, and goes with the next key
    if model.said.as_ref().is_some_and(|said| world.at.0 >= said.at.0 + 1000) {
        model.said = None;
    }
    let place = model.place();
    let verb = keys::verb(place, model.has(), key);
    let requests = match (place, verb) {
        // a key that is held down decides nothing
        (InputMode::Approval | InputMode::Naming, Some(KeyAction::Yes)) if key.kind == KeyEventKind::Repeat => {
            Vec::new()
        }
        (_, Some(verb)) => act(model, verb, world),
        (InputMode::Editor | InputMode::Searching | InputMode::Completing | InputMode::Begin, None) => {
            author::typed(model, key, world)
        }
        (InputMode::Form | InputMode::Typing | InputMode::Naming | InputMode::Finding, None) => {
            typing::typed(model, key, world);
            Vec::new()
        }
        (_, None) => {
            if let Some(why) = keys::nothing_here(place, model.has(), key) {
                say(model, world, why);
            }
            Vec::new()
        }
    };
    // noted after it was judged: the next one has to wait
    review::pressed(model, world);
    requests
}

/// Does what a key or the palette asks for.
pub(super) fn act(model: &mut Model, verb: KeyAction, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if let Some(requests) = author::act(model, verb, world) {
        return requests;
    }
    match verb {
        KeyAction::Down
        | KeyAction::Up
        | KeyAction::PageDown
        | KeyAction::PageUp
        | KeyAction::First
        | KeyAction::Last => {
            moves::go(model, verb, world);
        }
        KeyAction::Next | KeyAction::Previous | KeyAction::Pane(_) => moves::pane(model, verb, world),
        KeyAction::ChoiceBefore | KeyAction::ChoiceAfter => form::choose(model, verb == KeyAction::ChoiceAfter),
        KeyAction::Open => return opening::under_cursor(model, world),
        KeyAction::Back => return back(model),
        KeyAction::Filter if matches!(model.pages.last(), Some(OpenPage::Success { .. })) => {
            say(model, world, "no filter here: press : to find a playbook by its name");
        }
        KeyAction::Filter => {
            model.overlay = Some(Overlay::Filter { before: model.filter().to_owned() });
        }
        KeyAction::Palette => model.overlay = Some(Overlay::Palette { typed: String::new(), at: 0 }),
        KeyAction::Break => model.overlay = Some(Overlay::Palette { typed: format!("{} ", view::FAULT), at: 0 }),
        KeyAction::Help
        | KeyAction::Held
        | KeyAction::Playbooks
        | KeyAction::Incidents
        | KeyAction::Journal
        | KeyAction::Messages
        | KeyAction::Engine
        | KeyAction::Rates => {
            opening::page(model, verb);
        }
        KeyAction::Review => opening::review(model, world),
        KeyAction::Yes => review::yes(model, world),
        KeyAction::Decline
        | KeyAction::Pause
        | KeyAction::Resume
        | KeyAction::Schedule
        | KeyAction::Snooze
        | KeyAction::RunNow
        | KeyAction::Breaker
        | KeyAction::Arm
        | KeyAction::Close => return form::open(model, verb, world),
        KeyAction::Submit => return typing::submit(model, world),
        KeyAction::Acknowledge => acknowledge(model, world),
        KeyAction::New | KeyAction::OneOff | KeyAction::Edit if let Writing::Elsewhere(why) = model.writing => {
            say(model, world, why);
        }
        KeyAction::New => return author::new(model),
        KeyAction::OneOff => return author::one_off(model, world),
        KeyAction::Edit => return author::edit(model, world),
        KeyAction::Try => return author::rehearse(model, world),
        KeyAction::Write(_) => {}
        KeyAction::Earlier => return time_travel::step(model, TimeStep::Earlier, world),
        KeyAction::Later => return time_travel::step(model, TimeStep::Later, world),
        KeyAction::IncidentBefore => return time_travel::step(model, TimeStep::IncidentBefore, world),
        KeyAction::IncidentAfter => return time_travel::step(model, TimeStep::IncidentAfter, world),
        KeyAction::Live => live(model, world),
        KeyAction::Find => reading::find(model),
        KeyAction::Copy => return reading::copy(model, world),
        KeyAction::Export => return reading::export(model, world),
        KeyAction::OlderIncident => reading::neighbour(model, false, world),
        KeyAction::NewerIncident => reading::neighbour(model, true, world),
        KeyAction::Redraw => return vec![ConsoleEffect::Redraw],
        KeyAction::Mouse => return mouse::switched(model, world),
        KeyAction::Suspend => return suspend(model, world),
        KeyAction::Quit => return form::quit(model, world),
    }
    Vec::new()
}

/// Only where healing goes on elsewhere: a slip must not stop it.
fn suspend(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if !model.engine.is_embedded() {
        return vec![ConsoleEffect::Suspend];
    }
    say(model, world, "not suspended: remediation runs inside this console and would stop; q quits");
    Vec::new()
}

/// One step back. Never changes anything but what is looked at.
fn back(model: &mut Model) -> Vec<ConsoleEffect> {
    match model.overlay.take() {
        Some(Overlay::Filter { before }) => *model.filter_mut() = before,
        Some(Overlay::Form(_) | Overlay::Palette { .. } | Overlay::Pick(_)) => review::unseen(model),
        Some(Overlay::Find(_)) => {}
        None => match model.pages.last_mut() {
            Some(OpenPage::Approval(review)) if review.naming.is_some() => review.naming = None,
            Some(OpenPage::List { .. }) if !model.list_filter.is_empty() => model.list_filter.clear(),
            Some(_) => drop(model.pages.pop()),
            None if !model.main.filter.is_empty() => model.main.filter.clear(),
            None => time_travel::leave(model),
        },
    }
    Vec::new()
}

/// From the past to live.
fn live(model: &mut Model, world: &ViewContext<'_>) {
    if model.rewind.is_none() {
        return say(model, world, "this is live");
    }
    time_travel::leave(model);
}

fn acknowledge(model: &mut Model, world: &ViewContext<'_>) {
    let Some(id) = subject::page_here(model, world) else { return say(model, world, "no open incident here") };
    if model.last_key.is_some_and(|key| world.at.0 < key.0 + PAUSE) {
        return say(model, world, "too quick: nothing was acknowledged; press c again");
    }
    review::decide(model, Decision::Acknowledge(id), world);
}
