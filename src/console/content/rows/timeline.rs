//! The last hour of a row, as one mark for each column of the picture.

use crate::core::Mono;
use crate::engine::snapshot::TimelineMark;

/// One sign for each bucket of the last hour: the gravest mark that was set in it, else what held before.
#[must_use]
pub fn timeline(marks: &[(Mono, TimelineMark)], now: Mono, buckets: usize, span_ms: u64) -> Vec<Option<TimelineMark>> {
    let width = (span_ms / u64::try_from(buckets.max(1)).unwrap_or(1)).max(1);
    // aligned to the clock, so that the picture moves by whole columns and not with every second
    let last = now.0 / width;
    let mut state = None;
    let mut marks = marks.iter().peekable();
    (0..buckets)
        .map(|column| {
            let bucket = (last + 1 + column as u64).checked_sub(buckets as u64)?;
            let mut shown = state;
            while let Some((_, mark)) = marks.next_if(|(at, _)| at.0 / width <= bucket) {
                shown = if shown.is_none_or(|shown| gravity(shown) <= gravity(*mark)) { Some(*mark) } else { shown };
                state = Some(*mark);
            }
            shown
        })
        .collect()
}

/// Which of two marks in one column is shown: the higher.
const fn gravity(mark: TimelineMark) -> u8 {
    match mark {
        TimelineMark::NoData => 0,
        TimelineMark::Ok => 1,
        TimelineMark::Unknown => 2,
        TimelineMark::Broken => 3,
        TimelineMark::Verified => 4,
        TimelineMark::Fixing => 5,
        TimelineMark::Asked => 6,
        TimelineMark::Failed => 7,
        TimelineMark::Escalated => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_shows_its_gravest_mark_and_goes_on_with_its_last() {
        let marks =
            [(5, TimelineMark::Ok), (31, TimelineMark::Broken), (33, TimelineMark::Fixing), (38, TimelineMark::Ok)];
        let marks: Vec<_> = marks.into_iter().map(|(at, mark)| (Mono(at), mark)).collect();
        let drawn = timeline(&marks, Mono(65), 7, 70);
        let [ok, fixing] = [Some(TimelineMark::Ok), Some(TimelineMark::Fixing)];
        assert_eq!(drawn, [ok, ok, ok, fixing, ok, ok, ok]);
    }

    #[test]
    fn the_picture_moves_a_column_per_bucket_only() {
        let marks = [(Mono(100), TimelineMark::Ok), (Mono(150), TimelineMark::Broken)];
        assert_eq!(timeline(&marks, Mono(180), 10, 100), timeline(&marks, Mono(189), 10, 100));
        assert_ne!(timeline(&marks, Mono(180), 10, 100), timeline(&marks, Mono(190), 10, 100));
        assert_eq!(timeline(&[], Mono(3), 0, 100), []);
        assert_eq!(timeline(&[(Mono(90), TimelineMark::Ok)], Mono(3), 4, 2), [None; 4]);
    }
}
