//! A yes, and all that keeps one from being given by accident.

use super::super::model::{Model, Page, Said};
use super::super::review::{Guard, Review, Standing};
use super::super::view::{self, World};
use super::Request;
use crate::playbook::Risk;

fn shown(model: &mut Model) -> Option<&mut Review> {
    match (&model.overlay, model.pages.last_mut()) {
        (None, Some(Page::Approval(review))) => Some(review),
        _ => None,
    }
}

/// A key was pressed on a request's page.
pub fn pressed(model: &mut Model, world: &World<'_>) {
    if let Some(review) = shown(model) {
        review.guard.pressed(world.at);
    }
}

/// The page was drawn: its rows have been on the screen.
pub fn drawn(model: &mut Model, world: &World<'_>) {
    let Some(extent) = view::extent(model, world) else { return };
    if let Some(review) = shown(model) {
        let first = review.scroll.min(extent.last());
        review.guard.saw(first, (first + extent.shown).min(extent.total), extent.total, world.at);
    }
}

/// The page has to be seen anew.
pub fn unseen(model: &mut Model) {
    if let Some(Page::Approval(review)) = model.pages.last_mut() {
        review.guard = Guard::default();
        review.naming = None;
    }
}

/// The deciding key.
pub fn yes(model: &mut Model, world: &World<'_>) -> Vec<Request> {
    let read_only = model.only_looks();
    let Some(review) = shown(model).filter(|_| !read_only) else { return Vec::new() };
    if review.standing == Standing::Gone || !review.guard.has_seen_all() {
        return Vec::new();
    }
    if !review.guard.is_open(world.at) {
        super::say(model, world, "too quick: nothing was approved; wait a moment and press it again");
        return Vec::new();
    }
    match (review.risk, &review.naming) {
        (Risk::High, None) => {
            review.naming = Some(String::new());
            Vec::new()
        }
        (Risk::High, Some(_)) if !review.is_named() => {
            let words = format!("nothing was approved: that is not {}", review.target);
            super::say(model, world, words);
            Vec::new()
        }
        (Risk::High, Some(_)) | (Risk::Low | Risk::Medium, _) => {
            let yes = review.yes();
            model.pages.pop();
            model.said = Some(Said {
                text: "approval sent; it is checked once more before it runs".into(),
                bad: false,
                at: world.at,
            });
            vec![Request::Send(yes)]
        }
    }
}
