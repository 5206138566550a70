//! Keys, pastes, answers and time for the pages where playbooks are written, and what they come to.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use super::super::editor::{self, Author, Begin, EditorFocus, EditorTask, EditorTaskResult, KeyOutcome, Tried};
use super::super::form::Form;
use super::super::keys::KeyAction;
use super::super::model::{Model, OpenPage, StatusMessage};
use super::{form, say};
use crate::console::content::context::ViewContext;
use crate::console::content::rows;
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::subject;
use crate::console::view::pages::editor as editor_view;

/// Opens the playbook that is looked at.
pub fn edit(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match subject::playbook_here(model, world) {
        Ok(playbook) => vec![ConsoleEffect::Ask(EditorTask::Open { playbook })],
        Err(why) => {
            say(model, world, why);
            Vec::new()
        }
    }
}

/// The way to a new playbook.
pub fn new(model: &mut Model) -> Vec<ConsoleEffect> {
    model.pages.push(OpenPage::Begin(Box::new(Begin::new())));
    vec![ConsoleEffect::Ask(EditorTask::Drafts)]
}

/// A playbook against the open incident that is looked at. Its mode is shadow: of itself it does nothing, and a run by
/// hand asks first.
pub fn one_off(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let here = subject::incident_here(model, world).and_then(|id| rows::incident(world.snapshot, id));
    let Some(incident) = here else {
        say(model, world, "no open incident here");
        return Vec::new();
    };
    let name: Arc<str> = format!("one-off-{}", incident.id.0).into();
    if let Some(text) = editor::one_off(&name, &incident.key.target) {
        return vec![ConsoleEffect::Ask(EditorTask::Begin { name, text: text.into(), one_off: true })];
    }
    say(model, world, "no template for this kind of target: n starts a new playbook");
    Vec::new()
}

/// A dry run of the playbook that is looked at, as it stands in its file.
pub fn rehearse(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if model.replayed().is_some() {
        say(model, world, "a dry run needs live data: t goes back to live");
        return Vec::new();
    }
    let here = subject::playbook_here(model, world);
    let of = |name: Arc<str>| world.snapshot.playbooks.iter().find(|view| view.name == name);
    let view = match here.map(of) {
        Ok(Some(view)) => view,
        Ok(None) => return Vec::new(),
        Err(why) => {
            say(model, world, why);
            return Vec::new();
        }
    };
    let (name, text) = (Arc::clone(&view.name), Arc::clone(&view.source));
    model.pages.push(OpenPage::Trial { name: Arc::clone(&name), tried: Tried::begun(0, world.at), scroll: 0 });
    vec![ConsoleEffect::Ask(EditorTask::Rehearse { name, text })]
}

/// A key of the table, where a text is being written; none where it is not, or the key is not about the text.
pub fn act(model: &mut Model, verb: KeyAction, world: &ViewContext<'_>) -> Option<Vec<ConsoleEffect>> {
    let rows = editor_view::text_rows(model);
    let meant = !matches!(verb, KeyAction::Help | KeyAction::Redraw | KeyAction::Suspend | KeyAction::Quit);
    if !meant || model.overlay.is_some() {
        return None;
    }
    let outcome = match model.pages.last_mut()? {
        OpenPage::Author(author) => author.act(verb, world.at, rows),
        OpenPage::Begin(begin) => {
            begin.act(verb, |name| world.snapshot.playbooks.iter().any(|view| *view.name == *name))
        }
        _ => return None,
    };
    Some(came_to(model, outcome, world))
}

/// A key that is text.
pub fn typed(model: &mut Model, key: KeyEvent, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match model.pages.last_mut() {
        Some(OpenPage::Author(author)) => author.typed(key, world.at),
        Some(OpenPage::Begin(begin)) => begin.typed(key),
        _ => {}
    }
    Vec::new()
}

/// Pasted text, where a text is being written.
pub fn pasted(model: &mut Model, text: &str, world: &ViewContext<'_>) -> Option<Vec<ConsoleEffect>> {
    if model.overlay.is_some() {
        return None;
    }
    let outcome = match model.pages.last_mut()? {
        OpenPage::Author(author) => author.pasted(text, world.at),
        OpenPage::Begin(begin) => {
            begin.pasted(text);
            KeyOutcome::default()
        }
        _ => return None,
    };
    Some(came_to(model, outcome, world))
}

/// Time has passed.
pub fn tick(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    authors(model).flat_map(|author| author.tick(world.at)).map(ConsoleEffect::Ask).collect()
}

/// What became of what was asked.
pub fn told(model: &mut Model, told: EditorTaskResult, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match told {
        EditorTaskResult::Opened { subject, draft } => open(model, Author::open(subject, draft)),
        EditorTaskResult::Resumed { subject, text } => open(model, Author::resume(subject, &text, world.at)),
        EditorTaskResult::Drafts(drafts) => {
            if let Some(OpenPage::Begin(begin)) = model.pages.last_mut() {
                begin.drafts = drafts;
            }
            Vec::new()
        }
        EditorTaskResult::Offers { wanted, offers } => {
            if let Some(OpenPage::Begin(begin)) = model.pages.last_mut() {
                begin.offered(wanted, offers);
            }
            Vec::new()
        }
        EditorTaskResult::Rehearsing { name, step } => {
            for page in &mut model.pages {
                match page {
                    OpenPage::Trial { name: tried_name, tried, .. } if *tried_name == name => tried.hear(step.clone()),
                    OpenPage::Author(author) if author.subject.name == name => {
                        author.hear(
                            EditorTaskResult::Rehearsing { name: Arc::clone(&name), step: step.clone() },
                            world.at,
                        );
                    }
                    _ => {}
                }
            }
            Vec::new()
        }
        told => {
            let Some(outcome) = authors(model).next().map(|author| author.hear(told.clone(), world.at)) else {
                if let EditorTaskResult::Failed(why) = told {
                    say(model, world, why);
                }
                return Vec::new();
            };
            came_to(model, outcome, world)
        }
    }
}

/// One text at a time: what was asked for twice is opened once.
fn open(model: &mut Model, author: Author) -> Vec<ConsoleEffect> {
    if authors(model).next().is_none() {
        model.pages.retain(|page| !matches!(page, OpenPage::Begin(_)));
        model.pages.push(OpenPage::Author(Box::new(author)));
    }
    Vec::new()
}

/// A new snapshot may tell what became of what was saved.
pub fn followed(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let Some(words) = model.saved.as_ref().and_then(|saved| saved.stands(world.snapshot)) else { return Vec::new() };
    let run = model.saved.take().filter(|saved| saved.run && words.is_ok());
    if let Some(saved) = run.filter(|saved| is_written(model, &saved.subject.name)) {
        if let Some(key) = subject::of_playbook(&saved.subject.name, world).key {
            return form::ask(model, Form::run_now(world.snapshot, &saved.subject.name, &key));
        }
        say(model, world, "not run: it does not have exactly one target on this host");
        return Vec::new();
    }
    let (text, bad) = match words {
        Ok(words) => (words, false),
        Err(words) => (words, true),
    };
    model.said = Some(StatusMessage { text: text.into(), bad, at: world.at });
    Vec::new()
}

/// Is this text still under the operator's hands? No question takes the focus from anything else.
fn is_written(model: &Model, name: &str) -> bool {
    let here = matches!(model.pages.last(), Some(OpenPage::Author(author))
        if *author.subject.name == *name && author.stage == EditorFocus::Writing);
    here && model.overlay.is_none()
}

/// Keeps the cursor in sight.
pub fn settle(model: &mut Model) {
    let rows = editor_view::text_rows(model);
    if let Some(OpenPage::Author(author)) = model.pages.last_mut() {
        author.text.show_cursor(rows);
    }
}

/// What is to be kept before the console ends.
pub fn rest(model: &mut Model) -> Vec<EditorTask> {
    authors(model).flat_map(Author::keep).collect()
}

fn came_to(model: &mut Model, outcome: KeyOutcome, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if let Some(said) = outcome.say {
        let bad = said.is_err();
        let text = said.unwrap_or_else(|why| why);
        model.said = Some(StatusMessage { text: text.into(), bad, at: world.at });
    }
    let mut requests: Vec<ConsoleEffect> = outcome.asks.into_iter().map(ConsoleEffect::Ask).collect();
    if outcome.saved.is_some() {
        model.saved = outcome.saved;
        requests.extend(followed(model, world));
    }
    if outcome.leave {
        model.pages.retain(|page| !matches!(page, OpenPage::Author(_) | OpenPage::Begin(_)));
    }
    requests
}

/// There is at most one; help may lie over it.
fn authors(model: &mut Model) -> impl Iterator<Item = &mut Author> {
    model.pages.iter_mut().filter_map(|page| match page {
        OpenPage::Author(author) => Some(&mut **author),
        _ => None,
    })
}
