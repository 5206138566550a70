//! The command palette: every command and every thing that has a name, found by a few letters. A command that needs
//! something to act on asks for it in the same way.

mod entry;

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::fuzzy::{Finder, FuzzyMatch, marked};
use crate::console::content::rows::playbooks;
use crate::console::content::{format, rows, suppressions};
use crate::console::keys::{self, KeyAction};
use crate::console::model::{Model, Overlay, Pick};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::core::IncidentId;
use crate::engine::snapshot::PlaybookState;

pub use entry::{FAULT, PaletteEntry};

/// Verbs that lead nowhere from a list of words.
const MOVES: [KeyAction; 12] = [
    KeyAction::Down,
    KeyAction::Up,
    KeyAction::PageDown,
    KeyAction::PageUp,
    KeyAction::First,
    KeyAction::Last,
    KeyAction::Back,
    KeyAction::Palette,
    KeyAction::Open,
    KeyAction::Next,
    KeyAction::Previous,
    KeyAction::Yes,
];

/// What answers to these letters, best first.
#[must_use]
pub fn entries(typed: &str, model: &Model, world: &ViewContext<'_>) -> Vec<PaletteEntry> {
    answers(typed, model, world).into_iter().map(|(_, entry)| entry).collect()
}

fn answers(typed: &str, model: &Model, world: &ViewContext<'_>) -> Vec<(FuzzyMatch, PaletteEntry)> {
    let books =
        playbooks(world.snapshot).into_iter().map(|playbook| PaletteEntry::Playbook(Arc::clone(&playbook.name)));
    let incidents = world.snapshot.incidents.iter().map(|incident| PaletteEntry::Incident {
        id: incident.id,
        what: format!("{} {}", incident.key.target, incident.playbook),
    });
    let breakers = rows::breakers(world.snapshot).into_iter().map(|breaker| PaletteEntry::Breaker {
        row: rows::breaker_id(breaker),
        what: format!(
            "{} {} {}",
            format::target(&breaker.key.target.to_string()),
            breaker.playbook,
            breaker.state.word()
        ),
    });
    let ends = suppressions::all(world.snapshot)
        .into_iter()
        .filter(|_| !model.only_looks())
        .map(|held| PaletteEntry::End { row: held.id(), what: held.id().to_string() });
    let themes = world.themes.iter().cloned().map(PaletteEntry::Theme);
    let faults = model.faults.iter().enumerate().map(|(at, what)| PaletteEntry::Fault { at, what: Arc::clone(what) });
    let things = targets(world)
        .into_iter()
        .chain(books)
        .chain(incidents)
        .chain(breakers)
        .chain(ends)
        .chain(themes)
        .chain(faults);
    let old = older(typed, world).map(|entry| (FuzzyMatch::default(), entry));
    let mut found = found(typed, verbs(model, world).into_iter().chain(things).collect());
    if !typed.trim().is_empty() && "theme".starts_with(&typed.trim().to_lowercase()) {
        found.sort_by_key(|(_, entry)| !matches!(entry, PaletteEntry::Theme(_)));
    }
    let after = typed.trim_start().strip_prefix(FAULT);
    if after.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) && !model.faults.is_empty() {
        found.retain(|(_, entry)| matches!(entry, PaletteEntry::Fault { .. }));
    }
    if typed.trim() == FAULT {
        found.sort_by_key(|(_, entry)| if let PaletteEntry::Fault { at, .. } = entry { *at } else { 0 });
    }
    old.into_iter().chain(found).collect()
}

/// The incident of this number, where only the journal has it any more.
fn older(typed: &str, world: &ViewContext<'_>) -> Option<PaletteEntry> {
    let id = IncidentId(typed.trim().trim_start_matches('#').parse().ok()?);
    let known = world.snapshot.incidents.iter().any(|incident| incident.id == id);
    (!known).then(|| PaletteEntry::Incident { id, what: "from the journal".into() })
}

/// What can be done here, and what can be done to anything that is named next.
fn verbs(model: &Model, world: &ViewContext<'_>) -> Vec<PaletteEntry> {
    let ascii = world.look.glyphs.ascii;
    let here: Vec<&keys::KeyBinding> = keys::at(model.page_place(), model.has()).collect();
    let known = |verb: KeyAction| here.iter().any(|binding| binding.verb == verb);
    let elsewhere = keys::TABLE
        .iter()
        .filter(|binding| binding.verb.needs_subject() && !known(binding.verb) && !model.only_looks());
    here.iter()
        .copied()
        .chain(elsewhere)
        .filter(|binding| !MOVES.contains(&binding.verb))
        .map(|binding| PaletteEntry::Verb {
            verb: binding.verb,
            key: if ascii { binding.ascii } else { binding.label },
            what: binding.what,
        })
        .collect()
}

fn targets(world: &ViewContext<'_>) -> Vec<PaletteEntry> {
    let entry = |row: rows::Row<'_>| PaletteEntry::Target {
        name: if row.name.contains(&*row.detector.playbook) {
            row.name
        } else {
            format!("{} ({})", row.name, row.detector.playbook)
        },
        row: row.id,
        playbook: Arc::clone(&row.detector.playbook),
        key: row.detector.key.clone(),
        incident: row.detector.incident,
    };
    rows::detectors(world.snapshot, "").into_iter().map(entry).collect()
}

/// What a command can act on, best first.
#[must_use]
pub fn picks(pick: &Pick, world: &ViewContext<'_>) -> Vec<PaletteEntry> {
    picked(pick, world).into_iter().map(|(_, entry)| entry).collect()
}

fn picked(pick: &Pick, world: &ViewContext<'_>) -> Vec<(FuzzyMatch, PaletteEntry)> {
    let mut all: Vec<PaletteEntry> = if pick.verb == KeyAction::Arm {
        let in_force = |book: &&&Arc<_>| is_in_force(book);
        playbooks(world.snapshot)
            .iter()
            .filter(in_force)
            .map(|book| PaletteEntry::Playbook(Arc::clone(&book.name)))
            .collect()
    } else {
        let of = |entry: &PaletteEntry| matches!(entry, PaletteEntry::Target { playbook, key: Some(_), .. } if pick.of.as_ref().is_none_or(|of| of == playbook));
        targets(world).into_iter().filter(of).collect()
    };
    let first = |entry: &PaletteEntry| match entry {
        PaletteEntry::Target { row, .. } => Some(row) == pick.first.as_ref(),
        PaletteEntry::Playbook(name) => Some(name) == pick.first.as_ref(),
        _ => false,
    };
    all.sort_by_key(|entry| !first(entry));
    found(&pick.typed, all)
}

fn is_in_force(book: &crate::engine::snapshot::PlaybookView) -> bool {
    matches!(book.state, PlaybookState::InForce { .. })
}

/// Those that answer, best first; all of them, in their order, where nothing was typed.
fn found(typed: &str, all: Vec<PaletteEntry>) -> Vec<(FuzzyMatch, PaletteEntry)> {
    let Some(mut finder) = Finder::new(typed) else {
        return all.into_iter().map(|entry| (FuzzyMatch::default(), entry)).collect();
    };
    let mut found: Vec<(FuzzyMatch, PaletteEntry)> = all
        .into_iter()
        .filter_map(|entry| {
            let words = entry.words();
            Some((finder.find(&words, &entry.others())?, entry))
        })
        .collect();
    found.sort_by_key(|(hit, entry)| (std::cmp::Reverse(hit.score), entry.rank()));
    found
}

/// The theme that the cursor is on.
#[must_use]
pub fn theme_under_cursor(model: &Model, world: &ViewContext<'_>) -> Option<String> {
    let Some(Overlay::Palette { typed, at }) = &model.overlay else { return None };
    match entries(typed, model, world).into_iter().nth(*at) {
        Some(PaletteEntry::Theme(name)) => Some(name),
        _ => None,
    }
}

/// Draws the palette at the bottom of the body.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, typed: &str, at: usize, model: &Model, world: &ViewContext<'_>) {
    let heading = Line::new().with(Role::Focus, "Command, target, playbook, incident, breaker or theme");
    draw_list(canvas, body, &heading, (":", typed), at, &answers(typed, model, world));
}

/// Draws the question which one is meant.
pub fn draw_pick(canvas: &mut Canvas<'_>, body: Rect, pick: &Pick, world: &ViewContext<'_>) {
    let words = match pick.verb {
        KeyAction::Snooze => "Snooze which target?",
        KeyAction::RunNow => "Run on which target?",
        KeyAction::Breaker => "The breaker of which target?",
        KeyAction::Arm => "Arm or disarm which playbook?",
        _ => "Which one?",
    };
    draw_list(canvas, body, &Line::new().with(Role::Focus, words), ("/", &pick.typed), pick.at, &picked(pick, world));
}

fn draw_list(
    canvas: &mut Canvas<'_>,
    body: Rect,
    heading: &Line,
    (sign, typed): (&str, &str),
    at: usize,
    entries: &[(FuzzyMatch, PaletteEntry)],
) {
    let height = body.height.min(14);
    let area = Rect { y: body.bottom() - height, height, ..body };
    canvas.wipe(area);
    canvas.rule(area.x, area.y, area.width, &heading.clone().text(format!(" {}", entries.len())));
    if height < 2 {
        return;
    }
    let input = Line::new().with(Role::Key, format!(" {sign} ")).with(Role::Input, format!("{typed}_"));
    canvas.line(area.x, area.y + 1, area.width, &input);
    let rows = usize::from(height - 2);
    if entries.is_empty() && rows > 0 {
        canvas.put(area.x + 3, area.y + 2, area.width.saturating_sub(3), Role::Dim, "no match");
    }
    let selected = at.min(entries.len().saturating_sub(1));
    let first = first_row(selected, entries.len(), rows);
    for (slot, (index, (hit, entry))) in entries.iter().enumerate().skip(first).take(rows).enumerate() {
        let y = area.y + 2 + columns(slot);
        let role = if matches!(entry, PaletteEntry::Verb { .. }) { Role::Key } else { Role::Dim };
        let mut line = Line::new().text("   ").with(role, entry.kind()).up_to(14);
        line.pieces.extend(marked(&entry.words(), &hit.at, Role::Text).pieces);
        canvas.line(area.x, y, area.width, &line);
        if index == selected {
            canvas.select(Rect { y, height: 1, ..area });
        }
    }
}
