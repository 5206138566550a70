//! The success rate in all windows, what it is made of, and what would raise it.

use super::{World, gauge};
use crate::console::line::Line;
use crate::console::rows;
use crate::console::say;
use crate::console::theme::Role;
use crate::core::Event;
use crate::core::incident::Cause;
use crate::core::rate::{Band, Share};

/// The page's text.
#[must_use]
pub fn lines(world: &World<'_>) -> Vec<Line> {
    let rates = &world.snapshot.rates;
    let windows = [("1h", &rates.hour), ("24h", &rates.day), ("7d", &rates.week), ("30d", &rates.month)];
    let mut lines = vec![
        Line::plain("Healed without a human and not relapsed, of the incidents that an automatic attempt touched."),
        Line::new(),
    ];
    lines.extend(windows.iter().map(|(name, window)| gauge::line(name, window, Some(24), false, world)));
    lines.push(Line::new());
    lines.push(
        Line::new().dim(format!("{:>5}{:>12}{:>12}{:>15}{:>9}", "", "coverage", "assisted", "self-cleared", "shadow")),
    );
    for (name, window) in windows {
        lines.push(Line::plain(format!(
            "{name:>5}{:>12}{:>12}{:>15}{:>9}",
            share(window.coverage),
            share(window.assisted),
            window.self_cleared,
            window.shadow
        )));
    }
    lines.push(Line::new());
    lines.extend(verdict(world));
    lines.extend(without_remediation(world));
    lines.extend(recurring(world));
    lines
}

fn share(share: Share) -> String {
    share.percent().map_or_else(|| "-".into(), |percent| format!("{percent:.0}% {}/{}", share.part, share.whole))
}

fn verdict(world: &World<'_>) -> Vec<Line> {
    let day = world.snapshot.rates.day.auto_fix;
    let meaning = match day.band() {
        Band::NoVerdict => "Under 10 incidents in 24 hours say nothing yet.",
        Band::TooLow => "Below 70 %: remediations run and do not fix. The failed attempts in the journal say why.",
        Band::InBand => {
            "70 % to below 100 %: the automation fixes most of what it touches, and is honest about the rest."
        }
        Band::UnderAutomated => {
            "100 % with 20 and more: only what is easy is automated. What still pages has no playbook yet."
        }
    };
    vec![Line::new().with(gauge::role(day), gauge::words(day)), Line::plain(meaning)]
}

/// The failures that called a human because there is nothing to do about them by machine.
fn without_remediation(world: &World<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for incident in &world.snapshot.incidents {
        let called = incident.story.iter().find(|recorded| {
            matches!(
                recorded.event,
                Event::Escalated { cause: Cause::NoRemediation | Cause::CannotSee { .. } | Cause::NoPlan { .. }, .. }
            )
        });
        if let Some(called) = called {
            let when = say::date(called.wall, world.zone);
            let what =
                format!("{} {} ({})", incident.id, say::target(&incident.key.target.to_string()), incident.playbook);
            lines.push(Line::new().dim(format!("  {when}  ")).text(what).hanging(4));
        }
    }
    if !lines.is_empty() {
        lines.splice(0..0, [Line::new(), Line::title("Called a human without a remediation to try")]);
    }
    lines
}

/// What heals so often that it needs a real fix.
fn recurring(world: &World<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for recurring in &world.snapshot.recurring {
        let target = say::target(&recurring.key.target.to_string());
        let last = recurring
            .healed
            .last()
            .map_or_else(String::new, |now| format!(", last {} ago", say::age(world.mono.since(now.mono))));
        let times = say::count(recurring.healed.len(), "time", "times");
        let breaker = rows::breaker_of(world.snapshot, &recurring.key)
            .map_or_else(String::new, |breaker| format!(", breaker {}", breaker.state.word()));
        lines.push(
            Line::new()
                .text("  ")
                .with(Role::Fixing, target)
                .text(format!(" ({})", recurring.playbook))
                .text(format!(" healed {times} in 7 days{last}{breaker}")),
        );
    }
    if !lines.is_empty() {
        lines.splice(0..0, [Line::new(), Line::title("Heals again and again: needs a real fix")]);
    }
    lines
}
