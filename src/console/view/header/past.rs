//! Line 1 over the past: which moment this is comes first, at every width, so that nobody takes it for now.

use super::{first_and_rest, most_pressing, said, state};
use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::model::Model;
use crate::console::model::time_travel::{ReplayedMoment, Rewind};
use crate::console::theme::Role;
use crate::engine::history::FoldProgress;

/// The longest form that fits.
pub fn fitted(room: usize, shown: &ReplayedMoment, rewind: &Rewind, world: &ViewContext<'_>) -> (Line, Line) {
    let (seq, of) = (shown.moment.seq, shown.moment.of);
    let day = |moment| format::date(moment, world.zone).split(' ').next().map(str::to_owned);
    let clock = format::clock(world.wall, world.zone);
    let when = if day(world.wall) == day(shown.today) { clock.clone() } else { format::date(world.wall, world.zone) };
    let marks = [
        format!(" REPLAY {when} event {seq} of {of} "),
        format!(" REPLAY {when} {seq}/{of} "),
        format!(" REPLAY {clock} "),
    ];
    let marks = marks.map(|mark| Line::new().with(Role::Paused, mark));
    for rest in [live(rewind), reading(rewind), Line::new()] {
        for state in states(world) {
            for mark in &marks[..2] {
                let line = mark.clone().text(" ").joined(state.clone());
                if line.width() + rest.width() < room {
                    return (line, rest);
                }
            }
        }
    }
    let short = marks.iter().find(|mark| mark.width() <= room).unwrap_or(&marks[2]);
    (short.clone(), Line::new())
}

/// How things stood, the longest form first.
fn states(world: &ViewContext<'_>) -> [Line; 3] {
    let parts = state(world);
    [said(&parts, "  "), said(&parts, " "), first_and_rest(most_pressing(&parts), &parts)]
}

/// The present, while the past is on its way.
pub fn asked(room: usize, rewind: &Rewind, model: &Model, world: &ViewContext<'_>) -> (Line, Line) {
    let reading = reading(rewind);
    let fits = states(world).into_iter().find(|state| state.width() + reading.width() < room);
    fits.map_or_else(|| super::fitted(room, model, world), |state| (state, reading))
}

/// What waits, live: it is not forgotten over the past.
fn live(rewind: &Rewind) -> Line {
    match rewind.waiting {
        0 => reading(rewind),
        1 => Line::new().with(Role::Asked, "live: 1 NEEDS ACTION").text(" "),
        waiting => Line::new().with(Role::Asked, format!("live: {waiting} NEED ACTION")).text(" "),
    }
}

/// How far the journal has been read, where that takes a while.
fn reading(rewind: &Rewind) -> Line {
    match rewind.progress {
        Some(FoldProgress { done, of }) => {
            let percent = (done * 100).checked_div(of).unwrap_or(0);
            Line::new().with(Role::Fixing, format!("reading the journal {percent}%")).text(" ")
        }
        None if rewind.shown.is_none() => Line::new().with(Role::Fixing, "reading the journal").text(" "),
        None => Line::new(),
    }
}
