//! Any event that can be recorded is read back as the very same one.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::core::command::{Operator, Scope};
use crate::core::incident::{
    ApprovalReason, ApprovalRequest, AttemptStarter, BreakerState, Cause, Denial, Outcome, Trip,
};
use crate::core::plan::{AttemptReport, Digest, Plan, PlannedStep, ScopeLevel, StepReport, StepResult};
use crate::core::{
    AttemptId, CheckRole, Event, IncidentId, Key, MaintenanceId, Mono, PageId, Reading, Reason, Recorded, UnitRun,
    Verdict,
};
use crate::host::clock::ClockMark;
use crate::journal::chain::{ChainRow, Hash};
use crate::playbook::{ContentKey, Target};

type AnyText = Arc<str>;

fn text() -> impl Strategy<Value = AnyText> + Clone {
    any::<String>().prop_map(Into::into)
}

fn reason() -> impl Strategy<Value = Reason> + Clone {
    any::<String>().prop_map(Into::into)
}

fn mono() -> impl Strategy<Value = Mono> + Clone {
    any::<u64>().prop_map(Mono)
}

fn incident() -> impl Strategy<Value = IncidentId> + Clone {
    any::<u64>().prop_map(IncidentId)
}

fn attempt() -> impl Strategy<Value = AttemptId> + Clone {
    any::<u64>().prop_map(AttemptId)
}

fn page() -> impl Strategy<Value = PageId> {
    any::<u64>().prop_map(PageId)
}

fn operator() -> impl Strategy<Value = Operator> + Clone {
    (any::<u32>(), text(), option::of(text()), option::of(any::<u32>()), option::of(text()), option::of(text()))
        .prop_map(|(uid, name, login, login_uid, tty, from)| Operator { uid, name, login, login_uid, tty, from })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::Host), text().prop_map(Scope::Playbook)]
}

fn key() -> impl Strategy<Value = Key> {
    let target = prop_oneof![
        text().prop_map(Target::Unit),
        text().prop_map(Target::Mount),
        text().prop_map(Target::Address),
        text().prop_map(Target::Container),
        text().prop_map(Target::Link),
        Just(Target::Host)
    ];
    (text(), target).prop_map(|(content, target)| Key { content: ContentKey(content), target })
}

fn reading() -> impl Strategy<Value = Reading> {
    let verdict = prop_oneof![Just(Verdict::Holds), Just(Verdict::DoesNotHold), text().prop_map(Verdict::Unknown)];
    let figure = option::of(any::<f64>().prop_filter("figures are numbers", |figure| figure.is_finite()));
    let unit =
        option::of(
            (option::of(any::<u32>()), any::<bool>(), any::<bool>())
                .prop_map(|(restarts, job, auto_restart)| UnitRun { restarts, job, auto_restart, started: None }),
        );
    (verdict, text(), figure, unit, mono(), mono()).prop_map(|(verdict, seen, figure, unit, began, since)| Reading {
        verdict,
        seen,
        figure,
        unit,
        began,
        since,
    })
}

fn role() -> impl Strategy<Value = CheckRole> {
    prop_oneof![Just(CheckRole::Detector), Just(CheckRole::Verifier)]
}

fn plan() -> impl Strategy<Value = Arc<Plan>> {
    let step = (text(), text(), vec((text(), text()), 0..3), text())
        .prop_map(|(kind, sentence, details, order)| PlannedStep { kind, sentence, details, order: order.into() });
    (any::<usize>(), vec(step, 0..3), any::<u64>(), text()).prop_map(|(rung, steps, timeout_ms, digest)| {
        Arc::new(Plan { rung, steps, timeout_ms, digest: Digest(digest) })
    })
}

fn report() -> impl Strategy<Value = Arc<AttemptReport>> {
    let result = prop_oneof![
        text().prop_map(StepResult::Done),
        text().prop_map(StepResult::Failed),
        Just(StepResult::TimedOut),
        text().prop_map(StepResult::Refused)
    ];
    let step = (text(), result, text(), any::<u64>()).prop_map(|(sentence, result, output, took_ms)| StepReport {
        sentence,
        result,
        output,
        took_ms,
    });
    let level = prop_oneof![
        Just(ScopeLevel::CgroupV2),
        Just(ScopeLevel::CgroupV1),
        Just(ScopeLevel::Subreaper),
        Just(ScopeLevel::None)
    ];
    (vec(step, 0..3), level, any::<bool>(), any::<u64>())
        .prop_map(|(steps, scope, scope_empty, took_ms)| Arc::new(AttemptReport { steps, scope, scope_empty, took_ms }))
}

fn request() -> impl Strategy<Value = ApprovalRequest> {
    let why = prop_oneof![
        Just(ApprovalReason::Mode),
        Just(ApprovalReason::HighRisk),
        Just(ApprovalReason::FirstLiveAttempt),
        Just(ApprovalReason::HostBudget),
        Just(ApprovalReason::Flapping),
        Just(ApprovalReason::RecordsLost),
        text().prop_map(|evidence| ApprovalReason::StopUnclear { evidence })
    ];
    (any::<u32>(), plan(), why, mono(), option::of(operator()))
        .prop_map(|(generation, plan, why, expires, first)| ApprovalRequest { generation, plan, why, expires, first })
}

fn denial() -> impl Strategy<Value = Denial> {
    prop_oneof![
        (scope(), operator(), option::of(mono()), reason()).prop_map(|(scope, by, until, reason)| Denial::Paused {
            scope,
            by,
            until,
            reason
        }),
        (operator(), mono()).prop_map(|(by, until)| Denial::Snoozed { by, until }),
        Just(Denial::OutsideWindow),
        text().prop_map(|playbook| Denial::DependencyUnhealthy { playbook }),
        incident().prop_map(|by| Denial::LockHeld { by }),
        option::of(mono()).prop_map(|until| Denial::BreakerOpen { until }),
        any::<(usize, usize)>().prop_map(|(failing, of)| Denial::Storm { failing, of }),
        Just(Denial::Shadow),
        attempt().prop_map(|attempt| Denial::Quarantined { attempt }),
        text().prop_map(|why| Denial::NoPlan { why }),
        text().prop_map(|why| Denial::TargetMissing { why }),
        text().prop_map(|with| Denial::Contended { with }),
    ]
}

fn trip() -> impl Strategy<Value = Trip> {
    prop_oneof![
        Just(Trip::Unrecorded),
        any::<u32>().prop_map(|failed| Trip::NotVerified { failed }),
        any::<u32>().prop_map(|times| Trip::Fixed { times }),
        Just(Trip::Probe),
        Just(Trip::AlreadyOpen),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        (any::<(u32, u64)>(), trip()).prop_map(|((attempts, window_ms), trip)| Cause::BreakerOpened {
            attempts,
            window_ms,
            trip
        }),
        Just(Cause::LadderSpent),
        text().prop_map(|why| Cause::CannotSee { why }),
        (text(), any::<usize>()).prop_map(|(why, targets)| Cause::SystemdSilent { why, targets }),
        Just(Cause::Expired),
        text().prop_map(|seen| Cause::DeadBand { seen }),
        any::<(u32, u64)>().prop_map(|(onsets, period_ms)| Cause::Flapping { onsets, period_ms }),
        text().prop_map(|why| Cause::TargetMissing { why }),
        (denial(), any::<u64>()).prop_map(|(denial, held_ms)| Cause::OnHold { denial: Box::new(denial), held_ms }),
        text().prop_map(|with| Cause::Contention { with }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        attempt().prop_map(|attempt| Outcome::Healed { attempt }),
        Just(Outcome::SelfCleared),
        Just(Outcome::ClearedUnverified),
        (operator(), reason()).prop_map(|(by, reason)| Outcome::Declined { by, reason }),
        Just(Outcome::EscalatedThenCleared),
    ]
}

fn starter() -> impl Strategy<Value = AttemptStarter> {
    prop_oneof![
        Just(AttemptStarter::Auto),
        Just(AttemptStarter::Probe),
        (operator(), text()).prop_map(|(by, digest)| AttemptStarter::Approved { by, digest: Digest(digest) }),
        operator().prop_map(|by| AttemptStarter::Manual { by }),
    ]
}

fn breaker() -> impl Strategy<Value = BreakerState> {
    prop_oneof![
        Just(BreakerState::Closed),
        (mono(), any::<u64>()).prop_map(|(until, cooldown_ms)| BreakerState::Open { until, cooldown_ms }),
        any::<u64>().prop_map(|cooldown_ms| BreakerState::HalfOpen { cooldown_ms }),
        wall().prop_map(|since| BreakerState::Latched { since }),
    ]
}

fn window() -> impl Strategy<Value = MaintenanceId> {
    any::<u64>().prop_map(MaintenanceId)
}

fn wall() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.as_second()..Timestamp::MAX.as_second(), 0..1_000_000_000_i32)
        .prop_map(|(second, nanos)| Timestamp::new(second, nanos).unwrap())
}

fn incident_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (incident(), key(), text(), mono(), vec(reading(), 0..3)).prop_map(
            |(incident, key, playbook, since, readings)| Event::Opened { incident, key, playbook, since, readings }
        ),
        (incident(), role(), any::<usize>(), reading())
            .prop_map(|(incident, role, index, reading)| Event::ReadingChanged { incident, role, index, reading }),
        (incident(), denial()).prop_map(|(incident, denial)| Event::Denied { incident, denial }),
        (incident(), plan()).prop_map(|(incident, plan)| Event::ShadowPlan { incident, plan }),
        (incident(), request()).prop_map(|(incident, request)| Event::Asked { incident, request }),
        (incident(), any::<u32>(), text(), operator(), reason()).prop_map(
            |(incident, generation, digest, by, reason)| {
                Event::Approved { incident, generation, digest: Digest(digest), by, reason }
            }
        ),
        (incident(), any::<u32>(), text(), operator(), reason()).prop_map(
            |(incident, generation, digest, by, reason)| {
                Event::FirstApproved { incident, generation, digest: Digest(digest), by, reason }
            }
        ),
        (incident(), any::<u32>(), text()).prop_map(|(incident, generation, why)| Event::Withdrawn {
            incident,
            generation,
            why
        }),
        (incident(), attempt(), plan(), starter()).prop_map(|(incident, attempt, plan, starter)| Event::Intent {
            incident,
            attempt,
            plan,
            starter
        }),
        (incident(), attempt(), report()).prop_map(|(incident, attempt, report)| Event::AttemptFinished {
            incident,
            attempt,
            report
        }),
        (incident(), attempt(), any::<bool>())
            .prop_map(|(incident, attempt, scope_empty)| { Event::Indeterminate { incident, attempt, scope_empty } }),
        (incident(), attempt()).prop_map(|(incident, attempt)| Event::Verified { incident, attempt }),
        (incident(), attempt(), text()).prop_map(|(incident, attempt, why)| Event::NotVerified {
            incident,
            attempt,
            why
        }),
        (incident(), outcome()).prop_map(|(incident, outcome)| Event::Closed { incident, outcome }),
        (incident(), incident()).prop_map(|(incident, by)| Event::Relapsed { incident, by }),
    ]
}

fn host_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (text(), text(), mono(), option::of(mono())).prop_map(|(version, boot_id, booted, watched_until)| {
            Event::Started { version, boot_id, booted, watched_until }
        }),
        any::<(u64, u64)>().prop_map(|(first, last)| Event::RecordsLost { first, last }),
        (text(), text(), text()).prop_map(|(content, name, source)| Event::Adopted {
            content: ContentKey(content),
            name,
            source
        }),
        (key(), breaker(), reason(), option::of(operator())).prop_map(|(key, state, why, by)| Event::Breaker {
            key,
            state,
            why,
            by
        }),
        (incident(), page(), cause(), text(), vec(text(), 0..3))
            .prop_map(|(incident, page, cause, dedup, to)| { Event::Escalated { incident, page, cause, dedup, to } }),
        (incident(), option::of(page()), cause(), text(), vec(text(), 0..3))
            .prop_map(|(incident, page, cause, dedup, to)| { Event::Joined { incident, page, cause, dedup, to } }),
        (incident(), option::of(page()), request(), text(), vec(text(), 0..3)).prop_map(
            |(incident, page, request, dedup, to)| Event::Announced { incident, page, why: request.why, dedup, to }
        ),
        (incident(), attempt(), incident()).prop_map(|(incident, attempt, of)| Event::Suspected {
            incident,
            attempt,
            of
        }),
        (incident(), page(), cause(), text(), vec(text(), 0..3))
            .prop_map(|(incident, page, cause, dedup, to)| { Event::CalledAgain { incident, page, cause, dedup, to } }),
        (incident(), page(), text(), vec(text(), 0..3)).prop_map(|(incident, page, dedup, to)| Event::Resolved {
            incident,
            page,
            dedup,
            to,
            ended: Some(incident),
            why: None
        }),
        (incident(), page(), cause(), text(), vec(text(), 0..3), text()).prop_map(
            |(incident, page, cause, dedup, to, unanswered)| Event::EscalationWidened {
                incident,
                page,
                cause,
                dedup,
                to,
                unanswered
            }
        ),
        (incident(), page(), operator(), text(), vec(text(), 0..3))
            .prop_map(|(incident, page, by, dedup, to)| { Event::AckForwarded { incident, page, by, dedup, to } }),
        (page(), text(), prop::option::of(text())).prop_map(|(page, channel, instead)| Event::Delivered {
            page,
            channel,
            instead
        }),
        (incident(), operator()).prop_map(|(incident, by)| Event::Acknowledged { incident, by }),
        (scope(), option::of(mono()), operator(), reason()).prop_map(|(scope, until, by, reason)| Event::Paused {
            scope,
            until,
            by,
            reason
        }),
        (scope(), option::of(operator())).prop_map(|(scope, by)| Event::Resumed { scope, by }),
        (window(), scope(), wall(), any::<u64>(), operator(), reason()).prop_map(
            |(window, scope, from, length_ms, by, reason)| Event::Scheduled {
                window,
                scope,
                from,
                length_ms,
                by,
                reason
            }
        ),
        (window(), mono()).prop_map(|(window, until)| Event::MaintenanceBegan { window, until }),
        (window(), option::of(operator())).prop_map(|(window, by)| Event::MaintenanceEnded { window, by }),
        (key(), mono(), operator(), reason()).prop_map(|(key, until, by, reason)| Event::Snoozed {
            key,
            until,
            by,
            reason
        }),
        (key(), option::of(operator())).prop_map(|(key, by)| Event::Unsnoozed { key, by }),
        (key(), any::<bool>(), 0..=100_u8, any::<(u32, u64)>()).prop_map(
            |(key, flaps, percent, (onsets, period_ms))| { Event::Flapping { key, flaps, percent, onsets, period_ms } }
        ),
        (text(), text(), operator()).prop_map(|(content, playbook, by)| Event::Armed {
            content: ContentKey(content),
            playbook,
            by
        }),
        (text(), text(), operator()).prop_map(|(content, playbook, by)| Event::Disarmed {
            content: ContentKey(content),
            playbook,
            by
        }),
        (text(), text()).prop_map(|(about, text)| Event::Notice { about, text }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_event_is_read_back_as_it_was_written(
        event in prop_oneof![incident_event(), host_event()],
        at in wall(),
        (seq, mono) in any::<(u32, u32)>(),
        observed in any::<u32>(),
    ) {
        let (seq, mono) = (u64::from(seq), u64::from(mono));
        let recorded = Recorded { seq, mono: Mono(mono), wall: at, event };
        let mark = ClockMark { boot_id: "b".into(), boottime: 5, mono: Mono(observed.into()) };
        let line = ChainRow::of(&recorded, &mark).unwrap();
        // told apart without reading the body
        let body: serde_json::Value = serde_json::from_str(&line.body).unwrap();
        prop_assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), [&line.kind]);
        prop_assert_eq!(line.incident, recorded.event.incident().map(|incident| incident.0));
        let again = line.recorded().unwrap();
        prop_assert_eq!(&again, &recorded);
        prop_assert_eq!(ChainRow::of(&again, &mark).unwrap().hash(Hash::default()), line.hash(Hash::default()));
    }

    #[test]
    fn an_event_is_told_in_one_line(event in prop_oneof![incident_event(), host_event()]) {
        let told = crate::core::event::event_text::sentence(&event);
        prop_assert!(!told.is_empty() && !told.contains(['\n', '\x1b', '\u{202e}']), "{told}");
    }
}
