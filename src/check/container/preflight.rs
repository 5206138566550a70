//! What is true of a container right before an attempt: does its engine itself act on it, and did somebody stop it on
//! purpose? What holds for units holds here: what nothing tells is unclear, and never a permission.

use std::time::Duration;

use jiff::Timestamp;

use crate::check::facts::TargetFacts;
use crate::core::input::StopOrigin;
use crate::host::containers::{ContainerEvent, Engine, Inspected, NO_ENGINE, own_restart};

/// How long the engine may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The request for a stop comes at most so long before the end.
const GRACE: Duration = Duration::from_mins(15);

/// Asks this host's engine.
pub async fn gather(name: &str) -> TargetFacts {
    match Engine::of_this_host() {
        Some(engine) => asked(&engine, name).await,
        None => TargetFacts::unclear(NO_ENGINE),
    }
}

async fn asked(engine: &Engine, name: &str) -> TargetFacts {
    let seen = match engine.inspect(name, PATIENCE).await {
        Ok(Some(seen)) => seen,
        Ok(None) => return TargetFacts::unclear("its engine knows no such container"),
        Err(why) => return TargetFacts::unclear(&format!("who stopped it cannot be asked: {why}")),
    };
    match seen.state.as_str() {
        "running" => TargetFacts::NONE,
        "restarting" => busy("its container engine restarts it by itself"),
        "removing" => busy("its container engine is removing it"),
        "paused" => stopped(StopOrigin::Operator { evidence: "it is paused, which happens only on request".into() }),
        "exited" | "stopped" | "dead" => {
            let events = match seen.finished {
                Some(finished) => engine.events(name, finished - GRACE, PATIENCE).await.unwrap_or_default(),
                None => Vec::new(),
            };
            stopped(who_stopped(&seen, &events, |at| own_restart(name, at)))
        }
        other => TargetFacts::unclear(&format!("it is {other}; nothing tells who wants it so")),
    }
}

fn busy(with: &str) -> TargetFacts {
    TargetFacts { busy: Some(with.into()), stop: StopOrigin::Nobody }
}

fn stopped(stop: StopOrigin) -> TargetFacts {
    TargetFacts { busy: None, stop }
}

/// Who stopped a container that ended: from what its engine tells of its last run, else from what it shows itself.
fn who_stopped(seen: &Inspected, events: &[ContainerEvent], own: impl Fn(Timestamp) -> bool) -> StopOrigin {
    let started = events.iter().rposition(|event| event.action == "start");
    let last_run = &events[started.map_or(0, |at| at + 1)..];
    if let Some(stop) = last_run.iter().find(|event| event.action == "stop") {
        if own(stop.at) {
            return StopOrigin::Salve;
        }
        let evidence = format!("its engine stopped it on request at {} ({})", time_of_day(stop.at), seen.state).into();
        return StopOrigin::Operator { evidence };
    }
    let ended = last_run.iter().any(|event| matches!(event.action.as_str(), "die" | "died" | "oom"));
    if ended || seen.oom_killed || !seen.error.is_empty() {
        return StopOrigin::Nobody;
    }
    if matches!(seen.restart_policy.as_str(), "always" | "unless-stopped") {
        let evidence =
            format!("it is {}, and its engine restarts whatever was not stopped on request", seen.state).into();
        return StopOrigin::Operator { evidence };
    }
    let since = seen.finished.map_or(String::new(), |at| format!(" since {}", time_of_day(at)));
    let evidence = format!("it is {}{since}, and its engine does not tell who stopped it", seen.state).into();
    StopOrigin::Unclear { evidence }
}

fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;

    /// What is told of a container `web` by an engine that inspects it so and tells these events.
    async fn told(state: &str, events: &str) -> TargetFacts {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let inspected = format!(r#"{{"State":{{{state},"FinishedAt":"2026-11-29T05:00:00.5Z"}}}}"#);
        let events = events.to_owned();
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let about = String::from_utf8_lossy(&request[..length]).into_owned();
                let body = if about.starts_with("GET /events?") { &events } else { &inspected };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + body).as_bytes()).await.unwrap();
            }
        });
        let facts = asked(&Engine::at(Path::new(&socket)), "web").await;
        serving.abort();
        facts
    }

    fn event(action: &str, second: i64) -> String {
        let nanoseconds = (1_795_928_400 + second) * 1_000_000_000;
        format!(
            r#"{{"Type":"container","Action":"{action}","Actor":{{"Attributes":{{"name":"web"}}}},"timeNano":{nanoseconds}}}"#
        )
    }

    const EXITED: &str = r#""Status":"exited","Health":{"Status":"unhealthy"}"#;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_container_that_was_stopped_or_restarts_is_told_from_one_that_ended() {
        let restarting = told(r#""Status":"restarting","Health":{"Status":"unhealthy"}"#, "").await;
        assert_eq!(restarting.busy.as_deref(), Some("its container engine restarts it by itself"));
        let stop = ["start", "kill", "die", "stop"].map(|action| event(action, -1)).join("\n");
        assert!(
            matches!(told(EXITED, &stop).await.stop, StopOrigin::Operator { evidence } if evidence.contains("on request"))
        );
        let crash = [event("stop", -9), event("start", -8), event("die", 0)].join("\n");
        assert_eq!(told(EXITED, &crash).await.stop, StopOrigin::Nobody);
        assert!(matches!(told(EXITED, "").await.stop, StopOrigin::Unclear { .. }));
        assert!(matches!(told(EXITED, "rubbish").await.stop, StopOrigin::Unclear { .. }));
        assert!(matches!(told(r#""Status":"paused""#, "").await.stop, StopOrigin::Operator { .. }));
        assert_eq!(told(r#""Status":"running""#, "").await, TargetFacts::NONE);
        assert_eq!(told(r#""Status":"exited","OOMKilled":true"#, "").await.stop, StopOrigin::Nobody);
    }

    #[test]
    fn salves_own_restart_is_not_taken_for_an_operators_stop() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let seen = Inspected { state: "exited".into(), restart_policy: "always".into(), ..Inspected::default() };
        let stop = [ContainerEvent { action: "stop".into(), at: at(100) }];
        assert_eq!(who_stopped(&seen, &stop, |when| when == at(100)), StopOrigin::Salve);
        assert!(matches!(who_stopped(&seen, &stop, |_| false), StopOrigin::Operator { .. }));
        // one that its engine would restart whenever it ends was stopped
        assert!(matches!(who_stopped(&seen, &[], |_| false), StopOrigin::Operator { .. }));
    }
}
