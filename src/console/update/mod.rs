//! From a key, a snapshot or an answer to a changed model and a few requests. Nothing here draws, waits or looks at a
//! clock: time comes in with the world, so every rule can be tested with strings of keys.

mod author;
mod form;
mod moves;
mod opening;
mod review;
mod typing;

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::author::{Ask, Told};
use super::keys::{self, Verb};
use super::model::{Model, Overlay, Page, Place, Said};
use super::rows;
use super::view::World;
use crate::core::Command;

pub use author::rest;

/// What comes in.
#[derive(Debug, Clone)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Pasted text: only ever text for a field that is being typed.
    Paste(String),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The world holds a new snapshot.
    Snapshot,
    /// What a command came to.
    Answer(Result<Arc<str>, String>),
    /// What became of what a page for writing asked.
    Told(Told),
    /// The screen was drawn.
    Drawn,
    /// Time has passed.
    Tick,
}

/// What the console should do.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Ask the engine.
    Send(Command),
    /// What a page for writing asks.
    Ask(Ask),
    /// Draw with another theme.
    Theme(String),
    /// Put this on the clipboard.
    Copy(String),
    /// Ring once.
    Bell,
    /// Draw everything anew.
    Redraw,
    /// Sleep.
    Suspend,
    /// End.
    Quit,
}

/// Takes one input in.
pub fn update(model: &mut Model, input: Input, world: &World<'_>) -> Vec<Request> {
    let requests = taken_in(model, input, world);
    author::settle(model);
    requests
}

fn taken_in(model: &mut Model, input: Input, world: &World<'_>) -> Vec<Request> {
    match input {
        Input::Key(key) => pressed(model, key, world),
        Input::Paste(text) => typing::pasted(model, &text, world),
        Input::Resize(width, height) => {
            model.size = (width, height);
            review::unseen(model);
            Vec::new()
        }
        Input::Snapshot => followed(model, world),
        Input::Answer(answer) => {
            let (text, bad) = match answer {
                Ok(text) => (text, false),
                Err(text) => (text.into(), true),
            };
            model.said = Some(Said { text, bad, at: world.at });
            Vec::new()
        }
        Input::Told(told) => author::told(model, told, world),
        Input::Drawn => {
            review::drawn(model, world);
            Vec::new()
        }
        Input::Tick => {
            if model.said.as_ref().is_some_and(|said| world.at.0 >= said.at.0 + Said::STAYS) {
                model.said = None;
            }
            author::tick(model, world)
        }
    }
}

/// Says something above the keys.
fn say(model: &mut Model, world: &World<'_>, text: impl Into<Arc<str>>) {
    model.said = Some(Said { text: text.into(), bad: true, at: world.at });
}

fn pressed(model: &mut Model, key: KeyEvent, world: &World<'_>) -> Vec<Request> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    // what was said stays long enough to be read, and goes with the next key
    if model.said.as_ref().is_some_and(|said| world.at.0 >= said.at.0 + 1000) {
        model.said = None;
    }
    let place = model.place();
    let verb = keys::verb(place, model.read_only, key);
    let requests = match (place, verb) {
        // a key that is held down decides nothing
        (Place::Approval | Place::Naming, Some(Verb::Yes)) if key.kind == KeyEventKind::Repeat => Vec::new(),
        (_, Some(verb)) => act(model, verb, world),
        (Place::Editor | Place::Searching | Place::Completing | Place::Begin, None) => author::typed(model, key, world),
        (Place::Form | Place::Typing | Place::Naming, None) => {
            typing::typed(model, key, world);
            Vec::new()
        }
        (_, None) => Vec::new(),
    };
    // noted after it was judged: the next one has to wait
    review::pressed(model, world);
    requests
}

/// Does what a key or the palette asks for.
pub(super) fn act(model: &mut Model, verb: Verb, world: &World<'_>) -> Vec<Request> {
    if let Some(requests) = author::act(model, verb, world) {
        return requests;
    }
    match verb {
        Verb::Down | Verb::Up | Verb::PageDown | Verb::PageUp | Verb::First | Verb::Last => {
            moves::go(model, verb, world);
        }
        Verb::Next | Verb::Previous | Verb::Pane(_) => moves::pane(model, verb, world),
        Verb::ChoiceBefore | Verb::ChoiceAfter => form::choose(model, verb == Verb::ChoiceAfter),
        Verb::Open => opening::under_cursor(model, world),
        Verb::Back => return back(model),
        Verb::Filter => {
            model.overlay = Some(Overlay::Filter { before: model.main.filter.clone() });
        }
        Verb::Palette => model.overlay = Some(Overlay::Palette { typed: String::new(), at: 0 }),
        Verb::Help | Verb::Playbooks | Verb::Incidents | Verb::Journal | Verb::Messages | Verb::Rates => {
            opening::page(model, verb);
        }
        Verb::Review => opening::review(model, world),
        Verb::Yes => return review::yes(model, world),
        Verb::Decline
        | Verb::Pause
        | Verb::Resume
        | Verb::Snooze
        | Verb::RunNow
        | Verb::Breaker
        | Verb::Arm
        | Verb::Close => form::open(model, verb, world),
        Verb::Submit => return typing::submit(model, world),
        Verb::Acknowledge => return acknowledge(model, world),
        Verb::New => return author::new(model),
        Verb::OneOff => return author::one_off(model, world),
        Verb::Edit => return author::edit(model, world),
        Verb::Try => return author::rehearse(model, world),
        Verb::Write(_) => {}
        Verb::Copy => return copy(model, world),
        Verb::Redraw => return vec![Request::Redraw],
        Verb::Suspend => return form::leave(model, world, Request::Suspend),
        Verb::Quit => return form::leave(model, world, Request::Quit),
    }
    Vec::new()
}

/// One step back. Never changes anything but what is looked at.
fn back(model: &mut Model) -> Vec<Request> {
    match model.overlay.take() {
        Some(Overlay::Filter { before }) => model.main.filter = before,
        Some(Overlay::Form(_) | Overlay::Palette { .. }) => review::unseen(model),
        None => match model.pages.last_mut() {
            Some(Page::Approval(review)) if review.naming.is_some() => review.naming = None,
            Some(_) => drop(model.pages.pop()),
            None => model.main.filter.clear(),
        },
    }
    Vec::new()
}

/// Follows what moved, and announces new requests once.
fn followed(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    model.main.follow(world.snapshot);
    announce(model, world);
    author::followed(model, world);
    for page in &mut model.pages {
        match page {
            Page::List { kind, cursor } => cursor.follow(&super::model::list_items(*kind, world.snapshot)),
            Page::Approval(review) => {
                review.follow(rows::incident(world.snapshot, review.incident).map(AsRef::as_ref));
            }
            Page::Author(_)
            | Page::Begin(_)
            | Page::Trial { .. }
            | Page::Incident { .. }
            | Page::Playbook { .. }
            | Page::Text { .. } => {}
        }
    }
    let asked = rows::requests(world.snapshot)
        .into_iter()
        .map(|(incident, request)| (incident.id, request.generation))
        .collect();
    // whoever has just opened the console sees what waits; the bell is for what comes later
    let news = model.announced.as_ref().is_some_and(|known| !std::collections::BTreeSet::is_subset(&asked, known));
    model.announced = Some(asked);
    if news { vec![Request::Bell] } else { Vec::new() }
}

/// A new message is shown for a while; what a key has just come to is not pushed away.
fn announce(model: &mut Model, world: &World<'_>) {
    let latest = world.snapshot.messages.first();
    if let Some(message) = latest
        && model.told.is_some_and(|told| told < message.at)
        && model.said.is_none()
    {
        let time = super::say::clock(message.at, world.zone);
        let text = format!("{time} {}: {}", message.about, message.text.lines().next().unwrap_or("")).into();
        model.said = Some(Said { text, bad: false, at: world.at });
    }
    model.told = Some(latest.map_or(jiff::Timestamp::MIN, |message| message.at));
}

fn acknowledge(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    if let Some(id) = opening::incident_here(model, world) {
        return vec![Request::Send(Command::Acknowledge { incident: id })];
    }
    say(model, world, "no open incident here");
    Vec::new()
}

fn copy(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    let Some(page) = model.pages.last() else { return Vec::new() };
    let lines = super::view::page_lines(page, 100, model, world);
    let text = lines.iter().map(|line| line.bare().trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    model.said =
        Some(Said { text: "sent to the clipboard, if this terminal takes it".into(), bad: false, at: world.at });
    vec![Request::Copy(text)]
}
