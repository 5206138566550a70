//! What a period came to: the journal folded once more, each incident with its verdict, summed up for people who decide
//! what to automate next and what to stop automating.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::automation_gaps::Lack;
use super::event::{Event, Recorded};
use super::id::IncidentId;
use super::incident::Outcome;
use super::rate::{Band, WindowRates};
use super::state::State;
use super::success_counters::{self, CountedOutcome, Disposition};
use super::time::Mono;
use crate::playbook::Target;

/// A rate of fewer incidents than this says nothing against a playbook.
const ENOUGH: u32 = 5;
/// So often a fault may clear by itself, or come back, before that is told.
const TOLERATED: u32 = 3;
/// A target that healed more often than this needs a real fix.
const RECURRING: usize = 5;

/// The journal, folded into cases.
#[derive(Debug, Default)]
pub struct Account {
    state: State,
    cases: BTreeMap<IncidentId, Case>,
}

/// What the fold knows of one incident so far: enough to count it in the period in which it was decided.
#[derive(Debug)]
struct Case {
    playbook: Arc<str>,
    target: Target,
    /// Since when the fault was there.
    since: Mono,
    /// When it was first counted, and how; none while it is open and nobody was called.
    counted: Option<(Timestamp, CountedOutcome)>,
    /// From the fault to the end, where it was healed.
    healed: Option<Duration>,
    /// What was lacking, where something was.
    lack: Option<Lack>,
    relapsed: bool,
}

/// From then on, until just before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportSpan {
    /// First moment that belongs to the period.
    pub from: Timestamp,
    /// First moment after the period; an event at this moment does not count.
    pub to: Timestamp,
}

/// What a period came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PeriodReport {
    /// The period that the report is about.
    pub period: ReportSpan,
    /// The period of the same length before it.
    pub before: ReportSpan,
    /// Incidents that are open and not counted yet.
    pub open: usize,
    /// Over all playbooks.
    pub rates: WindowRates,
    /// The same in the period before.
    pub rates_before: WindowRates,
    /// What to make of the auto-fix rate.
    pub band: Band,
    /// By playbook, those with most incidents first.
    pub playbooks: Vec<OfPlaybook>,
    /// What called a human, or was only recorded, for lack of something: most often first.
    pub automate: Vec<LackingOnTarget>,
    /// What speaks against automation that is there.
    pub doubts: Vec<Doubt>,
    /// Playbooks by the time from fault to healed, slowest first.
    pub slowest: Vec<HealTimes>,
}

/// One playbook's share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfPlaybook {
    /// The playbook's name, under which all its versions are counted together.
    pub playbook: Arc<str>,
    /// How many of its incidents count in the period.
    pub incidents: usize,
    /// Success rates of these incidents alone.
    pub rates: WindowRates,
    /// The same in the period before.
    pub rates_before: WindowRates,
}

/// Something that was lacking on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LackingOnTarget {
    /// What detects it.
    pub playbook: Arc<str>,
    /// Target on which it was lacking.
    pub target: Target,
    /// What was lacking.
    pub lack: Lack,
    /// Incidents of the period that lacked it.
    pub times: usize,
    /// The latest incident.
    pub latest: IncidentId,
}

/// A reason to look again at what was automated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Doubt {
    /// Name of the playbook that should be looked at again.
    pub playbook: Arc<str>,
    /// What speaks against it.
    pub why: Why,
}

/// What speaks against a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its remediations fix too seldom.
    LowRate { part: u32, whole: u32 },
    /// Its faults mostly clear by themselves: the hold time is too short.
    FalseStarts { cleared: u32, of: usize },
    /// What it healed came back within the hour.
    Relapses { times: u32 },
    /// It heals the same target again and again: the cause needs a real fix.
    Recurs { target: Target, times: usize },
}

/// How long healing took, in milliseconds from the fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HealTimes {
    /// The playbook's name; its versions are counted together.
    pub playbook: Arc<str>,
    /// How many were healed.
    pub healed: usize,
    /// Half of them were quicker.
    pub median_ms: u64,
    /// Nine in ten were quicker.
    pub p90_ms: u64,
    /// The longest that one incident took from fault to healed, in milliseconds.
    pub worst_ms: u64,
    /// Which one that was.
    pub worst: IncidentId,
}

impl Account {
    /// Folds one event, oldest first.
    pub fn fold(&mut self, recorded: &Arc<Recorded>) {
        self.state.apply(recorded);
        match &recorded.event {
            Event::Opened { incident, key, playbook, since, .. } => {
                let case = Case {
                    playbook: Arc::clone(playbook),
                    target: key.target.clone(),
                    since: *since,
                    counted: None,
                    healed: None,
                    lack: None,
                    relapsed: false,
                };
                self.cases.insert(*incident, case);
            }
            Event::ShadowPlan { incident, .. } => self.lacked(*incident, Lack::Arming),
            Event::Escalated { incident, cause, .. } => {
                if let Some(lack) = Lack::of(cause) {
                    self.lacked(*incident, lack);
                }
                self.count(*incident, recorded);
            }
            Event::Closed { incident, outcome } => {
                self.count(*incident, recorded);
                if let (Outcome::Healed { .. }, Some(case)) = (outcome, self.cases.get_mut(incident)) {
                    case.healed = Some(recorded.mono.since(case.since));
                }
            }
            Event::Relapsed { incident, .. } => {
                if let Some(case) = self.cases.get_mut(incident) {
                    case.relapsed = true;
                    if let Some((_, verdict)) = &mut case.counted {
                        verdict.end = Disposition::Unhealed;
                    }
                }
            }
            _ => {}
        }
    }

    fn lacked(&mut self, id: IncidentId, lack: Lack) {
        if let Some(case) = self.cases.get_mut(&id) {
            case.lack = Some(lack);
        }
    }

    /// Takes over how the incident stands in the success rate; its moment is that of its first count.
    fn count(&mut self, id: IncidentId, recorded: &Recorded) {
        let closed = || self.state.closed.iter().rev().find(|incident| incident.id == id).and_then(|one| one.place);
        let place = self.state.open.get(&id).map_or_else(closed, |incident| incident.place);
        let Some(verdict) = place.and_then(|place| self.state.tally.get(place)) else { return };
        if let Some(case) = self.cases.get_mut(&id) {
            let at = case.counted.map_or(recorded.wall, |(at, _)| at);
            case.counted = Some((at, verdict));
        }
    }

    /// What the time of this length up to `to` came to.
    #[must_use]
    pub fn report(&self, to: Timestamp, length: Duration) -> PeriodReport {
        let earlier = |at: Timestamp| at.checked_sub(length).unwrap_or(Timestamp::MIN);
        let period = ReportSpan { from: earlier(to), to };
        let before = ReportSpan { from: earlier(period.from), to: period.from };
        let (now, then) = (self.within(period), self.within(before));
        let rates = rates(&now);
        PeriodReport {
            period,
            before,
            open: self.cases.values().filter(|case| case.counted.is_none()).count(),
            band: rates.auto_fix.band(),
            rates_before: self::rates(&then),
            playbooks: by_playbook(&now, &then),
            automate: wanted(&now),
            doubts: doubts(&now),
            slowest: slowest(&now),
            rates,
        }
    }

    fn within(&self, span: ReportSpan) -> Cases<'_> {
        let inside = |case: &Case| case.counted.is_some_and(|(at, _)| span.from <= at && at < span.to);
        self.cases.iter().filter(|(_, case)| inside(case)).map(|(id, case)| (*id, case)).collect()
    }
}

/// The cases of a period, oldest first.
type Cases<'a> = Vec<(IncidentId, &'a Case)>;

fn rates<'a>(cases: impl IntoIterator<Item = &'a (IncidentId, &'a Case)>) -> WindowRates {
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

fn by_playbook(now: &Cases<'_>, then: &Cases<'_>) -> Vec<OfPlaybook> {
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

fn wanted(now: &Cases<'_>) -> Vec<LackingOnTarget> {
    let lacking = |case: &Case| Some((Arc::clone(&case.playbook), case.target.clone(), case.lack?));
    let of = |((playbook, target, lack), cases): ((Arc<str>, Target, Lack), Cases<'_>)| {
        let (latest, _) = cases.last()?;
        Some(LackingOnTarget { playbook, target, lack, times: cases.len(), latest: *latest })
    };
    let mut all: Vec<LackingOnTarget> = grouped(now, lacking).into_iter().filter_map(of).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.times));
    all
}

fn doubts(now: &Cases<'_>) -> Vec<Doubt> {
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

fn slowest(now: &Cases<'_>) -> Vec<HealTimes> {
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
