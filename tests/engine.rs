//! A whole engine on folders of its own: real checks, real children, a real journal; no systemd and no screen.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/house.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod house;

use std::fs;
use std::time::Duration;

use salve::core::incident::Denial;
use salve::core::{Command, Event, Outcome, Refusal, Scope};
use salve::engine::snapshot::{Health, PlaybookState, Snapshot};

use house::{House, missing, outcome, seen, touch};

fn healed(snapshot: &Snapshot) -> bool {
    snapshot.incidents.iter().any(|incident| matches!(outcome(incident), Some(Outcome::Healed { .. })))
}

fn health<'a>(snapshot: &'a Snapshot, playbook: &str) -> Option<&'a Health> {
    snapshot.detectors.iter().find(|row| &*row.playbook == playbook).map(|row| &row.health)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_seen_mended_verified_and_remembered() {
    let house = House::new();
    let file = house.path("file");
    house.write("file", &missing(&file, &touch(&file)));
    let running = house.start();
    let snapshot = seen(&running.handle, "healed", healed).await;
    assert!(file.exists());
    let incident = &snapshot.incidents[0];
    let kinds: Vec<&str> = incident
        .story
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Opened { .. } => Some("opened"),
            Event::Intent { .. } => Some("intent"),
            Event::AttemptFinished { .. } => Some("ended"),
            Event::Verified { .. } => Some("verified"),
            Event::Closed { .. } => Some("closed"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["opened", "intent", "ended", "verified", "closed"]);
    assert_eq!((snapshot.rates.day.auto_fix.part, snapshot.rates.day.auto_fix.whole), (1, 1));
    running.stop().await;
    house.reader().verify().unwrap();
    // A second life knows what the first one did.
    let running = house.start();
    let again = running.handle.snapshots().borrow().clone();
    assert_eq!(again.rates.day.auto_fix.whole, 1);
    assert_eq!(again.incidents[0].id, incident.id);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_hangs_is_unknown_and_holds_up_nobody() {
    let house = House::new();
    let (file, never) = (house.path("file"), house.path("never"));
    let hangs = missing(&never, &touch(&never)).replace(
        &format!(r#"["test", "-e", "{}"], exit = "not 0", every = "1s""#, never.display()),
        r#"["sleep", "600"], exit = "not 0", every = "1s", timeout = "1s""#,
    );
    house.write("hangs", &hangs);
    house.write("file", &missing(&file, &touch(&file)));
    let running = house.start();
    seen(&running.handle, "the other one healed", healed).await;
    seen(&running.handle, "unknown", |snapshot| matches!(health(snapshot, "hangs"), Some(Health::Unknown(_)))).await;
    assert!(!never.exists(), "unknown never acts");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_that_changes_is_taken_up_and_a_bad_one_says_why() {
    let house = House::new();
    let (file, other) = (house.path("file"), house.path("other"));
    fs::write(&file, "").unwrap();
    house.write("file", &missing(&file, &touch(&file)));
    let running = house.start();
    seen(&running.handle, "ok", |snapshot| health(snapshot, "file") == Some(&Health::Ok)).await;
    house.write("file", "title = \n");
    let rejected =
        |snapshot: &Snapshot| snapshot.playbooks.iter().any(|it| matches!(&it.state, PlaybookState::Rejected { .. }));
    let snapshot = seen(&running.handle, "rejected", rejected).await;
    assert_eq!(health(&snapshot, "file"), Some(&Health::Ok), "the last good version stays in force");
    house.write("file", &missing(&other, &touch(&other)));
    seen(&running.handle, "the new one healed", healed).await;
    assert!(other.exists());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_commands_at_once_are_each_answered_and_each_recorded() {
    let house = House::new();
    let running = house.start();
    let pauses = (0..200).map(|number| {
        let handle = running.handle.clone();
        let reason = format!("for reason {number}").into();
        let pause = Command::Pause { scope: Scope::Host, length: None, reason };
        tokio::spawn(async move { handle.command(pause).await })
    });
    for pause in pauses.collect::<Vec<_>>() {
        let said = pause.await.unwrap().unwrap();
        assert!(said.contains("paused"), "{said}");
    }
    // Answered is recorded: no waiting here.
    let events = house.reader().events_after(0).unwrap();
    let found = events.iter().filter(|recorded| matches!(recorded.event, Event::Paused { .. }));
    assert_eq!(found.count(), 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_a_fault_and_its_end_lets_it_be_mended() {
    let house = House::new();
    let file = house.path("file");
    house.write("file", &missing(&file, &touch(&file)));
    fs::write(&file, "").unwrap();
    let running = house.start();
    seen(&running.handle, "ok", |snapshot| health(snapshot, "file") == Some(&Health::Ok)).await;
    let pause = Command::Pause { scope: Scope::Host, length: None, reason: "upgrade".into() };
    running.handle.command(pause).await.unwrap();
    fs::remove_file(&file).unwrap();
    let held = |snapshot: &Snapshot| matches!(health(snapshot, "file"), Some(Health::Held(Denial::Paused { .. })));
    seen(&running.handle, "held", held).await;
    assert!(!file.exists());
    running.handle.command(Command::Resume { scope: Scope::Host }).await.unwrap();
    seen(&running.handle, "healed", healed).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_stops_lets_its_attempt_end_and_records_it() {
    let house = House::new();
    let (file, begun) = (house.path("file"), house.path("begun"));
    let slow = format!(r#"["sh", "-c", "touch {}; sleep 2; touch {}"]"#, begun.display(), file.display());
    house.write("file", &missing(&file, &slow));
    let running = house.start();
    let fixing = |snapshot: &Snapshot| matches!(health(snapshot, "file"), Some(Health::Fixing { .. }));
    seen(&running.handle, "fixing", fixing).await;
    while !begun.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let handle = running.handle.clone();
    running.stop().await;
    assert!(file.exists(), "it was let end");
    let events = house.reader().events_after(0).unwrap();
    assert!(events.iter().any(|recorded| matches!(recorded.event, Event::AttemptFinished { .. })));
    let late = handle.command(Command::Resume { scope: Scope::Host }).await;
    assert_eq!(late, Err(Refusal::Stopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_whose_state_folder_is_gone_acts_no_more_and_says_so() {
    let house = House::new();
    let file = house.path("file");
    fs::write(&file, "").unwrap();
    house.write("file", &missing(&file, &touch(&file)));
    let running = house.start();
    seen(&running.handle, "ok", |snapshot| health(snapshot, "file") == Some(&Health::Ok)).await;
    fs::remove_dir_all(house.path("state")).unwrap();
    let gone = |snapshot: &Snapshot| snapshot.recording.as_ref().is_err_and(|why| why.contains("was removed"));
    seen(&running.handle, "the folder is missed", gone).await;
    fs::remove_file(&file).unwrap();
    seen(&running.handle, "held", |snapshot| {
        matches!(health(snapshot, "file"), Some(Health::Held(Denial::CannotRecord { .. })))
    })
    .await;
    assert!(!file.exists(), "nothing acts without its record");
    assert!(!house.path("state").exists(), "nobody makes a folder anew behind the operator's back");
    // whoever starts now is the only one that acts
    let second = house.start();
    seen(&second.handle, "healed by the second", healed).await;
    second.stop().await;
    assert!(gone(&running.handle.snapshots().borrow()));
    running.stop().await;
}
