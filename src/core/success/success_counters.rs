//! The success rate's counters: four trailing windows, kept as incidents end, so that showing them costs nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::rate::{PlaybookRates, Rates, Trend, WindowRates};
use super::trend::Pictures;
use crate::core::time::Mono;

const HOUR: u64 = 3600;
const LENGTHS: [Duration; 4] = [
    Duration::from_secs(HOUR),
    Duration::from_secs(24 * HOUR),
    Duration::from_secs(7 * 24 * HOUR),
    Duration::from_secs(30 * 24 * HOUR),
];

/// What counts of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountedOutcome {
    /// Whether the engine, operators or both attempted something.
    pub hands: Actor,
    /// How the incident counts in the rates.
    pub end: Disposition,
}

/// Who attempted something in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Actor {
    /// Nothing was attempted.
    #[default]
    None,
    /// Every attempt was automatic.
    Auto,
    /// Only approved or hand-started ones.
    Assisted,
    /// Automatic ones, then an operator's.
    Both,
}

/// How an incident stands in the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disposition {
    /// Counts nowhere: superseded, or never a fault.
    #[default]
    Nowhere,
    /// Healed by an automatic attempt, no human called for it.
    Healed,
    /// Healed by an approved or hand-started attempt.
    HealedAssisted,
    /// Needed action, and was not healed, or not for an hour.
    Unhealed,
    /// Cleared before any action.
    SelfCleared,
    /// The playbook is in shadow: what it would have done was recorded, and nothing was done.
    Shadow,
}

/// Where an incident's entry lies.
pub type EntryNumber = u64;

/// The entries of 30 days and the sums of each window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SuccessCounters {
    entries: VecDeque<CountedIncident>,
    first: EntryNumber,
    windows: [Sums; 4],
    pictures: Pictures,
}

#[derive(Debug, Clone, PartialEq)]
struct CountedIncident {
    at: Mono,
    playbook: Arc<str>,
    verdict: CountedOutcome,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Sums {
    start: EntryNumber,
    rates: WindowRates,
    /// The same by playbook; those that had no incident are not there.
    books: BTreeMap<Arc<str>, WindowRates>,
}

impl Sums {
    fn add(&mut self, playbook: &Arc<str>, verdict: CountedOutcome, up: bool) {
        add(&mut self.rates, verdict, up);
        let book = self.books.entry(Arc::clone(playbook)).or_default();
        add(book, verdict, up);
        if *book == WindowRates::default() {
            self.books.remove(playbook);
        }
    }
}

impl SuccessCounters {
    /// An incident ended, or was escalated.
    pub fn push(&mut self, at: Mono, playbook: &Arc<str>, verdict: CountedOutcome) -> EntryNumber {
        let at = self.entries.back().map_or(at, |last| at.max(last.at));
        self.expire(at);
        self.entries.push_back(CountedIncident { at, playbook: Arc::clone(playbook), verdict });
        for sums in &mut self.windows {
            sums.add(playbook, verdict, true);
        }
        self.pictures.change(at, |rates| add(rates, verdict, true));
        self.first + self.entries.len() as u64 - 1
    }

    /// Its verdict changed: it relapsed, or an escalated one ended.
    pub fn amend(&mut self, place: EntryNumber, verdict: CountedOutcome) {
        let Some(entry) = self.index(place).and_then(|index| self.entries.get_mut(index)) else { return };
        let former = std::mem::replace(&mut entry.verdict, verdict);
        for sums in self.windows.iter_mut().filter(|sums| sums.start <= place) {
            sums.add(&entry.playbook, former, false);
            sums.add(&entry.playbook, verdict, true);
        }
        self.pictures.change(entry.at, |rates| {
            add(rates, former, false);
            add(rates, verdict, true);
        });
    }

    /// The entry there, if it is not too old.
    pub fn get(&self, place: EntryNumber) -> Option<CountedOutcome> {
        self.index(place).and_then(|index| self.entries.get(index)).map(|entry| entry.verdict)
    }

    /// The success rates of the four windows that end at this moment.
    pub fn rates(&self, now: Mono) -> Rates {
        let [hour, day, week, month] = self.sums(now).map(|sums| sums.rates);
        Rates { hour, day, week, month }
    }

    /// The rates of every playbook that had an incident in the last 30 days, by name.
    pub fn by_playbook(&self, now: Mono) -> Vec<PlaybookRates> {
        let [hour, day, week, month] = self.sums(now).map(|sums| sums.books);
        let of =
            |books: &BTreeMap<Arc<str>, WindowRates>, name: &Arc<str>| books.get(name).cloned().unwrap_or_default();
        let rates = |name: &Arc<str>, month: &WindowRates| PlaybookRates {
            playbook: Arc::clone(name),
            rates: Rates { hour: of(&hour, name), day: of(&day, name), week: of(&week, name), month: month.clone() },
        };
        month.iter().map(|(name, month)| rates(name, month)).collect()
    }

    /// The success rate by hour and by day, up to this moment.
    pub fn trend(&self, now: Mono) -> Trend {
        self.pictures.drawn(now)
    }

    fn sums(&self, now: Mono) -> [Sums; 4] {
        [0, 1, 2, 3].map(|window| {
            let mut sums = self.windows[window].clone();
            self.drop_old(&mut sums, now, LENGTHS[window]);
            sums
        })
    }

    fn expire(&mut self, now: Mono) {
        for (window, length) in LENGTHS.into_iter().enumerate() {
            let mut sums = std::mem::take(&mut self.windows[window]);
            self.drop_old(&mut sums, now, length);
            self.windows[window] = sums;
        }
        let keep = self.windows[3].start;
        while self.first < keep && self.entries.pop_front().is_some() {
            self.first += 1;
        }
    }

    fn drop_old(&self, sums: &mut Sums, now: Mono, length: Duration) {
        while let Some(entry) = self.index(sums.start).and_then(|index| self.entries.get(index)) {
            if now.since(entry.at) <= length {
                break;
            }
            sums.add(&entry.playbook, entry.verdict, false);
            sums.start += 1;
        }
    }

    fn index(&self, place: EntryNumber) -> Option<usize> {
        place.checked_sub(self.first).and_then(|index| usize::try_from(index).ok())
    }
}

/// Counts a verdict in, or out again.
pub(in crate::core) fn add(rates: &mut WindowRates, verdict: CountedOutcome, up: bool) {
    let count = |figure: &mut u32, counts: bool| {
        if counts {
            *figure = if up { figure.saturating_add(1) } else { figure.saturating_sub(1) };
        }
    };
    let auto = matches!(verdict.hands, Actor::Auto | Actor::Both);
    let assisted = matches!(verdict.hands, Actor::Assisted | Actor::Both);
    let needed = matches!(verdict.end, Disposition::Healed | Disposition::HealedAssisted | Disposition::Unhealed);
    count(&mut rates.auto_fix.whole, needed && auto);
    count(&mut rates.auto_fix.part, auto && verdict.end == Disposition::Healed);
    count(&mut rates.coverage.whole, needed);
    count(&mut rates.coverage.part, needed && auto);
    count(&mut rates.assisted.whole, needed && assisted);
    count(&mut rates.assisted.part, assisted && verdict.end == Disposition::HealedAssisted);
    count(&mut rates.self_cleared, verdict.end == Disposition::SelfCleared);
    count(&mut rates.shadow, verdict.end == Disposition::Shadow);
}
