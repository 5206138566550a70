//! Windows, breaker, gate and rates against models that are too slow and too plain to be wrong.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::bench::alice;
use crate::core::breaker::{Admission, Breaker, Limits};
use crate::core::event::reasons::BreakerReason;
use crate::core::gate::{ActivePause, GateDecision, GateInput, Trigger};
use crate::core::id::{AttemptId, IncidentId};
use crate::core::incident::{ApprovalReason, BreakerState, Denial};
use crate::core::machine::input::StopOrigin;
use crate::core::success::rate::{Rates, WindowRates};
use crate::core::success::success_counters::{Actor, CountedOutcome, Disposition, SuccessCounters};
use crate::core::time::window::Window;
use crate::core::{Mono, Now, Scope};
use crate::playbook::{BreakerLimits, Mode, Risk};

fn at(mono: u64) -> Now {
    Now { mono: Mono(mono), wall: jiff::Timestamp::UNIX_EPOCH, minute_of_day: 0 }
}

proptest! {
    #[test]
    fn a_window_counts_what_lies_in_it(steps in prop::collection::vec(0_u64..5000, 0..60), length in 1_u64..20_000, limit in 1_usize..6) {
        let mut window = Window::default();
        let mut model: Vec<u64> = Vec::new();
        let mut now = 0;
        let span = Duration::from_millis(length);
        for step in steps {
            now += step;
            window.push(Mono(now));
            model.push(now);
            let inside = |moment: u64| model.iter().filter(|at| moment - **at <= length).count();
            prop_assert_eq!(window.count(Mono(now), span), inside(now));
            let frees = window.frees(Mono(now), span, limit).expect("the limit is not zero").0;
            prop_assert!(inside(frees) < limit);
            prop_assert!(frees == now || inside(frees - 1) >= limit);
        }
    }

    /// Whatever the breaker admits, the limit holds in every trailing window, probes included, and a latched breaker
    /// admits nothing.
    #[test]
    fn a_breaker_never_admits_more_than_its_limit(
        steps in prop::collection::vec((0_u64..2_000_000, any::<bool>()), 1..80),
        attempts in 1_usize..5,
        window in 1_u64..30_000_000,
    ) {
        let limits = Limits { attempts, window: Duration::from_millis(window), times: BreakerLimits::default() };
        let mut breaker = Breaker::default();
        let mut ran: Vec<u64> = Vec::new();
        let (mut now, mut latched) = (1, false);
        for (step, heals) in steps {
            now += step;
            let admission = breaker.admits(Mono(now), limits, None);
            let never = Admission::Denied { until: None };
            prop_assert!(!latched || admission == never);
            let (Admission::Pass | Admission::Probe) = admission else { continue };
            let probe = admission == Admission::Probe;
            if let BreakerState::Open { until, cooldown_ms } = *breaker.state() {
                prop_assert!(until.0 <= now);
                breaker.become_(&BreakerState::HalfOpen { cooldown_ms }, &BreakerReason::CooldownOver, Mono(now), false);
            }
            breaker.invoke(Mono(now));
            ran.push(now);
            prop_assert!(ran.iter().filter(|at| now - **at <= window).count() <= attempts);
            let next = match (probe, heals) {
                (true, true) => Some(BreakerState::Closed),
                (true, false) => Some(breaker.opening(at(now), limits, None)),
                (false, _) => breaker.spent(Mono(now), limits, None).then(|| breaker.opening(at(now), limits, None)),
            };
            if let Some(next) = next {
                latched = matches!(next, BreakerState::Latched { .. });
                breaker.become_(&next, &BreakerReason::AttemptsSpent, Mono(now), false);
            }
        }
    }

    #[test]
    fn the_gate_denies_in_its_order(bits in any::<u32>(), breaker in 0_u8..3, wish in 0_u8..4, mode in 0_u8..4, high in any::<bool>()) {
        let bit = |number: u32| bits >> number & 1 == 1;
        let until = Mono(9);
        let wish = [Trigger::Auto, Trigger::Approved, Trigger::Manual, Trigger::ManualApproved][usize::from(wish)];
        let mode = [Mode::Auto, Mode::Ask, Mode::Shadow, Mode::Off][usize::from(mode)];
        let question = GateInput {
            wish,
            cannot_record: bit(0).then(|| "full".into()),
            paused: bit(1).then(|| ActivePause { scope: Scope::Host, by: alice(), until: None, reason: "".into() }),
            snoozed: bit(2).then(|| (alice(), until)),
            outside_window: bit(3),
            needs: bit(4).then(|| "db".into()),
            stop: match (bit(5), bit(15)) {
                (true, _) => StopOrigin::Operator { evidence: "evidence".into() },
                (false, true) => StopOrigin::Unclear { evidence: "known".into() },
                (false, false) => StopOrigin::Nobody,
            },
            contended: bit(16).then(|| "other".into()),
            locked: bit(6).then_some(IncidentId(1)),
            quarantined: bit(7).then_some(AttemptId(1)),
            busy: bit(8).then(|| "job".into()),
            breaker: [Admission::Pass, Admission::Probe, Admission::Denied { until: Some(until) }][usize::from(breaker)],
            cooldown: bit(9).then_some(until),
            budget_spent: bit(10),
            storm: bit(11).then_some((3, 5)),
            grace: bit(12).then_some(until),
            risk: if high { Risk::High } else { Risk::Low },
            mode,
            caution: bit(13).then_some(ApprovalReason::FirstLiveAttempt),
        };
        let order = [
            (bit(0), Denial::CannotRecord { why: "full".into() }),
            (bit(1), Denial::Paused { scope: Scope::Host, by: alice(), until: None, reason: "".into() }),
            (bit(2), Denial::Snoozed { by: alice(), until }),
            (bit(3), Denial::OutsideWindow),
            (bit(4), Denial::DependencyUnhealthy { playbook: "db".into() }),
            (bit(5), Denial::StoppedByOperator { evidence: "evidence".into() }),
            (bit(6), Denial::LockHeld { by: IncidentId(1) }),
            (bit(7), Denial::Quarantined { attempt: AttemptId(1) }),
            (bit(8), Denial::SystemdBusy { with: "job".into() }),
            (bit(16) && wish == Trigger::Auto, Denial::Contended { with: "other".into() }),
            (breaker == 2, Denial::BreakerOpen { until: Some(until) }),
            (bit(9), Denial::Cooldown { until }),
            (bit(11) && wish == Trigger::Auto, Denial::Storm { failing: 3, of: 5 }),
            (bit(12), Denial::BootGrace { until }),
            (mode == Mode::Off, Denial::Off),
            (mode == Mode::Shadow && matches!(wish, Trigger::Auto | Trigger::Approved), Denial::Shadow),
        ];
        let asks = [
            (bit(15) && !bit(5), ApprovalReason::StopUnclear { evidence: "known".into() }),
            (bit(10), ApprovalReason::HostBudget),
            (high, ApprovalReason::HighRisk),
            (bit(13), ApprovalReason::FirstLiveAttempt),
            (mode == Mode::Ask, ApprovalReason::Mode),
        ];
        let denial = order.into_iter().find_map(|(holds, denial)| holds.then_some(denial));
        let binds = |why: &ApprovalReason| wish == Trigger::Auto || wish == Trigger::Manual && *why == ApprovalReason::HighRisk;
        let ask = asks.into_iter().find_map(|(holds, why)| (holds && binds(&why)).then_some(why));
        let expected = denial.map(GateDecision::Deny).or(ask.map(GateDecision::Ask)).unwrap_or(GateDecision::Pass);
        prop_assert_eq!(question.judge(), expected);
    }

    #[test]
    fn rates_are_what_a_recount_gives(entries in prop::collection::vec((0_u64..3_000_000, 0_u8..4, 0_u8..6, any::<bool>()), 0..80), rest in 0_u64..100_000_000) {
        let mut tally = SuccessCounters::default();
        let mut model: Vec<(u64, u64, CountedOutcome)> = Vec::new();
        let mut now = 0;
        for (step, hands, end, relapses) in entries {
            now += step;
            let hands = [Actor::None, Actor::Auto, Actor::Assisted, Actor::Both][usize::from(hands)];
            let end = [Disposition::Nowhere, Disposition::Healed, Disposition::HealedAssisted, Disposition::Unhealed, Disposition::SelfCleared, Disposition::Shadow][usize::from(end)];
            let verdict = CountedOutcome { hands, end };
            let book = Arc::from(["disk-full", "service-down"][usize::from(end == Disposition::Healed)]);
            let place = tally.push(Mono(now), &book, verdict);
            model.push((now, place, verdict));
            if relapses {
                let last = model.len() / 2;
                model[last].2.end = Disposition::Unhealed;
                tally.amend(model[last].1, model[last].2);
            }
        }
        now += rest;
        let rates = tally.rates(Mono(now));
        for (length, window) in [(3600, &rates.hour), (24 * 3600, &rates.day), (7 * 24 * 3600, &rates.week)] {
            let inside = || model.iter().filter(|(at, ..)| now - at <= length * 1000).map(|(.., verdict)| verdict);
            let needed = |verdict: &&&CountedOutcome| matches!(verdict.end, Disposition::Healed | Disposition::HealedAssisted | Disposition::Unhealed);
            let auto = |verdict: &&&CountedOutcome| matches!(verdict.hands, Actor::Auto | Actor::Both);
            let count = |found: usize| u32::try_from(found).expect("few");
            let list: Vec<&CountedOutcome> = inside().collect();
            prop_assert_eq!(window.coverage.whole, count(list.iter().filter(needed).count()));
            prop_assert_eq!(window.auto_fix.whole, count(list.iter().filter(needed).filter(auto).count()));
            prop_assert_eq!(window.auto_fix.part, count(list.iter().filter(|v| v.end == Disposition::Healed).filter(auto).count()));
            prop_assert_eq!(window.self_cleared, count(list.iter().filter(|v| v.end == Disposition::SelfCleared).count()));
            prop_assert_eq!(window.shadow, count(list.iter().filter(|v| v.end == Disposition::Shadow).count()));
        }
        let books = tally.by_playbook(Mono(now));
        let of_books = |of: fn(&WindowRates) -> u32, in_: fn(&Rates) -> &WindowRates| -> (u32, u32) {
            (books.iter().map(|book| of(in_(&book.rates))).sum(), of(in_(&rates)))
        };
        let figures: [fn(&WindowRates) -> u32; 3] =
            [|rates| rates.coverage.whole, |rates| rates.auto_fix.part, |rates| rates.shadow];
        let windows: [fn(&Rates) -> &WindowRates; 4] =
            [|rates| &rates.hour, |rates| &rates.day, |rates| &rates.week, |rates| &rates.month];
        for of in figures {
            for in_ in windows {
                let (parts, whole) = of_books(of, in_);
                prop_assert_eq!(parts, whole);
            }
        }
        let trend = tally.trend(Mono(now));
        prop_assert_eq!((trend.hours.len(), trend.days.len()), (24, 30));
        for (columns, width) in [(&trend.hours, 3_600_000), (&trend.days, 86_400_000)] {
            for (index, column) in columns.iter().enumerate() {
                let number = (now / width + 1 + index as u64).checked_sub(columns.len() as u64);
                let inside = model.iter().filter(|(at, ..)| Some(at / width) == number);
                let healed = inside.filter(|(.., v)| v.end == Disposition::Healed && matches!(v.hands, Actor::Auto | Actor::Both));
                prop_assert_eq!(column.auto_fix.part as usize, healed.count());
            }
        }
    }
}
