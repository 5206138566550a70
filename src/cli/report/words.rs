//! What both forms for people say in the same words.

use std::time::Duration;

use crate::core::success::automation_gaps::Lack;
use crate::core::success::period_report::{Doubt, LackingOnTarget, ReportSpan, Why};
use crate::core::success::rate::{Band, Share};
use crate::playbook::value::Period;

/// `73 % (8 of 11)`
pub fn share(share: Share) -> String {
    match share.percent() {
        Some(percent) => format!("{percent:.0} % ({} of {})", share.part, share.whole),
        None => "-".into(),
    }
}

/// `, 95 % between 43 % and 90 %`
pub fn interval(share: Share) -> String {
    share.interval().map_or_else(String::new, |(low, high)| format!(", 95 % interval {low:.0} to {high:.0} %"))
}

/// `, 12 points up`
pub fn change(now: Share, before: Share) -> String {
    let (Some(now), Some(then)) = (now.percent(), before.percent()) else { return String::new() };
    let points = (now - then).round();
    match points {
        _ if points > 0.0 => format!(", up {points:.0} points"),
        _ if points < 0.0 => format!(", down {:.0} points", -points),
        _ => ", unchanged".into(),
    }
}

pub fn band(band: Band) -> &'static str {
    match band {
        Band::NoVerdict => "under 10 incidents: too few to judge",
        Band::TooLow => "too low: remediations do not fix",
        Band::InBand => "in band",
        Band::UnderAutomated => "under-automated: the faults that page have no playbook yet",
    }
}

pub fn span(span: ReportSpan) -> String {
    let zone = jiff::tz::TimeZone::system();
    let at = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    format!("{} to {}", at(span.from), at(span.to))
}

pub fn wanted(wanted: &LackingOnTarget) -> String {
    let LackingOnTarget { playbook, target, lack, times, latest } = wanted;
    let what = match lack {
        Lack::NoRemediation => "pages: it has no remediation",
        Lack::NoPlan => "pages: no plan can be made",
        Lack::Sight => "pages: its state is unknown",
        Lack::Arming => "shadow mode: it would have acted and is not armed",
    };
    let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
    format!("{playbook} on {target}: {what} ({times}, last incident {latest})")
}

pub fn doubt(doubt: &Doubt) -> String {
    let name = &doubt.playbook;
    match &doubt.why {
        Why::LowRate { part, whole } => format!("{name}: fixed {part} of {whole}; its remediation rarely works"),
        Why::FalseStarts { cleared, of } => {
            format!("{name}: {cleared} of {of} cleared without an attempt; its hold time (`for`) is too short")
        }
        Why::Relapses { times } => format!("{name}: {times} came back within an hour; its verifier checks too early"),
        Why::Recurs { target, times } => format!("{name}: fixed {target} {times} times; the cause remains"),
    }
}

/// To the second, or to the millisecond below ten.
pub fn length(millis: u64) -> String {
    match millis {
        ..10_000 => Period(Duration::from_millis(millis)).to_string(),
        _ => Period(Duration::from_secs(millis / 1000)).to_string(),
    }
}
