//! Alertmanager by its published rules, with failures in between.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use salve::channel::ChannelSettings;
use salve::channel::kinds::alertmanager::AlertmanagerSettings;
use salve::playbook::value::Period;
use serde_json::Value;

use crate::bench::{Bench, DEDUP, call, end, run, seen, until};
use crate::fateful::{Fate, Service, Serving};

/// Alerts by their labels, and each change from open to ended and back.
#[derive(Default)]
struct Alertmanager {
    alerts: BTreeMap<String, bool>,
    changes: Vec<&'static str>,
    taken: usize,
    last: Value,
}

impl Service for Alertmanager {
    const PATH: &'static str = "/api/v2/alerts";
    const TAKEN: (&'static str, &'static str) = ("200 OK", "");
    const REFUSED: &'static str = "invalid label set";

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

async fn serve(fates: impl IntoIterator<Item = Fate>) -> (AlertmanagerSettings, Serving<Alertmanager>) {
    let (url, serving) = Serving::new(fates).await;
    let settings = AlertmanagerSettings {
        url,
        labels: BTreeMap::from([("team".into(), "ops".into())]),
        header_files: BTreeMap::new(),
        resend: Period(Duration::from_millis(200)),
        stays: Period::from_secs(3600),
        timeout: Period(Duration::from_millis(500)),
    };
    (settings, serving)
}

pub fn through_failures() {
    run(async {
        let fates =
            [Fate::Status("503 Service Unavailable"), Fate::Half, Fate::Silent, Fate::Closed, Fate::Status("500 Oh")];
        let (settings, serving) = serve(fates).await;
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.send(call(1));
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        assert_eq!(bench.flushed().await, [1, 2, 3]);
        // the end is told a few times more, and nothing opens it again
        let taken = serving.lock().service.taken;
        until("the end is told again", || async { serving.lock().service.taken >= taken + 5 }).await;
        let serving = serving.lock();
        assert!(serving.fates.is_empty());
        let service = &serving.service;
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
        let (settings, serving) = serve([]).await;
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings.clone()));
        let page = call(1);
        bench.outbox.send(page.clone());
        assert_eq!(bench.flushed().await, [1]);
        until("told again", || async { serving.lock().service.taken >= 4 }).await;
        // an Alertmanager that has forgotten everything, and a salve that starts anew
        drop(bench);
        serving.lock().service = Alertmanager::default();
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.keep(&page);
        until("told after a restart", || async { serving.lock().service.taken >= 2 }).await;
        // what stands between them is told of once, and what comes after it is told again
        serving.lock().fates.extend([Fate::Status("500 Oh"), Fate::Closed, Fate::Status("500 Oh")]);
        assert!(bench.note().await.contains("could not be sent again"));
        until("the failures are over", || async { serving.lock().fates.is_empty() }).await;
        bench.outbox.send(end(2));
        assert_eq!(bench.flushed().await, [2]);
        assert_eq!(serving.lock().service.changes, ["opens", "ends"]);
        assert_eq!(bench.notes(), "");
    });
}

pub fn refused() {
    run(async {
        let (mut settings, serving) = serve([]).await;
        settings.labels.insert("refuse".into(), "me".into());
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        bench.outbox.send(call(1));
        assert_eq!(bench.flushed().await, [1]);
        let notes = bench.notes();
        assert!(notes.contains("rejected permanently (it answered 400 Bad Request: invalid label set)"), "{notes}");
        assert!(bench.ticket().contains("Channel duty rejected this page permanently"), "{}", bench.ticket());
        assert!(serving.lock().service.alerts.is_empty());
    });
}
