//! A real journal, asked for its moments.

use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;

use super::checkpoints::Checkpoints;
use super::serve::{HistoryContext, start};
use super::{HistoryClient, LastHour, PastError, Seek, SeekSide, read_incident};
use crate::check::{Observation, Subject};
use crate::core::incident::{AttemptStarter, Outcome};
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::plan::Digest;
use crate::core::{
    AttemptId, Config, Core, DetectorState, Event, IncidentId, Input, Key, Moment, Mono, Operator, Plan, Reading,
    Recorded, Scope, Verdict,
};
use crate::engine::snapshot::{Health, IncidentStage, TimelineMark};
use crate::engine::views::snapshot_builder;
use crate::host::clock::ClockMark;
use crate::journal::{Journal, JournalReader, KeptReading};
use crate::playbook::{Origin, Playbook, Target, read};

fn book() -> Arc<Playbook> {
    let source = include_str!("../../../playbooks/disk-pressure.toml");
    Arc::new(read::read("disk", "disk", Origin::Shipped, source).playbook.unwrap())
}

fn key() -> Key {
    Key { content: book().content.clone(), target: Target::Mount("/".into()) }
}

fn alice() -> Operator {
    Operator { uid: 1000, name: "alice".into(), ..Operator::default() }
}

fn wall(mono: Mono) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + i64::try_from(mono.0).unwrap()).unwrap()
}

/// One event a second.
fn numbered(events: Vec<Event>) -> Vec<Arc<Recorded>> {
    let number = |(index, event): (usize, Event)| {
        let seq = index as u64 + 1;
        Arc::new(Recorded { seq, mono: Mono(seq * 1000), wall: wall(Mono(seq * 1000)), event })
    };
    events.into_iter().enumerate().map(number).collect()
}

fn reading(verdict: Verdict, seen: &str, at: u64) -> Reading {
    Reading { verdict, seen: seen.into(), figure: None, unit: None, began: Mono(at), since: Mono(at) }
}

/// An incident that is found, tried and healed: five events, with a pause among them.
fn incident(number: u64) -> Vec<Event> {
    let (incident, attempt) = (IncidentId(number), AttemptId(number));
    let plan = Arc::new(Plan { rung: 0, steps: Vec::new(), timeout_ms: 1000, digest: Digest("d".into()) });
    let seen = vec![reading(Verdict::Holds, "97%", 0)];
    vec![
        Event::Opened { incident, key: key(), playbook: "disk".into(), since: Mono(0), readings: seen },
        Event::Intent { incident, attempt, plan, starter: AttemptStarter::Auto },
        Event::Paused { scope: Scope::Host, until: None, by: alice(), reason: "upgrade".into() },
        Event::Verified { incident, attempt },
        Event::Closed { incident, outcome: Outcome::Healed { attempt } },
        Event::Resumed { scope: Scope::Host, by: Some(alice()) },
    ]
}

/// The playbook, and so many incidents with notes between them.
fn life(incidents: u64) -> Vec<Arc<Recorded>> {
    let adopted =
        Event::Adopted { content: book().content.clone(), name: "disk".into(), source: Arc::clone(&book().source) };
    let mut events = vec![Event::Notice { about: "salve".into(), text: "first".into() }, adopted];
    for number in 1..=incidents {
        events.extend(incident(number));
        events.push(Event::Notice { about: "salve".into(), text: format!("after {number}").into() });
    }
    numbered(events)
}

fn journal(events: &[Arc<Recorded>], readings: &[KeptReading]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(folder.path()).unwrap().journal;
    append(&journal, events);
    readings.iter().cloned().for_each(|reading| journal.keep(reading));
    journal.close();
    folder
}

fn append(journal: &Journal, events: &[Arc<Recorded>]) {
    for some in events.chunks(1000) {
        let mono = some.last().unwrap().mono;
        let mark = ClockMark { boot_id: "b00t".into(), boottime: mono.0, mono };
        journal.commit(some.to_vec(), mark).blocking_recv().unwrap().unwrap();
    }
}

fn percent(used: u64, at: u64) -> KeptReading {
    let check = &book().detect.checks[0];
    let seen = serde_json::json!({"filesystem":
        {"used": used, "available": 100 - used, "inodes": 0, "inodes_used": 0, "read_only": false}});
    let observation: Observation = serde_json::from_value(seen).unwrap();
    KeptReading {
        subject: Subject::of(check, &Target::Mount("/".into())).unwrap().canonical(),
        mono: Mono(at),
        wall: wall(Mono(at)),
        observation: serde_json::to_string(&observation).unwrap().into(),
    }
}

fn line(folder: &TempDir) -> HistoryClient {
    let binding = Binding::new(book(), Resolution::Here(Target::Mount("/".into())), ArmingPolicy::AsWritten);
    let today = HistoryContext { bindings: vec![binding], found: Vec::new(), host: "web-03".into(), operator: alice() };
    let (_today, context) = watch::channel(Arc::new(today));
    start(folder.path().to_owned(), Config::default(), context)
}

#[test]
fn any_moment_is_the_fold_of_what_came_before_it() {
    let events = life(900);
    let folder = journal(&events, &[]);
    let reader = JournalReader::open(folder.path()).unwrap();
    let mut ladder = Checkpoints::new(Config::default());
    let last = events.len() as u64;
    for seq in [1, last, last - 1, 4096, 4097, 4095, 2048, 2049, 1, 6000, 5999, 5998, last] {
        let mut core = Core::new(Config::default());
        events.iter().take(usize::try_from(seq).unwrap()).for_each(|recorded| core.replay(recorded));
        let (fold, event) = ladder.at(&reader, seq, |_| ()).unwrap().unwrap();
        assert!(fold.core.state() == core.state(), "at event {seq}");
        assert_eq!(event, events[usize::try_from(seq).unwrap() - 1]);
    }
    assert!(ladder.at(&reader, last + 1, |_| ()).unwrap().is_none());
}

#[test]
fn a_long_journal_keeps_few_checkpoints_and_says_how_far_it_is() {
    let events = numbered((0..7000).map(|_| Event::Notice { about: "a".into(), text: "b".into() }).collect());
    let folder = journal(&events, &[]);
    let reader = JournalReader::open(folder.path()).unwrap();
    let mut ladder = Checkpoints::of(Config::default(), 100);
    let mut progress = Vec::new();
    ladder.at(&reader, 7000, |done| progress.push(done)).unwrap().unwrap();
    assert_eq!(progress.first(), Some(&100));
    assert_eq!(progress.last(), Some(&7000));
    assert!(ladder.height() <= 64, "{}", ladder.height());
    for seq in [6999, 6400, 6401, 150, 99] {
        assert_eq!(ladder.at(&reader, seq, |_| ()).unwrap().unwrap().1.seq, seq);
    }
}

#[tokio::test]
async fn a_moment_shows_what_was_seen_then() {
    let readings = [percent(50, 500), percent(97, 2500), percent(60, 6500)];
    let folder = tokio::task::spawn_blocking(move || journal(&life(2), &readings)).await.unwrap();
    let line = line(&folder);
    assert_eq!(line.count().await, Ok(16));
    let seen = async |seq| {
        let replayed = line.at(Seek::Event(seq)).await.unwrap();
        assert_eq!((replayed.seq, replayed.of, replayed.event.seq), (seq, 16, seq));
        replayed.snapshot
    };
    let before = seen(1).await;
    assert!(before.detectors.is_empty(), "the playbook was not in force yet");
    assert_eq!(before.messages.len(), 1);
    assert_eq!(&*before.host, "web-03");

    let well = seen(2).await;
    assert_eq!((&well.detectors[0].health, well.detectors[0].seen.as_deref()), (&Health::Ok, Some("50%")));

    let fixing = seen(4).await;
    assert_eq!(fixing.detectors[0].health, Health::Fixing { rung: 1, of: book().remediate.len() });
    assert_eq!(fixing.detectors[0].seen.as_deref(), Some("97%"));
    let marks: Vec<TimelineMark> = fixing.detectors[0].marks.iter().map(|(_, mark)| *mark).collect();
    assert_eq!(marks, [TimelineMark::Ok, TimelineMark::Broken, TimelineMark::Fixing]);
    assert!(matches!(fixing.incidents[0].stage, IncidentStage::Remediating { .. }));
    assert_eq!(fixing.now.wall, wall(Mono(4000)));
    assert_eq!(seen(5).await.pauses[0].by, alice());

    let healed = seen(9).await;
    assert_eq!((healed.detectors[0].health.clone(), healed.pauses.len()), (Health::Ok, 0));
    assert!(matches!(healed.incidents[0].stage, IncidentStage::Closed { .. }));
    assert_eq!(seen(4).await, fixing, "the same moment looks the same however it is reached");
    assert_eq!(seen(16).await.rates.day.auto_fix.whole, 2);
}

#[tokio::test]
async fn steps_lead_from_incident_to_incident_and_end_at_the_ends() {
    let folder = tokio::task::spawn_blocking(|| journal(&life(2), &[])).await.unwrap();
    let line = line(&folder);
    let to = async |goal| line.at(goal).await.map(|replayed| replayed.seq);
    assert_eq!(to(Seek::IncidentBefore(16)).await, Ok(10));
    assert_eq!(to(Seek::IncidentBefore(10)).await, Ok(3));
    assert_eq!(to(Seek::IncidentBefore(3)).await, Err(PastError::NoIncident(SeekSide::Before)));
    assert_eq!(to(Seek::IncidentAfter(3)).await, Ok(10));
    assert_eq!(to(Seek::IncidentAfter(10)).await, Err(PastError::NoIncident(SeekSide::After)));
    assert_eq!(to(Seek::Event(99)).await, Ok(16));
    assert_eq!(to(Seek::Event(0)).await, Ok(1));
}

#[tokio::test]
async fn the_past_grows_while_it_is_looked_at() {
    let events = life(3);
    let (some, rest) = (events[..9].to_vec(), events[9..].to_vec());
    let folder = tokio::task::spawn_blocking(move || journal(&some, &[])).await.unwrap();
    let line = line(&folder);
    assert_eq!(line.at(Seek::Event(8)).await.unwrap().of, 9);
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || append(&Journal::open(&path).unwrap().journal, &rest)).await.unwrap();
    let later = line.at(Seek::Event(12)).await.unwrap();
    assert_eq!((later.seq, later.of), (12, events.len() as u64));
}

#[tokio::test]
async fn nothing_recorded_and_nobody_there_are_told_apart() {
    let folder = TempDir::new().unwrap();
    assert_eq!(line(&folder).count().await, Err(PastError::Empty));
    assert_eq!(HistoryClient::dead().count().await, Err(PastError::Gone));
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || Journal::open(&path).unwrap().journal.close()).await.unwrap();
    assert_eq!(line(&folder).at(Seek::Event(1)).await, Err(PastError::Empty));
}

#[test]
fn an_incident_is_told_whole_however_long_ago() {
    let folder = journal(&life(120), &[]);
    let reader = JournalReader::open(folder.path()).unwrap();
    let view = read_incident(&reader, IncidentId(1)).unwrap();
    assert!(matches!(&view.stage, IncidentStage::Closed { outcome: Outcome::Healed { .. }, .. }));
    assert_eq!((&*view.title, view.rungs), (&*book().title, book().remediate.len()));
    let kinds: Vec<_> = view.story.iter().map(|recorded| recorded.seq).collect();
    assert_eq!(kinds, [3, 4, 5, 6, 7], "with the pause that came between, without what came after");
    assert_eq!(read_incident(&reader, IncidentId(999)), Err(PastError::Unknown(IncidentId(999))));
}

/// The same as [`life`] without incidents, and engines that took up their work on it at these moments.
fn lives(starts: &[(u64, Option<u64>)]) -> Vec<Arc<Recorded>> {
    let mut events = life(0);
    for (at, watched_until) in starts {
        let (version, boot_id) = ("1".into(), "b00t".into());
        let event = Event::Started { version, boot_id, booted: Mono(0), watched_until: watched_until.map(Mono) };
        let seq = events.len() as u64 + 1;
        events.push(Arc::new(Recorded { seq, mono: Mono(*at), wall: wall(Mono(*at)), event }));
    }
    events
}

#[test]
fn a_restart_takes_up_the_last_hour_and_knows_when_nobody_watched() {
    let minute = 60_000;
    let events = lives(&[(20 * minute, Some(10 * minute))]);
    let folder = journal(&events, &[percent(50, 3000), percent(97, 5 * minute), percent(40, 6 * minute)]);
    let mut hour = LastHour::of(&events, Config::default());
    let mut core = hour.core().clone();
    let now = snapshot_builder::moment(Mono(40 * minute), wall(Mono(40 * minute)));
    hour.resume(Some(Mono(30 * minute)), now);

    let here = Resolution::Here(Target::Mount("/".into()));
    let binding = Binding::new(book(), here, ArmingPolicy::AsWritten);
    let today =
        HistoryContext { bindings: vec![binding.clone()], found: Vec::new(), host: "web-03".into(), operator: alice() };
    core.handle(
        now,
        Input::Started {
            version: "1".into(),
            boot_id: "b00t".into(),
            booted: Mono(0),
            watched_until: Some(Mono(30 * minute)),
        },
    );
    core.handle(now, Input::Loaded(vec![binding]));
    core.recall(hour.seen(folder.path(), &today).unwrap());

    let marks: Vec<_> = core.watched_key(&key()).unwrap().marks.iter().copied().collect();
    let fault = |at, fault| (Mono(at), Moment::Fault(fault));
    assert_eq!(
        marks,
        [
            fault(3000, DetectorState::Clear),
            fault(5 * minute, DetectorState::Broken),
            fault(6 * minute, DetectorState::Clear),
            (Mono(10 * minute), Moment::Unwatched),
            fault(20 * minute, DetectorState::Clear),
            (Mono(30 * minute), Moment::Unwatched),
        ]
    );
    let figures: Vec<f64> = core.watched_key(&key()).unwrap().figures.iter().map(|(_, figure)| *figure).collect();
    assert_eq!(figures, [50.0, 97.0, 40.0]);
}

#[test]
fn before_the_first_start_there_is_no_gap_and_nothing_is_known() {
    let events = lives(&[]);
    let folder = journal(&events, &[]);
    let mut hour = LastHour::of(&[], Config::default());
    hour.resume(None, snapshot_builder::moment(Mono(5000), wall(Mono(5000))));
    let today = HistoryContext { bindings: Vec::new(), found: Vec::new(), host: "web-03".into(), operator: alice() };
    assert!(hour.seen(folder.path(), &today).unwrap().is_empty());
}
