//! What stands at a place on the screen: for the mouse.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::footer;
use super::pages::messages;
use super::pages::page::inside;
use super::panes::main::panes;
use super::panes::{needs_action, timeline};
use super::widgets::layout::{first_row, frame};
use crate::console::content::context::ViewContext;
use crate::console::content::filtered_list::list_items;
use crate::console::keys::KeyAction;
use crate::console::model::{Cursor, Model, OpenPage, Pane, items};

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClickTarget {
    /// A key in the last row.
    Key(KeyAction),
    /// A pane of the main screen, and its item there, if one is.
    Pane(Pane, Option<Arc<str>>),
    /// An item of a list page.
    Item(Arc<str>),
    /// Nothing that can be clicked.
    Nothing,
}

/// What stands at this column and row.
#[must_use]
pub fn hit(x: u16, y: u16, model: &Model, world: &ViewContext<'_>) -> ClickTarget {
    let Some(frame) = frame(model.size) else { return ClickTarget::Nothing };
    if frame.footer == Some(y) {
        return footer::at(x, model.size.0, model, world).map_or(ClickTarget::Nothing, ClickTarget::Key);
    }
    // what was just said covers what is under it
    let said = frame.said.map_or(frame.body.bottom(), |row| row + 1);
    if model.overlay.is_some() || (said.saturating_sub(messages::said_rows(model))..said).contains(&y) {
        return ClickTarget::Nothing;
    }
    match model.pages.last() {
        None if y == frame.body.y => ClickTarget::Pane(Pane::Gauge, None),
        None => {
            let mut panes = panes(frame.body, model, world).into_iter();
            // its rule belongs to a pane too
            let at = panes.find(|(_, room)| {
                (room.x..room.right()).contains(&x) && (room.y.saturating_sub(1)..room.bottom()).contains(&y)
            });
            let Some((pane, room)) = at else { return ClickTarget::Nothing };
            let row = y.checked_sub(room.y).map(usize::from);
            ClickTarget::Pane(pane, row.and_then(|row| in_pane(pane, row, room, model, world)))
        }
        Some(page @ OpenPage::List { kind, cursor }) => {
            let (room, items) = (inside(page, frame.body), list_items(*kind, world.snapshot));
            let row = y.checked_sub(room.y).filter(|_| y < room.bottom()).map(usize::from);
            let item = row.and_then(|row| listed(row, usize::from(room.height), cursor, &items));
            item.map_or(ClickTarget::Nothing, ClickTarget::Item)
        }
        Some(_) => ClickTarget::Nothing,
    }
}

fn in_pane(pane: Pane, row: usize, room: Rect, model: &Model, world: &ViewContext<'_>) -> Option<Arc<str>> {
    let main = &model.main;
    let height = usize::from(room.height);
    let focused = main.pane == pane;
    let items = items(pane, &main.filter, world.snapshot);
    match pane {
        Pane::Detectors => listed(row, height, &main.detectors, &items),
        Pane::NeedsAction => needs_action::item(row, room, model, world),
        Pane::Breakers if focused => listed(row, height, &main.breakers, &items),
        // the last row counts those that there is no room for
        Pane::Breakers if items.len() > height && row + 1 == height => None,
        Pane::Breakers => items.get(row).cloned(),
        Pane::Timeline => timeline::item(row, height, main, focused, world),
        Pane::Gauge => None,
    }
}

fn listed(row: usize, height: usize, cursor: &Cursor, items: &[Arc<str>]) -> Option<Arc<str>> {
    items.get(first_row(cursor.index(items), items.len(), height) + row).filter(|_| row < height).cloned()
}
