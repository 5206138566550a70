//! Tells an external dead-man's switch that this host heals itself: asked for a web address again and again, and only
//! while the loop itself makes progress. Where the loop hangs, the host dies or the network is cut, the switch calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::channel;
use crate::engine::settings::Heartbeat;
use crate::host::clock;

/// A loop that has shown no progress for so long is not running. It shows some every second.
const FRESH: Duration = Duration::from_secs(10);
/// How long the other side may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Until its task is ended. `beat` is the loop's last sign of progress, in milliseconds of `CLOCK_BOOTTIME`. What an
/// operator should know goes to `notes`: when the other side stops answering, and when it answers again.
pub async fn run(settings: Heartbeat, beat: Arc<AtomicU64>, notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>) {
    let mut ticks = interval(settings.every.0);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing: Option<Arc<str>> = None;
    while !notes.is_closed() {
        ticks.tick().await;
        if !fresh(clock::boottime_ms(), beat.load(Ordering::Relaxed)) {
            continue;
        }
        let note = match channel::ping(settings.url.as_deref(), settings.url_file.as_deref(), ANSWER).await {
            Ok(()) => failing.take().map(|_| Arc::from("the heartbeat is heard again")),
            Err(why) if failing.as_ref() == Some(&why) => None,
            Err(why) => {
                failing = Some(Arc::clone(&why));
                Some(Arc::from(format!("the heartbeat is not heard: {why}")))
            }
        };
        if let Some(text) = note {
            let _ = notes.send(("heartbeat".into(), text));
        }
    }
}

fn fresh(now: u64, beat: u64) -> bool {
    Duration::from_millis(now.saturating_sub(beat)) <= FRESH
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::playbook::value::Period;

    async fn asked(server: &MockServer, least: usize) -> usize {
        loop {
            let count = server.received_requests().await.unwrap().len();
            if count >= least {
                return count;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn it_is_sent_only_while_the_loop_makes_progress() {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path("/ping")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
        let url = Some(format!("{}/ping", server.uri()));
        let settings = Heartbeat { url, url_file: None, every: Period(Duration::from_millis(10)) };
        let beat = Arc::new(AtomicU64::new(clock::boottime_ms()));
        let (notes, mut notes_out) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(settings, Arc::clone(&beat), notes));
        asked(&server, 3).await;
        beat.store(clock::boottime_ms() - 60_000, Ordering::Relaxed);
        // what was under way may still arrive
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = asked(&server, 3).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(asked(&server, 3).await, before, "a loop that hangs sends nothing");
        beat.store(clock::boottime_ms(), Ordering::Relaxed);
        asked(&server, before + 1).await;
        // the other side fails, and answers again: each is said once
        server.reset().await;
        let (_, failed) = notes_out.recv().await.unwrap();
        assert_eq!(&*failed, "the heartbeat is not heard: it answered 404 Not Found");
        beat.store(clock::boottime_ms(), Ordering::Relaxed);
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
        let (_, again) = notes_out.recv().await.unwrap();
        assert_eq!(&*again, "the heartbeat is heard again");
        task.abort();
    }
}
