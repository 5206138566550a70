//! A backtest on a timeline, and what happened in words: for the verb and for the editor.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Backtest, Lane, Mark, Seen};
use crate::text::clean_line;

/// Rows of words of one target, at most; the rest is counted.
const ROWS: usize = 40;

/// The whole text; a timeline has so many columns.
#[must_use]
pub fn drawn(past: &Backtest, wide: usize) -> String {
    let mut text = String::new();
    let zone = TimeZone::system();
    let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let _ =
        writeln!(text, "{} from {} to {}; nothing is run\n", clean_line(&past.playbook), day(past.from), day(past.to));
    for (written, why) in &past.left_out {
        let _ = writeln!(text, "{}: left out: {}", clean_line(written), clean_line(why));
    }
    for lane in &past.lanes {
        draw(&mut text, (past, wide.max(2)), lane, &zone);
    }
    if past.lanes.is_empty() {
        text.push_str("it has no target on this host\n");
    } else {
        text.push_str(
            "\nfault: # it was there  . it was not  (blank) nothing was read\n\
             marks: F fires  A acts  a asks  H held back  V verified  x did not verify  C a page goes out  E it is over\n\
             The past does not react: an attempt counts as verified where the readings went well by themselves in time; and\n\
             that an operator stopped something, or systemd restarted it, was not kept.\n",
        );
    }
    text
}

fn draw(text: &mut String, past: (&Backtest, usize), lane: &Lane, zone: &TimeZone) {
    let _ = writeln!(text, "{}", clean_line(&lane.target));
    for condition in &lane.never_read {
        let _ = writeln!(text, "  unknown: `{}` was never read in this time", clean_line(condition));
    }
    let _ = writeln!(text, "  fault  |{}|", fault(past, lane));
    let _ = writeln!(text, "  would  |{}|", marks(past, &lane.would));
    let _ = writeln!(text, "  really |{}|", marks(past, &lane.really));
    let mut all: Vec<_> = lane.would.iter().map(|row| ("would", row)).collect();
    all.extend(lane.really.iter().map(|row| ("really", row)));
    all.sort_by_key(|(_, (at, ..))| *at);
    if all.is_empty() {
        text.push_str("  it would have done nothing, and nothing happened\n");
    }
    for (who, (at, mark, words)) in all.iter().take(ROWS) {
        let when = at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S").to_string();
        let _ = writeln!(text, "  {when}  {who:<6}  {:<15}  {}", word(*mark), clean_line(words));
    }
    if all.len() > ROWS {
        let _ = writeln!(text, "  and {} more; --json tells all", all.len() - ROWS);
    }
}

/// Which column a moment is in.
fn column((past, wide): (&Backtest, usize), at: Timestamp) -> usize {
    let whole = past.to.as_millisecond().saturating_sub(past.from.as_millisecond()).max(1);
    let passed = at.as_millisecond().saturating_sub(past.from.as_millisecond()).clamp(0, whole);
    usize::try_from(passed * i64::try_from(wide - 1).unwrap_or(0) / whole).unwrap_or(0)
}

/// A fault within a column shows, however short it was.
fn fault(past: (&Backtest, usize), lane: &Lane) -> String {
    let mut row = vec![Seen::Unknown; past.1];
    for (nth, (at, seen)) in lane.seen.iter().enumerate() {
        let from = column(past, *at);
        let to = lane.seen.get(nth + 1).map_or(past.1 - 1, |(next, _)| column(past, *next));
        for cell in &mut row[from..=to] {
            if nth == 0 || *cell != Seen::Fault {
                *cell = *seen;
            }
        }
    }
    let sign = |seen: Seen| match seen {
        Seen::Unknown => ' ',
        Seen::Well => '.',
        Seen::Fault => '#',
    };
    row.into_iter().map(sign).collect()
}

/// Of several marks in one column the weightiest shows.
fn marks(past: (&Backtest, usize), marks: &[(Timestamp, Mark, String)]) -> String {
    let mut row = vec![None; past.1];
    for (at, mark, _) in marks {
        let cell = &mut row[column(past, *at)];
        if cell.is_none_or(|other| weight(other) <= weight(*mark)) {
            *cell = Some(*mark);
        }
    }
    row.into_iter().map(|mark| mark.map_or(' ', sign)).collect()
}

const fn weight(mark: Mark) -> u8 {
    match mark {
        Mark::Ended => 0,
        Mark::Fired => 1,
        Mark::Stopped => 2,
        Mark::Asked => 3,
        Mark::Acted => 4,
        Mark::Verified => 5,
        Mark::Failed => 6,
        Mark::Called => 7,
    }
}

const fn sign(mark: Mark) -> char {
    match mark {
        Mark::Fired => 'F',
        Mark::Acted => 'A',
        Mark::Asked => 'a',
        Mark::Stopped => 'H',
        Mark::Verified => 'V',
        Mark::Failed => 'x',
        Mark::Called => 'C',
        Mark::Ended => 'E',
    }
}

const fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Fired => "fires",
        Mark::Acted => "acts",
        Mark::Asked => "asks",
        Mark::Stopped => "held back",
        Mark::Verified => "verified",
        Mark::Failed => "not verified",
        Mark::Called => "a page goes out",
        Mark::Ended => "over",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_fault_shows_and_so_does_the_weightiest_mark() {
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        let lane = Lane {
            target: "unit a.service".into(),
            seen: vec![(at(0), Seen::Unknown), (at(3200), Seen::Well), (at(4800), Seen::Fault), (at(4801), Seen::Well)],
            never_read: vec!["not active".into()],
            would: vec![
                (at(4801), Mark::Fired, "incident #1: failed".into()),
                (at(4802), Mark::Called, "the breaker opened".into()),
            ],
            really: Vec::new(),
        };
        let past =
            Backtest { playbook: "a".into(), from: at(0), to: at(6400), lanes: vec![lane], left_out: Vec::new() };
        let text = drawn(&past, 64);
        let row = |name: &str| {
            let found = text.lines().find(|one| one.trim_start().starts_with(name)).unwrap();
            found.split('|').nth(1).unwrap().to_owned()
        };
        let fault = row("fault");
        assert_eq!(fault.len(), 64);
        assert!(fault.starts_with("          ") && fault.ends_with('.'), "{fault}");
        assert_eq!((fault.find('#'), fault.matches('#').count()), (Some(47), 1), "{fault}");
        assert_eq!(row("would").find('C'), Some(47));
        assert_eq!(row("really").trim(), "");
        assert!(text.contains("never read"), "{text}");
    }
}
