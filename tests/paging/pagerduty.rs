//! `PagerDuty`: whatever happens to single requests, one trigger, one acknowledgement and one resolve per dedup key take
//! effect.

use std::time::Duration;

use salve::channel::kinds::pagerduty::PagerDutySettings;
use salve::channel::{ChannelSettings, Page};
use salve::playbook::value::Period;
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{Bench, DEDUP, call, end, private, run, seen};
use crate::fateful::{Fate, Service, Serving};

const KEY: &str = "R0UT1NGKEY0123456789abcdef012345";

/// Events under one key fold into one open incident.
#[derive(Default)]
struct Incidents {
    /// Key, and what took effect: `trigger`, `acknowledge`, `resolve`.
    effects: Vec<(String, String)>,
    open: Vec<String>,
    acknowledged: Vec<String>,
    last: Value,
}

impl Service for Incidents {
    const PATH: &'static str = "/v2/enqueue";
    const TAKEN: (&'static str, &'static str) = ("202 Accepted", KEY);
    // an answer that gives the key away: no word of it may come out again
    const REFUSED: &'static str = KEY;

    fn take(&mut self, body: &[u8]) -> bool {
        let event: Value = serde_json::from_slice(body).unwrap();
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

fn settings(folder: &TempDir, origin: &str, key: &str) -> ChannelSettings {
    let url = format!("{origin}{}", Incidents::PATH);
    let timeout = Period(Duration::from_millis(500));
    ChannelSettings::PagerDuty(PagerDutySettings { key_file: private(folder, "key", key), url, timeout })
}

/// The key's folder comes along: it is read for each page.
async fn bench(fates: impl IntoIterator<Item = Fate>, key: &str) -> (Bench, Serving<Incidents>, TempDir) {
    let (origin, serving) = Serving::new(fates).await;
    let keys = TempDir::new().unwrap();
    (Bench::new(settings(&keys, &origin, key)), serving, keys)
}

pub fn through_failures() {
    run(async {
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
        let (mut bench, serving, _keys) = bench(fates, KEY).await;
        bench.outbox.send(call(1));
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        bench.flushed().await;
        let notes = bench.notes();
        let serving = serving.lock();
        let effects = ["trigger", "acknowledge", "resolve"].map(|action| (DEDUP.to_owned(), action.to_owned()));
        assert_eq!(serving.service.effects, effects);
        assert!(serving.fates.is_empty() && serving.service.open.is_empty());
        assert!(notes.contains("429") && notes.contains("500") && notes.contains("no answer in time"), "{notes}");
        assert!(!notes.contains(KEY), "{notes}");
    });
}

pub fn refused() {
    run(async {
        let (mut bench, _serving, _keys) = bench([], "another-key-than-theirs").await;
        bench.outbox.send(call(1));
        bench.flushed().await;
        let notes = bench.notes();
        assert!(notes.contains("rejected permanently (PagerDuty answered 400 Bad Request)"), "{notes}");
        let text = bench.ticket();
        assert!(
            text.contains("Channel duty rejected this page permanently") && !text.contains("another-key"),
            "{text}"
        );
    });
}

pub fn sizes() {
    run(async {
        let (mut bench, serving, _keys) = bench([], KEY).await;
        let evidence =
            (0..9).map(|_| salve::evidence::Evidence { title: "log".into(), body: "\u{1}".repeat(60_000).into() });
        let long = Page { dedup: "k".repeat(300).into(), title: "t".repeat(2000).into(), ..call(1) };
        bench.outbox.send(Page { evidence: evidence.collect(), ..long });
        bench.flushed().await;
        assert_eq!(bench.notes(), "");
        let service = &serving.lock().service;
        assert!(service.last.to_string().len() <= 512 << 10);
        assert_eq!(service.last["dedup_key"].as_str().unwrap().len(), 64);
        assert_eq!(service.last["payload"]["summary"].as_str().unwrap().chars().count(), 1024);
        assert_eq!(service.last["payload"]["severity"], "warning");
    });
}

pub fn key_in_the_clear() {
    run(async {
        let keys = TempDir::new().unwrap();
        let mut bench = Bench::new(settings(&keys, "http://events.example.net", KEY));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("plain http goes to this host itself only"), "{note}");
    });
}
