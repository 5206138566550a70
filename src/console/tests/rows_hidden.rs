//! What a small or crowded screen leaves out is told where it is left out.

use super::super::fixture;
use super::keys::Desk;

#[test]
fn a_broken_row_never_scrolls_away_without_a_sign() {
    let mut desk = Desk::new(fixture::trouble());
    desk.model.size = (40, 10);
    let top = desk.screen((40, 10));
    assert!(top.contains("more below"), "{top}");
    let end = desk.keys("G").screen((40, 10));
    assert!(end.contains("not ok above"), "{end}");
}

#[test]
fn a_range_has_the_unit_of_what_was_seen() {
    let mut snapshot = fixture::trouble();
    let row = snapshot.detectors.iter_mut().find(|row| row.seen.as_deref() == Some("97%")).unwrap();
    row.seen = Some("167 MiB".into());
    row.condition = "> 160 MiB".into();
    row.figures = vec![(row.since, 7_262_208.0), (row.since, 175_198_208.0)];
    let screen = Desk::new(snapshot).screen((160, 50));
    assert!(screen.contains("6.9 MiB..167.1 MiB in"), "{screen}");
}

#[test]
fn a_reason_has_the_room_beside_it() {
    let mut snapshot = fixture::trouble();
    for row in &mut snapshot.detectors {
        if let crate::engine::snapshot::Health::NotApplicable(why) = &mut row.health {
            *why = "there is no unit docker.service".into();
        }
    }
    let screen = Desk::new(snapshot).screen((120, 40));
    assert!(screen.contains("n/a: there is no unit docker.service"), "{screen}");
}
