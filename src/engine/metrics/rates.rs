//! The success rate as metrics: the two counts behind each share, by window and by playbook.

use super::text::{Family, Sample};
use super::{Names, gauge};
use crate::core::success::rate::{Share, WindowRates};
use crate::engine::snapshot::Snapshot;

/// A share as two families with the same labels, so that the rate is their quotient.
struct Quotient {
    part: (&'static str, &'static str),
    whole: (&'static str, &'static str),
    of: fn(&WindowRates) -> Share,
}

const SHARES: [Quotient; 3] = [
    Quotient {
        part: ("salve_incidents_fixed", "Healed with no human and not relapsed, in the window."),
        whole: ("salve_incidents_touched", "Incidents with an unapproved attempt, in the window."),
        of: |rates| rates.auto_fix,
    },
    Quotient {
        part: ("salve_incidents_covered", "Incidents with an automatic attempt, in the window."),
        whole: ("salve_incidents_needing_action", "Incidents that needed action, in the window."),
        of: |rates| rates.coverage,
    },
    Quotient {
        part: ("salve_incidents_assisted_fixed", "Healed by an approved or hand-started attempt, in the window."),
        whole: ("salve_incidents_assisted", "Incidents with approved or hand-started attempts, in the window."),
        of: |rates| rates.assisted,
    },
];

pub(super) fn rates(snapshot: &Snapshot, names: &Names) -> Vec<Family> {
    let rates = &snapshot.rates;
    let windows = [("1h", &rates.hour), ("24h", &rates.day), ("7d", &rates.week), ("30d", &rates.month)];
    let windowed = |of: &dyn Fn(&WindowRates) -> u32| -> Vec<Sample> {
        let sample = |(window, rates): &(&str, &WindowRates)| Sample {
            labels: vec![("window", (*window).to_owned())],
            value: of(rates).into(),
        };
        windows.iter().map(sample).collect()
    };
    let mut families = Vec::new();
    for Quotient { part, whole, of } in SHARES {
        families.push(gauge(part.0, None, part.1, windowed(&|rates| of(rates).part)));
        families.push(gauge(whole.0, None, whole.1, windowed(&|rates| of(rates).whole)));
    }
    families.push(gauge(
        "salve_incidents_self_cleared",
        None,
        "Cleared before any action, in the window.",
        windowed(&|rates| rates.self_cleared),
    ));
    families.push(gauge(
        "salve_incidents_shadow",
        None,
        "Only recorded, in the window: what shadow would have done.",
        windowed(&|rates| rates.shadow),
    ));
    let by_name = |of: &dyn Fn(Share) -> u32| {
        names.sum(snapshot.playbook_rates.iter().map(|row| (&*row.playbook, of(row.rates.month.auto_fix).into())))
    };
    families.push(gauge(
        "salve_playbook_incidents_fixed",
        None,
        "Healed with no human and not relapsed, in 30 days.",
        by_name(&|share| share.part),
    ));
    families.push(gauge(
        "salve_playbook_incidents_touched",
        None,
        "Incidents with an unapproved attempt, in 30 days.",
        by_name(&|share| share.whole),
    ));
    families
}
