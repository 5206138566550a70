//! Snapshots as a host in trouble gives them: what the screens of the tests show.

use std::sync::Arc;
use std::time::Duration;

use super::salve::core::event::reasons::NotVerifiedReason;
use super::salve::core::incident::{
    ApprovalReason, ApprovalRequest, AttemptStarter, BreakerState, Cause, Denial, Outcome, Trip,
};
use super::salve::core::plan::{AttemptReport, Digest, Plan, PlannedStep, ScopeLevel, StepReport, StepResult};
use super::salve::core::success::automation_gaps::{Lack, Wanting};
use super::salve::core::success::rate::{PlaybookRates, Rates, Share, Trend, WindowRates};
use super::salve::core::success::totals::Totals;
use super::salve::core::{
    AttemptId, CheckRole, Event, IncidentId, Key, Mono, Now, Operator, PageId, Reading, Recorded, Scope, Verdict,
};
use super::salve::engine::Snapshot;
use super::salve::engine::snapshot::{
    Arming, BreakerView, DeliveryState, DetectorView, EngineStats, Health, HostLoad, IncidentStage, IncidentView,
    Message, PauseView, PlaybookState, PlaybookView, QueueDepths, Recurring, Snooze, Storm, TimelineMark,
};
use super::salve::playbook::{ContentKey, Mode, Origin, Risk, Target};

/// Two hours after salve first saw the host.
const NOW: Mono = Mono(7_200_000);
/// 2026-11-23 14:02:31 UTC.
const WALL: i64 = 1_795_442_551;

pub fn alice() -> Operator {
    Operator { uid: 1000, name: "alice".into(), ..Operator::default() }
}

fn former(words: &str) -> NotVerifiedReason {
    NotVerifiedReason::Former(words.into())
}

fn ago(seconds: u64) -> Mono {
    NOW - Duration::from_secs(seconds)
}

fn wall(at: Mono) -> jiff::Timestamp {
    let back = i64::try_from((NOW.0 - at.0) / 1000).unwrap();
    jiff::Timestamp::from_second(WALL - back).unwrap()
}

fn now_at(at: Mono) -> Now {
    Now { mono: at, wall: wall(at), minute_of_day: 842 }
}

pub fn key(playbook: &str, target: Target) -> Key {
    Key { content: ContentKey(format!("{playbook}-content").into()), target }
}

fn unit(name: &str) -> Target {
    Target::Unit(name.into())
}

fn reading(verdict: Verdict, seen: &str, age: u64) -> Reading {
    Reading { verdict, seen: seen.into(), figure: None, unit: None, began: ago(age), since: ago(age) }
}

fn step(kind: &str, sentence: &str, details: &[(&str, &str)]) -> PlannedStep {
    let details = details.iter().map(|(label, text)| (Arc::from(*label), Arc::from(*text))).collect();
    PlannedStep { kind: kind.into(), sentence: sentence.into(), details, order: "{}".into() }
}

pub fn clean_plan() -> Arc<Plan> {
    let details = [
        ("program", "/usr/bin/journalctl, root:root 0755"),
        ("user", "root"),
        ("folder", "/"),
        ("environment", "LANG=C"),
        ("blast radius", "archived journal files under /var/log/journal"),
        ("rollback", "none: what is deleted stays deleted"),
    ];
    Arc::new(Plan {
        rung: 1,
        steps: vec![
            step("run", "/usr/bin/journalctl --vacuum-size=500M --directory=/var/log/journal", &details),
            step(
                "clean",
                "delete files older than 7d below /var/tmp",
                &[("caps", "10,000 files, 5 GiB, one mount"), ("now", "1,204 files, 2.1 GiB")],
            ),
        ],
        timeout_ms: 120_000,
        digest: Digest("5f2a9c0e6b1d4f7788a1c3e5d7f9b0a24c6e8f0a1b3d5c7e9f1a3b5c7d9e0f12".into()),
    })
}

fn restart_plan(rung: usize, sentence: &str) -> Arc<Plan> {
    Arc::new(Plan {
        rung,
        steps: vec![step("unit", sentence, &[("through", "systemd, as a job"), ("rollback", "none needed")])],
        timeout_ms: 60_000,
        digest: Digest("a1".repeat(32).into()),
    })
}

fn detector(
    playbook: &str,
    target: Target,
    health: Health,
    seen: Option<&str>,
    condition: &str,
    since: u64,
) -> DetectorView {
    let written = target.to_string();
    DetectorView {
        key: Some(key(playbook, target)),
        playbook: playbook.into(),
        target: written.into(),
        mode: Mode::Auto,
        health,
        fires_at: None,
        seen: seen.map(Arc::from),
        condition: condition.into(),
        since: ago(since),
        incident: None,
        call: None,
        flapping: None,
        marks: vec![(ago(3500), TimelineMark::Ok)],
        figures: Vec::new(),
    }
}

/// One needs a yes, one is being fixed, one was escalated, one is left alone, one is not seen, the rest is well.
pub fn trouble() -> Snapshot {
    Snapshot {
        generation: 4711,
        now: now_at(NOW),
        host: "web-03".into(),
        operator: alice(),
        strip: Some(HostLoad { load: 0.61, cores: 4, memory: 58.0, swap: 0.0, pressure: Some([1.2, 0.0, 4.5]) }),
        recording: Ok(()),
        unwatched: false,
        systemd_silent: None,
        storm: None,
        pauses: Vec::new(),
        maintenance: Vec::new(),
        snoozes: vec![Snooze {
            key: key("service-down", unit("redis-server.service")),
            playbook: "service-down".into(),
            until: NOW + Duration::from_mins(41),
            by: alice(),
            reason: "being moved to another host".into(),
        }],
        detectors: detectors(),
        breakers: breakers(),
        incidents: vec![disk(), nginx(), mailer(), closed()],
        playbooks: playbooks(),
        rates: rates(),
        playbook_rates: playbook_rates(),
        trend: trend(),
        wanting: wanting(),
        totals: totals(),
        undelivered: 1,
        engine_stats: Some(engine_stats()),
        recurring: vec![Recurring {
            key: key("memory-worker", Target::Process("worker".into())),
            playbook: "memory-worker".into(),
            healed: [90_000, 40_000, 5_000].map(|s| Now { mono: Mono(0), ..now_at(ago(s.min(7_000))) }).to_vec(),
        }],
        messages: messages(),
    }
}

/// An engine that keeps up, but for one slow write and a page that waits for its channel.
fn engine_stats() -> EngineStats {
    EngineStats {
        loop_lag_us: 1_900,
        slowest_input_us: 740,
        commits: 1_284,
        commit_total_us: 1_155_600,
        slowest_commit_us: 612_000,
        queues: QueueDepths { readings: 14, results: 2, commands: 1, observations: 37, writes: 3 },
        oldest_page_ms: Some(410_000),
    }
}

fn detectors() -> Vec<DetectorView> {
    let mut disk = detector("disk-full", Target::Mount("/".into()), Health::Asks, Some("97%"), "> 85%", 360);
    disk.incident = Some(IncidentId(41));
    disk.marks.extend([
        (ago(360), TimelineMark::Broken),
        (ago(300), TimelineMark::Fixing),
        (ago(290), TimelineMark::Failed),
        (ago(260), TimelineMark::Asked),
    ]);
    disk.figures = (0..60_u32).map(|i| (ago(u64::from(600 - i * 10)), 70.0 + f64::from(i) * 0.45)).collect();
    let mut web =
        detector("http-down", Target::Url("http://127.0.0.1/".into()), Health::Ok, Some("200"), "not 200", 3000);
    web.marks.extend([
        (ago(2000), TimelineMark::Broken),
        (ago(1940), TimelineMark::Fixing),
        (ago(1880), TimelineMark::Verified),
        (ago(1700), TimelineMark::Ok),
    ]);
    let fixing = Health::Fixing { rung: 2, of: 3 };
    let mut nginx = detector("service-down", unit("nginx.service"), fixing, Some("failed"), "not active", 12);
    nginx.incident = Some(IncidentId(42));
    nginx.marks.extend([
        (ago(1500), TimelineMark::Broken),
        (ago(1490), TimelineMark::Ok),
        (ago(70), TimelineMark::Broken),
        (ago(40), TimelineMark::Fixing),
        (ago(20), TimelineMark::Failed),
        (ago(12), TimelineMark::Fixing),
    ]);
    let called = Health::Escalated(Cause::BreakerOpened {
        attempts: 3,
        window_ms: 600_000,
        trip: Trip::NotVerified { failed: 3 },
    });
    let mut mailer =
        detector("service-down", unit("mailer.service"), called, Some("failed (exit-code)"), "not active", 1800);
    mailer.incident = Some(IncidentId(39));
    mailer.call = Some(DeliveryState::Taken { channels: vec!["oncall".into()] });
    mailer.marks.extend([
        (ago(1800), TimelineMark::Broken),
        (ago(1500), TimelineMark::Fixing),
        (ago(1400), TimelineMark::Failed),
        (ago(1200), TimelineMark::Escalated),
    ]);
    let stopped = Denial::StoppedByOperator { evidence: "systemctl stop by bob, 21m ago".into() };
    let mut redis = detector(
        "service-down",
        unit("redis-server.service"),
        Health::Held(stopped),
        Some("inactive"),
        "not active",
        1260,
    );
    redis.marks.push((ago(1260), TimelineMark::Broken));
    let mut replica = detector(
        "replica-lag",
        Target::Address("10.0.0.7:5432".into()),
        Health::Unknown("connection timed out".into()),
        None,
        "> 30 s",
        180,
    );
    replica.marks.push((ago(180), TimelineMark::Unknown));
    let mut load = detector("cpu-load", Target::Host, Health::Ok, Some("0.61"), "> 4", 3500);
    load.figures = (0..120_u32).map(|i| (ago(u64::from(1200 - i * 10)), 0.4 + f64::from(i * 7 % 13) / 20.0)).collect();
    let mut worker =
        detector("memory-worker", Target::Process("worker".into()), Health::Pending, Some("1.9 GiB"), "> 1.5 GiB", 20);
    worker.mode = Mode::Ask;
    worker.fires_at = Some(NOW + Duration::from_secs(18));
    let mut tmp =
        detector("inodes", Target::Mount("/var/lib/postgresql".into()), Health::Ok, Some("12%"), "> 90%", 3500);
    tmp.mode = Mode::Shadow;
    let docker = Health::NotApplicable("there is no unit docker.service".into());
    let gone = detector("service-down", unit("docker.service"), docker, None, "not active", 3500);
    vec![load, gone, tmp, worker, replica, redis, mailer, nginx, disk, web]
}

fn breakers() -> Vec<BreakerView> {
    let breaker = |playbook: &str, target: Target, state, invocations, why: &str| BreakerView {
        key: key(playbook, target),
        playbook: playbook.into(),
        state,
        invocations,
        limit: 3,
        why: why.into(),
    };
    let open = BreakerState::Open { until: NOW + Duration::from_secs(47), cooldown_ms: 1_800_000 };
    vec![
        breaker("disk-full", Target::Mount("/".into()), BreakerState::Closed, 1, "1 of 3 attempts in 10m"),
        breaker("service-down", unit("mailer.service"), open, 3, "3 of 3 attempts not verified"),
        breaker(
            "service-down",
            unit("nginx.service"),
            BreakerState::HalfOpen { cooldown_ms: 1_800_000 },
            2,
            "its probe runs",
        ),
        breaker("memory-worker", Target::Process("worker".into()), BreakerState::Closed, 2, "2 of 3 attempts in 10m"),
    ]
}

/// A story: seconds ago, and what happened.
fn story(first: u64, events: Vec<(u64, Event)>) -> Vec<Arc<Recorded>> {
    (first..)
        .zip(events)
        .map(|(seq, (age, event))| Arc::new(Recorded { seq, mono: ago(age), wall: wall(ago(age)), event }))
        .collect()
}

fn report(sentence: &str, result: StepResult, output: &str, took_ms: u64) -> Arc<AttemptReport> {
    let step = StepReport { sentence: sentence.into(), result, output: output.into(), took_ms };
    Arc::new(AttemptReport { steps: vec![step], scope: ScopeLevel::CgroupV2, scope_empty: true, took_ms })
}

fn disk() -> Arc<IncidentView> {
    let (incident, attempt) = (IncidentId(41), AttemptId(88));
    let disk = key("disk-full", Target::Mount("/".into()));
    let plan = clean_plan();
    let request = ApprovalRequest {
        generation: 1,
        plan,
        why: ApprovalReason::HighRisk,
        expires: NOW + Duration::from_secs(280),
        first: None,
    };
    let apt = step("run", "/usr/bin/apt-get clean", &[("user", "root"), ("folder", "/")]);
    let first =
        Arc::new(Plan { rung: 0, steps: vec![apt], timeout_ms: 60_000, digest: Digest("b2".repeat(32).into()) });
    let holds = reading(Verdict::Holds, "97%", 4);
    let events = vec![
        (
            350,
            Event::Opened {
                incident,
                key: disk.clone(),
                playbook: "disk-full".into(),
                since: ago(360),
                readings: vec![holds.clone()],
            },
        ),
        (300, Event::Intent { incident, attempt, plan: first, starter: AttemptStarter::Auto }),
        (
            297,
            Event::AttemptFinished {
                incident,
                attempt,
                report: report(
                    "/usr/bin/apt-get clean",
                    StepResult::Done("exit code 0".into()),
                    "Del nginx 1.26 [590 kB]\nDel \x1b[31mredis\x1b[0m 7.0 [1,204 kB]",
                    2_850,
                ),
            },
        ),
        (290, Event::NotVerified { incident, attempt, why: former("room used is 97%, wanted < 80%") }),
        (260, Event::Asked { incident, request: request.clone() }),
    ];
    Arc::new(IncidentView {
        id: incident,
        key: disk,
        playbook: "disk-full".into(),
        title: "The root file system has room".into(),
        risk: Risk::High,
        since: now_at(ago(360)),
        stage: IncidentStage::Asking(request),
        attempts: 1,
        rungs: 3,
        limit: 3,
        readings: vec![
            (CheckRole::Detector, "room used > 85%".into(), Some(holds)),
            (CheckRole::Verifier, "room used < 80%".into(), Some(reading(Verdict::DoesNotHold, "97%", 4))),
            (
                CheckRole::Verifier,
                "inodes used < 80%".into(),
                Some(reading(Verdict::Unknown("timed out after 5s".into()), "", 9)),
            ),
        ],
        story: story(900, events),
        acknowledged: None,
        call: None,
    })
}

fn nginx() -> Arc<IncidentView> {
    let incident = IncidentId(42);
    let nginx = key("service-down", unit("nginx.service"));
    let (first, second) = (restart_plan(0, "reload nginx.service"), restart_plan(1, "restart nginx.service"));
    let holds = reading(Verdict::Holds, "failed (exit-code)", 12);
    let events = vec![
        (
            60,
            Event::Opened {
                incident,
                key: nginx.clone(),
                playbook: "service-down".into(),
                since: ago(70),
                readings: vec![holds.clone()],
            },
        ),
        (40, Event::Intent { incident, attempt: AttemptId(89), plan: first, starter: AttemptStarter::Auto }),
        (
            39,
            Event::AttemptFinished {
                incident,
                attempt: AttemptId(89),
                report: report("reload nginx.service", StepResult::Failed("job failed".into()), "", 640),
            },
        ),
        (20, Event::NotVerified { incident, attempt: AttemptId(89), why: former("the unit is failed, wanted active") }),
        (
            12,
            Event::Intent {
                incident,
                attempt: AttemptId(90),
                plan: Arc::clone(&second),
                starter: AttemptStarter::Probe,
            },
        ),
    ];
    Arc::new(IncidentView {
        id: incident,
        key: nginx,
        playbook: "service-down".into(),
        title: "Every enabled service runs".into(),
        risk: Risk::Low,
        since: now_at(ago(70)),
        stage: IncidentStage::Remediating { attempt: AttemptId(90), plan: second, since: ago(12) },
        attempts: 2,
        rungs: 3,
        limit: 3,
        readings: vec![(CheckRole::Detector, "unit not active".into(), Some(holds))],
        story: story(920, events),
        acknowledged: None,
        call: None,
    })
}

fn mailer() -> Arc<IncidentView> {
    let incident = IncidentId(39);
    let mailer = key("service-down", unit("mailer.service"));
    let cause = Cause::BreakerOpened { attempts: 3, window_ms: 600_000, trip: Trip::Unrecorded };
    let holds = reading(Verdict::Holds, "failed (exit-code)", 30);
    let mut events = vec![(
        1790,
        Event::Opened {
            incident,
            key: mailer.clone(),
            playbook: "service-down".into(),
            since: ago(1800),
            readings: vec![holds.clone()],
        },
    )];
    for (number, age) in [(83, 1700), (84, 1500), (85, 1300)] {
        let attempt = AttemptId(number);
        events.push((
            age,
            Event::Intent {
                incident,
                attempt,
                plan: restart_plan(0, "restart mailer.service"),
                starter: AttemptStarter::Auto,
            },
        ));
        events.push((
            age - 2,
            Event::AttemptFinished {
                incident,
                attempt,
                report: report("restart mailer.service", StepResult::Done("job done".into()), "", 1_900),
            },
        ));
        events.push((age - 40, Event::NotVerified { incident, attempt, why: former("no answer on 127.0.0.1:25") }));
    }
    events.push((
        1200,
        Event::Escalated {
            incident,
            page: PageId(7),
            cause: cause.clone(),
            dedup: "d".into(),
            to: vec!["oncall".into()],
        },
    ));
    Arc::new(IncidentView {
        id: incident,
        key: mailer,
        playbook: "service-down".into(),
        title: "Every enabled service runs".into(),
        risk: Risk::Low,
        since: now_at(ago(1800)),
        stage: IncidentStage::Escalated(cause),
        attempts: 3,
        rungs: 1,
        limit: 3,
        readings: vec![(CheckRole::Detector, "unit not active".into(), Some(holds))],
        story: story(800, events),
        acknowledged: None,
        call: Some(DeliveryState::Taken { channels: vec!["oncall".into()] }),
    })
}

fn closed() -> Arc<IncidentView> {
    let incident = IncidentId(38);
    let web = key("http-down", Target::Url("http://127.0.0.1/".into()));
    let outcome = Outcome::Healed { attempt: AttemptId(82) };
    let holds = reading(Verdict::Holds, "502", 2000);
    let events = vec![
        (
            2000,
            Event::Opened {
                incident,
                key: web.clone(),
                playbook: "http-down".into(),
                since: ago(2030),
                readings: vec![holds],
            },
        ),
        (
            1940,
            Event::Intent {
                incident,
                attempt: AttemptId(82),
                plan: restart_plan(0, "restart php-fpm.service"),
                starter: AttemptStarter::Approved { by: alice(), digest: Digest("a1".repeat(32).into()) },
            },
        ),
        (
            1938,
            Event::AttemptFinished {
                incident,
                attempt: AttemptId(82),
                report: report("restart php-fpm.service", StepResult::Done("job done".into()), "", 1_200),
            },
        ),
        (1880, Event::Verified { incident, attempt: AttemptId(82) }),
        (1700, Event::Closed { incident, outcome: outcome.clone() }),
    ];
    Arc::new(IncidentView {
        id: incident,
        key: web,
        playbook: "http-down".into(),
        title: "The front page answers".into(),
        risk: Risk::Medium,
        since: now_at(ago(2030)),
        stage: IncidentStage::Closed { outcome, at: now_at(ago(1700)) },
        attempts: 1,
        rungs: 2,
        limit: 3,
        readings: Vec::new(),
        story: story(700, events),
        acknowledged: None,
        call: None,
    })
}

const SOURCE: &str = "# What fills the root file system most often, least harm first.
title = \"The root file system has room\"
target = { mount = \"/\" }
risk = \"high\"

[detect]
any = [{ filesystem = { used = \"> 85%\" } }]
for = \"30s\"

[[remediate]]
do = [{ run = [\"apt-get\", \"clean\"] }]
";

fn playbooks() -> Vec<Arc<PlaybookView>> {
    let book = |name: &str, origin: Origin, title: &str, risk, in_force: Mode| {
        let state = PlaybookState::InForce {
            title: title.into(),
            risk,
            mode: Mode::Auto,
            in_force,
            arming: if in_force == Mode::Shadow { Arming::Shadow } else { Arming::Armed },
            needs_root: false,
        };
        Arc::new(PlaybookView { name: name.into(), origin, state, source: SOURCE.into() })
    };
    let diagnostics = "error: there is no key `useed`; did you mean `used`?\n --> queue-full.toml:7:26\n  |\n7 | any = [{ filesystem = { useed = \"> 85%\" } }]\n  |                         ^^^^^ write `used`";
    vec![
        book("disk-full", Origin::Shipped, "The root file system has room", Risk::High, Mode::Auto),
        book("service-down", Origin::Shipped, "Every enabled service runs", Risk::Low, Mode::Auto),
        book(
            "http-down",
            Origin::System("/etc/salve/playbooks".into()),
            "The front page answers",
            Risk::Medium,
            Mode::Ask,
        ),
        book("inodes", Origin::Shipped, "There are inodes left", Risk::Medium, Mode::Shadow),
        Arc::new(PlaybookView {
            name: "queue-full".into(),
            origin: Origin::User("/root/.config/salve/playbooks".into()),
            state: PlaybookState::Rejected { diagnostics: diagnostics.into(), former_in_force: true },
            source: SOURCE.into(),
        }),
    ]
}

fn rates() -> Rates {
    let share = |part, whole| Share { part, whole };
    let day = WindowRates {
        auto_fix: share(21, 25),
        coverage: share(25, 31),
        assisted: share(3, 4),
        self_cleared: 6,
        shadow: 2,
    };
    let hour = WindowRates { auto_fix: share(2, 3), coverage: share(3, 4), ..WindowRates::default() };
    let week = WindowRates {
        auto_fix: share(88, 101),
        coverage: share(101, 140),
        assisted: share(12, 13),
        self_cleared: 19,
        shadow: 11,
    };
    Rates { hour, day, month: WindowRates { auto_fix: share(402, 460), ..week.clone() }, week }
}

fn playbook_rates() -> Vec<PlaybookRates> {
    let rates = |playbook: &str, day: (u32, u32), month: (u32, u32)| {
        let window = |(part, whole)| WindowRates {
            auto_fix: Share { part, whole },
            coverage: Share { part: whole, whole: whole + 2 },
            ..WindowRates::default()
        };
        let rates = Rates { hour: WindowRates::default(), day: window(day), week: window(month), month: window(month) };
        PlaybookRates { playbook: playbook.into(), rates }
    };
    vec![
        rates("disk-full", (3, 6), (4, 11)),
        rates("http-down", (0, 0), (9, 10)),
        rates("memory-worker", (6, 6), (31, 31)),
        rates("service-down", (12, 13), (358, 408)),
    ]
}

/// A quiet night, a bad morning, and a month that got better.
fn trend() -> Trend {
    let column = |part, whole, all| WindowRates {
        auto_fix: Share { part, whole },
        coverage: Share { part: whole, whole: all },
        ..WindowRates::default()
    };
    let hours = (0..24_u32).map(|hour| match hour {
        0..=6 => column(0, 0, 0),
        9 => column(0, 2, 4),
        hour => column(hour % 3, hour % 3, hour % 3 + u32::from(hour % 5 == 0)),
    });
    let days = (0..30_u32).map(|day| column(6 + day / 3, 17, 20 + day % 4));
    Trend { hours: hours.collect(), days: days.collect() }
}

fn wanting() -> Vec<Wanting> {
    let one = |playbook: &str, target, lack, times, latest, age| Wanting {
        playbook: playbook.into(),
        target,
        lack,
        times,
        latest: IncidentId(latest),
        at: ago(age),
    };
    vec![
        one("replica-lag", Target::Address("10.0.0.7:5432".into()), Lack::NoRemediation, 7, 36, 4_000),
        one("inodes", Target::Mount("/var/lib/postgresql".into()), Lack::Arming, 3, 35, 5_000),
        one("service-down", unit("mailer.service"), Lack::NoPlan, 1, 39, 1_200),
    ]
}

fn messages() -> Vec<Message> {
    let message = |age, about: &str, text: &str| Message { at: wall(ago(age)), about: about.into(), text: text.into() };
    vec![
        message(253, "disk /", "needs approval #41: risk high"),
        message(900, "queue-full", "rejected: there is no key `useed`; the last good version stays in force"),
        message(6900, "salve", "started"),
    ]
}

fn totals() -> Totals {
    let counts = |counts: &[(&str, u64)]| counts.iter().map(|(word, count)| ((*word).into(), *count)).collect();
    Totals {
        opened: 33,
        closed: counts(&[("healed", 26), ("self_cleared", 2), ("escalated_then_cleared", 2)]),
        attempts: counts(&[("auto", 31), ("approved", 3)]),
        verdicts: counts(&[("verified", 27), ("not_verified", 6)]),
        escalated: 4,
    }
}

/// Everything that is watched is well.
pub fn calm() -> Snapshot {
    let mut snapshot = trouble();
    for detector in &mut snapshot.detectors {
        if !matches!(detector.health, Health::NotApplicable(_)) {
            detector.health = Health::Ok;
            detector.incident = None;
            detector.call = None;
        }
        detector.marks.truncate(1);
    }
    snapshot.incidents.retain(|incident| matches!(incident.stage, IncidentStage::Closed { .. }));
    snapshot.breakers.retain(|breaker| breaker.state == BreakerState::Closed);
    snapshot
}

/// Before the first look at anything.
pub fn first() -> Snapshot {
    Snapshot {
        generation: 0,
        detectors: Vec::new(),
        breakers: Vec::new(),
        incidents: Vec::new(),
        playbooks: Vec::new(),
        messages: Vec::new(),
        recurring: Vec::new(),
        rates: Rates::default(),
        playbook_rates: Vec::new(),
        trend: Trend::default(),
        wanting: Vec::new(),
        totals: Totals::default(),
        undelivered: 0,
        snoozes: Vec::new(),
        strip: None,
        ..trouble()
    }
}

/// The host is paused.
pub fn paused() -> Snapshot {
    let mut snapshot = trouble();
    let until = Some(NOW + Duration::from_mins(12));
    snapshot.pauses =
        vec![PauseView { scope: Scope::Host, until, since: ago(180), by: alice(), reason: "kernel upgrade".into() }];
    snapshot
}

/// The request asks for another plan than before.
pub fn changed_plan() -> Snapshot {
    let mut snapshot = trouble();
    let mut incident = (*snapshot.incidents[0]).clone();
    if let IncidentStage::Asking(request) = &mut incident.stage {
        request.generation += 1;
        let mut plan = (*request.plan).clone();
        plan.digest = Digest("cc".repeat(32).into());
        plan.steps.truncate(1);
        request.plan = Arc::new(plan);
    }
    snapshot.incidents[0] = Arc::new(incident);
    snapshot
}

/// The request with another risk.
pub fn with_risk(risk: Risk) -> Snapshot {
    let mut snapshot = trouble();
    let mut incident = (*snapshot.incidents[0]).clone();
    incident.risk = risk;
    snapshot.incidents[0] = Arc::new(incident);
    snapshot
}

/// Names that try to steer the terminal, and names that are wide.
pub fn hostile() -> Snapshot {
    let mut snapshot = trouble();
    let evil = "\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}evil\u{301}\u{301}\u{301}\r\n名前が長いサービス";
    snapshot.host = evil.into();
    for detector in &mut snapshot.detectors {
        detector.target = format!("unit {evil}").into();
        detector.playbook = evil.into();
        detector.seen = Some(evil.into());
        detector.condition = evil.into();
    }
    snapshot.messages[0].text = evil.into();
    snapshot.messages[0].about = evil.into();
    let mut incident = (*snapshot.incidents[0]).clone();
    incident.title = evil.into();
    incident.playbook = evil.into();
    incident.key.target = unit(evil);
    snapshot.incidents[0] = Arc::new(incident);
    snapshot
}

/// Everything breaks at once: more of everything than any screen has rows for.
pub fn storm() -> Snapshot {
    let mut snapshot = trouble();
    let disk = Arc::clone(&snapshot.incidents[0]);
    for number in 0..48_u64 {
        let target = unit(&format!("worker-{number:02}.service"));
        let asks = number % 4 == 0;
        let health = match number % 4 {
            0 => Health::Asks,
            1 => Health::Fixing { rung: 1, of: 2 },
            _ => Health::Broken,
        };
        let mut row = detector("service-down", target.clone(), health, Some("failed"), "not active", 90 + number);
        row.marks.extend([
            (ago(90 + number), TimelineMark::Broken),
            (ago(40), if asks { TimelineMark::Asked } else { TimelineMark::Fixing }),
        ]);
        if asks {
            let incident = IncidentId(100 + number);
            row.incident = Some(incident);
            let key = key("service-down", target.clone());
            let playbook = "service-down".into();
            snapshot.incidents.push(Arc::new(IncidentView {
                id: incident,
                key,
                playbook,
                risk: Risk::Medium,
                ..(*disk).clone()
            }));
        }
        let open = BreakerState::Open { until: NOW + Duration::from_secs(600 + number), cooldown_ms: 1_800_000 };
        snapshot.breakers.push(BreakerView {
            key: key("service-down", target),
            playbook: "service-down".into(),
            state: if number % 3 == 0 { open } else { BreakerState::Closed },
            invocations: 3,
            limit: 3,
            why: "3 of 3 attempts not verified".into(),
        });
        snapshot.detectors.push(row);
        let at = wall(ago(number));
        let text = format!("attempt {} not verified", 1 + number % 3).into();
        snapshot.messages.insert(0, Message { at, about: format!("worker-{number:02}").into(), text });
    }
    snapshot.messages.sort_by_key(|message| std::cmp::Reverse(message.at));
    snapshot.storm = Some(Storm {
        incident: IncidentId(39),
        failing: 36,
        of: 58,
        targets: (0..36).map(|number| format!("unit worker-{number:02}.service").into()).collect(),
        call: DeliveryState::Calling { tries: 3 },
        acknowledged: None,
    });
    snapshot
}
