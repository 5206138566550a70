//! Sums up the cases of a period: rates by playbook, what to automate next, doubts, and how long healing took.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Case, Doubt, ENOUGH, HealTimes, LackingOnTarget, OfPlaybook, RECURRING, TOLERATED, Why};
use crate::core::id::IncidentId;
use crate::core::success::automation_gaps::Lack;
use crate::core::success::rate::WindowRates;
use crate::core::success::success_counters;
use crate::playbook::Target;

/// The cases of a period, oldest first.
pub(super) type Cases<'a> = Vec<(IncidentId, &'a Case)>;

pub(super) fn rates<'a>(cases: impl IntoIterator<Item = &'a (IncidentId, &'a Case)>) -> WindowRates {
    let mut rates = WindowRates::default();
    for (_, verdict) in cases.into_iter().filter_map(|(_, case)| case.counted) {
        success_counters::add(&mut rates, verdict, true);
    }
    rates
}

/// Cases under what `key` says of them.
fn grouped<'a, K: Ord>(cases: &Cases<'a>, key: impl Fn(&'a Case) -> Option<K>) -> BTreeMap<K, Cases<'a>> {
    let mut groups: BTreeMap<K, Cases<'a>> = BTreeMap::new();
    for (id, case) in cases {
        if let Some(key) = key(case) {
            groups.entry(key).or_default().push((*id, case));
        }
    }
    groups
}

pub(super) fn by_playbook(now: &Cases<'_>, then: &Cases<'_>) -> Vec<OfPlaybook> {
    let then = grouped(then, |case| Some(Arc::clone(&case.playbook)));
    let of = |(playbook, cases): (Arc<str>, Cases<'_>)| OfPlaybook {
        incidents: cases.len(),
        rates: rates(&cases),
        rates_before: then.get(&playbook).map(rates).unwrap_or_default(),
        playbook,
    };
    let mut all: Vec<OfPlaybook> = grouped(now, |case| Some(Arc::clone(&case.playbook))).into_iter().map(of).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.incidents));
    all
}

pub(super) fn wanted(now: &Cases<'_>) -> Vec<LackingOnTarget> {
    let lacking = |case: &Case| Some((Arc::clone(&case.playbook), case.target.clone(), case.lack?));
    let of = |((playbook, target, lack), cases): ((Arc<str>, Target, Lack), Cases<'_>)| {
        let (latest, _) = cases.last()?;
        Some(LackingOnTarget { playbook, target, lack, times: cases.len(), latest: *latest })
    };
    let mut all: Vec<LackingOnTarget> = grouped(now, lacking).into_iter().filter_map(of).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.times));
    all
}

pub(super) fn doubts(now: &Cases<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for (playbook, cases) in grouped(now, |case| Some(Arc::clone(&case.playbook))) {
        let rates = rates(&cases);
        let mut doubt = |why| doubts.push(Doubt { playbook: Arc::clone(&playbook), why });
        let share = rates.auto_fix;
        if share.whole >= ENOUGH && u64::from(share.part) * 10 < u64::from(share.whole) * 7 {
            doubt(Why::LowRate { part: share.part, whole: share.whole });
        }
        if rates.self_cleared >= TOLERATED && rates.self_cleared as usize * 2 >= cases.len() {
            doubt(Why::FalseStarts { cleared: rates.self_cleared, of: cases.len() });
        }
        let relapsed = u32::try_from(cases.iter().filter(|(_, case)| case.relapsed).count()).unwrap_or(u32::MAX);
        if relapsed >= TOLERATED {
            doubt(Why::Relapses { times: relapsed });
        }
        for (target, cases) in grouped(&cases, |case| case.healed.map(|_| case.target.clone())) {
            if cases.len() > RECURRING {
                doubt(Why::Recurs { target, times: cases.len() });
            }
        }
    }
    doubts
}

pub(super) fn slowest(now: &Cases<'_>) -> Vec<HealTimes> {
    let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let of = |(playbook, cases): (Arc<str>, Cases<'_>)| {
        let mut took: Vec<(Duration, IncidentId)> =
            cases.iter().filter_map(|(id, case)| Some((case.healed?, *id))).collect();
        took.sort_unstable();
        // nearest rank: the smallest that so many percent do not exceed
        let at = |percent: usize| took[(took.len() * percent).div_ceil(100).max(1) - 1].0;
        let (worst, id) = *took.last()?;
        let (median_ms, p90_ms) = (millis(at(50)), millis(at(90)));
        Some(HealTimes { playbook, healed: took.len(), median_ms, p90_ms, worst_ms: millis(worst), worst: id })
    };
    let healed = grouped(now, |case| case.healed.map(|_| Arc::clone(&case.playbook)));
    let mut all: Vec<HealTimes> = healed.into_iter().filter_map(of).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.median_ms));
    all
}
