//! What is to be written next: counted once per incident, most wanted first, forgotten in time.

use super::bench::{Bench, bound, key, playbook};
use crate::core::id::IncidentId;
use crate::core::success::automation_gaps::{Lack, Lacks};
use crate::core::{ArmingPolicy, Command, Mono};
use crate::playbook::{Mode, Target};

const DAY: u64 = 86_400_000;

#[test]
fn a_call_without_a_remediation_and_a_shadow_are_counted() {
    let (mut bare, mut shadow) = (playbook("nginx"), playbook("redis"));
    bare.remediate.clear();
    shadow.mode = Mode::Shadow;
    let keys = [key(&bare), key(&shadow)];
    let mut bench = Bench::with(vec![bound(bare, ArmingPolicy::AsWritten), bound(shadow, ArmingPolicy::AsWritten)]);
    for _ in 0..2 {
        bench.breaks(&keys[0]);
        bench.pass(60);
        bench.recovers(&keys[0]);
        bench.pass(60);
    }
    bench.breaks(&keys[1]);
    bench.pass(60);
    bench.clears(&keys[1]);
    let told: Vec<_> = bench.core.wanting().iter().map(|one| (one.playbook.to_string(), one.lack, one.times)).collect();
    assert_eq!(told, [("nginx".into(), Lack::NoRemediation, 2), ("redis".into(), Lack::Arming, 1)]);
    bench.asks(Command::Arm { playbook: "redis".into() });
    assert_eq!(bench.core.wanting().len(), 1, "armed, it waits no longer");
    bench.restart();
    assert_eq!(bench.core.wanting().len(), 1);
}

#[test]
fn an_incident_counts_once_and_is_forgotten_after_thirty_days() {
    let (book, target) = ("disk-full".into(), Target::Mount("/".into()));
    let mut lacks = Lacks::default();
    for (day, incident) in [(0, 1), (0, 1), (20, 2), (21, 3)] {
        lacks.push(&book, &target, Lack::NoPlan, IncidentId(incident), Mono(day * DAY));
    }
    let times = |day: u64| lacks.ranked(Mono(day * DAY)).first().map(|one| one.times);
    assert_eq!([times(21), times(31), times(50), times(52)], [Some(3), Some(2), Some(2), None]);
}
