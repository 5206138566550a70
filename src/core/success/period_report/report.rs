//! The report on a period, as it is printed and written as JSON.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::core::id::IncidentId;
use crate::core::success::automation_gaps::Lack;
use crate::core::success::rate::{Band, WindowRates};
use crate::playbook::Target;

/// A period of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportSpan {
    /// First moment that belongs to the period.
    pub from: Timestamp,
    /// First moment after the period; an event at this moment does not count.
    pub to: Timestamp,
}

/// Success rates, gaps and doubts of one period, compared with the period before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PeriodReport {
    /// The period that the report is about.
    pub period: ReportSpan,
    /// The period of the same length before it.
    pub before: ReportSpan,
    /// Incidents that are open and not counted yet.
    pub open: usize,
    /// The success rates of the period over all playbooks.
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

/// One playbook's incidents and success rates in a period.
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
    /// What kept salve from fixing it.
    pub lack: Lack,
    /// Incidents of the period that lacked it.
    pub times: usize,
    /// The latest incident of the period that lacked it.
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
    /// How many of its incidents were healed in the period.
    pub healed: usize,
    /// Half of the incidents were healed within this time, in milliseconds.
    pub median_ms: u64,
    /// Nine in ten incidents were healed within this time, in milliseconds.
    pub p90_ms: u64,
    /// The longest that one incident took from fault to healed, in milliseconds.
    pub worst_ms: u64,
    /// The incident that took longest.
    pub worst: IncidentId,
}
