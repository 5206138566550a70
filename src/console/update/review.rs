//! A yes, and all that keeps one from being given by accident.

use super::super::model::{Model, OpenPage, Overlay, StatusMessage};
use super::super::view;
use crate::console::content::context::ViewContext;
use crate::console::keys::guard::{Guard, PAUSE, QUIET};
use crate::console::model::decision::{Decision, PendingDecision};
use crate::console::model::effect::ConsoleEffect;
use crate::console::model::review::{RequestState, Review};
use crate::console::view::widgets::layout::PageExtent;
use crate::core::Command;
use crate::playbook::Risk;

fn shown(model: &mut Model) -> Option<&mut Review> {
    match (&model.overlay, model.pages.last_mut()) {
        (None, Some(OpenPage::Approval(review))) => Some(review),
        _ => None,
    }
}

/// A key was pressed: the next one that decides has to wait.
pub fn pressed(model: &mut Model, world: &ViewContext<'_>) {
    model.last_key = Some(world.at);
    if let Some(Overlay::Form(form)) = &mut model.overlay {
        form.guard.pressed(world.at);
    }
    if let Some(review) = shown(model) {
        review.guard.pressed(world.at);
    }
}

/// The screen was drawn: the rows of the page, or of the question over it, have been on it.
pub fn drawn(model: &mut Model, world: &ViewContext<'_>) {
    let question = view::question_extent(model, world);
    if let Some(Overlay::Form(form)) = &mut model.overlay {
        let extent = question.unwrap_or(PageExtent { total: 1, shown: 1 });
        let first = form.scroll.min(extent.last());
        form.guard.saw(first, (first + extent.shown).min(extent.total), extent.total, world.at);
    }
    let Some(extent) = view::extent(model, world) else { return };
    if let Some(review) = shown(model) {
        let first = review.scroll.min(extent.last());
        review.guard.saw(first, (first + extent.shown).min(extent.total), extent.total, world.at);
    }
}

/// The page has to be seen anew.
pub fn unseen(model: &mut Model) {
    if let Some(Overlay::Form(form)) = &mut model.overlay {
        form.guard = Guard::default();
    }
    if let Some(OpenPage::Approval(review)) = model.pages.last_mut() {
        review.guard = Guard::default();
        review.naming = None;
    }
}

/// The deciding key of a request's page.
pub fn yes(model: &mut Model, world: &ViewContext<'_>) {
    let read_only = model.only_looks();
    let Some(review) = shown(model).filter(|_| !read_only) else { return };
    if review.standing == RequestState::Gone || !review.guard.has_seen_all() {
        return;
    }
    let quiet = if review.naming.is_some() { PAUSE } else { QUIET };
    if !review.guard.is_open(world.at, quiet) {
        return super::say(model, world, "too quick: nothing was approved; wait a moment and press it again");
    }
    match (review.risk, &review.naming) {
        (Risk::High, None) => review.naming = Some(String::new()),
        (Risk::High, Some(_)) if !review.is_named() => {
            let words = format!("nothing was approved: that is not {}", review.target);
            super::say(model, world, words);
        }
        (Risk::High, Some(_)) | (Risk::Low | Risk::Medium, _) => {
            let yes = review.yes();
            decide(model, Decision::Approve(yes), world);
        }
    }
}

/// Something was decided; it is carried out once the keyboard has been quiet.
pub fn decide(model: &mut Model, decision: Decision, world: &ViewContext<'_>) {
    model.deciding = Some(PendingDecision { decision, since: world.at });
}

/// Something else was typed, pasted or clicked: what was decided just before it was no decision.
pub fn interrupted(model: &mut Model, world: &ViewContext<'_>) {
    if let Some(pending) = model.deciding.take() {
        super::say(model, world, pending.decision.withdrawn());
    }
}

/// Carries out what was decided, once nothing has followed it for long enough.
pub fn settle(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let due = |pending: &mut PendingDecision| world.at >= pending.settles_at();
    let Some(PendingDecision { decision, since }) = model.deciding.take_if(due) else { return Vec::new() };
    match decision {
        Decision::Approve(yes) => approve(model, yes, since, world),
        Decision::Answer(answer) => super::typing::answered(model, answer),
        Decision::Acknowledge(incident) => vec![ConsoleEffect::Send(Command::Acknowledge { incident })],
    }
}

/// The yes, if what it was given to is still what is shown.
fn approve(
    model: &mut Model,
    yes: Command,
    since: crate::console::content::context::ConsoleTime,
    world: &ViewContext<'_>,
) -> Vec<ConsoleEffect> {
    let holds = shown(model).is_some_and(|review| {
        review.standing != RequestState::Gone
            && review.guard.had_seen_all(since)
            && (review.risk != Risk::High || review.is_named())
            && review.yes() == yes
    });
    if !holds {
        super::say(model, world, "nothing was approved: the request changed, review it again");
        return Vec::new();
    }
    model.pages.pop();
    let text = "approval sent; the safety rules are checked again before it runs".into();
    model.said = Some(StatusMessage { text, bad: false, at: world.at });
    vec![ConsoleEffect::Send(yes)]
}
