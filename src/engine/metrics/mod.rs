//! A snapshot as metrics, for the monitoring that watches the watcher. No listener: text on request, or a file for
//! the node exporter's textfile collector.
//!
//! Cardinality is bounded: labels are words of fixed sets, or playbooks' names, of which at most [`NAMED`] are told
//! apart; the rest count together as [`OTHERS`].

mod engine_stats;
mod file;
mod rates;
mod standing;
mod text;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use file::write_textfile;
pub use text::{MetricsFormat, write};

use super::Handle;
use super::snapshot::Snapshot;
use crate::core::incident::{AttemptStarter, Outcome};
use crate::core::success::totals::VERDICTS;
use crate::journal::size;
use text::{Family, MetricKind, Sample};

/// So many playbooks are told apart by name, the first in alphabetical order.
pub const NAMED: usize = 200;
/// The name of all others; no playbook can have it.
pub const OTHERS: &str = "(others)";

/// What a snapshot does not know of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vitals {
    /// For how long the loop has given no sign of progress; none where no loop runs.
    pub beat_age: Option<Duration>,
    /// What the journal takes on disk; none where there is none, or it may not be seen.
    pub journal_bytes: Option<u64>,
}

impl Vitals {
    /// Of a running engine, with its state folder where that is known.
    #[must_use]
    pub fn of(handle: &Handle, state: Option<&Path>) -> Self {
        Self { beat_age: Some(handle.quiet_for()), journal_bytes: state.and_then(size) }
    }

    /// Of a state folder that no engine serves.
    #[must_use]
    pub fn at_rest(state: &Path) -> Self {
        Self { beat_age: None, journal_bytes: size(state) }
    }
}

/// Everything, as text.
#[must_use]
pub fn render(snapshot: &Snapshot, vitals: Vitals, form: MetricsFormat) -> String {
    let names = Names::of(snapshot);
    let mut families = engine(snapshot, vitals);
    families.extend(snapshot.engine_stats.iter().flat_map(engine_stats::engine_stats));
    families.extend(totals(snapshot));
    families.extend(rates::rates(snapshot, &names));
    families.extend(standing::standing(snapshot, &names));
    write(&families, form)
}

/// Counts in figures: exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
const fn figure(count: u64) -> f64 {
    count as f64
}

fn count(counted: usize) -> f64 {
    figure(counted as u64)
}

fn gauge(name: &'static str, unit: Option<&'static str>, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, unit, kind: MetricKind::Gauge, help, samples }
}

fn counter(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, unit: None, kind: MetricKind::Counter, help, samples }
}

fn plain(value: f64) -> Vec<Sample> {
    vec![Sample { labels: Vec::new(), value }]
}

fn yes(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

/// One sample for each word of a fixed set, 0 where it never came up: an alert needs the series before the first case.
fn by_word(label: &'static str, words: &[&str], of: impl Fn(&str) -> f64) -> Vec<Sample> {
    words.iter().map(|word| Sample { labels: vec![(label, (*word).to_owned())], value: of(word) }).collect()
}

fn engine(snapshot: &Snapshot, vitals: Vitals) -> Vec<Family> {
    let build = vec![Sample { labels: vec![("version", env!("CARGO_PKG_VERSION").to_owned())], value: 1.0 }];
    let beat = vitals.beat_age.map_or_else(Vec::new, |age| plain(age.as_secs_f64()));
    let bytes = vitals.journal_bytes.map_or_else(Vec::new, |bytes| plain(figure(bytes)));
    let windows = snapshot.maintenance.iter().filter(|window| window.until.is_some()).count();
    vec![
        gauge("salve_build_info", None, "The version of salve that wrote this.", build),
        gauge("salve_loop_running", None, "1 if a healing loop runs.", plain(yes(vitals.beat_age.is_some()))),
        gauge("salve_loop_beat_age_seconds", Some("seconds"), "Since the loop's last sign of progress.", beat),
        gauge(
            "salve_journal_writable",
            None,
            "1 if records can be written; if not, nothing acts.",
            plain(yes(snapshot.recording.is_ok())),
        ),
        gauge("salve_journal_size_bytes", Some("bytes"), "What the journal takes on disk.", bytes),
        gauge("salve_pauses", None, "Pauses in force, of the host or a playbook.", plain(count(snapshot.pauses.len()))),
        gauge("salve_maintenance_windows", None, "Maintenance windows that have begun.", plain(count(windows))),
        gauge("salve_snoozes", None, "Targets that are left alone for a while.", plain(count(snapshot.snoozes.len()))),
        gauge(
            "salve_pages_undelivered",
            None,
            "Pages that not every channel has taken yet.",
            plain(count(snapshot.undelivered)),
        ),
    ]
}

fn totals(snapshot: &Snapshot) -> Vec<Family> {
    let totals = &snapshot.totals;
    let of = |counts: &BTreeMap<Arc<str>, u64>, word: &str| figure(counts.get(word).copied().unwrap_or(0));
    vec![
        counter("salve_incidents_opened", "Incidents opened.", plain(figure(totals.opened))),
        counter(
            "salve_incidents_closed",
            "Incidents closed, by outcome.",
            by_word("outcome", &Outcome::WORDS, |word| of(&totals.closed, word)),
        ),
        counter(
            "salve_attempts",
            "Remediation attempts started, by who or what started them.",
            by_word("starter", &AttemptStarter::WORDS, |word| of(&totals.attempts, word)),
        ),
        counter(
            "salve_attempts_judged",
            "Remediation attempts judged, by verdict.",
            by_word("verdict", &VERDICTS, |word| of(&totals.verdicts, word)),
        ),
        counter("salve_escalations", "Pages that went out.", plain(figure(totals.escalated))),
    ]
}

/// The playbooks that are told apart.
struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut names: Vec<&str> = snapshot.detectors.iter().map(|row| &*row.playbook).collect();
        names.extend(snapshot.playbook_rates.iter().map(|row| &*row.playbook));
        names.extend(snapshot.breakers.iter().map(|row| &*row.playbook));
        names.sort_unstable();
        names.dedup();
        names.truncate(NAMED);
        Self(names)
    }

    /// One sample a playbook, the sum of its rows.
    fn sum<'b>(&self, rows: impl Iterator<Item = (&'b str, f64)>) -> Vec<Sample> {
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for (name, value) in rows {
            let name = self.0.binary_search(&name).map_or(OTHERS, |at| self.0[at]);
            *sums.entry(name).or_default() += value;
        }
        sums.into_iter().map(|(name, value)| Sample { labels: vec![("playbook", name.to_owned())], value }).collect()
    }
}
