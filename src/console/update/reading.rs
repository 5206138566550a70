//! On pages that are read: finding words, choosing an attempt, copying, exporting.

use std::sync::Arc;

use super::super::model::{Model, OpenPage, Overlay, StatusMessage};
use super::super::view;
use super::say;
use crate::console::content::context::ViewContext;
use crate::console::content::find::{self, Find};
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::incident_history;
use crate::console::terminal::osc;
use crate::core::IncidentId;
use crate::engine::views::incident_markdown;

/// Begins to look for words.
pub fn find(model: &mut Model) {
    if scroll(model).is_some() {
        model.overlay = Some(Overlay::Find(Find::default()));
    }
}

/// The words have changed: to the first place at or below the top of the screen.
pub fn changed(model: &mut Model, world: &ViewContext<'_>) {
    let top = scroll(model).map_or(0, |scroll| *scroll);
    let Some(Overlay::Find(find)) = &model.overlay else { return };
    let hits = hits(model, &find.words.clone(), world);
    let at = hits.iter().position(|row| *row >= top).unwrap_or(0);
    show(model, at, &hits, world);
}

/// To the next place, or the one before; past the last one it begins anew.
pub fn step(model: &mut Model, next: bool, world: &ViewContext<'_>) {
    let Some(Overlay::Find(find)) = &model.overlay else { return };
    let (at, words) = (find.at, find.words.clone());
    let hits = hits(model, &words, world);
    let count = hits.len().max(1);
    let at = if next { (at + 1) % count } else { (at + count - 1) % count };
    show(model, at, &hits, world);
}

/// The rows that hold the words.
fn hits(model: &Model, words: &str, world: &ViewContext<'_>) -> Vec<usize> {
    let Some((lines, width)) = view::shown_text(model, world) else { return Vec::new() };
    find::rows(&lines, &find::hits(&lines, words), width)
}

/// Scrolls to a place, where it is not on the screen.
fn show(model: &mut Model, at: usize, hits: &[usize], world: &ViewContext<'_>) {
    if let Some(Overlay::Find(find)) = &mut model.overlay {
        find.at = at;
    }
    if let Some(row) = hits.get(at) {
        scroll_to(model, *row, world);
    }
}

fn scroll_to(model: &mut Model, row: usize, world: &ViewContext<'_>) {
    let Some(extent) = view::extent(model, world) else { return };
    let Some(scroll) = scroll(model) else { return };
    let top = (*scroll).min(extent.last());
    if !(top..top + extent.shown).contains(&row) {
        *scroll = row.saturating_sub(extent.shown / 3).min(extent.last());
    }
}

/// How far the page is scrolled, if it is one to read.
fn scroll(model: &mut Model) -> Option<&mut usize> {
    match model.pages.last_mut() {
        Some(
            OpenPage::Incident { scroll, .. }
            | OpenPage::Playbook { scroll, .. }
            | OpenPage::Trial { scroll, .. }
            | OpenPage::Text { scroll, .. },
        ) => Some(scroll),
        _ => None,
    }
}

/// Chooses an attempt of the incident's page, and shows it.
pub fn choose(model: &mut Model, next: bool, world: &ViewContext<'_>) {
    let Some(attempt) = incident_history::choose(model, next, world) else {
        return say(model, world, "no attempt is selected: y copies the whole page");
    };
    let Some(OpenPage::Incident { id, .. }) = model.pages.last() else { return };
    let Some(view) = incident_history::incident(model, *id, world) else { return };
    let head = format!("{} started", view.numbers().attempt(attempt));
    let row = hits(model, &head, world).first().copied();
    let last = view::extent(model, world).map_or(0, view::PageExtent::last);
    if let (Some(row), Some(scroll)) = (row, scroll(model)) {
        *scroll = row.min(last);
    }
}

/// To the incident with the next number, or the one before: all of them, not only those that the lists have.
pub fn neighbour(model: &mut Model, newer: bool, world: &ViewContext<'_>) {
    let newest = world.snapshot.incidents.iter().map(|view| view.id.0).max().unwrap_or(0);
    let Some(OpenPage::Incident { id, scroll }) = model.pages.last_mut() else { return };
    let to = if newer { id.0 + 1 } else { id.0.saturating_sub(1) };
    if to == 0 {
        return say(model, world, "this is the first incident");
    }
    if newer && to > newest {
        return say(model, world, "this is the newest incident");
    }
    (*id, *scroll) = (IncidentId(to), 0);
}

/// Copies the page's text, or the attempt that is chosen.
pub fn copy(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let Some((what, lines)) = view::copied_lines(100, model, world) else { return Vec::new() };
    let text = lines.iter().map(|line| line.bare().trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    let kept = osc::fitting(&text);
    let said = if kept.len() < text.len() {
        let (kept, all) = (kept.len().div_ceil(1024), text.len().div_ceil(1024));
        format!("CUT: copied only the first {kept} of {all} KiB, the clipboard's limit; x exports the whole incident")
    } else {
        format!("copied {what} to the clipboard, if this terminal supports it")
    };
    model.said = Some(StatusMessage { text: said.into(), bad: kept.len() < text.len(), at: world.at });
    vec![ConsoleEffect::Copy(kept.to_owned())]
}

/// Writes the incident's page as Markdown.
pub fn export(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let Some(OpenPage::Incident { id, .. }) = model.pages.last() else { return Vec::new() };
    let id: IncidentId = *id;
    let Some(view) = incident_history::incident(model, id, world) else {
        say(model, world, "this incident is still being read from the journal");
        return Vec::new();
    };
    let text = incident_markdown::markdown(&view, &world.snapshot.host, world.zone);
    vec![ConsoleEffect::Export { stem: Arc::from(format!("salve-incident-{}", id.0)), text }]
}
