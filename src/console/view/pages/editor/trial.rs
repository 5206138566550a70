//! A dry run told: what each check sees, what the gate would say, what exactly would be run.

use super::ViewContext;
use crate::console::canvas::line::Line;
use crate::console::content::format;
use crate::console::editor::{Tried, Trying};
use crate::console::theme::Role;
use crate::core::{Reading, Verdict};
use crate::engine::backtest;
use crate::engine::standalone::dry_run::Rehearsal;

/// Columns of a timeline, beside a text that is being written.
const TIMELINE: usize = 40;

/// The lines of a dry run.
#[must_use]
pub fn lines(tried: &Tried, world: &ViewContext<'_>) -> Vec<Line> {
    match &tried.state {
        Trying::Looking { what, since } => {
            let for_so_long = format::length(world.at.0.saturating_sub(since.0));
            vec![
                Line::new().with(Role::Fixing, "checking").dim(format!("  {for_so_long}")),
                Line::new().dim("what ").text(what).hanging(5),
            ]
        }
        Trying::Failed(why) => vec![Line::new().with(Role::Broken, why)],
        Trying::Seen(targets) => {
            let mut lines: Vec<Line> = targets.iter().flat_map(target).collect();
            lines.push(Line::new().dim("Nothing was run."));
            lines
        }
    }
}

fn target(rehearsal: &Rehearsal) -> Vec<Line> {
    match rehearsal {
        Rehearsal::Past(past) => {
            let text = backtest::drawn(past, TIMELINE);
            let lines = text.lines().map(|line| Line::plain(line).hanging(4));
            [Line::title("The last 24 hours")].into_iter().chain(lines).chain([Line::new()]).collect()
        }
        Rehearsal::Nothing { written, why } => {
            vec![Line::title(written), Line::plain("would do nothing: ").text(why).hanging(2), Line::new()]
        }
        Rehearsal::Here { target, detector, verifier, rungs, gate } => {
            let mut lines = vec![Line::title(target.to_string())];
            lines.extend(detector.iter().map(|check| reading(check, true)));
            lines.extend(verifier.iter().map(|check| reading(check, false)));
            lines.push(Line::new().dim("gate       ").with(Role::Key, gate).hanging(11));
            for (number, rung) in rungs.iter().enumerate() {
                lines.push(Line::new().dim(format!("rung {}", number + 1)));
                match rung {
                    Err(why) => {
                        lines.push(Line::new().text("  ").with(Role::Unknown, format!("no plan: {why}")).hanging(2));
                    }
                    Ok((_, steps)) => {
                        for step in steps {
                            lines.push(Line::new().dim(format!("  {} ", step.kind)).text(&step.sentence).hanging(4));
                            let details = step.details.iter();
                            lines.extend(details.map(|(name, detail)| {
                                Line::new().dim(format!("    {name}: ")).text(detail).hanging(6)
                            }));
                            lines.extend(step.found.iter().map(|found| Line::plain(format!("    {found}")).hanging(6)));
                        }
                    }
                }
            }
            lines.push(Line::new());
            lines
        }
    }
}

fn reading((condition, reading): &(String, Reading), detects: bool) -> Line {
    let line =
        Line::new().dim(if detects { "fires when " } else { "verify     " }).text(condition).dim(": ").hanging(11);
    match (&reading.verdict, detects) {
        (Verdict::Unknown(why), _) => line.with(Role::Unknown, format!("unknown, {why}")),
        (Verdict::Holds, true) => line.with(Role::Broken, format!("{}, firing", reading.seen)),
        (Verdict::DoesNotHold, true) => line.with(Role::Ok, format!("{}, clear", reading.seen)),
        (Verdict::Holds, false) => line.with(Role::Ok, format!("{}, passing", reading.seen)),
        (Verdict::DoesNotHold, false) => line.with(Role::Unknown, format!("{}, failing", reading.seen)),
    }
}
