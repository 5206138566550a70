//! The same readings come to the same health on every path: live, in the past and in a backtest.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::FaultSeen;
use super::replay::{TargetPast, Track};
use crate::core::id::WatchId;
use crate::core::machine::history_view::PastDetector;
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::{CheckRole, Config, Core, DetectorState, Effect, Input, Key, Mono, Now, Reading, Recorded, Verdict};
use crate::engine::snapshot::{Health, RowSubject};
use crate::playbook::value::Period;
use crate::playbook::{Flapping, Origin, Playbook, Target, read};

/// The first moment.
const START: Mono = Mono(1_000_000);

/// Two checks that one detector reads. The hold time is so long that nothing opens here.
fn playbook(flapping: Flapping) -> Arc<Playbook> {
    let source = include_str!("../../../playbooks/disk-pressure.toml");
    let mut playbook = read::read("disk", "disk", Origin::Shipped, source).playbook.unwrap();
    let check = playbook.detect.checks[0].clone();
    playbook.detect.checks = vec![check.clone(), check];
    playbook.detect.hold = Period::from_secs(3600);
    playbook.detect.flapping = flapping;
    Arc::new(playbook)
}

fn now(mono: Mono) -> Now {
    let wall = Timestamp::from_millisecond(1_800_000_000_000 + i64::try_from(mono.0).unwrap()).unwrap();
    Now { mono, wall, minute_of_day: 0 }
}

/// Which check was read, seconds after the reading before, and what it said.
fn looks() -> impl Strategy<Value = Vec<(usize, u64, Verdict)>> {
    let verdict =
        prop_oneof![Just(Verdict::Holds), Just(Verdict::DoesNotHold), Just(Verdict::Unknown("timed out".into())),];
    vec((0..2_usize, 1..10_u64, verdict), 0..24)
}

/// A core that takes the readings as they come, and everything that it recorded.
fn live(playbook: &Arc<Playbook>, key: &Key, readings: &[(usize, Reading)]) -> (Core, Vec<Arc<Recorded>>) {
    let mut core = Core::new(Config::default());
    let here = Resolution::Here(key.target.clone());
    let binding = Binding::new(Arc::clone(playbook), here, ArmingPolicy::AsWritten);
    let (version, boot_id) = ("live".into(), "boot".into());
    let mut effects =
        core.handle(now(START), Input::Started { version, boot_id, booted: Mono(0), watched_until: None });
    effects.extend(core.handle(now(START), Input::Loaded(vec![binding])));
    for (index, reading) in readings {
        let watch = WatchId { key: key.clone(), role: CheckRole::Detector, index: *index };
        effects.extend(core.handle(now(reading.began), Input::Read { watch, reading: reading.clone() }));
    }
    let records = effects.into_iter().filter_map(|effect| match effect {
        Effect::Record(recorded) => Some(recorded),
        _ => None,
    });
    (core, records.collect())
}

/// The same as a screen sees it later: the journal folded, and the latest readings put in.
fn past(
    playbook: &Arc<Playbook>,
    key: &Key,
    readings: &[(usize, Reading)],
    records: &[Arc<Recorded>],
    end: Mono,
) -> Core {
    let mut core = Core::new(Config::default());
    for recorded in records {
        core.replay(recorded);
    }
    let mut detector = vec![None, None];
    for (index, reading) in readings {
        detector[*index] = Some(reading.clone());
    }
    let seen = PastDetector {
        key: key.clone(),
        playbook: Arc::clone(playbook),
        standing: ArmingPolicy::AsWritten,
        detector,
        verifier: Vec::new(),
        marks: Vec::new(),
        figures: Vec::new(),
    };
    core.set_past(now(end), vec![seen], Vec::new());
    core
}

fn stands(core: &Core, key: &Key) -> (DetectorState, Health) {
    let watched = core.watched_key(key).unwrap();
    (watched.fault, Health::of(RowSubject::Watched(watched), core.state().incident_of(key)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_readings_come_to_the_same_health_live_in_the_past_and_in_a_backtest(
        looks in looks(),
        flapping in prop_oneof![Just(Flapping::Watch), Just(Flapping::Ignore)],
    ) {
        let playbook = playbook(flapping);
        let key = Key { content: playbook.content.clone(), target: Target::Mount("/".into()) };
        let mut at = START;
        let mut readings = Vec::new();
        for (index, after, verdict) in looks {
            at = at + Duration::from_secs(after);
            let seen = "90%".into();
            readings.push((index, Reading { verdict, seen, figure: None, unit: None, began: at, since: at }));
        }
        let (live, records) = live(&playbook, &key, &readings);
        let expected = stands(&live, &key);

        let past = past(&playbook, &key, &readings, &records, at);
        prop_assert_eq!(&stands(&past, &key), &expected, "in the past");

        let of = |wanted: usize| readings.iter().filter(move |(index, _)| *index == wanted);
        let track = |index: usize| Track {
            role: CheckRole::Detector,
            index,
            readings: of(index).map(|(_, reading)| reading.clone()).collect(),
        };
        let tracks = [track(0), track(1)];
        let target = key.target.clone();
        let anchor = (at, now(at).wall);
        let replayed =
            TargetPast { playbook: &playbook, target: &target, tracks: &tracks, plans: &[], anchor, span: (START, at) };
        let run = replayed.run(Config::default());
        prop_assert_eq!(&stands(run.core(), &key), &expected, "in a backtest");
        // what flaps stays broken through a good reading; the timeline shows each reading
        if live.flapping(&key).is_none() {
            let seen = match expected.0 {
                DetectorState::Broken => FaultSeen::Fault,
                DetectorState::Clear => FaultSeen::Well,
                DetectorState::Waiting | DetectorState::Unknown => FaultSeen::Unknown,
            };
            prop_assert_eq!(replayed.at(at), seen, "on a backtest's timeline");
        }
    }
}
