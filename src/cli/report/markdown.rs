//! For a wiki or a mail.

use std::fmt::Write as _;

use super::words;
use crate::core::success::period_report::PeriodReport;
use crate::text::TextPage;

pub fn written(report: &PeriodReport) -> TextPage {
    let mut out = TextPage::default();
    let _ = writeln!(out, "# salve: {}", words::span(report.period));
    out.blank();
    let (now, then) = (&report.rates, &report.rates_before);
    out.literal("| | this period | before |\n|---|---|---|\n");
    for (name, now, then) in [
        ("auto-remediation rate", now.auto_fix, then.auto_fix),
        ("coverage", now.coverage, then.coverage),
        ("assisted rate", now.assisted, then.assisted),
    ] {
        let _ = writeln!(out, "| {name} | {}{} | {} |", words::share(now), words::interval(now), words::share(then));
    }
    let _ = writeln!(out, "| cleared without an attempt | {} | {} |", now.self_cleared, then.self_cleared);
    let _ = writeln!(out, "| in shadow | {} | {} |", now.shadow, then.shadow);
    out.blank();
    let _ = writeln!(out, "The auto-remediation rate is {}. Still open: {}.", words::band(report.band), report.open);
    out.literal("\n## By playbook\n\n| playbook | incidents | auto-remediation rate | before | assisted rate |\n|---|---|---|---|---|\n");
    for one in &report.playbooks {
        let (rates, before) = (&one.rates, &one.rates_before);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            one.playbook,
            one.incidents,
            words::share(rates.auto_fix),
            words::share(before.auto_fix),
            words::share(rates.assisted)
        );
    }
    list(&mut out, "Automate next", report.automate.iter().map(words::wanted));
    list(&mut out, "Review", report.doubts.iter().map(words::doubt));
    out.literal("\n## Slowest to fix\n\n| playbook | fixed | median | 90 % within | worst |\n|---|---|---|---|---|\n");
    for times in &report.slowest {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} (incident {}) |",
            times.playbook,
            times.healed,
            words::length(times.median_ms),
            words::length(times.p90_ms),
            words::length(times.worst_ms),
            times.worst
        );
    }
    out
}

fn list(out: &mut TextPage, heading: &str, rows: impl Iterator<Item = String>) {
    out.blank();
    let _ = writeln!(out, "## {heading}");
    out.blank();
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        out.literal("Nothing.\n");
    }
    for row in rows {
        let _ = writeln!(out, "- {row}");
    }
}
