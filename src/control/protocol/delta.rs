//! From one snapshot to the next in few bytes: what did not change is not said, and of a row that did, only the end
//! of its long series.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::success::automation_gaps::Wanting;
use crate::core::success::rate::{PlaybookRates, Rates, Trend};
use crate::core::success::totals::Totals;
use crate::core::{Mono, Now};
use crate::engine::Snapshot;
use crate::engine::snapshot::{
    BreakerView, DetectorView, EngineStats, HostLoad, IncidentView, MaintenanceView, Message, PauseView, PlaybookView,
    Recurring, Snooze, Storm, TimelineMark,
};

/// How a snapshot differs from the one before it. What is left out is as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Of the snapshot that this is about.
    from: u64,
    generation: u64,
    now: Now,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strip: Option<(Option<HostLoad>,)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recording: Option<Result<(), Arc<str>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    systemd_silent: Option<(Option<Arc<str>>,)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storm: Option<(Option<Storm>,)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pauses: Option<Vec<PauseView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maintenance: Option<Vec<MaintenanceView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snoozes: Option<Vec<Snooze>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detectors: Option<List<DetectorView, RowDelta>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breakers: Option<Vec<BreakerView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incidents: Option<List<Arc<IncidentView>, Arc<IncidentView>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playbooks: Option<List<Arc<PlaybookView>, Arc<PlaybookView>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rates: Option<Box<Rates>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playbook_rates: Option<Vec<PlaybookRates>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trend: Option<Trend>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wanting: Option<Vec<Wanting>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    totals: Option<Totals>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undelivered: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine_stats: Option<(Option<EngineStats>,)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recurring: Option<Vec<Recurring>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<List<Message, Message>>,
}

/// How a list differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum List<T, C> {
    /// Rows at these places, counted from 0.
    Rows(Vec<(usize, C)>),
    /// So many rows stay at the front and at the back; these come between.
    Between(usize, Vec<T>, usize),
}

/// How a detector's row differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowDelta {
    /// Without its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bare: Option<Box<DetectorView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marks: Option<Series<TimelineMark>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    figures: Option<Series<f64>>,
}

/// How a series differs: so many fall off its front, so many stay, and these follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Series<T>(usize, usize, Vec<(Mono, T)>);

/// A difference to another snapshot than the one that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a difference does not fit the state that is known")]
pub struct Mismatch;

impl Difference {
    /// From one snapshot to a later one of the same engine.
    #[must_use]
    pub fn between(old: &Snapshot, new: &Snapshot) -> Self {
        Self {
            from: old.generation,
            generation: new.generation,
            now: new.now,
            host: changed(&old.host, &new.host),
            strip: changed(&old.strip, &new.strip).map(|strip| (strip,)),
            recording: changed(&old.recording, &new.recording),
            systemd_silent: changed(&old.systemd_silent, &new.systemd_silent).map(|silent| (silent,)),
            storm: changed(&old.storm, &new.storm).map(|storm| (storm,)),
            pauses: changed(&old.pauses, &new.pauses),
            maintenance: changed(&old.maintenance, &new.maintenance),
            snoozes: changed(&old.snoozes, &new.snoozes),
            detectors: list(&old.detectors, &new.detectors, row),
            breakers: changed(&old.breakers, &new.breakers),
            incidents: list(&old.incidents, &new.incidents, |_, new| Arc::clone(new)),
            playbooks: list(&old.playbooks, &new.playbooks, |_, new| Arc::clone(new)),
            rates: changed(&old.rates, &new.rates).map(Box::new),
            playbook_rates: changed(&old.playbook_rates, &new.playbook_rates),
            trend: changed(&old.trend, &new.trend),
            wanting: changed(&old.wanting, &new.wanting),
            totals: changed(&old.totals, &new.totals),
            undelivered: changed(&old.undelivered, &new.undelivered),
            engine_stats: changed(&old.engine_stats, &new.engine_stats).map(|stats| (stats,)),
            recurring: changed(&old.recurring, &new.recurring),
            messages: list(&old.messages, &new.messages, |_, new| new.clone()),
        }
    }

    /// The later snapshot. Who looks stays who looked: that is not the engine's to say.
    ///
    /// # Errors
    /// Where this is about another snapshot.
    pub fn onto(self, old: &Snapshot) -> Result<Snapshot, Mismatch> {
        if self.from != old.generation {
            return Err(Mismatch);
        }
        Ok(Snapshot {
            generation: self.generation,
            now: self.now,
            host: self.host.unwrap_or_else(|| Arc::clone(&old.host)),
            operator: old.operator.clone(),
            strip: self.strip.map_or(old.strip, |(strip,)| strip),
            recording: self.recording.unwrap_or_else(|| old.recording.clone()),
            unwatched: old.unwatched,
            systemd_silent: self.systemd_silent.map_or_else(|| old.systemd_silent.clone(), |(silent,)| silent),
            storm: self.storm.map_or_else(|| old.storm.clone(), |(storm,)| storm),
            pauses: self.pauses.unwrap_or_else(|| old.pauses.clone()),
            maintenance: self.maintenance.unwrap_or_else(|| old.maintenance.clone()),
            snoozes: self.snoozes.unwrap_or_else(|| old.snoozes.clone()),
            detectors: relist(self.detectors, &old.detectors, |old, row: RowDelta| row.onto(old))?,
            breakers: self.breakers.unwrap_or_else(|| old.breakers.clone()),
            incidents: relist(self.incidents, &old.incidents, |_, new| Ok(new))?,
            playbooks: relist(self.playbooks, &old.playbooks, |_, new| Ok(new))?,
            rates: self.rates.map_or_else(|| old.rates.clone(), |rates| *rates),
            playbook_rates: self.playbook_rates.unwrap_or_else(|| old.playbook_rates.clone()),
            trend: self.trend.unwrap_or_else(|| old.trend.clone()),
            wanting: self.wanting.unwrap_or_else(|| old.wanting.clone()),
            totals: self.totals.unwrap_or_else(|| old.totals.clone()),
            undelivered: self.undelivered.unwrap_or(old.undelivered),
            engine_stats: self.engine_stats.map_or(old.engine_stats, |(stats,)| stats),
            recurring: self.recurring.unwrap_or_else(|| old.recurring.clone()),
            messages: relist(self.messages, &old.messages, |_, new| Ok(new))?,
        })
    }
}

fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
    (old != new).then(|| new.clone())
}

fn list<T: PartialEq + Clone, C>(old: &[T], new: &[T], change: impl Fn(&T, &T) -> C) -> Option<List<T, C>> {
    if old.len() == new.len() {
        let pairs = old.iter().zip(new).enumerate();
        let rows: Vec<_> =
            pairs.filter(|(_, (old, new))| old != new).map(|(at, (old, new))| (at, change(old, new))).collect();
        return (!rows.is_empty()).then_some(List::Rows(rows));
    }
    let shorter = old.len().min(new.len());
    let front = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let back = old.iter().rev().zip(new.iter().rev()).take(shorter - front).take_while(|(old, new)| old == new).count();
    Some(List::Between(front, new[front..new.len() - back].to_vec(), back))
}

fn relist<T: Clone, C>(
    difference: Option<List<T, C>>,
    old: &[T],
    change: impl Fn(&T, C) -> Result<T, Mismatch>,
) -> Result<Vec<T>, Mismatch> {
    match difference {
        None => Ok(old.to_vec()),
        Some(List::Rows(rows)) => {
            let mut new = old.to_vec();
            for (at, row) in rows {
                let place = new.get_mut(at).ok_or(Mismatch)?;
                *place = change(place, row)?;
            }
            Ok(new)
        }
        Some(List::Between(front, middle, back)) => {
            if front.saturating_add(back) > old.len() {
                return Err(Mismatch);
            }
            Ok([&old[..front], &middle, &old[old.len() - back..]].concat())
        }
    }
}

fn row(old: &DetectorView, new: &DetectorView) -> RowDelta {
    let bare = |row: &DetectorView| DetectorView { marks: Vec::new(), figures: Vec::new(), ..row.clone() };
    RowDelta {
        bare: changed(&bare(old), &bare(new)).map(Box::new),
        marks: series(&old.marks, &new.marks),
        figures: series(&old.figures, &new.figures),
    }
}

impl RowDelta {
    fn onto(self, old: &DetectorView) -> Result<DetectorView, Mismatch> {
        let mut new = self.bare.map_or_else(|| old.clone(), |row| *row);
        new.marks = reseries(self.marks, &old.marks)?;
        new.figures = reseries(self.figures, &old.figures)?;
        Ok(new)
    }
}

fn series<T: PartialEq + Copy>(old: &[(Mono, T)], new: &[(Mono, T)]) -> Option<Series<T>> {
    if old == new {
        return None;
    }
    // old ones fall off the front, the rest stays but for its end
    let first = new.first().map_or(old.len(), |first| old.iter().position(|one| one == first).unwrap_or(old.len()));
    let stay = old[first..].iter().zip(new).take_while(|(old, new)| old == new).count();
    Some(Series(first, stay, new[stay..].to_vec()))
}

fn reseries<T: Copy>(difference: Option<Series<T>>, old: &[(Mono, T)]) -> Result<Vec<(Mono, T)>, Mismatch> {
    let Some(Series(first, stay, end)) = difference else { return Ok(old.to_vec()) };
    let kept = first.checked_add(stay).and_then(|until| old.get(first..until)).ok_or(Mismatch)?;
    Ok([kept, &end].concat())
}
