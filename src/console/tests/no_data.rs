//! What was not watched is no data, and is never called well.

use super::super::fixture;
use super::keys::Desk;
use crate::core::Mono;
use crate::engine::Snapshot;
use crate::engine::snapshot::TimelineMark;

/// The fixture's calm host, watched since so many milliseconds ago.
fn calm_since(ago: u64) -> Snapshot {
    let mut snapshot = fixture::calm();
    let since = Mono(snapshot.now.mono.0 - ago);
    for row in snapshot.detectors.iter_mut().filter(|row| !row.marks.is_empty()) {
        row.marks = vec![(since, TimelineMark::Ok)];
    }
    snapshot
}

#[test]
fn nothing_is_called_well_that_was_not_watched() {
    let screen = |snapshot| Desk::new(snapshot).screen((160, 50));
    let whole = screen(calm_since(3_600_000));
    assert!(whole.contains("nothing fired in the last hour"), "{whole}");
    let short = screen(calm_since(4000));
    assert!(short.contains("nothing fired in the last 4s; no data before that"), "{short}");
    assert!(!short.contains("last hour; "), "{short}");

    let mut gap = calm_since(3_600_000);
    let row = gap.detectors.iter_mut().find(|row| !row.marks.is_empty()).unwrap();
    let now = gap.now.mono.0;
    row.marks.extend([(Mono(now - 900_000), TimelineMark::NoData), (Mono(now - 600_000), TimelineMark::Ok)]);
    let gap = screen(gap);
    assert!(gap.contains("nothing fired in the last 10m; no data before that"), "{gap}");

    let mut unread = fixture::calm();
    unread.detectors.iter_mut().for_each(|row| row.marks.clear());
    let unread = screen(unread);
    assert!(unread.contains("no data yet"), "{unread}");
}
