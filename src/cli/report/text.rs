//! For a terminal: figures with bars.

use std::fmt::Write as _;

use super::words;
use crate::core::success::period_report::{OfPlaybook, PeriodReport};
use crate::core::success::rate::Share;
use crate::text::TextPage;

/// Columns of a full bar.
const BAR: usize = 20;

pub fn drawn(report: &PeriodReport) -> TextPage {
    let mut out = TextPage::default();
    let _ = writeln!(out, "{}", words::span(report.period));
    let (now, then) = (&report.rates, &report.rates_before);
    for (name, now, then) in [
        ("auto-fixed", now.auto_fix, then.auto_fix),
        ("coverage", now.coverage, then.coverage),
        ("assisted", now.assisted, then.assisted),
    ] {
        let (interval, change) = (words::interval(now), words::change(now, then));
        let _ = writeln!(out, "{name:<10} {} {}{interval}{change}", bar(now), words::share(now));
    }
    let _ = writeln!(out, "{:<10} {}", "", words::band(report.band));
    let _ = writeln!(
        out,
        "cleared without an attempt: {} (before: {}), shadow mode: {} (before: {}), still open: {}",
        now.self_cleared, then.self_cleared, now.shadow, then.shadow, report.open
    );
    section(&mut out, "By playbook", &report.playbooks, playbook);
    section(&mut out, "Automate next", &report.automate, words::wanted);
    section(&mut out, "Review", &report.doubts, words::doubt);
    let worst = report.slowest.iter().map(|times| times.worst_ms).max().unwrap_or(1).max(1);
    section(&mut out, "Slowest to fix", &report.slowest, |times| {
        let name = &times.playbook;
        let (median, p90) = (words::length(times.median_ms), words::length(times.p90_ms));
        format!(
            "{name:<20} {} median {median}, 90 % within {p90}, worst {} (incident {}), {} fixed",
            bar_of(times.median_ms, worst),
            words::length(times.worst_ms),
            times.worst,
            times.healed
        )
    });
    out
}

fn section<T>(out: &mut TextPage, heading: &str, rows: &[T], row: impl Fn(&T) -> String) {
    out.blank();
    let _ = writeln!(out, "{heading}");
    if rows.is_empty() {
        out.literal("  nothing\n");
    }
    for one in rows {
        let _ = writeln!(out, "  {}", row(one));
    }
}

fn playbook(one: &OfPlaybook) -> String {
    let OfPlaybook { playbook, incidents, rates, rates_before } = one;
    let fixed = words::share(rates.auto_fix);
    let change = words::change(rates.auto_fix, rates_before.auto_fix);
    let assisted =
        if rates.assisted.whole > 0 { format!(", approved {}", words::share(rates.assisted)) } else { String::new() };
    let counted = if *incidents == 1 { "incident, " } else { "incidents," };
    format!("{playbook:<20} {} {incidents:>4} {counted} auto-fixed {fixed}{change}{assisted}", bar(rates.auto_fix))
}

/// What was fixed full, what was not shaded, nothing at all dotted.
fn bar(share: Share) -> String {
    if share.whole == 0 { "·".repeat(BAR) } else { bar_of(share.part.into(), share.whole.into()) }
}

fn bar_of(part: u64, whole: u64) -> String {
    let full = u128::from(part) * BAR as u128 / u128::from(whole.max(1));
    let full = usize::try_from(full).unwrap_or(BAR).min(BAR);
    format!("{}{}", "█".repeat(full), "░".repeat(BAR - full))
}
