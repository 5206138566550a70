//! The mouse. It looks: it selects, opens and scrolls, and it presses the keys of the last row but those that decide.

use std::sync::Arc;

use super::super::keys::KeyAction;
use super::super::model::{Cursor, Model, OpenPage, Pane};
use super::super::view::{self, ClickTarget};
use super::{act, moves, opening, review, say};
use crate::console::content::context::ViewContext;
use crate::console::content::filtered_list::list_items;
use crate::console::model::effect::ConsoleEffect;
use crate::console::terminal::decode::Mouse;

/// Rows that the wheel moves a page by.
const NOTCH: usize = 3;

/// Takes the mouse, or gives it back to the terminal.
pub fn switched(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    model.mouse = !model.mouse;
    let words = if model.mouse {
        "mouse on: click selects, click again opens; hold Shift, or press m, to select text"
    } else {
        "mouse off: it selects text as usual"
    };
    say(model, world, words);
    if let Some(said) = &mut model.said {
        said.bad = false;
    }
    vec![ConsoleEffect::Mouse(model.mouse)]
}

/// A click or a turn of the wheel.
pub fn moved(model: &mut Model, mouse: Mouse, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    // a report that was under way when the mouse was switched off
    if !model.mouse {
        return Vec::new();
    }
    review::interrupted(model, world);
    let requests = match mouse {
        Mouse::Click(x, y) => clicked(model, x, y, world),
        Mouse::WheelUp(x, y) => {
            turned(model, KeyAction::Up, (x, y), world);
            Vec::new()
        }
        Mouse::WheelDown(x, y) => {
            turned(model, KeyAction::Down, (x, y), world);
            Vec::new()
        }
    };
    // like a key: what decides has to wait
    review::pressed(model, world);
    requests
}

fn clicked(model: &mut Model, x: u16, y: u16, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    match view::hit(x, y, model, world) {
        ClickTarget::Key(KeyAction::Yes | KeyAction::Submit) => {
            say(model, world, "a click cannot confirm this: press the key");
            Vec::new()
        }
        ClickTarget::Key(verb) => act(model, verb, world),
        ClickTarget::Pane(pane, item) => {
            let open = model.main.pane == pane && is_on(model, item.as_ref(), world);
            model.main.pane = pane;
            if open {
                opening::under_cursor(model, world);
            } else if let (Some(item), Some((items, cursor))) = (item, model.main.list(world.snapshot)) {
                put_on(cursor, &items, &item);
            }
            Vec::new()
        }
        ClickTarget::Item(item) => {
            if let Some(OpenPage::List { kind, cursor }) = model.pages.last_mut() {
                let items = list_items(*kind, world.snapshot);
                if items.get(cursor.index(&items)) == Some(&item) {
                    opening::under_cursor(model, world);
                } else {
                    put_on(cursor, &items, &item);
                }
            }
            Vec::new()
        }
        ClickTarget::Nothing => Vec::new(),
    }
}

/// Is the cursor of the focused pane on this already? The gauge has no rows: a second click opens it.
fn is_on(model: &mut Model, item: Option<&Arc<str>>, world: &ViewContext<'_>) -> bool {
    match (model.main.list(world.snapshot), item) {
        (Some((items, cursor)), Some(item)) => items.get(cursor.index(&items)) == Some(item),
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn put_on(cursor: &mut Cursor, items: &[Arc<str>], item: &Arc<str>) {
    if let Some(at) = items.iter().position(|other| other == item) {
        // it stays on what was clicked, even if that is the first row now
        *cursor = Cursor { on: Some(Arc::clone(item)), at };
    }
}

fn turned(model: &mut Model, verb: KeyAction, (x, y): (u16, u16), world: &ViewContext<'_>) {
    if model.overlay.is_some() {
        return moves::pane(model, if verb == KeyAction::Up { KeyAction::Previous } else { KeyAction::Next }, world);
    }
    if model.pages.is_empty()
        && let ClickTarget::Pane(pane, _) = view::hit(x, y, model, world)
        && pane != Pane::Gauge
    {
        model.main.pane = pane;
    }
    let page = !matches!(model.pages.last(), None | Some(OpenPage::List { .. }));
    for _ in 0..if page { NOTCH } else { 1 } {
        moves::go(model, verb, world);
    }
}
