//! The control socket, with real engines and real sockets: what consoles and verbs see of an engine elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the tests of screens")]
mod fixture;
#[path = "support/house.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod house;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use salve::control::bridge;
use salve::control::client::{Attached, ClientError, Connection, Stay};
use salve::control::protocol::delta::Difference;
use salve::control::protocol::rights::{Rights, Roles};
use salve::control::protocol::wire::{FRAME, MessageReader, MessageWriter, WireError};
use salve::control::protocol::{Greeting, Hello, Request, Response, ToClient, ToServer, VERSION};
use salve::control::server::Listener;
use salve::control::socket::Socket;
use salve::control::transport::{Asking, Transport};
use salve::core::plan::Digest;
use salve::core::{Command, Refusal, Scope};
use salve::engine::history::Seek;
use salve::engine::snapshot::{IncidentStage, Snapshot};
use salve::engine::{Handle, Running};
use salve::host::clock::boottime_ms;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

use house::{House, PATIENCE, missing, missing_in_mode, seen, touch};

fn listen(folder: &Path, handle: &Handle) -> Listener {
    Listener::start(Socket::listen(folder).unwrap(), handle.clone(), Roles::usual()).unwrap()
}

async fn open(listening: &Listener) -> Connection {
    Connection::open(&way(listening), Asking::Not, Stay::Long).await.unwrap()
}

fn way(listening: &Listener) -> Transport {
    Transport::Socket(listening.path().into())
}

async fn attach(listening: &Listener) -> Attached {
    open(listening).await.attach().await.unwrap()
}

/// A house whose engine listens.
struct Served {
    house: House,
    running: Running,
    listening: Listener,
}

impl Served {
    fn new() -> Self {
        Self::of(House::new())
    }

    fn of(house: House) -> Self {
        let running = house.start();
        let listening = listen(&house.path("run"), &running.handle);
        Self { house, running, listening }
    }
}

fn pause(reason: &str) -> Command {
    Command::Pause { scope: Scope::Host, length: None, reason: reason.into() }
}

/// An engine that says what it is told to say.
struct Puppet {
    publish: watch::Sender<Arc<Snapshot>>,
    handle: Handle,
    _folder: tempfile::TempDir,
    listening: Listener,
}

fn puppet(first: Snapshot) -> Puppet {
    let (publish, snapshots) = watch::channel(Arc::new(first));
    let handle = Handle::new(snapshots, mpsc::channel(1).0, Arc::new(AtomicU64::new(boottime_ms())));
    let folder = tempfile::tempdir().unwrap();
    let listening = listen(folder.path(), &handle);
    Puppet { publish, handle, _folder: folder, listening }
}

impl Puppet {
    fn say(&self, change: impl FnOnce(&mut Snapshot)) {
        self.publish.send_modify(|snapshot| {
            let snapshot = Arc::make_mut(snapshot);
            snapshot.generation += 1;
            change(snapshot);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consoles_see_each_others_acts_and_who_did_them() {
    let served = Served::new();
    let (one, two) = (attach(&served.listening).await, attach(&served.listening).await);
    assert_eq!(one.welcome.rights, Rights::all());
    assert!(one.handle.command(pause("upgrade")).await.unwrap().contains("paused"));
    let snapshot = seen(&two.handle, "the pause", |snapshot| !snapshot.pauses.is_empty()).await;
    assert_eq!((&*snapshot.pauses[0].reason, snapshot.pauses[0].by.uid), ("upgrade", one.welcome.operator.uid));
    two.handle.command(Command::Resume { scope: Scope::Host }).await.unwrap();
    seen(&one.handle, "its end", |snapshot| snapshot.pauses.is_empty()).await;
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_before_the_first_sign_of_life_is_not_missed() {
    let puppet = puppet(fixture::calm());
    let welcome = attach(&puppet.listening).await.welcome;
    let first = fixture::calm();
    let later = |generation: u64, host: &str| Snapshot { generation, host: host.into(), ..first.clone() };
    let (second, third) = (later(first.generation + 1, "second"), later(first.generation + 2, "third"));
    let change = |old: &Snapshot, new: &Snapshot| ToClient::Changed(Box::new(Difference::between(old, new)));
    let told =
        [ToClient::Whole(Arc::new(first.clone())), change(&first, &second), ToClient::Beat(0), change(&second, &third)];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("salve.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (from, into) = listener.accept().await.unwrap().0.into_split();
        let (mut reader, mut writer) = (MessageReader::new(from, FRAME), MessageWriter::new(into));
        reader.next::<Hello>().await.unwrap();
        writer.send(&Greeting::Welcome(welcome)).await.unwrap();
        reader.next::<ToServer>().await.unwrap();
        for message in told {
            writer.send(&message).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let opened = Connection::open(&Transport::Socket(path.as_path().into()), Asking::Not, Stay::Long).await;
    let attached = opened.unwrap().attach().await.unwrap();
    let shown = seen(&attached.handle, "the third", |snapshot| snapshot.generation == third.generation).await;
    assert_eq!((&*shown.host, shown.messages.len()), ("third", first.messages.len()), "nothing was lost meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_attached_console_shows_is_what_the_engine_says() {
    let house = House::new();
    let file = house.path("file");
    house.write("file", &missing(&file, &touch(&file)));
    let served = Served::of(house);
    let attached = attach(&served.listening).await;
    let healed =
        |snapshot: &Snapshot| snapshot.incidents.iter().any(|view| matches!(view.stage, IncidentStage::Closed { .. }));
    let far = seen(&attached.handle, "healed", healed).await;
    let near = served.running.handle.snapshots();
    let near = Arc::clone(&near.borrow());
    assert_eq!(far.incidents[0].story, near.incidents[0].story);
    // the past as well
    let history = attached.handle.history().await.unwrap();
    assert!(history > 3);
    let past = attached.handle.recall(Seek::Event(1)).await.unwrap();
    assert_eq!((past.seq, past.snapshot.incidents.len()), (1, 0));
    let told = attached.handle.incident(far.incidents[0].id).await.unwrap();
    assert_eq!(told.id, far.incidents[0].id);
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_digest_runs_nothing_and_a_right_one_runs_once() {
    let house = House::new();
    let file = house.path("file");
    house.write("file", &missing_in_mode(&file, &touch(&file), "ask"));
    let served = Served::of(house);
    let attached = attach(&served.listening).await;
    let asks =
        |snapshot: &Snapshot| snapshot.incidents.iter().any(|view| matches!(view.stage, IncidentStage::Asking(_)));
    let snapshot = seen(&attached.handle, "asks", asks).await;
    let view = &snapshot.incidents[0];
    let IncidentStage::Asking(request) = &view.stage else { panic!("{:?}", view.stage) };
    let approve = |digest: Digest| Command::Approve { incident: view.id, digest, reason: "seen".into() };
    let forged = attached.handle.command(approve(Digest("f".repeat(64).into()))).await;
    assert_eq!(forged, Err(Refusal::PlanChanged));
    assert!(!file.exists());
    let right = request.plan.digest.clone();
    attached.handle.command(approve(right.clone())).await.unwrap();
    let closed = |snapshot: &Snapshot| matches!(snapshot.incidents[0].stage, IncidentStage::Closed { .. });
    seen(&attached.handle, "healed", closed).await;
    assert!(file.exists());
    // the same yes again is a yes to nothing
    let replayed = attached.handle.command(approve(right)).await;
    assert_eq!(replayed, Err(Refusal::NoSuchIncident(view.id)));
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_returns_is_found_again() {
    let Served { house, running, listening } = Served::new();
    let attached = attach(&listening).await;
    drop(listening);
    running.stop().await;
    let lost = |snapshot: &Snapshot| snapshot.messages.iter().any(|message| message.text.starts_with("not connected"));
    let kept = seen(&attached.handle, "the loss", lost).await;
    assert!(!kept.host.is_empty(), "the last state stays");
    assert_eq!(attached.handle.command(pause("gone")).await, Err(Refusal::Unreachable));
    let beat = attached.handle.beat();
    let running = house.start();
    let listening = listen(&house.path("run"), &running.handle);
    let found = |snapshot: &Snapshot| snapshot.messages.iter().any(|message| &*message.text == "connected again");
    seen(&attached.handle, "the return", found).await;
    attached.handle.command(pause("back")).await.unwrap();
    assert!(attached.handle.beat() > beat);
    drop(listening);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_say_what_is_to_be_done() {
    let served = Served::new();
    for (version, build, told) in [
        (VERSION + 1, "9.9.9", "yours is 9.9.9"),
        (VERSION + 1, "9.9.9", "replace the one that runs here"),
        (VERSION - 1, "0.0.1", "replace yours"),
    ] {
        let stream = UnixStream::connect(served.listening.path()).await.unwrap();
        let (from, into) = stream.into_split();
        let hello = Hello { version, build: build.into(), ..Hello::here() };
        MessageWriter::new(into).send(&hello).await.unwrap();
        match MessageReader::new(from, FRAME).next::<Greeting>().await.unwrap().unwrap() {
            Greeting::Refused(why) => assert!(why.contains(told), "{why}"),
            Greeting::Welcome(_) => panic!("{version} is let in"),
        }
    }
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_cut_off_and_nobody_else_notices() {
    let served = Served::new();
    let attached = attach(&served.listening).await;
    let path = served.listening.path();
    let frame = |text: &[u8]| [&u32::try_from(text.len() + 1).unwrap().to_be_bytes()[..], &[0], text].concat();
    let hello = frame(&serde_json::to_vec(&Hello::here()).unwrap());
    let after = |bytes: &[u8]| [&hello[..], bytes].concat();
    let long = u32::try_from(FRAME + 1).unwrap().to_be_bytes();
    for (name, bytes) in [
        ("nothing of ours", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("no length", vec![0; 100]),
        ("too long a hello", long.to_vec()),
        ("no hello", frame(b"{}")),
        ("no JSON", after(&frame(b"{\"ask\":"))),
        ("an unknown verb", after(&frame(b"{\"shell\":{\"run\":\"id\"}}"))),
        ("an unknown field", after(&frame(b"{\"look\":{\"at\":\"all\"}}"))),
        ("too long a request", after(&long)),
        (
            "a request in parts",
            after(
                &[&u32::try_from(FRAME).unwrap().to_be_bytes()[..], &[1], &vec![b' '; FRAME - 1][..], &frame(b" ")]
                    .concat(),
            ),
        ),
    ] {
        let mut stream = UnixStream::connect(path).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut rest = Vec::new();
        // the end of the connection, whatever was said before it
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{name} is not cut off");
    }
    attached.handle.command(pause("still here")).await.unwrap();
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_hello_is_not_waited_for_and_connections_are_counted() {
    let served = Served::new();
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(UnixStream::connect(served.listening.path()).await.unwrap());
    }
    let began = Instant::now();
    // their places are free again when nobody has said hello for so long
    let attached = loop {
        match Connection::open(&way(&served.listening), Asking::Not, Stay::Long).await {
            Ok(connection) => break connection.attach().await.unwrap(),
            Err(ClientError::Refused(why)) => {
                assert!(why.contains("16 connections") || why.contains("so many consoles"), "{why}");
            }
            Err(ClientError::Broken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    served.running.handle.command(pause("the loop never noticed")).await.unwrap();
    seen(&attached.handle, "the pause", |snapshot| !snapshot.pauses.is_empty()).await;
    drop(silent);
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_consoles_keep_their_own_verbs_out() {
    let served = Served::new();
    let mut consoles = Vec::new();
    for _ in 0..16 {
        consoles.push(attach(&served.listening).await);
    }
    // one more console is told why not, in words
    for stay in [Stay::Long, Stay::Long] {
        match Connection::open(&way(&served.listening), Asking::Not, stay).await {
            Err(ClientError::Refused(why)) => assert!(why.contains("one more cannot stay"), "{why}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("one more console is let in"),
        }
    }
    let mut verbs = Vec::new();
    for number in 0..4 {
        let mut verb = Connection::open(&way(&served.listening), Asking::Not, Stay::Brief).await.unwrap();
        let answer = verb.ask(Request::Command(pause(&format!("verb {number}")))).await.unwrap();
        assert!(matches!(answer, Response::Command(Ok(_))), "{answer:?}");
        verbs.push(verb);
    }
    // and a verb that finds no place at all as well
    match Connection::open(&way(&served.listening), Asking::Not, Stay::Brief).await {
        Err(ClientError::Refused(why)) => assert!(why.contains("16 connections"), "{why}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("more than there is room for"),
    }
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_write_never_makes_the_state_too_much_to_tell() {
    let served = Served::new();
    let attached = attach(&served.listening).await;
    // as much as one message takes, from a client that cuts nothing
    let reason = "x".repeat(255_000);
    let stream = UnixStream::connect(served.listening.path()).await.unwrap();
    let mut writer = MessageWriter::new(stream);
    writer.send(&Hello::here()).await.unwrap();
    let pause = serde_json::json!({ "pause": { "scope": "host", "length": null, "reason": reason } });
    writer.send(&serde_json::json!({ "ask": { "id": 1, "what": { "command": pause } } })).await.unwrap();
    seen(&attached.handle, "the pause", |snapshot| !snapshot.pauses.is_empty()).await;
    let now = served.running.handle.snapshots().borrow().now.wall;
    for ahead in 0..120 {
        let from = now + jiff::SignedDuration::from_hours(1 + ahead);
        let length = "1h".parse().unwrap();
        let window = Command::Schedule { scope: Scope::Host, from, length, reason: reason.as_str().into() };
        let planned = served.running.handle.command(window).await;
        assert_eq!(planned.is_ok(), ahead < 100, "{planned:?}");
    }
    let snapshot = seen(&attached.handle, "the windows", |snapshot| snapshot.maintenance.len() == 100).await;
    assert!(snapshot.pauses[0].reason.chars().count() <= 500);
    assert!(serde_json::to_vec(&*snapshot).unwrap().len() < 1 << 20);
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_no_message_holds_comes_whole() {
    let mut large = fixture::trouble();
    let incident = Arc::clone(&large.incidents[0]);
    let source: Arc<str> = "x".repeat(200_000).into();
    large.incidents.extend((0..50).map(|_| Arc::clone(&incident)));
    let book = Arc::clone(&large.playbooks[0]);
    large.playbooks.extend((0..100).map(|number| {
        let mut book = (*book).clone();
        (book.name, book.source) = (format!("book-{number}").into(), Arc::clone(&source));
        Arc::new(book)
    }));
    let puppet = puppet(large.clone());
    let attached = attach(&puppet.listening).await;
    let far = Arc::clone(&attached.handle.snapshots().borrow());
    assert_eq!((&far.playbooks, &far.incidents), (&large.playbooks, &large.incidents));
    // a change that is as large
    let other: Arc<str> = "y".repeat(200_000).into();
    puppet.say(|snapshot| {
        snapshot.playbooks.iter_mut().for_each(|book| Arc::make_mut(book).source = Arc::clone(&other));
    });
    seen(&attached.handle, "the change", |far| far.playbooks.iter().all(|book| book.source == other)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_passed_over_then_cut_off() {
    let puppet = puppet(fixture::trouble());
    let reading = attach(&puppet.listening).await;
    let stream = UnixStream::connect(puppet.listening.path()).await.unwrap();
    let (from, into) = stream.into_split();
    let mut writer = MessageWriter::new(into);
    writer.send(&Hello::here()).await.unwrap();
    writer.send(&ToServer::Look {}).await.unwrap();
    let began = Instant::now();
    // until the server hangs up on the one that does not read
    while writer.send(&ToServer::Forget { id: 1 }).await.is_ok() {
        puppet.say(|snapshot| {
            snapshot.host = format!("host {}", snapshot.generation).into();
            let long: Arc<str> = "x".repeat(100_000).into();
            snapshot.messages.iter_mut().for_each(|message| message.text = Arc::clone(&long));
            snapshot.messages[0].text = format!("{} {long}", snapshot.generation).into();
        });
        assert!(began.elapsed() < PATIENCE, "never cut off");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let last = puppet.handle.snapshots().borrow().generation;
    seen(&reading.handle, "the latest", |snapshot| snapshot.generation >= last).await;
    // what it gets after all is the beginning, and then the end
    let mut reader = MessageReader::new(from, 1 << 30);
    assert!(matches!(reader.next::<Greeting>().await, Ok(Some(Greeting::Welcome(_)))));
    let mut states = 0;
    while let Ok(Some(message)) = reader.next::<ToClient>().await {
        states += u64::from(!matches!(message, ToClient::Beat(_)));
    }
    assert!(states < last, "{states} of {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_larger_than_a_frame_comes_whole() {
    let mut large = fixture::calm();
    let row = large.detectors[0].clone();
    large.detectors.extend((0..10_000).map(|number| {
        let mut row = row.clone();
        row.target = format!("unit number-{number}.service").into();
        row
    }));
    let puppet = puppet(large.clone());
    let attached = attach(&puppet.listening).await;
    let far = Arc::clone(&attached.handle.snapshots().borrow());
    assert_eq!(far.detectors, large.detectors);
    puppet.say(|snapshot| snapshot.detectors[5_000].seen = Some("changed".into()));
    let far = seen(&attached.handle, "one row", |far| far.detectors[5_000].seen.as_deref() == Some("changed")).await;
    let near = Arc::clone(&puppet.handle.snapshots().borrow());
    assert_eq!(far.detectors, near.detectors);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_console_costs_next_to_nothing() {
    let puppet = puppet(fixture::trouble());
    let mut stream = UnixStream::connect(puppet.listening.path()).await.unwrap();
    let mut writer = MessageWriter::new(&mut stream);
    writer.send(&Hello::here()).await.unwrap();
    writer.send(&ToServer::Look {}).await.unwrap();
    // the bytes between two signs of life, once the state is there
    let mut reader = MessageReader::new(stream, 1 << 30);
    reader.next::<Greeting>().await.unwrap();
    while !matches!(reader.next::<ToClient>().await.unwrap().unwrap(), ToClient::Whole(_)) {}
    while !matches!(reader.next::<ToClient>().await.unwrap().unwrap(), ToClient::Beat(_)) {}
    let (mut stream, rest) = reader.into_rest();
    assert!(rest.is_empty());
    let (mut bytes, mut beats) = (Vec::new(), 0);
    let mut chunk = [0; 4096];
    while beats < 3 {
        let count = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        beats = bytes.windows(6).filter(|window| window == b"\"beat\"").count();
    }
    println!("an idle attached console: {} bytes a second", bytes.len() / beats);
    assert!(bytes.len() / beats < 40, "{}", String::from_utf8_lossy(&bytes));
    // one figure that moves costs its row's new end, and no more
    puppet.say(|snapshot| {
        let row = snapshot.detectors.iter_mut().find(|row| row.figures.len() > 10).unwrap();
        let (at, figure) = *row.figures.last().unwrap();
        row.figures.remove(0);
        row.figures.push((at + Duration::from_secs(10), figure + 1.0));
    });
    let mut reader = MessageReader::new(stream, 1 << 30);
    loop {
        match reader.next::<ToClient>().await.unwrap().unwrap() {
            ToClient::Changed(difference) => {
                let length = serde_json::to_vec(&difference).unwrap().len();
                println!("one more figure: {length} bytes");
                assert!(length < 300, "{length}");
                break;
            }
            other => assert!(matches!(other, ToClient::Beat(_))),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_carries_both_ways_and_ends_with_either_side() {
    let served = Served::new();
    let (near, far) = tokio::io::duplex(1 << 16);
    let (from, into) = tokio::io::split(far);
    let path = served.listening.path().to_owned();
    let bridge = tokio::spawn(async move { bridge::run(from, into, &path).await });
    let (from, into) = tokio::io::split(near);
    let (mut reader, mut writer) = (MessageReader::new(from, 1 << 30), MessageWriter::new(into));
    writer.send(&Hello::here()).await.unwrap();
    assert!(matches!(reader.next::<Greeting>().await.unwrap().unwrap(), Greeting::Welcome(_)));
    writer.send(&ToServer::Ask { id: 7, what: Request::Command(pause("from afar")) }).await.unwrap();
    let answer = loop {
        match reader.next::<ToClient>().await.unwrap().unwrap() {
            ToClient::Answer { id: 7, answer } => break answer,
            other => assert!(matches!(other, ToClient::Beat(_))),
        }
    };
    assert!(matches!(*answer, Response::Command(Ok(_))));
    drop(served.listening);
    served.running.stop().await;
    let ended = loop {
        match reader.next::<ToClient>().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert!(matches!(ended, Ok(None) | Err(WireError::Io(_))));
    tokio::time::timeout(PATIENCE, bridge).await.unwrap().unwrap().unwrap();
}

#[test]
fn a_difference_leads_from_any_state_to_any_other() {
    let states: Vec<Snapshot> = vec![
        fixture::trouble(),
        fixture::calm(),
        fixture::first(),
        fixture::paused(),
        fixture::changed_plan(),
        fixture::hostile(),
        fixture::storm(),
    ];
    for (from, old) in (1..).zip(&states) {
        for (to, new) in (100..).zip(&states) {
            let (old, new) = (Snapshot { generation: from, ..old.clone() }, Snapshot { generation: to, ..new.clone() });
            let difference = Difference::between(&old, &new);
            let said = serde_json::to_string(&difference).unwrap();
            let heard: Difference = serde_json::from_str(&said).unwrap();
            let reached = heard.clone().onto(&old).unwrap();
            assert_eq!(reached, Snapshot { operator: old.operator.clone(), ..new });
            assert!(heard.onto(&Snapshot { generation: from + 1, ..old }).is_err());
        }
    }
}

#[test]
fn a_difference_that_does_not_fit_is_refused_and_never_panics() {
    let old = fixture::trouble();
    let mut new = Snapshot { generation: old.generation + 1, ..old.clone() };
    new.detectors[3].figures.clear();
    new.detectors[2].seen = Some("other".into());
    new.messages.clear();
    let said = serde_json::to_value(Difference::between(&old, &new)).unwrap();
    let text = said.to_string();
    let bare = Snapshot { generation: old.generation, ..fixture::first() };
    assert!(serde_json::from_str::<Difference>(&text).unwrap().onto(&bare).is_err());
    // numbers out of every range
    for number in ["18446744073709551615", "9999"] {
        let wild = text.replace("[2,", &format!("[{number},")).replace("[3,", &format!("[{number},"));
        if let Ok(difference) = serde_json::from_str::<Difference>(&wild) {
            assert!(difference.onto(&old).is_err(), "{wild}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_stood_still_before_one_came_does_not_look_alive() {
    let long = 300_000;
    let (_publish, snapshots) = watch::channel(Arc::new(fixture::calm()));
    let beat = Arc::new(AtomicU64::new(boottime_ms().saturating_sub(long)));
    let handle = Handle::new(snapshots, mpsc::channel(1).0, beat);
    let folder = tempfile::tempdir().unwrap();
    let listening = listen(folder.path(), &handle);
    let attached = attach(&listening).await;
    assert!(attached.handle.quiet_for() >= Duration::from_millis(long), "{:?}", attached.handle.quiet_for());
}

/// Set for the process that runs out of descriptors: where a web server listens.
const SCARCE: &str = "SALVE_TEST_SCARCE";

#[test]
fn with_no_descriptor_left_the_journal_is_written_pages_go_out_and_root_is_heard() {
    const NAME: &str = "with_no_descriptor_left_the_journal_is_written_pages_go_out_and_root_is_heard";
    if let Ok(url) = std::env::var(SCARCE) {
        tokio::runtime::Runtime::new().unwrap().block_on(scarce(&url));
        return;
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut vec![0; 1 << 16]);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        }
    });
    let own = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(own);
    let said = child.args(["--exact", NAME, "--nocapture"]).env(SCARCE, &url).output().unwrap();
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

/// Opens files until there is no descriptor left, and then uses the engine.
async fn scarce(url: &str) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Nofile, Rlimit { current: Some(256), maximum: Some(256) }).unwrap();
    let served = Served::new();
    let mut snapshots = served.running.handle.snapshots();
    snapshots.wait_for(|snapshot| snapshot.generation > 1).await.unwrap();
    let socket = || rustix::net::socket(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM, None);
    let [client, others @ ..] = [(); 4].map(|()| socket().unwrap());
    let folder = served.house.path("tickets");
    let ticket = salve::channel::kinds::tickets::TicketSettings { folder: Some(folder.clone()) };
    let channels: Vec<salve::channel::ChannelSettings> = vec![
        salve::channel::ChannelSettings::Tickets(ticket),
        toml::from_str(&format!("webhook = {{ url = {url:?} }}")).unwrap(),
        toml::from_str("command = { run = [\"/bin/cat\"] }").unwrap(),
    ];
    let mut hoard = Vec::new();
    let mut take_all = || {
        while let Ok(file) = std::fs::File::open("/dev/null") {
            hoard.push(file);
        }
        hoard.len()
    };
    // what the engine gives back meanwhile is taken as well
    for _ in 0..3 {
        take_all();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(take_all() > 100);

    // a root's verb, which is recorded before it is answered
    let connected = async |client| {
        rustix::net::connect(&client, &rustix::net::SocketAddrUnix::new(served.listening.path()).unwrap()).unwrap();
        let client = std::os::unix::net::UnixStream::from(client);
        client.set_nonblocking(true).unwrap();
        let (from, into) = UnixStream::from_std(client).unwrap().into_split();
        let (reader, mut writer) = (MessageReader::new(from, FRAME), MessageWriter::new(into));
        writer.send(&Hello::here()).await.unwrap();
        (reader, writer)
    };
    let (mut reader, mut writer) = connected(client).await;
    let greeting = tokio::time::timeout(PATIENCE, reader.next::<Greeting>()).await.expect("nobody is let in");
    assert!(matches!(greeting.unwrap(), Some(Greeting::Welcome(_))));
    let pause = serde_json::json!({ "pause": { "scope": "host", "length": null, "reason": "no descriptors" } });
    writer.send(&serde_json::json!({ "ask": { "id": 1, "what": { "command": pause } } })).await.unwrap();
    seen(&served.running.handle, "the pause", |snapshot| !snapshot.pauses.is_empty()).await;

    // three more: one is let in, the others wait, so that a page still has what it needs
    let mut sessions = Vec::new();
    for client in others {
        take_all();
        sessions.push(connected(client).await);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let greeting = tokio::time::timeout(PATIENCE, sessions[0].0.next::<Greeting>()).await.expect("nobody is let in");
    assert!(matches!(greeting.unwrap(), Some(Greeting::Welcome(_))));

    for settings in &channels {
        take_all();
        let said = salve::channel::test_page::trial("one", settings, &folder, "host").await;
        assert!(said.taken(), "{said:?}");
    }
    drop((reader, writer, sessions));
    // of what was lent to them some was not opened, and was taken above
    hoard.truncate(hoard.len() - salve::host::spare::HELD);
    // the sessions' are given back when they have seen the end, and all of them are held again
    let held_again = async {
        while salve::host::spare::held() < salve::host::spare::HELD {
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(salve::host::spare::lend(0));
        }
    };
    let held_again = tokio::time::timeout(PATIENCE, held_again).await;
    assert!(held_again.is_ok(), "{} are held", salve::host::spare::held());
    drop(hoard);
    served.running.stop().await;
    assert!(
        served
            .house
            .reader()
            .events()
            .unwrap()
            .iter()
            .any(|one| matches!(one.event, salve::core::Event::Paused { .. }))
    );
}
