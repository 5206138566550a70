//! What the engine measures of itself, as metrics.

use super::text::{Family, MetricKind, Sample};
use super::{count, counter, figure, gauge, plain};
use crate::engine::snapshot::EngineStats;

pub(super) fn engine_stats(stats: &EngineStats) -> Vec<Family> {
    let queued =
        |(queue, depth): (&str, usize)| Sample { labels: vec![("queue", queue.to_owned())], value: count(depth) };
    vec![
        seconds(
            "salve_loop_lag_seconds",
            "How late the loop woke at worst, in the last minute or two.",
            stats.loop_lag_us,
        ),
        seconds(
            "salve_loop_slowest_input_seconds",
            "The longest that the loop worked on one input, in the last minute or two.",
            stats.slowest_input_us,
        ),
        counter("salve_journal_commits", "Commits to the journal, each with one fsync.", plain(figure(stats.commits))),
        Family {
            name: "salve_journal_commit_seconds",
            unit: Some("seconds"),
            kind: MetricKind::Counter,
            help: "What those commits took together.",
            samples: plain(from_micros(stats.commit_total_us)),
        },
        seconds(
            "salve_journal_slowest_commit_seconds",
            "The slowest commit, in the last minute or two.",
            stats.slowest_commit_us,
        ),
        gauge(
            "salve_queue_depth",
            None,
            "The most that waited in a queue, in the last minute or two.",
            stats.queues.named().into_iter().map(queued).collect(),
        ),
        gauge(
            "salve_oldest_page_age_seconds",
            Some("seconds"),
            "How long the oldest page has waited for a channel; 0 where none waits.",
            plain(figure(stats.oldest_page_ms.unwrap_or(0)) / 1000.0),
        ),
    ]
}

fn seconds(name: &'static str, help: &'static str, micros: u64) -> Family {
    gauge(name, Some("seconds"), help, plain(from_micros(micros)))
}

fn from_micros(micros: u64) -> f64 {
    figure(micros) / 1e6
}
