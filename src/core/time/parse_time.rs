//! Moments as people write them: `22:00`, `tomorrow 02:00`, `sat 23:30`, `2026-11-24 02:00`, `in 2h`.

use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::playbook::value::Period;

/// The forms, for messages.
pub const FORMS: &str = "22:00, tomorrow 02:00, sat 23:30, 2026-11-24 02:00 or in 2h";

/// The moment that is meant, seen from `now` in this zone; a bare time of day is the next one.
///
/// # Errors
/// What is wrong, and the right forms.
pub fn parse(written: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let lower = written.trim().to_lowercase();
    let wrong = || format!("{:?} is no moment: write {FORMS}", written.trim());
    if lower.is_empty() {
        return Err(format!("say when: {FORMS}"));
    }
    if lower == "now" {
        return Ok(now);
    }
    let ahead = lower.strip_prefix("in ").or_else(|| lower.strip_prefix('+'));
    if let Some(ahead) = ahead.and_then(length) {
        return SignedDuration::try_from(ahead).ok().and_then(|ahead| now.checked_add(ahead).ok()).ok_or_else(wrong);
    }
    if let Ok(exact) = written.trim().parse::<Timestamp>() {
        return Ok(exact);
    }
    let today = now.to_zoned(zone.clone()).date();
    let (day, time) = day_and_time(&lower).ok_or_else(wrong)?;
    let time = time_of_day(time).ok_or_else(wrong)?;
    let named = |date: Date| date.to_datetime(time).to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).ok();
    let moment = match day {
        None => match named(today) {
            Some(moment) if moment > now => Some(moment),
            _ => today.tomorrow().ok().and_then(named),
        },
        Some("today") => named(today),
        Some("tomorrow") => today.tomorrow().ok().and_then(named),
        Some(day) => match weekday(day) {
            Some(weekday) => next(today, weekday, |date| named(date).filter(|moment| *moment > now)),
            None => day.parse::<Date>().ok().and_then(named),
        },
    };
    moment.ok_or_else(wrong)
}

/// `sat 23:30`, `2026-11-24t02:00`, `22:00`.
fn day_and_time(lower: &str) -> Option<(Option<&str>, &str)> {
    let words: Vec<&str> = lower.split_whitespace().filter(|word| *word != "at").collect();
    match words[..] {
        [day, time] => Some((Some(day), time)),
        [one] if one.starts_with(|c: char| c.is_ascii_digit()) => {
            Some(one.split_once('t').map_or((None, one), |(day, time)| (Some(day), time)))
        }
        _ => None,
    }
}

fn length(written: &str) -> Option<Duration> {
    written.trim().replace(' ', "").parse::<Period>().ok().map(|period| period.0)
}

fn time_of_day(written: &str) -> Option<Time> {
    ["%H:%M", "%H:%M:%S"].iter().find_map(|form| Time::strptime(form, written).ok())
}

fn weekday(written: &str) -> Option<Weekday> {
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let named = |(name, _): &&(&str, Weekday)| written.len() >= 3 && name.starts_with(written);
    days.iter().find(named).map(|(_, day)| *day)
}

/// The first such day from today on whose moment is still ahead.
fn next(today: Date, weekday: Weekday, ahead: impl Fn(Date) -> Option<Timestamp>) -> Option<Timestamp> {
    (0..=7_i64)
        .filter_map(|days| today.checked_add(days.days()).ok())
        .filter(|date| date.weekday() == weekday)
        .find_map(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses a moment as if it were Monday, 14:02:31.
    fn said(written: &str) -> Result<String, String> {
        let now: Timestamp = "2026-11-23T14:02:31Z".parse().expect("a moment");
        parse(written, now, &TimeZone::UTC).map(|moment| moment.to_string())
    }

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (written, meant) in [
            ("22:00", "2026-11-23T22:00:00Z"),
            ("02:30", "2026-11-24T02:30:00Z"),
            ("2:30", "2026-11-24T02:30:00Z"),
            ("14:02", "2026-11-24T14:02:00Z"),
            ("today 14:30", "2026-11-23T14:30:00Z"),
            ("tomorrow 02:00", "2026-11-24T02:00:00Z"),
            (" Tomorrow at 02:00 ", "2026-11-24T02:00:00Z"),
            ("sat 23:30", "2026-11-28T23:30:00Z"),
            ("mon 02:00", "2026-11-30T02:00:00Z"),
            ("tuesday 02:00", "2026-11-24T02:00:00Z"),
            ("2026-12-01 02:00", "2026-12-01T02:00:00Z"),
            ("2026-12-01T02:00", "2026-12-01T02:00:00Z"),
            ("2026-12-01T02:00:00+01:00", "2026-12-01T01:00:00Z"),
            ("in 2h", "2026-11-23T16:02:31Z"),
            ("+90s", "2026-11-23T14:04:01Z"),
            ("in 1h 30m", "2026-11-23T15:32:31Z"),
            ("now", "2026-11-23T14:02:31Z"),
        ] {
            assert_eq!(said(written).as_deref(), Ok(meant), "{written}");
        }
    }

    #[test]
    fn a_time_of_day_is_this_places() {
        let now: Timestamp = "2026-11-23T14:02:31Z".parse().expect("a moment");
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(parse("16:30", now, &zone).map(|at| at.to_string()).as_deref(), Ok("2026-11-23T14:30:00Z"));
    }

    #[test]
    fn what_is_no_moment_is_answered_with_the_right_forms() {
        for written in ["", "later", "25:00", "22", "sat", "in", "in 5", "31.12. 02:00", "a b c", "tomorrow"] {
            assert!(said(written).is_err_and(|why| why.contains(FORMS)), "{written}");
        }
    }
}
