//! A backtest on a timeline, and what happened in words: for the verb and for the editor.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Backtest, BacktestMark, FaultSeen, TargetTimeline};
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
        writeln!(text, "{} from {} to {}; nothing runs\n", clean_line(&past.playbook), day(past.from), day(past.to));
    for (written, why) in &past.left_out {
        let _ = writeln!(text, "{}: skipped: {}", clean_line(written), clean_line(why));
    }
    for lane in &past.lanes {
        draw(&mut text, (past, wide.max(2)), lane, &zone);
    }
    if past.lanes.is_empty() {
        text.push_str("no matching target on this host\n");
    } else {
        text.push_str(
            "\nfault: # firing  . clear  (blank) no reading\n\
             marks: F fires  A acts  a needs approval  H on hold  V verified  x not verified  C pages  E closed\n\
             A backtest cannot change the past: an attempt counts as verified if the recorded readings passed in time;\n\
             stops by an operator and restarts by systemd are not part of the record.\n",
        );
    }
    text
}

fn draw(text: &mut String, past: (&Backtest, usize), lane: &TargetTimeline, zone: &TimeZone) {
    let _ = writeln!(text, "{}", clean_line(&lane.target));
    for condition in &lane.never_read {
        let _ = writeln!(text, "  unknown: `{}` has no reading in this period", clean_line(condition));
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
        let _ = writeln!(text, "  and {} more; --json shows all", all.len() - ROWS);
    }
}

/// Which column a moment is in.
fn column((past, wide): (&Backtest, usize), at: Timestamp) -> usize {
    let whole = past.to.as_millisecond().saturating_sub(past.from.as_millisecond()).max(1);
    let passed = at.as_millisecond().saturating_sub(past.from.as_millisecond()).clamp(0, whole);
    usize::try_from(passed * i64::try_from(wide - 1).unwrap_or(0) / whole).unwrap_or(0)
}

/// A fault within a column shows, however short it was.
fn fault(past: (&Backtest, usize), lane: &TargetTimeline) -> String {
    let mut row = vec![FaultSeen::Unknown; past.1];
    for (nth, (at, seen)) in lane.seen.iter().enumerate() {
        let from = column(past, *at);
        let to = lane.seen.get(nth + 1).map_or(past.1 - 1, |(next, _)| column(past, *next));
        for cell in &mut row[from..=to] {
            if nth == 0 || *cell != FaultSeen::Fault {
                *cell = *seen;
            }
        }
    }
    let sign = |seen: FaultSeen| match seen {
        FaultSeen::Unknown => ' ',
        FaultSeen::Well => '.',
        FaultSeen::Fault => '#',
    };
    row.into_iter().map(sign).collect()
}

/// Of several marks in one column the weightiest shows.
fn marks(past: (&Backtest, usize), marks: &[(Timestamp, BacktestMark, String)]) -> String {
    let mut row = vec![None; past.1];
    for (at, mark, _) in marks {
        let cell = &mut row[column(past, *at)];
        if cell.is_none_or(|other| weight(other) <= weight(*mark)) {
            *cell = Some(*mark);
        }
    }
    row.into_iter().map(|mark| mark.map_or(' ', sign)).collect()
}

const fn weight(mark: BacktestMark) -> u8 {
    match mark {
        BacktestMark::Ended => 0,
        BacktestMark::Fired => 1,
        BacktestMark::Stopped => 2,
        BacktestMark::Asked => 3,
        BacktestMark::Acted => 4,
        BacktestMark::Verified => 5,
        BacktestMark::Failed => 6,
        BacktestMark::Called => 7,
    }
}

const fn sign(mark: BacktestMark) -> char {
    match mark {
        BacktestMark::Fired => 'F',
        BacktestMark::Acted => 'A',
        BacktestMark::Asked => 'a',
        BacktestMark::Stopped => 'H',
        BacktestMark::Verified => 'V',
        BacktestMark::Failed => 'x',
        BacktestMark::Called => 'C',
        BacktestMark::Ended => 'E',
    }
}

const fn word(mark: BacktestMark) -> &'static str {
    match mark {
        BacktestMark::Fired => "fires",
        BacktestMark::Acted => "acts",
        BacktestMark::Asked => "needs approval",
        BacktestMark::Stopped => "on hold",
        BacktestMark::Verified => "verified",
        BacktestMark::Failed => "not verified",
        BacktestMark::Called => "pages",
        BacktestMark::Ended => "closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_fault_shows_and_so_does_the_weightiest_mark() {
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        let lane = TargetTimeline {
            target: "unit a.service".into(),
            seen: vec![
                (at(0), FaultSeen::Unknown),
                (at(3200), FaultSeen::Well),
                (at(4800), FaultSeen::Fault),
                (at(4801), FaultSeen::Well),
            ],
            never_read: vec!["not active".into()],
            would: vec![
                (at(4801), BacktestMark::Fired, "incident #1: failed".into()),
                (at(4802), BacktestMark::Called, "the breaker opened".into()),
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
        assert!(text.contains("has no reading"), "{text}");
    }
}
