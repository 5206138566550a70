//! The command palette: every command of the key table, every playbook and theme, found by a few letters.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::Rect;

use super::World;
use super::main::first_row;
use crate::console::canvas::{Canvas, columns};
use crate::console::keys::{self, Verb};
use crate::console::line::Line;
use crate::console::model::{Model, Overlay, playbooks};
use crate::console::theme::Role;
use crate::core::IncidentId;

/// Something that the palette can do.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// What a key does.
    Verb { verb: Verb, key: &'static str, what: &'static str },
    /// To a playbook's page.
    Playbook(Arc<str>),
    /// To an incident's page.
    Incident { id: IncidentId, what: String },
    /// Another theme.
    Theme(String),
}

impl Entry {
    fn words(&self) -> String {
        match self {
            Self::Verb { what, .. } => (*what).to_owned(),
            Self::Playbook(name) => format!("playbook {name}"),
            Self::Incident { id, what } => format!("incident {id} {what}"),
            Self::Theme(name) => format!("theme {name}"),
        }
    }
}

/// What answers to these letters, best first.
#[must_use]
pub fn entries(typed: &str, model: &Model, world: &World<'_>) -> Vec<Entry> {
    let moves = [
        Verb::Down,
        Verb::Up,
        Verb::PageDown,
        Verb::PageUp,
        Verb::First,
        Verb::Last,
        Verb::Back,
        Verb::Palette,
        Verb::Open,
        Verb::Next,
        Verb::Previous,
        Verb::Yes,
    ];
    let ascii = world.look.glyphs.ascii;
    let verbs =
        keys::at(model.page_place(), model.read_only).filter(|binding| !moves.contains(&binding.verb)).map(|binding| {
            Entry::Verb {
                verb: binding.verb,
                key: if ascii { binding.ascii } else { binding.label },
                what: binding.what,
            }
        });
    let books = playbooks(world.snapshot).into_iter().map(|playbook| Entry::Playbook(Arc::clone(&playbook.name)));
    let incidents = world.snapshot.incidents.iter().map(|incident| Entry::Incident {
        id: incident.id,
        what: format!("{} {}", incident.key.target, incident.playbook),
    });
    let themes = world.themes.iter().cloned().map(Entry::Theme);
    let all = verbs.chain(books).chain(incidents).chain(themes);
    if typed.trim().is_empty() {
        return all.collect();
    }
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut found: Vec<(u32, Entry)> = all
        .filter_map(|entry| {
            let score = pattern.score(Utf32Str::new(&entry.words(), &mut letters), &mut matcher)?;
            Some((score, entry))
        })
        .collect();
    let asks_for_themes = "theme".starts_with(&typed.trim().to_lowercase());
    found
        .sort_by_key(|(score, entry)| std::cmp::Reverse((asks_for_themes && matches!(entry, Entry::Theme(_)), *score)));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// The theme that the cursor is on.
#[must_use]
pub fn theme_under_cursor(model: &Model, world: &World<'_>) -> Option<String> {
    let Some(Overlay::Palette { typed, at }) = &model.overlay else { return None };
    match entries(typed, model, world).into_iter().nth(*at) {
        Some(Entry::Theme(name)) => Some(name),
        _ => None,
    }
}

/// Draws it at the bottom of the body.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, typed: &str, at: usize, model: &Model, world: &World<'_>) {
    let entries = entries(typed, model, world);
    let height = body.height.min(14);
    let area = Rect { y: body.bottom() - height, height, ..body };
    canvas.wipe(area);
    canvas.rule(
        area.x,
        area.y,
        area.width,
        &Line::new().with(Role::Focus, "Command").text(format!(" {}", entries.len())),
    );
    if height < 2 {
        return;
    }
    canvas.line(
        area.x,
        area.y + 1,
        area.width,
        &Line::new().with(Role::Key, " : ").with(Role::Input, format!("{typed}_")),
    );
    let rows = usize::from(height - 2);
    let selected = at.min(entries.len().saturating_sub(1));
    let first = first_row(selected, entries.len(), rows);
    for (slot, (index, entry)) in entries.iter().enumerate().skip(first).take(rows).enumerate() {
        let y = area.y + 2 + columns(slot);
        let key = if let Entry::Verb { key, .. } = entry { key } else { "" };
        canvas.line(area.x, y, area.width, &Line::new().text("   ").with(Role::Key, key).up_to(14).text(entry.words()));
        if index == selected {
            canvas.select(Rect { y, height: 1, ..area });
        }
    }
}
