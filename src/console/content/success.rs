//! What the success page lists: windows, playbooks, and what the figures ask a person to do. Worked out from a
//! snapshot, so that the page, its cursor and its keys cannot disagree.

use std::sync::Arc;

use super::format;
use crate::core::success::automation_gaps::Wanting;
use crate::core::success::rate::{Band, PlaybookRates, Rates, Share, WindowRates};
use crate::core::{IncidentId, Key};
use crate::engine::Snapshot;
use crate::engine::snapshot::Recurring;

/// How far back one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SuccessSpan {
    /// The last hour.
    Hour,
    /// The last 24 hours.
    #[default]
    Day,
    /// The last 7 days.
    Week,
    /// The last 30 days.
    Month,
}

impl SuccessSpan {
    /// From the shortest to the longest.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As it stands before a figure.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// As it stands in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hour => "the last hour",
            Self::Day => "the last 24 hours",
            Self::Week => "the last 7 days",
            Self::Month => "the last 30 days",
        }
    }

    /// Its rates of the four.
    #[must_use]
    pub const fn of(self, rates: &Rates) -> &WindowRates {
        match self {
            Self::Hour => &rates.hour,
            Self::Day => &rates.day,
            Self::Week => &rates.week,
            Self::Month => &rates.month,
        }
    }

    /// The columns that a picture of it has, and what one is.
    #[must_use]
    pub fn columns(self, snapshot: &Snapshot) -> (&[WindowRates], &'static str) {
        let days = &snapshot.trend.days[..];
        match self {
            Self::Hour | Self::Day => (&snapshot.trend.hours, "hour"),
            Self::Week => (&days[days.len().saturating_sub(7)..], "day"),
            Self::Month => (days, "day"),
        }
    }
}

/// One row that the cursor can stand on.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    /// The rates of one window.
    Window(SuccessSpan),
    /// The rates of one playbook.
    Playbook(&'a PlaybookRates),
    /// Something to write, or to arm.
    Wanting(&'a Wanting),
    /// What heals again and again.
    Recurring(&'a Recurring),
    /// A playbook whose attempts do not fix.
    Failing(&'a PlaybookRates),
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Name of the playbook that the row is about.
    pub playbook: Arc<str>,
    /// The key, where there is one.
    pub key: Option<Key>,
    /// The incident to open from the row, where the snapshot still has it.
    pub incident: Option<IncidentId>,
}

impl Item<'_> {
    /// What the row is known by when rows move.
    #[must_use]
    pub fn id(&self) -> Arc<str> {
        match self {
            Self::Window(span) => window_id(*span),
            Self::Playbook(rates) => format!("playbook {}", rates.playbook).into(),
            Self::Wanting(one) => format!("wanting {} {} {:?}", one.playbook, one.target, one.lack).into(),
            Self::Recurring(one) => format!("recurring {} {}", one.playbook, one.key.target).into(),
            Self::Failing(rates) => format!("failing {}", rates.playbook).into(),
        }
    }

    /// What it is about; a window is about nothing in particular.
    #[must_use]
    pub fn about(&self, snapshot: &Snapshot) -> Option<About> {
        let known = |id: IncidentId| snapshot.incidents.iter().any(|incident| incident.id == id).then_some(id);
        match self {
            Self::Window(_) => None,
            Self::Playbook(rates) | Self::Failing(rates) => {
                Some(About { playbook: Arc::clone(&rates.playbook), key: None, incident: None })
            }
            Self::Wanting(one) => {
                let key = snapshot.detectors.iter().filter(|detector| detector.playbook == one.playbook);
                let key = key.filter_map(|detector| detector.key.clone()).find(|key| key.target == one.target);
                Some(About { playbook: Arc::clone(&one.playbook), key, incident: known(one.latest) })
            }
            Self::Recurring(one) => {
                let incident = snapshot.incidents.iter().find(|incident| incident.key == one.key);
                let (playbook, key) = (Arc::clone(&one.playbook), Some(one.key.clone()));
                Some(About { playbook, key, incident: incident.map(|incident| incident.id) })
            }
        }
    }
}

/// What a window's row is known by.
#[must_use]
pub fn window_id(span: SuccessSpan) -> Arc<str> {
    format!("window {}", span.label()).into()
}

/// Every row, in order.
#[must_use]
pub fn items(snapshot: &Snapshot, span: SuccessSpan) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = SuccessSpan::ALL.map(Item::Window).into();
    items.extend(books(snapshot, span).into_iter().map(Item::Playbook));
    items.extend(snapshot.wanting.iter().map(Item::Wanting));
    items.extend(snapshot.recurring.iter().map(Item::Recurring));
    items.extend(failing(snapshot).into_iter().map(Item::Failing));
    items
}

/// What the rows are known by.
#[must_use]
pub fn ids(snapshot: &Snapshot, span: SuccessSpan) -> Vec<Arc<str>> {
    items(snapshot, span).iter().map(Item::id).collect()
}

/// The playbooks that had an incident that counts in this window, those with the most first.
fn books(snapshot: &Snapshot, span: SuccessSpan) -> Vec<&PlaybookRates> {
    let weight = |book: &PlaybookRates| {
        let rates = span.of(&book.rates);
        (rates.auto_fix.whole, rates.coverage.whole)
    };
    let mut books: Vec<_> = snapshot.playbook_rates.iter().filter(|book| weight(book) != (0, 0)).collect();
    books.sort_by_key(|book| std::cmp::Reverse(weight(book)));
    books
}

/// Playbooks that over 30 days surely fix less than they should, the worst first: whether to go on with them is for a
/// person to say.
fn failing(snapshot: &Snapshot) -> Vec<&PlaybookRates> {
    let share = |book: &PlaybookRates| book.rates.month.auto_fix;
    let low = |share: Share| share.band() == Band::TooLow || share.interval().is_some_and(|(_, high)| high < 70.0);
    let mut books: Vec<_> = snapshot.playbook_rates.iter().filter(|book| low(share(book))).collect();
    books.sort_by(|a, b| share(a).percent().unwrap_or(0.0).total_cmp(&share(b).percent().unwrap_or(0.0)));
    books
}

/// When a thing heals again and again: how far apart, and at which hours of the day where that says something.
#[must_use]
pub fn pattern(recurring: &Recurring, zone: &jiff::tz::TimeZone) -> String {
    let mut gaps: Vec<_> =
        recurring.healed.windows(2).map(|pair| pair[1].mono.since(pair[0].mono)).filter(|gap| !gap.is_zero()).collect();
    gaps.sort_unstable();
    let apart = gaps.get(gaps.len() / 2).map(|gap| format!("about every {}", format::age(*gap)));
    let mut hours = [0_usize; 24];
    for healed in &recurring.healed {
        let hour = healed.wall.to_zoned(zone.clone()).hour();
        hours[usize::from(hour.unsigned_abs()) % 24] += 1;
    }
    let (hour, most) = hours.iter().enumerate().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
    let telling = *most >= 3 && most * 2 > recurring.healed.len();
    let at =
        telling.then(|| format!("{most} of {} between {hour:02}:00 and {:02}:00", recurring.healed.len(), hour + 1));
    apart.into_iter().chain(at).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture;
    use crate::core::{Mono, Now};

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let snapshot = fixture::trouble();
        for span in SuccessSpan::ALL {
            let mut ids = ids(&snapshot, span);
            let count = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), count);
        }
    }

    #[test]
    fn playbooks_that_fix_too_little_are_named_and_small_numbers_are_not_enough() {
        let mut snapshot = fixture::trouble();
        let names =
            |snapshot: &Snapshot| failing(snapshot).iter().map(|book| book.playbook.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&snapshot), ["disk-full"]);
        snapshot.playbook_rates[0].rates.month.auto_fix = Share { part: 1, whole: 2 };
        assert!(names(&snapshot).is_empty(), "two incidents say nothing");
        snapshot.playbook_rates[0].rates.month.auto_fix = Share { part: 0, whole: 6 };
        assert_eq!(names(&snapshot), ["disk-full"], "six of six failures do");
    }

    #[test]
    fn a_pattern_is_named_only_where_there_is_one() {
        let healed = |hours: &[u64]| {
            let now = |hour: &u64| Now {
                mono: Mono(hour * 3_600_000),
                wall: jiff::Timestamp::from_second(i64::try_from(hour * 3600).unwrap_or(0)).unwrap_or_default(),
                minute_of_day: 0,
            };
            Recurring { healed: hours.iter().map(now).collect(), ..fixture::trouble().recurring[0].clone() }
        };
        let utc = jiff::tz::TimeZone::UTC;
        assert_eq!(pattern(&healed(&[3, 27, 51, 75, 99, 110]), &utc), "about every 1d, 5 of 6 between 03:00 and 04:00");
        assert_eq!(pattern(&healed(&[1, 4, 7, 10, 13, 16]), &utc), "about every 3h");
        assert_eq!(pattern(&healed(&[]), &utc), "");
    }
}
