//! A journal whose figures were worked out by hand.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::core::event::reasons::NotVerifiedReason;
use crate::core::id::{AttemptId, IncidentId, Key, PageId};
use crate::core::incident::{AttemptStarter, Cause, Outcome};
use crate::core::plan::{AttemptReport, ScopeLevel};
use crate::core::success::automation_gaps::Lack;
use crate::core::success::period_report::{Account, PeriodReport, Why};
use crate::core::success::rate::{Band, Share};
use crate::core::{Event, Mono, Recorded};
use crate::playbook::{ContentKey, Target};

const NOW: i64 = 2_000_000_000;
const DAY: i64 = 24 * 3600;

/// Writes a journal, event by event; moments are seconds before now.
#[derive(Default)]
struct Writer {
    account: Account,
    seq: u64,
    incident: u64,
    attempt: u64,
}

impl Writer {
    fn write(&mut self, ago: i64, event: Event) {
        self.seq += 1;
        let wall = Timestamp::from_second(NOW - ago).unwrap();
        let mono = Mono(u64::try_from(20 * DAY - ago).unwrap() * 1000);
        self.account.fold(&Arc::new(Recorded { seq: self.seq, mono, wall, event }));
    }

    fn open(&mut self, ago: i64, playbook: &str) -> IncidentId {
        self.incident += 1;
        let incident = IncidentId(self.incident);
        let key =
            Key { content: ContentKey(playbook.into()), target: Target::Unit(format!("{playbook}.service").into()) };
        let since = Mono(u64::try_from(20 * DAY - ago).unwrap() * 1000);
        self.write(ago, Event::Opened { incident, key, playbook: playbook.into(), since, readings: Vec::new() });
        incident
    }

    fn attempt(&mut self, ago: i64, incident: IncidentId) -> AttemptId {
        self.attempt += 1;
        let attempt = AttemptId(self.attempt);
        let plan = Arc::new(super::bench::plan("plan", 0));
        self.write(ago, Event::Intent { incident, attempt, plan, starter: AttemptStarter::Auto });
        let report = AttemptReport { steps: Vec::new(), scope: ScopeLevel::None, scope_empty: true, took_ms: 5 };
        self.write(ago, Event::AttemptFinished { incident, attempt, report: Arc::new(report) });
        attempt
    }

    /// Opened so long ago, and healed so many seconds later.
    fn heals(&mut self, ago: i64, playbook: &str, took: i64) -> IncidentId {
        let incident = self.open(ago, playbook);
        let attempt = self.attempt(ago, incident);
        self.write(ago - took, Event::Verified { incident, attempt });
        self.write(ago - took, Event::Closed { incident, outcome: Outcome::Healed { attempt } });
        incident
    }

    /// An attempt that did not help, and a call.
    fn fails(&mut self, ago: i64, playbook: &str) {
        let incident = self.open(ago, playbook);
        let attempt = self.attempt(ago, incident);
        self.write(ago - 5, Event::NotVerified { incident, attempt, why: NotVerifiedReason::UnreadAfterSoak });
        self.calls(ago - 5, incident, Cause::LadderSpent);
    }

    fn calls(&mut self, ago: i64, incident: IncidentId, cause: Cause) {
        let page = PageId(incident.0);
        self.write(ago, Event::Escalated { incident, page, cause, dedup: "k".into(), to: Vec::new() });
    }

    fn clears(&mut self, ago: i64, playbook: &str) {
        let incident = self.open(ago, playbook);
        self.write(ago - 1, Event::Closed { incident, outcome: Outcome::SelfCleared });
    }

    fn week(&self) -> PeriodReport {
        let now = Timestamp::from_second(NOW).unwrap();
        self.account.report(now, Duration::try_from(SignedDuration::from_hours(7 * 24)).unwrap())
    }
}

fn share(part: u32, whole: u32) -> Share {
    Share { part, whole }
}

/// The week before: 1 healed, 1 failed: 1 of 2.
///
/// This week, web: healed after 10, 20, 30 and 40 s; the last relapsed. So 3 of 4; the median is the second of four in
/// order (nearest rank: 4 × 50 % = 2), which is 20 s; nine in ten is the fourth (4 × 90 % = 3.6), 40 s.
/// This week, db: 4 failed, 2 healed after 100 s: 2 of 6, which is below 70 %.
/// This week, mail: called a human twice, without a remediation. Coverage: 10 of 12.
/// This week, cache: cleared by itself 3 times, counted nowhere.
/// Together: 5 of 10.
#[test]
fn a_week_is_what_was_worked_out_by_hand() {
    let mut journal = Writer::default();
    journal.heals(9 * DAY, "web", 5);
    journal.fails(8 * DAY, "web");

    journal.heals(6 * DAY, "web", 10);
    journal.heals(5 * DAY, "web", 20);
    journal.heals(4 * DAY, "web", 30);
    let last = journal.heals(3 * DAY, "web", 40);
    for hour in 0..4 {
        journal.fails(2 * DAY + hour * 3600, "db");
    }
    let worst = journal.heals(DAY, "db", 100);
    journal.heals(DAY - 7200, "db", 100);
    for hour in [5, 3] {
        let incident = journal.open(hour * 3600, "mail");
        journal.calls(hour * 3600, incident, Cause::NoRemediation);
    }
    for minute in [3, 2, 1] {
        journal.clears(minute * 60, "cache");
    }
    let again = journal.open(3 * DAY - 600, "web");
    journal.write(3 * DAY - 600, Event::Relapsed { incident: last, by: again });

    let report = journal.week();
    assert_eq!(report.rates_before.auto_fix, share(1, 2));
    assert_eq!(report.rates.auto_fix, share(5, 10));
    assert_eq!(report.rates.coverage, share(10, 12));
    assert_eq!((report.rates.self_cleared, report.open, report.band), (3, 1, Band::TooLow));
    let of = |name: &str| report.playbooks.iter().find(|one| &*one.playbook == name).unwrap();
    assert_eq!((of("web").rates.auto_fix, of("web").rates_before.auto_fix), (share(3, 4), share(1, 2)));
    assert_eq!((of("db").rates.auto_fix, of("db").incidents), (share(2, 6), 6));

    let wanted = &report.automate[..];
    assert_eq!(wanted.len(), 1);
    assert_eq!((&*wanted[0].playbook, wanted[0].lack, wanted[0].times), ("mail", Lack::NoRemediation, 2));
    let doubts: Vec<(&str, &Why)> = report.doubts.iter().map(|doubt| (&*doubt.playbook, &doubt.why)).collect();
    assert_eq!(
        doubts,
        [("cache", &Why::FalseStarts { cleared: 3, of: 3 }), ("db", &Why::LowRate { part: 2, whole: 6 })]
    );
    let db = &report.slowest[0];
    assert_eq!((&*db.playbook, db.healed, db.median_ms, db.worst_ms), ("db", 2, 100_000, 100_000));
    assert!(db.worst >= worst);
    let web = &report.slowest[1];
    assert_eq!((web.healed, web.median_ms, web.p90_ms, web.worst_ms, web.worst), (4, 20_000, 40_000, 40_000, last));
}

#[test]
fn a_target_that_heals_every_day_needs_a_real_fix() {
    let mut journal = Writer::default();
    for day in 1..=6 {
        journal.heals(day * DAY - 7200, "web", 3);
    }
    let report = journal.week();
    let target = Target::Unit("web.service".into());
    assert_eq!(report.doubts.iter().map(|doubt| &doubt.why).collect::<Vec<_>>(), [&Why::Recurs { target, times: 6 }]);
    assert_eq!(Writer::default().week().rates.auto_fix, share(0, 0));
}
