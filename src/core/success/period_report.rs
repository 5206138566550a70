//! The report on a period: the journal is folded once more, each incident gets its verdict, and the sums show what to
//! automate next and what to stop automating.

mod report;
mod summary;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
pub use report::{Doubt, HealTimes, LackingOnTarget, OfPlaybook, PeriodReport, ReportSpan, Why};
use summary::{Cases, by_playbook, doubts, rates, slowest, wanted};

use super::automation_gaps::Lack;
use super::success_counters::{CountedOutcome, Disposition};
use crate::core::event::Recorded;
use crate::core::event::concern::{Concern, DecisionEvent, IncidentEvent, PageOccasion};
use crate::core::id::IncidentId;
use crate::core::incident::{Cause, Outcome};
use crate::core::state::State;
use crate::core::time::Mono;
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

impl Account {
    /// Folds one event, oldest first.
    pub fn fold(&mut self, recorded: &Arc<Recorded>) {
        self.state.apply(recorded);
        match recorded.event.concern() {
            Concern::Incident(event) => self.fold_incident(event, recorded),
            Concern::Decision(decision) => match decision {
                DecisionEvent::ShadowPlan { incident, .. } => self.lacked(incident, Lack::Arming),
                DecisionEvent::Denied(_)
                | DecisionEvent::Asked(_)
                | DecisionEvent::Approved
                | DecisionEvent::FirstApproved
                | DecisionEvent::Withdrawn => {}
            },
            Concern::Page(page) => match page.occasion {
                PageOccasion::Escalated(cause) => self.escalated(page.incident, cause, recorded),
                PageOccasion::Joined(_)
                | PageOccasion::Announced(_)
                | PageOccasion::Widened { .. }
                | PageOccasion::CalledAgain(_)
                | PageOccasion::AckForwarded(_)
                | PageOccasion::Resolved { .. } => {}
            },
            Concern::Engine(_) | Concern::Reading(_) | Concern::Attempt(_) | Concern::Call(_) | Concern::Rule(_) => {}
        }
    }

    fn fold_incident(&mut self, event: IncidentEvent<'_>, recorded: &Recorded) {
        match event {
            IncidentEvent::Opened { incident, key, playbook, since, .. } => {
                let case = Case {
                    playbook: Arc::clone(playbook),
                    target: key.target.clone(),
                    since,
                    counted: None,
                    healed: None,
                    lack: None,
                    relapsed: false,
                };
                self.cases.insert(incident, case);
            }
            IncidentEvent::Closed { incident, outcome } => {
                self.count(incident, recorded);
                if let (Outcome::Healed { .. }, Some(case)) = (outcome, self.cases.get_mut(&incident)) {
                    case.healed = Some(recorded.mono.since(case.since));
                }
            }
            IncidentEvent::Relapsed { incident } => {
                if let Some(case) = self.cases.get_mut(&incident) {
                    case.relapsed = true;
                    if let Some((_, verdict)) = &mut case.counted {
                        verdict.end = Disposition::Unhealed;
                    }
                }
            }
            IncidentEvent::Suspected => {}
        }
    }

    fn escalated(&mut self, incident: IncidentId, cause: &Cause, recorded: &Recorded) {
        if let Some(lack) = Lack::of(cause) {
            self.lacked(incident, lack);
        }
        self.count(incident, recorded);
    }

    fn lacked(&mut self, id: IncidentId, lack: Lack) {
        if let Some(case) = self.cases.get_mut(&id) {
            case.lack = Some(lack);
        }
    }

    /// Takes over how the incident stands in the success rate; its moment is that of its first count.
    fn count(&mut self, id: IncidentId, recorded: &Recorded) {
        let place = self.state.incidents().find(id).and_then(|incident| incident.place);
        let Some(verdict) = place.and_then(|place| self.state.success().counted(place)) else { return };
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
