//! How the rows of a screen are given out, and which part of a list or page is shown.

use ratatui::layout::Rect;

/// How the rows of a screen are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Below line 1.
    pub body: Rect,
    /// What the last key came to.
    pub said: Option<u16>,
    /// The row with the keys that can be pressed; none where the screen is too low for it.
    pub footer: Option<u16>,
}

/// Gives out the rows; no body where there is room for line 1 only.
#[must_use]
pub fn frame((width, height): (u16, u16)) -> Option<ScreenLayout> {
    if width < 20 || height < 4 {
        return None;
    }
    let footer = (height >= 8).then(|| height - 1);
    let said = (height >= 14).then(|| height - 2);
    let bottom = said.or(footer).unwrap_or(height);
    Some(ScreenLayout { body: Rect::new(0, 1, width, bottom - 1), said, footer })
}

/// How far a page reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageExtent {
    /// Rows of text.
    pub total: usize,
    /// Rows of screen.
    pub shown: usize,
}

impl PageExtent {
    /// The last row that a page can be scrolled to.
    #[must_use]
    pub fn last(self) -> usize {
        self.total.saturating_sub(self.shown)
    }
}

/// The first of `total` rows to be shown so that the selected one is among them, in its middle where there is more.
#[must_use]
pub fn first_row(selected: usize, total: usize, room: usize) -> usize {
    if total <= room { 0 } else { selected.saturating_sub(room / 2).min(total - room) }
}

#[cfg(test)]
mod tests {
    use super::first_row;

    #[test]
    fn the_selected_row_is_always_shown() {
        for total in 0..20 {
            for room in 1..8 {
                for selected in 0..total {
                    let first = first_row(selected, total, room);
                    assert!((first..first + room).contains(&selected) && first + room.min(total) <= total);
                }
            }
        }
    }
}
