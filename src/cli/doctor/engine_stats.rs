//! Whether the engine keeps up with its host: what it has measured of itself in the last minute or two.

use super::context::{DoctorContext, EngineStatus};
use super::report::Finding;
use crate::engine::snapshot::{EngineStats, short_time};

/// What the running engine measures of itself.
pub fn engine_stats(ground: &DoctorContext) -> Vec<Finding> {
    match &ground.engine {
        EngineStatus::Here { stats: Some(stats), .. } => judge(stats),
        EngineStatus::Here { stats: None, .. } => vec![Finding::skipped("the engine has not measured itself yet")],
        EngineStatus::Refused(_) | EngineStatus::Forbidden(_) | EngineStatus::Stranger(_) | EngineStatus::Nobody => {
            vec![Finding::skipped("no engine that could be asked")]
        }
    }
}

fn judge(stats: &EngineStats) -> Vec<Finding> {
    let (lag, input, commit) = (stats.loop_lag(), stats.slowest_input(), stats.slowest_commit());
    let mut findings = Vec::new();
    if lag > EngineStats::LAG_LIMIT {
        findings.push(Finding::warning(
            format!("the loop woke up to {} late: something keeps this process from running", short_time(lag)),
            "look for what takes the processors or the memory: `salve status`, top",
        ));
    }
    if input > EngineStats::INPUT_LIMIT {
        findings.push(Finding::warning(
            format!("one input kept the loop busy for {}", short_time(input)),
            "report it, with the output of `salve metrics` and of `salve journal export --json`",
        ));
    }
    if commit > EngineStats::COMMIT_LIMIT {
        findings.push(Finding::warning(
            format!("a write to the journal took {}, and attempts wait for it", short_time(commit)),
            "the state folder's disk is slow or busy: look at its latency (iostat -x), or move the folder",
        ));
    }
    for (queue, depth) in stats.queues.named().into_iter().filter(|(_, depth)| *depth > EngineStats::QUEUE_LIMIT) {
        findings.push(Finding::warning(
            format!("up to {depth} {queue} waited for the loop"),
            "fewer or slower checks, or a faster disk, would let it keep up",
        ));
    }
    if let Some(age) = stats.oldest_page().filter(|age| *age > EngineStats::PAGE_LIMIT) {
        findings.push(Finding::warning(
            format!("a page has waited for its channel for {} min", age.as_secs() / 60),
            "`salve channel test NAME` says what the other side answers",
        ));
    }
    if findings.is_empty() {
        let [lag, input, commit] = [lag, input, commit].map(short_time);
        findings.push(Finding::fine(format!(
            "the loop woke at most {lag} late, its slowest input took {input}, its slowest commit {commit}"
        )));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Grade;
    use crate::engine::snapshot::QueueDepths;

    #[test]
    fn an_engine_that_keeps_up_is_fine_and_each_bound_is_judged_by_itself() {
        let fine = EngineStats { loop_lag_us: 1_500, slowest_commit_us: 800, ..EngineStats::default() };
        assert_eq!(
            judge(&fine)[0].said,
            "the loop woke at most 1.5 ms late, its slowest input took 0.0 ms, its slowest commit 0.8 ms"
        );
        let queues = QueueDepths { writes: EngineStats::QUEUE_LIMIT + 1, ..QueueDepths::default() };
        let slow = [
            EngineStats { loop_lag_us: 1_000_001, ..fine },
            EngineStats { slowest_input_us: 250_001, ..fine },
            EngineStats { slowest_commit_us: 500_001, ..fine },
            EngineStats { queues, ..fine },
            EngineStats { oldest_page_ms: Some(300_001), ..fine },
        ];
        for stats in slow {
            let findings = judge(&stats);
            assert!(findings.len() == 1 && findings[0].grade == Grade::Warning, "{stats:?}");
        }
        let at_the_bounds = EngineStats {
            loop_lag_us: 1_000_000,
            slowest_input_us: 250_000,
            slowest_commit_us: 500_000,
            queues: QueueDepths { writes: EngineStats::QUEUE_LIMIT, ..QueueDepths::default() },
            oldest_page_ms: Some(300_000),
            ..fine
        };
        assert_eq!(judge(&at_the_bounds)[0].grade, Grade::Fine);
    }
}
