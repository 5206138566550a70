//! A whole engine that calls people: whoever does not answer is not the last one called, whoever does is told of to the
//! others, and an open alert is told again by the next life.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use salve::core::{Command, IncidentId};
use salve::engine::{self, Options, Running, Settings};
use salve::host::paths::Paths;
use salve::playbook::library::Sources;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Long enough for a machine that does a lot besides.
const PATIENCE: Duration = Duration::from_mins(1);

const PLAYBOOK: &str = r#"
title  = "the file is there"
target = "host"
risk   = "low"
mode   = "auto"

[detect]
command = { run = ["test", "-e", "FILE"], exit = "not 0", every = "1s" }

[verify]
command = { run = ["test", "-e", "FILE"], exit = 0, every = "1s" }
within  = "5s"

[escalate]
to = ["oncall", "prometheus"]
"#;

const SETTINGS: &str = r#"
boot_grace = "0s"

[channels.oncall]
command = { run = ["sh", "-c", "echo \"$SALVE_KIND $SALVE_DEDUP $SALVE_ACKNOWLEDGED_BY\" >> FOLDER/oncall"] }
unacknowledged = { after = "2s", to = ["phone"] }

[channels.phone]
command = { run = ["sh", "-c", "echo \"$SALVE_KIND $SALVE_WHY\" >> FOLDER/phone"] }

[channels.prometheus]
alertmanager = { url = "ALERTMANAGER", resend = "1s" }
"#;

struct House {
    folder: TempDir,
    settings: String,
}

impl House {
    fn new(alertmanager: &str) -> Self {
        // What decides what is done is trusted only where nobody else can write: not in /tmp.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let home = folder.path().display().to_string();
        fs::create_dir(folder.path().join("playbooks")).unwrap();
        let playbook = PLAYBOOK.replace("FILE", &format!("{home}/file"));
        fs::write(folder.path().join("playbooks/file.toml"), playbook).unwrap();
        let settings = SETTINGS.replace("FOLDER", &home).replace("ALERTMANAGER", alertmanager);
        Self { folder, settings }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Running {
        let [state, config, system, runtime] = ["state", "config", "system", "runtime"].map(|name| self.path(name));
        engine::start(Options {
            paths: Paths { state, config, system, runtime },
            sources: Sources { shipped: false, system: Some(self.path("playbooks")), ..Sources::default() },
            settings: Settings::parse("salve.toml", &self.settings).unwrap(),
            operator: engine::operator::of_this_process(),
        })
        .unwrap()
    }

    /// What a channel was handed, once it is so many pages.
    async fn handed(&self, channel: &str, count: usize) -> Vec<String> {
        let read = async {
            loop {
                let text = fs::read_to_string(self.path(channel)).unwrap_or_default();
                if text.lines().count() >= count {
                    return text.lines().map(str::to_owned).collect::<Vec<_>>();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let handed = tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{channel}: too few pages"));
        assert_eq!(handed.len(), count, "{channel}: {handed:?}");
        handed
    }
}

/// The alerts that were told, once there are more than so many.
async fn told(server: &MockServer, more_than: usize) -> Vec<Value> {
    let read = async {
        loop {
            let requests = server.received_requests().await.unwrap();
            if requests.len() > more_than {
                return requests.iter().map(|request| request.body_json::<Value>().unwrap()[0].clone()).collect();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_forgotten_from_the_call_to_its_end() {
    let alertmanager = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v2/alerts"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&alertmanager)
        .await;
    let house = House::new(&alertmanager.uri());
    let running = house.start();
    let host = engine::operator::host();
    let call = &house.handed("oncall", 1).await[0];
    assert!(call.starts_with(&format!("trigger {host}/salve/")), "{call}");

    // nobody answers
    let besides = &house.handed("phone", 1).await[0];
    assert!(
        besides.starts_with("trigger ") && besides.contains("nobody acknowledged the page through oncall"),
        "{besides}"
    );

    // another life: nobody is called again, and the alert is told of as before
    running.stop().await;
    let before = alertmanager.received_requests().await.unwrap().len();
    let running = house.start();
    let alerts = told(&alertmanager, before + 2).await;
    assert!(alerts.iter().all(|alert| alert["labels"] == alerts[0]["labels"]), "{alerts:#?}");
    house.handed("oncall", 1).await;

    // somebody answers, and the fault clears
    let seen = running.handle.command(Command::Acknowledge { incident: IncidentId(1) }).await;
    assert!(seen.is_ok(), "{seen:?}");
    let by = engine::operator::of_this_process().to_string();
    assert_eq!(house.handed("oncall", 2).await[1], call.replace("trigger", "acknowledge") + &by);
    assert!(house.handed("phone", 2).await[1].starts_with("acknowledge "));
    fs::write(house.path("file"), "").unwrap();
    assert!(house.handed("oncall", 3).await[2].starts_with("resolve "));
    assert!(house.handed("phone", 3).await[2].starts_with("resolve "));
    let mut count = alerts.len();
    loop {
        let alerts = told(&alertmanager, count).await;
        let last = alerts.last().unwrap();
        assert_eq!(last["labels"], alerts[0]["labels"]);
        if last["endsAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= jiff::Timestamp::now() {
            break;
        }
        count = alerts.len();
    }
    running.stop().await;
}
