//! Where one looks: rows, screens and panes.

use super::super::keys::KeyAction;
use super::super::model::{Model, OpenPage, Overlay, Pane};
use super::super::view;
use super::reading;
use crate::console::content::context::ViewContext;
use crate::console::content::{filtered_list, success};
use crate::console::view::widgets::layout;

/// Up and down, by rows or screens, on whatever page is shown.
pub fn go(model: &mut Model, verb: KeyAction, world: &ViewContext<'_>) {
    if let Some(extent) = view::question_extent(model, world) {
        let by = steps(verb, extent.shown.saturating_sub(1).max(1));
        if let Some(Overlay::Form(form)) = &mut model.overlay {
            scroll_by(&mut form.scroll, by, Some(extent));
        }
        return;
    }
    let screen = layout::frame(model.size).map_or(1, |frame| usize::from(frame.body.height.saturating_sub(3)).max(1));
    let extent = view::extent(model, world);
    let by = steps(verb, extent.map_or(screen / 2, |extent| extent.shown.saturating_sub(1).max(1)));
    match model.pages.last_mut() {
        None => {
            if let Some((items, cursor)) = model.main.list(world.snapshot) {
                cursor.step(&items, by);
            }
        }
        Some(OpenPage::List { kind, cursor }) => {
            cursor.step(&filtered_list::ids(*kind, &model.list_filter, world.snapshot), by);
        }
        Some(OpenPage::Success { cursor, span }) => {
            cursor.step(&success::ids(world.snapshot, *span), by);
            let index = cursor.index(&success::ids(world.snapshot, *span));
            if let Some(success::Item::Window(chosen)) = success::items(world.snapshot, *span).get(index) {
                *span = *chosen;
            }
        }
        Some(
            OpenPage::Incident { scroll, .. }
            | OpenPage::Playbook { scroll, .. }
            | OpenPage::Trial { scroll, .. }
            | OpenPage::Text { scroll, .. },
        ) => {
            scroll_by(scroll, by, extent);
        }
        Some(OpenPage::Author(_) | OpenPage::Begin(_)) => {}
        Some(OpenPage::Approval(review)) => scroll_by(&mut review.scroll, by, extent),
    }
}

fn scroll_by(scroll: &mut usize, by: isize, extent: Option<view::PageExtent>) {
    let last = extent.map_or(0, view::PageExtent::last);
    *scroll = (*scroll).min(last).saturating_add_signed(by).min(last);
}

fn steps(verb: KeyAction, screen: usize) -> isize {
    let screen = isize::try_from(screen).unwrap_or(isize::MAX);
    match verb {
        KeyAction::Down => 1,
        KeyAction::Up => -1,
        KeyAction::PageDown => screen,
        KeyAction::PageUp => -screen,
        KeyAction::First => isize::MIN,
        KeyAction::Last => isize::MAX,
        _ => 0,
    }
}

/// To another pane, field or entry.
pub fn pane(model: &mut Model, verb: KeyAction, world: &ViewContext<'_>) {
    match &mut model.overlay {
        Some(Overlay::Form(form)) => {
            let count = form.fields.len().max(1);
            form.at = if verb == KeyAction::Next { (form.at + 1) % count } else { (form.at + count - 1) % count };
            return;
        }
        Some(Overlay::Palette { at, .. }) => {
            *at = if verb == KeyAction::Next { *at + 1 } else { at.saturating_sub(1) };
            return typing_clamp(model, world);
        }
        Some(Overlay::Pick(pick)) => {
            let count = view::picks(pick, world).len();
            pick.at = if verb == KeyAction::Next { pick.at + 1 } else { pick.at.saturating_sub(1) };
            pick.at = pick.at.min(count.saturating_sub(1));
            return;
        }
        Some(Overlay::Filter { .. }) => {
            return go(model, if verb == KeyAction::Next { KeyAction::Down } else { KeyAction::Up }, world);
        }
        Some(Overlay::Find(_)) => return reading::step(model, verb == KeyAction::Next, world),
        None if matches!(model.pages.last(), Some(OpenPage::Incident { .. })) => {
            return reading::choose(model, verb == KeyAction::Next, world);
        }
        None => {}
    }
    let panes = Pane::ALL;
    let now = panes.iter().position(|pane| *pane == model.main.pane).unwrap_or(0);
    let next = match verb {
        KeyAction::Next => (now + 1) % panes.len(),
        KeyAction::Previous => (now + panes.len() - 1) % panes.len(),
        KeyAction::Pane(number) => usize::from(number.saturating_sub(1)).min(panes.len() - 1),
        _ => now,
    };
    model.main.pane = panes[next];
}

fn typing_clamp(model: &mut Model, world: &ViewContext<'_>) {
    let count = match &model.overlay {
        Some(Overlay::Palette { typed, .. }) => view::entries(typed, model, world).len(),
        _ => 0,
    };
    if let Some(Overlay::Palette { at, .. }) = &mut model.overlay {
        *at = (*at).min(count.saturating_sub(1));
    }
}
