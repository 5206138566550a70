//! A playbook's page: in force or rejected and why, what it watches, and its text.

use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::success::SuccessSpan;
use crate::console::content::suppressions::{self, Suppression};
use crate::console::content::{format, rows};
use crate::console::theme::Role;
use crate::console::view::panes::detectors;
use crate::core::Scope;
use crate::engine::snapshot::{Arming, PlaybookState, PlaybookView};
use crate::playbook::{Mode, Origin};

/// The page's text.
#[must_use]
pub fn lines(name: &str, width: usize, world: &ViewContext<'_>) -> Vec<Line> {
    let Some(playbook) = world.snapshot.playbooks.iter().find(|playbook| *playbook.name == *name) else {
        return vec![Line::plain("This playbook no longer exists.")];
    };
    let mut lines = state(playbook);
    lines.push(Line::new().dim("from     ").text(origin(&playbook.origin)).hanging(9));
    lines.extend(held_back(name, world));
    lines.extend(watched(name, world));
    lines.extend(rates(name, width, world));
    lines.extend(history(name, world));
    lines.extend([Line::new(), Line::title("Source")]);
    for (number, text) in playbook.source.lines().enumerate() {
        let role = match text.trim_start().chars().next() {
            Some('#') => Role::Dim,
            Some('[') => Role::Title,
            _ => Role::Text,
        };
        lines.push(Line::new().dim(format!("{:>3} ", number + 1)).with(role, text.replace('\t', "    ")).hanging(4));
    }
    lines
}

fn state(playbook: &PlaybookView) -> Vec<Line> {
    match &playbook.state {
        PlaybookState::InForce { title, risk, mode, in_force, arming, needs_root: _ } => {
            let role = if *in_force == Mode::Auto { Role::Ok } else { Role::Unknown };
            let mut lines = vec![
                Line::new().dim("title    ").text(title).hanging(9),
                Line::new()
                    .dim("mode     ")
                    .with(role, in_force.word())
                    .text(meaning(*in_force))
                    .dim(format!("; risk {risk}")),
            ];
            let until = match arming {
                Arming::Armed => return lines,
                Arming::Shadow => "in shadow mode",
                Arming::AsksFirst => "and its first attempt needs approval",
            };
            let words = format!("Written as {mode}, {until} until it is armed with exactly this content. A arms it.");
            lines.push(Line::new().with(Role::Asked, words));
            lines
        }
        PlaybookState::Rejected { diagnostics, former_in_force } => {
            let former = if *former_in_force {
                "REJECTED: the last valid version stays in force."
            } else {
                "REJECTED: this playbook is not in force."
            };
            let mut lines = vec![Line::new().with(Role::Broken, former), Line::new().dim("e edits it"), Line::new()];
            lines.extend(diagnostics.lines().map(Line::plain));
            lines
        }
    }
}

fn meaning(mode: Mode) -> &'static str {
    match mode {
        Mode::Auto => ": acts automatically",
        Mode::Ask => ": needs approval before each attempt",
        Mode::Shadow => ": detects, and records what it would have done",
        Mode::Off => ": does nothing",
    }
}

/// Where a playbook came from, in words.
#[must_use]
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Shipped => "shipped with salve".into(),
        Origin::System(path) => format!("{} (armed by those with write access there)", path.display()),
        Origin::User(path) | Origin::Folder(path) => path.display().to_string(),
    }
}

fn watched(name: &str, world: &ViewContext<'_>) -> Vec<Line> {
    let rows = rows::detectors(world.snapshot, "");
    let lines: Vec<Line> = rows
        .iter()
        .filter(|row| *row.detector.playbook == *name)
        .map(|row| {
            let (sign, role) = detectors::sign(row.class, &world.look.glyphs);
            let seen = row.detector.seen.as_ref().map_or_else(|| "  ".to_owned(), |seen| format!("  {seen}  "));
            Line::new()
                .with(role, format!("{sign} "))
                .text(&row.detector.target)
                .dim(seen)
                .with(role, format::standing(row.detector, world.snapshot, world.mono))
                .hanging(2)
        })
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    [Line::new(), Line::title("Watches")].into_iter().chain(lines).collect()
}

/// Pauses, windows and snoozes that hold it back, the host's among them.
fn held_back(name: &str, world: &ViewContext<'_>) -> Vec<Line> {
    let concerns = |held: &Suppression<'_>| match (held, held.scope()) {
        (Suppression::Snooze(snooze), _) => *snooze.playbook == *name,
        (_, Some(Scope::Playbook(paused))) => **paused == *name,
        _ => true,
    };
    let held = suppressions::all(world.snapshot).into_iter().filter(concerns);
    held.map(|held| super::lists::held(held, world).hanging(11)).collect()
}

/// Its success rate, where it had any incident that counts.
fn rates(name: &str, width: usize, world: &ViewContext<'_>) -> Vec<Line> {
    let Some(book) = world.snapshot.playbook_rates.iter().find(|book| *book.playbook == *name) else {
        return Vec::new();
    };
    let rows = [SuccessSpan::Day, SuccessSpan::Week, SuccessSpan::Month]
        .map(|span| super::success::rate(span.label(), span.of(&book.rates).auto_fix, width, world));
    [Line::new(), Line::title("Success rate")].into_iter().chain(rows).collect()
}

fn history(name: &str, world: &ViewContext<'_>) -> Vec<Line> {
    let lines: Vec<Line> = world
        .snapshot
        .incidents
        .iter()
        .filter(|incident| *incident.playbook == *name)
        .take(10)
        .map(|incident| super::lists::incident(incident, world))
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    [Line::new(), Line::title("Its latest incidents")].into_iter().chain(lines).collect()
}
