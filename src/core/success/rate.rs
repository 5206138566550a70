//! The success rate, the meta-metric: does the automation fix what it touches, and does it touch enough?

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The rates of the four windows: 1 h, 24 h, 7 d, 30 d.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rates {
    /// The last hour.
    pub hour: WindowRates,
    /// The last 24 hours.
    pub day: WindowRates,
    /// The last 7 days.
    pub week: WindowRates,
    /// The last 30 days.
    pub month: WindowRates,
}

/// One playbook's rates, where it had any incident in the last 30 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaybookRates {
    /// The playbook's name; its versions are counted together.
    pub playbook: Arc<str>,
    /// Success rates of this playbook alone, in each of the four windows.
    pub rates: Rates,
}

/// How the rates went, oldest first; the last column is not over yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trend {
    /// The last 24 hours, a column an hour.
    pub hours: Vec<WindowRates>,
    /// The last 30 days, a column a day.
    pub days: Vec<WindowRates>,
}

/// One window's rates. Unit: incident, counted when it ended (or was escalated).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WindowRates {
    /// Healed with no human and not relapsed, of incidents in which an unapproved attempt started.
    pub auto_fix: Share,
    /// Incidents with an automatic attempt, of all that needed action.
    pub coverage: Share,
    /// Healed, of incidents with approved or hand-started attempts.
    pub assisted: Share,
    /// Cleared before any action: the hold time is too short.
    pub self_cleared: u32,
    /// What shadow would have done.
    pub shadow: u32,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Share {
    /// How many have the property that the share is about; never more than `whole`.
    pub part: u32,
    /// How many there are in all.
    pub whole: u32,
}

/// What to make of an auto-fix rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// There were fewer than 10 incidents, too few for a verdict.
    NoVerdict,
    /// Below 70 %: remediations do not fix.
    TooLow,
    /// 70 % up to below 100 % (or 100 % with fewer than 20 incidents).
    InBand,
    /// 100 % with 20 or more: the pagers that still fire have no playbook yet.
    UnderAutomated,
}

impl Share {
    /// Percent, 0 to 100; none of nothing.
    #[must_use]
    pub fn percent(self) -> Option<f64> {
        (self.whole > 0).then(|| f64::from(self.part) / f64::from(self.whole) * 100.0)
    }

    /// The 95 % Wilson score interval, in percent; none of nothing.
    #[must_use]
    pub fn interval(self) -> Option<(f64, f64)> {
        const Z: f64 = 1.959_963_984_540_054;
        if self.whole == 0 {
            return None;
        }
        let (n, p) = (f64::from(self.whole), f64::from(self.part) / f64::from(self.whole));
        let middle = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 100.0 / (1.0 + Z * Z / n);
        Some((((middle - spread) * scale).max(0.0), ((middle + spread) * scale).min(100.0)))
    }

    /// What to make of it as an auto-fix rate.
    #[must_use]
    pub fn band(self) -> Band {
        match (self.part, self.whole) {
            (_, ..10) => Band::NoVerdict,
            (part, whole) if part == whole && whole >= 20 => Band::UnderAutomated,
            (part, whole) if u64::from(part) * 10 < u64::from(whole) * 7 => Band::TooLow,
            _ => Band::InBand,
        }
    }
}
