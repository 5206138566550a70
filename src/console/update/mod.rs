//! From a key, a snapshot or an answer to a changed model and a few requests. Nothing here draws, waits or looks at a
//! clock: time comes in with the world, so every rule can be tested with strings of keys.

mod author;
mod form;
mod mouse;
mod moves;
mod opening;
mod pick;
mod reading;
mod review;
mod typing;

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::editor::{EditorTask, EditorTaskResult};
use crate::console::Writing;
pub use opening::subject;
pub use pick::needs_one;

use super::decision::{Decision, PAUSE};
use super::decode::Mouse;
use super::filtered_list;
use super::form::DryRunResult;
use super::incident_history;
use super::keys::{self, KeyAction};
use super::model::{InputMode, Model, OpenPage, Overlay, StatusMessage};
use super::rows;
use super::time_travel::{self, TimeStep};
use super::view::{self, ViewContext};
use crate::core::{Command, IncidentId, Key};
use crate::engine::Snapshot;
use crate::engine::history::{FoldProgress, PastError, Replayed, Seek};
use crate::engine::snapshot::IncidentView;

pub use author::rest;

/// What comes in.
#[derive(Debug, Clone)]
pub enum ConsoleInput {
    /// A key was pressed, held down or released.
    Key(KeyEvent),
    /// Pasted text: only ever text for a field that is being typed.
    Paste(String),
    /// The mouse: it looks, and never decides.
    Mouse(Mouse),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The world holds a new snapshot.
    Snapshot,
    /// What the journal tells of an incident.
    Told(IncidentId, Result<Arc<IncidentView>, PastError>),
    /// A moment of the past, or why there is none.
    Replayed(Result<Box<Replayed>, PastError>),
    /// How far the fold of the journal has come.
    Recalling(Option<FoldProgress>),
    /// What a command came to.
    Answer(Result<Arc<str>, String>),
    /// What became of what a page for writing asked.
    Author(EditorTaskResult),
    /// A look at the host for a run by hand is over.
    Looked { key: Key, looked: DryRunResult },
    /// The screen was drawn.
    Drawn,
    /// What is said about what is seen.
    Caption(Option<Arc<str>>),
    /// Somebody else wants the console to sleep.
    Stop,
    /// Time has passed.
    Tick,
}

/// What the console should do.
#[derive(Debug, Clone, PartialEq)]
pub enum ConsoleEffect {
    /// Ask the engine.
    Send(Command),
    /// What a page for writing asks.
    Ask(EditorTask),
    /// Ask for a moment of the past.
    Recall(Seek),
    /// Ask for an incident's whole story.
    Tell(IncidentId),
    /// Write this to a new file whose name begins so.
    Export { stem: Arc<str>, text: String },
    /// Have the plan made that a run by hand of this would carry out.
    Plan(Key),
    /// Draw with another theme from now on.
    Theme(String),
    /// Draw with another theme as long as it is looked at; none: with the one that is kept.
    Preview(Option<String>),
    /// Put this on the clipboard.
    Copy(String),
    /// Ring the terminal's bell a single time.
    Bell,
    /// The same in words, for a terminal that shows notifications.
    Notify(String),
    /// Break what stands here among the faults.
    Break(usize),
    /// The mouse is ours, or the terminal's.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Suspend the process, with the terminal given back, until the shell continues it.
    Suspend,
    /// End the console and give the terminal back.
    Quit,
}

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
        ConsoleInput::Snapshot => followed(model, world),
        ConsoleInput::Replayed(answer) => {
            let requests = time_travel::came(model, answer.map(|moment| *moment), world);
            if let Some(snapshot) = model.replayed().map(|shown| Arc::clone(&shown.moment.snapshot)) {
                follow(model, &snapshot);
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

/// Takes every cursor to where its item stands now.
fn follow(model: &mut Model, snapshot: &Snapshot) {
    model.main.follow(snapshot);
    for page in &mut model.pages {
        match page {
            OpenPage::List { kind, cursor } => cursor.follow(&filtered_list::ids(*kind, &model.list_filter, snapshot)),
            OpenPage::Approval(review) => {
                review.follow(rows::incident(snapshot, review.incident).map(AsRef::as_ref));
            }
            OpenPage::Success { cursor, span } => cursor.follow(&super::success::ids(snapshot, *span)),
            OpenPage::Author(_)
            | OpenPage::Begin(_)
            | OpenPage::Trial { .. }
            | OpenPage::Incident { .. }
            | OpenPage::Playbook { .. }
            | OpenPage::Text { .. } => {}
        }
    }
}

/// Follows what moved, and announces new requests once. Who looks at the past is only told that something waits.
fn followed(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if model.replayed().is_none() {
        follow(model, world.snapshot);
        announce(model, world);
    }
    let requests = rows::requests(world.snapshot);
    let asked: BTreeSet<_> = requests.iter().map(|(incident, request)| (incident.id, request.generation)).collect();
    if let Some(rewind) = &mut model.rewind {
        rewind.waiting = asked.len();
    }
    // whoever has just opened the console sees what waits; the bell is for what comes later
    let followed_up = author::followed(model, world);
    let known = model.announced.replace(asked.clone()).unwrap_or(asked);
    let new: Vec<_> =
        requests.iter().filter(|(incident, request)| !known.contains(&(incident.id, request.generation))).collect();
    let what = match &new[..] {
        [] => return followed_up,
        [(incident, _)] => {
            let target = super::format::target(&incident.key.target.to_string());
            format!("{} {target} awaits approval: {}", incident.id, incident.playbook)
        }
        several => format!("{} requests await approval", several.len()),
    };
    let notice = format!("{}: {what}", world.snapshot.host);
    [followed_up, vec![ConsoleEffect::Bell, ConsoleEffect::Notify(notice)]].concat()
}

/// A new message is shown for a while; what a key has just come to is not pushed away.
fn announce(model: &mut Model, world: &ViewContext<'_>) {
    let latest = world.snapshot.messages.first();
    if let Some(message) = latest
        && model.told.is_some_and(|told| told < message.at)
        && model.said.is_none()
    {
        let time = super::format::clock(message.at, world.zone);
        let text = format!("{time} {}: {}", message.about, message.text.lines().next().unwrap_or("")).into();
        model.said = Some(StatusMessage { text, bad: false, at: world.at });
    }
    model.told = Some(latest.map_or(jiff::Timestamp::MIN, |message| message.at));
}

fn acknowledge(model: &mut Model, world: &ViewContext<'_>) {
    let Some(id) = opening::page_here(model, world) else { return say(model, world, "no open incident here") };
    if model.last_key.is_some_and(|key| world.at.0 < key.0 + PAUSE) {
        return say(model, world, "too quick: nothing was acknowledged; press c again");
    }
    review::decide(model, Decision::Acknowledge(id), world);
}
