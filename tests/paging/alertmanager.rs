//! Alertmanager by its published rules, with failures in between.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use salve::channel::{AlertmanagerSettings, ChannelSettings};
use salve::playbook::value::Period;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{Bench, DEDUP, call, end, run, seen, until};

/// What befalls one request; after the last of them, every one is taken.
enum Fate {
    Status(&'static str),
    Closed,
    Silent,
    /// Taken, and the answer breaks off.
    Half,
}

/// Alerts by their labels, and each change from open to ended and back.
#[derive(Default)]
struct Service {
    fates: VecDeque<Fate>,
    alerts: BTreeMap<String, bool>,
    changes: Vec<&'static str>,
    taken: usize,
    last: Value,
}

impl Service {
    fn take(&mut self, body: &[u8]) -> bool {
        let Ok(Value::Array(alerts)) = serde_json::from_slice::<Value>(body) else { return false };
        for alert in alerts {
            let moment = |name: &str| alert[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
            let (Some(starts), Some(ends)) = (moment("startsAt"), moment("endsAt")) else { return false };
            let labels = alert["labels"].as_object().cloned().unwrap_or_default();
            let texts = labels.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty()));
            if ends < starts || !texts || !labels.contains_key("alertname") || labels.contains_key("refuse") {
                return false;
            }
            let open = ends > Timestamp::now();
            let before = self.alerts.insert(alert["labels"].to_string(), open);
            if before.unwrap_or(false) != open {
                self.changes.push(if open { "opens" } else { "ends" });
            }
            self.last = alert;
        }
        self.taken += 1;
        true
    }
}

async fn answer(mut stream: TcpStream, service: Arc<Mutex<Service>>) {
    let fate = service.lock().unwrap().fates.pop_front();
    if matches!(fate, Some(Fate::Closed)) {
        return;
    }
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut block = vec![0; 64 << 10];
        let Ok(count @ 1..) = stream.read(&mut block).await else { return };
        read.extend_from_slice(&block[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length: usize = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        if read.len() >= end + 4 + length {
            break (head, read.split_off(end + 4));
        }
    };
    assert!(head.starts_with("post /api/v2/alerts http/1.1"), "{head}");
    let (status, text) = match fate {
        Some(Fate::Status(status)) => (status, "no"),
        Some(Fate::Silent) => return tokio::time::sleep(Duration::from_secs(30)).await,
        Some(Fate::Half) => {
            assert!(service.lock().unwrap().take(&body));
            let _ = stream.write_all(b"HTTP/1.1 200").await;
            return;
        }
        _ if service.lock().unwrap().take(&body) => ("200 OK", ""),
        _ => ("400 Bad Request", "invalid label set"),
    };
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn serve(fates: impl IntoIterator<Item = Fate>) -> (AlertmanagerSettings, Arc<Mutex<Service>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Arc::new(Mutex::new(Service { fates: fates.into_iter().collect(), ..Service::default() }));
    let serving = Arc::clone(&service);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&serving)));
        }
    });
    let settings = AlertmanagerSettings {
        url,
        labels: BTreeMap::from([("team".into(), "ops".into())]),
        header_files: BTreeMap::new(),
        resend: Period(Duration::from_millis(200)),
        stays: Period::from_secs(3600),
        timeout: Period(Duration::from_millis(500)),
    };
    (settings, service)
}

pub fn through_failures() {
    run(async {
        let fates =
            [Fate::Status("503 Service Unavailable"), Fate::Half, Fate::Silent, Fate::Closed, Fate::Status("500 Oh")];
        let (settings, service) = serve(fates).await;
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.send(call(1));
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        assert_eq!(bench.flushed().await, [1, 2, 3]);
        // the end is told a few times more, and nothing opens it again
        let taken = service.lock().unwrap().taken;
        until("the end is told again", || async { service.lock().unwrap().taken >= taken + 5 }).await;
        let service = service.lock().unwrap();
        assert!(service.fates.is_empty());
        assert_eq!(service.changes, ["opens", "ends"]);
        assert_eq!(service.alerts.len(), 1, "{:?}", service.alerts);
        let labels = &service.last["labels"];
        assert_eq!(
            (&labels["dedup"], &labels["team"], &labels["alertname"]),
            (&DEDUP.into(), &"ops".into(), &"nginx-up".into())
        );
        assert_eq!((&labels["instance"], &labels["target"]), (&"db-1".into(), &"nginx.service".into()));
    });
}

pub fn told_again() {
    run(async {
        let (settings, service) = serve([]).await;
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings.clone()));
        let page = call(1);
        bench.outbox.send(page.clone());
        assert_eq!(bench.flushed().await, [1]);
        until("told again", || async { service.lock().unwrap().taken >= 4 }).await;
        // an Alertmanager that has forgotten everything, and a salve that starts anew
        drop(bench);
        *service.lock().unwrap() = Service::default();
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.keep(&page);
        until("told after a restart", || async { service.lock().unwrap().taken >= 2 }).await;
        // what stands between them is told of once, and what comes after it is told again
        service.lock().unwrap().fates.extend([Fate::Status("500 Oh"), Fate::Closed, Fate::Status("500 Oh")]);
        assert!(bench.note().await.contains("could not be told again"));
        until("the failures are over", || async { service.lock().unwrap().fates.is_empty() }).await;
        bench.outbox.send(end(2));
        assert_eq!(bench.flushed().await, [2]);
        assert_eq!(service.lock().unwrap().changes, ["opens", "ends"]);
        assert_eq!(bench.notes(), "");
    });
}

pub fn refused() {
    run(async {
        let (mut settings, service) = serve([]).await;
        settings.labels.insert("refuse".into(), "me".into());
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.send(call(1));
        assert_eq!(bench.flushed().await, [1]);
        let notes = bench.notes();
        assert!(notes.contains("refused for good (it answered 400 Bad Request: invalid label set)"), "{notes}");
        assert!(bench.ticket().contains("The channel duty refused this page for good"), "{}", bench.ticket());
        assert!(service.lock().unwrap().alerts.is_empty());
    });
}
