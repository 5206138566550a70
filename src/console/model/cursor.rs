//! A cursor that stays on what it points at.

use std::sync::Arc;

/// A place in a list that stays on its item when the items move.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The item; none means the first, whichever that is.
    pub on: Option<Arc<str>>,
    /// Where it was last seen, for when it goes away.
    pub at: usize,
}

impl Cursor {
    /// Where the cursor stands among these items.
    #[must_use]
    pub fn index(&self, items: &[Arc<str>]) -> usize {
        match &self.on {
            None => 0,
            Some(on) => items.iter().position(|item| item == on).unwrap_or(self.at).min(items.len().saturating_sub(1)),
        }
    }

    /// Moves by so many items; on the first again, it stays with whatever is first.
    pub fn step(&mut self, items: &[Arc<str>], by: isize) {
        let index = self.index(items).saturating_add_signed(by).min(items.len().saturating_sub(1));
        self.at = index;
        self.on = if index == 0 { None } else { items.get(index).cloned() };
    }

    /// Remembers where its item stands now; an item that is gone leaves the cursor on its neighbour.
    pub fn follow(&mut self, items: &[Arc<str>]) {
        if self.on.is_some() {
            self.at = self.index(items);
            self.on = items.get(self.at).cloned();
        }
    }
}
