//! The state of a container right before an attempt: whether its engine itself acts on it, and whether somebody stopped
//! it on purpose. As for units, missing evidence is unclear, and never a permission.

use std::time::Duration;

use jiff::Timestamp;

use crate::check::target::facts::TargetFacts;
use crate::core::machine::input::StopOrigin;
use crate::host::containers::{ContainerEngine, ContainerEvent, Inspected, NO_ENGINE, StopRecord, own_restart};

/// How long the engine may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The request for a stop comes at most so long before the end.
const GRACE: Duration = Duration::from_mins(15);

/// Signals that end a program for its own fault: ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS. No stop sends them.
const CRASHES: [i64; 7] = [4, 5, 6, 7, 8, 11, 31];

/// Signals that ask a program to end: INT, QUIT, KILL, TERM.
const ENDS: [i64; 4] = [2, 3, 9, 15];

/// A program that a signal ended has this exit code, and the signal's number on top.
const BY_SIGNAL: i64 = 128;

/// Asks this host's engine.
pub async fn gather(name: &str) -> TargetFacts {
    match ContainerEngine::of_this_host() {
        Some(engine) => asked(&engine, name).await,
        None => TargetFacts::unclear(NO_ENGINE),
    }
}

async fn asked(engine: &ContainerEngine, name: &str) -> TargetFacts {
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
            let record = match engine.stop_record(name, PATIENCE).await {
                Ok(record) => record,
                Err(why) => return TargetFacts::unclear(&format!("who stopped it cannot be asked: {why}")),
            };
            stopped(who_stopped(&seen, &events, record, |at| own_restart(name, at)))
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
fn who_stopped(
    seen: &Inspected,
    events: &[ContainerEvent],
    record: StopRecord,
    own: impl Fn(Timestamp) -> bool,
) -> StopOrigin {
    if seen.finished.is_some_and(&own) {
        return StopOrigin::Salve;
    }
    let started = events.iter().rposition(|event| event.action == "start");
    let last_run = &events[started.map_or(0, |at| at + 1)..];
    if let Some(stop) = last_run.iter().find(|event| event.action == "stop") {
        if own(stop.at) {
            return StopOrigin::Salve;
        }
        let evidence = format!("its engine stopped it on request at {} ({})", time_of_day(stop.at), seen.state).into();
        return StopOrigin::Operator { evidence };
    }
    if let Some(kill) = killed(last_run, seen.exit_code, record) {
        if own(kill.at) {
            return StopOrigin::Salve;
        }
        let evidence = format!("it was killed on request at {} ({})", time_of_day(kill.at), seen.state).into();
        return StopOrigin::Operator { evidence };
    }
    let since = seen.finished.map_or(String::new(), |at| format!(" since {}", time_of_day(at)));
    let ended = last_run.iter().any(|event| matches!(event.action.as_str(), "die" | "died" | "oom"));
    let by_itself = match record {
        StopRecord::WithContainer(true) => {
            let evidence = format!("its engine says that it was stopped on request ({}{since})", seen.state).into();
            return StopOrigin::Operator { evidence };
        }
        StopRecord::WithContainer(false) | StopRecord::InEvents => ended,
        StopRecord::Nowhere => ended && CRASHES.contains(&(seen.exit_code - BY_SIGNAL)),
    };
    if by_itself || seen.oom_killed || !seen.error.is_empty() {
        return StopOrigin::Nobody;
    }
    if matches!(seen.restart_policy.as_str(), "always" | "unless-stopped") {
        let evidence =
            format!("it is {}{since}, and its engine restarts whatever was not stopped on request", seen.state).into();
        return StopOrigin::Operator { evidence };
    }
    let evidence = format!(
        "it is {}{since} with exit code {}, and its engine does not tell who stopped it",
        seen.state, seen.exit_code
    )
    .into();
    StopOrigin::Unclear { evidence }
}

/// The signal that somebody sent through the engine and that ended the program: the last thing before its end. One that
/// programs live on with, as HUP, ended it only where the exit code says so.
fn killed(last_run: &[ContainerEvent], exit_code: i64, record: StopRecord) -> Option<&ContainerEvent> {
    match record {
        StopRecord::InEvents | StopRecord::Nowhere => {}
        // it counts such a signal itself
        StopRecord::WithContainer(_) => return None,
    }
    let end = last_run.iter().rposition(|event| matches!(event.action.as_str(), "die" | "died"))?;
    let before = last_run[..end].last().filter(|event| event.action == "kill")?;
    let ended = match before.signal {
        Some(signal) => ENDS.contains(&signal) || exit_code == BY_SIGNAL + signal,
        None => ENDS.contains(&(exit_code - BY_SIGNAL)),
    };
    ended.then_some(before)
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

    /// What is told of a container `web` by an engine that inspects it so and tells these events: Docker.
    async fn facts_of(state: &str, events: &str) -> TargetFacts {
        told_by(None, state, events).await
    }

    /// The same by Podman, where this stands in its own words about the container's state.
    async fn told_by(podman: Option<&str>, state: &str, events: &str) -> TargetFacts {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let inspected = format!(r#"{{"State":{{{state},"FinishedAt":"2026-11-29T05:00:00.5Z"}}}}"#);
        let events = events.to_owned();
        let podman = podman.map(|words| format!(r#"{{"State":{{{words}}}}}"#));
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let about = String::from_utf8_lossy(&request[..length]).into_owned();
                let body = match (about.split(' ').nth(1).unwrap_or_default(), &podman) {
                    (path, _) if path.starts_with("/events?") => Some(&events),
                    ("/libpod/_ping" | "/v4.0.0/libpod/containers/web/json", podman) => podman.as_ref(),
                    _ => Some(&inspected),
                };
                let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
                let body = body.map_or("", String::as_str);
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + body).as_bytes()).await.unwrap();
            }
        });
        let facts = asked(&ContainerEngine::at(Path::new(&socket)), "web").await;
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
        let restarting = facts_of(r#""Status":"restarting","Health":{"Status":"unhealthy"}"#, "").await;
        assert_eq!(restarting.busy.as_deref(), Some("its container engine restarts it by itself"));
        let stop = ["start", "kill", "die", "stop"].map(|action| event(action, -1)).join("\n");
        assert!(
            matches!(facts_of(EXITED, &stop).await.stop, StopOrigin::Operator { evidence } if evidence.contains("on request"))
        );
        let crash = [event("stop", -9), event("start", -8), event("die", 0)].join("\n");
        assert_eq!(facts_of(EXITED, &crash).await.stop, StopOrigin::Nobody);
        assert!(matches!(facts_of(EXITED, "").await.stop, StopOrigin::Unclear { .. }));
        assert!(matches!(facts_of(EXITED, "rubbish").await.stop, StopOrigin::Unclear { .. }));
        assert!(matches!(facts_of(r#""Status":"paused""#, "").await.stop, StopOrigin::Operator { .. }));
        assert_eq!(facts_of(r#""Status":"running""#, "").await, TargetFacts::NONE);
        assert_eq!(facts_of(r#""Status":"exited","OOMKilled":true"#, "").await.stop, StopOrigin::Nobody);
    }

    /// A signal that was sent through the engine.
    fn kill(signal: i64, second: i64) -> String {
        event("kill", second).replace(r#""name":"web""#, &format!(r#""name":"web","signal":"{signal}""#))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_container_that_a_person_killed_is_not_taken_for_one_that_crashed() {
        let ended = async |signal: i64, code: i64| {
            let events = [event("start", -9), kill(signal, -1), event("die", 0)].join("\n");
            facts_of(&format!(r#""Status":"exited","ExitCode":{code}"#), &events).await.stop
        };
        for (signal, code) in [(9, 137), (15, 143), (15, 0), (2, 1), (1, 129)] {
            let stop = ended(signal, code).await;
            assert!(
                matches!(&stop, StopOrigin::Operator { evidence } if evidence.contains("killed on request")),
                "{signal}, {code}: {stop:?}"
            );
        }
        // it received a signal to read its configuration again, and crashed
        assert_eq!(ended(1, 139).await, StopOrigin::Nobody);
        assert_eq!(ended(10, 1).await, StopOrigin::Nobody);
        // a signal of the run before
        let events = [kill(9, -9), event("die", -8), event("start", -7), event("die", 0)].join("\n");
        assert_eq!(facts_of(r#""Status":"exited","ExitCode":137"#, &events).await.stop, StopOrigin::Nobody);
        let events = [event("start", -9), event("kill", -1), event("died", 0)].join("\n");
        let former_podman = told_by(Some(""), r#""Status":"exited","ExitCode":137"#, &events).await.stop;
        assert!(matches!(former_podman, StopOrigin::Operator { .. }), "{former_podman:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn podmans_word_counts_and_where_it_says_none_only_a_crash_is_a_fault() {
        let died = [event("start", -9), event("died", 0)].join("\n");
        let by = |podman: &'static str, state: &'static str| told_by(Some(podman), state, &died);
        let facts = by(r#""StoppedByUser":true"#, EXITED).await;
        assert!(
            matches!(&facts.stop, StopOrigin::Operator { evidence } if evidence.contains("on request")),
            "{facts:?}"
        );
        assert_eq!(by(r#""StoppedByUser":false"#, EXITED).await.stop, StopOrigin::Nobody);
        // the former ones do not say it, and their event of a stop is often lost
        for code in [0, 1, 137, 143] {
            let state = format!(r#""Status":"exited","ExitCode":{code}"#);
            let facts = told_by(Some(""), &state, &died).await;
            assert!(matches!(facts.stop, StopOrigin::Unclear { .. }), "{code}: {facts:?}");
        }
        assert_eq!(by("", r#""Status":"exited","ExitCode":139"#).await.stop, StopOrigin::Nobody);
        assert_eq!(by("", r#""Status":"exited","OOMKilled":true"#).await.stop, StopOrigin::Nobody);
    }

    #[test]
    fn salves_own_restart_is_not_taken_for_an_operators_stop() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let seen = Inspected { state: "exited".into(), restart_policy: "always".into(), ..Inspected::default() };
        let stop = [ContainerEvent { action: "stop".into(), at: at(100), signal: None }];
        let docker = StopRecord::InEvents;
        assert_eq!(who_stopped(&seen, &stop, docker, |when| when == at(100)), StopOrigin::Salve);
        let kill = [("kill", Some(15)), ("die", None)];
        let kill = kill.map(|(action, signal)| ContainerEvent { action: action.into(), at: at(100), signal });
        assert_eq!(who_stopped(&seen, &kill, docker, |when| when == at(100)), StopOrigin::Salve);
        assert!(matches!(who_stopped(&seen, &stop, docker, |_| false), StopOrigin::Operator { .. }));
        // one that its engine would restart whenever it ends was stopped
        assert!(matches!(who_stopped(&seen, &[], docker, |_| false), StopOrigin::Operator { .. }));
        // one that ended while this process restarted it, whatever its engine tells
        let ended = Inspected { finished: Some(at(100)), ..seen };
        assert_eq!(who_stopped(&ended, &[], StopRecord::Nowhere, |when| when == at(100)), StopOrigin::Salve);
    }
}
