//! `PagerDuty`: whatever happens to single requests, one trigger, one acknowledgement and one resolve per dedup key take
//! effect.

#![allow(clippy::unwrap_used, reason = "what is not there is a failed test")]

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use salve::channel::{ChannelSettings, Outbox, Page, PageKind, PagerDutySettings};
use salve::core::{IncidentId, PageId};
use salve::playbook::value::Period;
use salve::playbook::{Risk, Target};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const KEY: &str = "R0UT1NGKEY0123456789abcdef012345";

/// What befalls one request; after the last of them, every one is taken.
enum Fate {
    Status(&'static str),
    /// Nothing is read and nothing answered.
    Closed,
    /// No answer comes.
    Silent,
    /// Taken, and the answer breaks off.
    Half,
}

/// The service by its published rules: events under one key fold into one open incident.
#[derive(Default)]
struct Service {
    fates: VecDeque<Fate>,
    /// Key, and what took effect: `trigger`, `acknowledge`, `resolve`.
    effects: Vec<(String, String)>,
    open: Vec<String>,
    acknowledged: Vec<String>,
    last: Value,
}

impl Service {
    fn take(&mut self, event: Value) -> bool {
        let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (action, key) = (word("event_action"), word("dedup_key"));
        let payload = &event["payload"];
        if !["trigger", "acknowledge", "resolve"].contains(&&*action) {
            return false;
        }
        let whole = action != "trigger"
            || ["summary", "source", "severity"]
                .iter()
                .all(|name| payload[name].as_str().is_some_and(|v| !v.is_empty()));
        if word("routing_key") != KEY || key.is_empty() || key.len() > 255 || !whole {
            return false;
        }
        let was_open = self.open.contains(&key);
        if action == "acknowledge" {
            // of what is not open, or acknowledged already, nothing comes
            if was_open && !self.acknowledged.contains(&key) {
                self.acknowledged.push(key.clone());
                self.effects.push((key, action));
            }
        } else if was_open != (action == "trigger") {
            self.open.retain(|open| *open != key);
            self.acknowledged.retain(|open| *open != key);
            if !was_open {
                self.open.push(key.clone());
            }
            self.effects.push((key, action));
        }
        self.last = event;
        true
    }
}

async fn answer(mut stream: TcpStream, service: Arc<Mutex<Service>>) {
    let fate = service.lock().unwrap().fates.pop_front();
    if matches!(fate, Some(Fate::Closed)) {
        return;
    }
    let mut read = Vec::new();
    let body = loop {
        let mut block = vec![0; 64 << 10];
        let Ok(count @ 1..) = stream.read(&mut block).await else { return };
        read.extend_from_slice(&block[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length: usize = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        if read.len() >= end + 4 + length {
            break read.split_off(end + 4);
        }
    };
    let event = serde_json::from_slice(&body).unwrap();
    let status = match fate {
        Some(Fate::Status(status)) => status,
        Some(Fate::Silent) => return tokio::time::sleep(Duration::from_secs(30)).await,
        Some(Fate::Half) => {
            assert!(service.lock().unwrap().take(event));
            let _ = stream.write_all(b"HTTP/1.1 202 Acc").await;
            return;
        }
        _ if service.lock().unwrap().take(event) => "202 Accepted",
        _ => "400 Bad Request",
    };
    let text = format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: {}\r\n\r\n{KEY}", KEY.len());
    let _ = stream.write_all(text.as_bytes()).await;
}

struct Bench {
    outbox: Outbox,
    notes: UnboundedReceiver<(Arc<str>, Arc<str>)>,
    service: Arc<Mutex<Service>>,
    folder: TempDir,
}

impl Bench {
    async fn new(fates: impl IntoIterator<Item = Fate>, key: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v2/enqueue", listener.local_addr().unwrap());
        let service = Arc::new(Mutex::new(Service { fates: fates.into_iter().collect(), ..Service::default() }));
        let serving = Arc::clone(&service);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        let folder = TempDir::new().unwrap();
        let key_file: PathBuf = folder.path().join("key");
        fs::write(&key_file, key).unwrap();
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).unwrap();
        let settings = PagerDutySettings { key_file, url, timeout: Period(Duration::from_millis(500)) };
        let channels = BTreeMap::from([("duty".to_owned(), ChannelSettings::PagerDuty(settings))]);
        let (delivered, _) = unbounded_channel();
        let (notes, notes_out) = unbounded_channel();
        let outbox = Outbox::start(channels, folder.path().join("tickets"), delivered, notes);
        Self { outbox, notes: notes_out, service, folder }
    }

    async fn flushed(&mut self) -> String {
        assert!(self.outbox.flush(Duration::from_mins(2)).await, "{} are pending", self.outbox.pending());
        std::iter::from_fn(|| self.notes.try_recv().ok())
            .map(|(_, text)| text.to_string())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn page(id: u64, kind: PageKind) -> Page {
    Page {
        id: PageId(id),
        kind,
        dedup: "host-1/service-down/nginx.service".into(),
        host: "host-1".into(),
        incident: IncidentId(4),
        playbook: "service-down".into(),
        title: "nginx serves".into(),
        target: Target::Unit("nginx.service".into()),
        risk: Risk::Low,
        why: "every rung was tried".into(),
        at: Timestamp::from_second(1_800_000_000).unwrap(),
        to: vec!["duty".into()],
        story: Vec::new(),
        evidence: Vec::new(),
    }
}

fn trigger(id: u64) -> Page {
    page(id, PageKind::Trigger { cause: "every rung was tried".into() })
}

#[tokio::test]
async fn one_trigger_one_acknowledgement_and_one_resolve_take_effect_through_every_failure() {
    let fates = [
        Fate::Status("429 Too Many Requests"),
        Fate::Half,
        Fate::Status("500 Internal Server Error"),
        Fate::Status("202 Accepted"), // said to be taken; the effect was had before, by the half answer
        Fate::Silent,
        Fate::Half, // the acknowledgement
        Fate::Status("503 Service Unavailable"),
        Fate::Closed,
        Fate::Half,
    ];
    let mut bench = Bench::new(fates, KEY).await;
    bench.outbox.send(trigger(1));
    bench.outbox.send(page(2, PageKind::Acknowledge { by: "alice".into() }));
    bench.outbox.send(page(3, PageKind::Resolve));
    let notes = bench.flushed().await;
    let service = bench.service.lock().unwrap();
    let key = || "host-1/service-down/nginx.service".to_owned();
    let effects = ["trigger", "acknowledge", "resolve"].map(|action| (key(), action.to_owned()));
    assert_eq!(service.effects, effects);
    assert!(service.fates.is_empty() && service.open.is_empty());
    assert!(notes.contains("429") && notes.contains("500") && notes.contains("no answer in time"), "{notes}");
    assert!(!notes.contains(KEY), "{notes}");
}

#[tokio::test]
async fn what_is_refused_for_good_is_said_and_becomes_a_ticket() {
    let mut bench = Bench::new([], "another-key-than-theirs").await;
    bench.outbox.send(trigger(1));
    let notes = bench.flushed().await;
    assert!(notes.contains("refused for good (PagerDuty answered 400 Bad Request)"), "{notes}");
    let ticket = fs::read_dir(bench.folder.path().join("tickets")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(ticket).unwrap();
    assert!(text.contains("The channel duty refused this page for good") && !text.contains("another-key"), "{text}");
}

#[tokio::test]
async fn an_event_keeps_to_the_service_s_sizes() {
    let mut bench = Bench::new([], KEY).await;
    let evidence =
        (0..9).map(|_| salve::evidence::Evidence { title: "log".into(), body: "\u{1}".repeat(60_000).into() });
    let long = Page { dedup: "k".repeat(300).into(), title: "t".repeat(2000).into(), ..trigger(1) };
    bench.outbox.send(Page { evidence: evidence.collect(), ..long });
    assert_eq!(bench.flushed().await, "");
    let service = bench.service.lock().unwrap();
    assert!(service.last.to_string().len() <= 512 << 10);
    assert_eq!(service.last["dedup_key"].as_str().unwrap().len(), 64);
    assert_eq!(service.last["payload"]["summary"].as_str().unwrap().chars().count(), 1024);
    assert_eq!(service.last["payload"]["severity"], "warning");
}

#[tokio::test]
async fn the_key_never_crosses_a_network_in_the_clear() {
    let folder = TempDir::new().unwrap();
    let key_file = folder.path().join("key");
    fs::write(&key_file, KEY).unwrap();
    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).unwrap();
    let url = "http://events.example.net/v2/enqueue".to_owned();
    let settings = PagerDutySettings { key_file, url, timeout: Period::from_secs(5) };
    let channels = BTreeMap::from([("duty".to_owned(), ChannelSettings::PagerDuty(settings))]);
    let ((delivered, _), (notes, mut notes_out)) = (unbounded_channel(), unbounded_channel());
    let outbox = Outbox::start(channels, folder.path().join("tickets"), delivered, notes);
    outbox.send(trigger(1));
    let (_, note) = notes_out.recv().await.unwrap();
    assert!(note.contains("plain http goes to this host itself only"), "{note}");
}
