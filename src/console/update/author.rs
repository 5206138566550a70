//! Keys, pastes, answers and time for the pages where playbooks are written, and what they come to.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use super::super::author::{self, Ask, Author, Begin, Outcome, Stage, Told, Tried};
use super::super::form::Form;
use super::super::keys::Verb;
use super::super::model::{Model, Page, Said};
use super::super::rows;
use super::super::view::{World, writing};
use super::{Request, form, opening, say};

/// Opens the playbook that is looked at.
pub fn edit(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    match opening::playbook_here(model, world) {
        Ok(playbook) => vec![Request::Ask(Ask::Open { playbook })],
        Err(why) => {
            say(model, world, why);
            Vec::new()
        }
    }
}

/// The way to a new playbook.
pub fn new(model: &mut Model) -> Vec<Request> {
    model.pages.push(Page::Begin(Box::new(Begin::new())));
    vec![Request::Ask(Ask::Drafts)]
}

/// A playbook against the open incident that is looked at. Its mode is shadow: of itself it does nothing, and a run by
/// hand asks first.
pub fn one_off(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    let here = opening::incident_here(model, world).and_then(|id| rows::incident(world.snapshot, id));
    let Some(incident) = here else {
        say(model, world, "no open incident here");
        return Vec::new();
    };
    let name: Arc<str> = format!("one-off-{}", incident.id.0).into();
    if let Some(text) = author::one_off(&name, &incident.key.target) {
        return vec![Request::Ask(Ask::Begin { name, text: text.into(), one_off: true })];
    }
    say(model, world, "there is no template for such a target: n begins any playbook");
    Vec::new()
}

/// A dry run of the playbook that is looked at, as it stands in its file.
pub fn rehearse(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    if model.replayed().is_some() {
        say(model, world, "a dry run is of now: t goes back to live");
        return Vec::new();
    }
    let here = opening::playbook_here(model, world);
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
    model.pages.push(Page::Trial { name: Arc::clone(&name), tried: Tried::begun(0, world.at), scroll: 0 });
    vec![Request::Ask(Ask::Rehearse { name, text })]
}

/// A key of the table, where a text is being written; none where it is not, or the key is not about the text.
pub fn act(model: &mut Model, verb: Verb, world: &World<'_>) -> Option<Vec<Request>> {
    let rows = writing::text_rows(model);
    let meant = !matches!(verb, Verb::Help | Verb::Redraw | Verb::Suspend | Verb::Quit);
    if !meant || model.overlay.is_some() {
        return None;
    }
    let outcome = match model.pages.last_mut()? {
        Page::Author(author) => author.act(verb, world.at, rows),
        Page::Begin(begin) => begin.act(verb, |name| world.snapshot.playbooks.iter().any(|view| *view.name == *name)),
        _ => return None,
    };
    Some(came_to(model, outcome, world))
}

/// A key that is text.
pub fn typed(model: &mut Model, key: KeyEvent, world: &World<'_>) -> Vec<Request> {
    match model.pages.last_mut() {
        Some(Page::Author(author)) => author.typed(key, world.at),
        Some(Page::Begin(begin)) => begin.typed(key),
        _ => {}
    }
    Vec::new()
}

/// Pasted text, where a text is being written.
pub fn pasted(model: &mut Model, text: &str, world: &World<'_>) -> Option<Vec<Request>> {
    if model.overlay.is_some() {
        return None;
    }
    let outcome = match model.pages.last_mut()? {
        Page::Author(author) => author.pasted(text, world.at),
        Page::Begin(begin) => {
            begin.pasted(text);
            Outcome::default()
        }
        _ => return None,
    };
    Some(came_to(model, outcome, world))
}

/// Time has passed.
pub fn tick(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    authors(model).flat_map(|author| author.tick(world.at)).map(Request::Ask).collect()
}

/// What became of what was asked.
pub fn told(model: &mut Model, told: Told, world: &World<'_>) -> Vec<Request> {
    match told {
        Told::Opened { subject, draft } => open(model, Author::open(subject, draft)),
        Told::Resumed { subject, text } => open(model, Author::resume(subject, &text, world.at)),
        Told::Drafts(drafts) => {
            if let Some(Page::Begin(begin)) = model.pages.last_mut() {
                begin.drafts = drafts;
            }
            Vec::new()
        }
        Told::Offers { wanted, offers } => {
            if let Some(Page::Begin(begin)) = model.pages.last_mut() {
                begin.offered(wanted, offers);
            }
            Vec::new()
        }
        Told::Rehearsing { name, step } => {
            for page in &mut model.pages {
                match page {
                    Page::Trial { name: tried_name, tried, .. } if *tried_name == name => tried.hear(step.clone()),
                    Page::Author(author) if author.subject.name == name => {
                        author.hear(Told::Rehearsing { name: Arc::clone(&name), step: step.clone() }, world.at);
                    }
                    _ => {}
                }
            }
            Vec::new()
        }
        told => {
            let Some(outcome) = authors(model).next().map(|author| author.hear(told.clone(), world.at)) else {
                if let Told::Failed(why) = told {
                    say(model, world, why);
                }
                return Vec::new();
            };
            came_to(model, outcome, world)
        }
    }
}

/// One text at a time: what was asked for twice is opened once.
fn open(model: &mut Model, author: Author) -> Vec<Request> {
    if authors(model).next().is_none() {
        model.pages.retain(|page| !matches!(page, Page::Begin(_)));
        model.pages.push(Page::Author(Box::new(author)));
    }
    Vec::new()
}

/// A new snapshot may tell what became of what was saved.
pub fn followed(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    let Some(words) = model.saved.as_ref().and_then(|saved| saved.stands(world.snapshot)) else { return Vec::new() };
    let run = model.saved.take().filter(|saved| saved.run && words.is_ok());
    if let Some(saved) = run.filter(|saved| is_written(model, &saved.subject.name)) {
        if let Some(key) = opening::of_playbook(&saved.subject.name, world).key {
            return form::ask(model, Form::run_now(world.snapshot, &saved.subject.name, &key));
        }
        say(model, world, "not run: it has no single target on this host");
        return Vec::new();
    }
    let (text, bad) = match words {
        Ok(words) => (words, false),
        Err(words) => (words, true),
    };
    model.said = Some(Said { text: text.into(), bad, at: world.at });
    Vec::new()
}

/// Is this text still under the operator's hands? No question takes the focus from anything else.
fn is_written(model: &Model, name: &str) -> bool {
    let here = matches!(model.pages.last(), Some(Page::Author(author))
        if *author.subject.name == *name && author.stage == Stage::Writing);
    here && model.overlay.is_none()
}

/// Keeps the cursor in sight.
pub fn settle(model: &mut Model) {
    let rows = writing::text_rows(model);
    if let Some(Page::Author(author)) = model.pages.last_mut() {
        author.text.show_cursor(rows);
    }
}

/// What is to be kept before the console ends.
pub fn rest(model: &mut Model) -> Vec<Ask> {
    authors(model).flat_map(Author::keep).collect()
}

fn came_to(model: &mut Model, outcome: Outcome, world: &World<'_>) -> Vec<Request> {
    if let Some(said) = outcome.say {
        let bad = said.is_err();
        let text = said.unwrap_or_else(|why| why);
        model.said = Some(Said { text: text.into(), bad, at: world.at });
    }
    let mut requests: Vec<Request> = outcome.asks.into_iter().map(Request::Ask).collect();
    if outcome.saved.is_some() {
        model.saved = outcome.saved;
        requests.extend(followed(model, world));
    }
    if outcome.leave {
        model.pages.retain(|page| !matches!(page, Page::Author(_) | Page::Begin(_)));
    }
    requests
}

/// There is at most one; help may lie over it.
fn authors(model: &mut Model) -> impl Iterator<Item = &mut Author> {
    model.pages.iter_mut().filter_map(|page| match page {
        Page::Author(author) => Some(&mut **author),
        _ => None,
    })
}
