//! What is true of a target right now: does systemd itself act on it, and did somebody stop it on purpose?

use std::sync::Arc;

use super::unit::stops::{Stops, journal_tells_of_stop};
use crate::host::clock::{boottime_at_monotonic, boottime_ms};
use crate::host::systemd::{Systemd, UnitSeen};
use crate::playbook::Target;

/// What the gate asks of a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetFacts {
    /// systemd's own job or automatic restart on the target, in words.
    pub busy: Option<Arc<str>>,
    /// How it is known that an operator stopped the target, if one did.
    pub stopped_by_operator: Option<Arc<str>>,
}

/// Asks systemd about a unit; of other targets nothing of the kind is known.
pub async fn gather(systemd: Option<&Systemd>, stops: &Stops, target: &Target) -> TargetFacts {
    let (Some(systemd), Target::Unit(name)) = (systemd, target) else { return TargetFacts::default() };
    // What cannot be asked shows in the detector's own reading as unknown.
    let Ok(unit) = systemd.unit(name).await else { return TargetFacts::default() };
    let busy = busy(&unit);
    let stopped = if busy.is_none() { stopped(systemd, stops, &unit).await } else { None };
    TargetFacts { busy: busy.map(Into::into), stopped_by_operator: stopped.map(Into::into) }
}

/// What systemd is doing with a unit by itself.
fn busy(unit: &UnitSeen) -> Option<String> {
    if let Some(job) = &unit.job {
        let kind = if job.kind.is_empty() { "" } else { &*format!("{} ", job.kind) };
        return Some(format!("systemd has a {kind}job under way"));
    }
    match (&*unit.active, &*unit.sub) {
        (_, "auto-restart" | "auto-restart-queued") => Some("systemd restarts it by itself".into()),
        ("activating", sub) => Some(format!("systemd is starting it ({sub})")),
        ("deactivating", sub) => Some(format!("systemd is stopping it ({sub})")),
        ("reloading", _) => Some("systemd is reloading it".into()),
        _ => None,
    }
}

/// The evidence that somebody asked for the stop; none where it ended by itself, or fell with what it leans on.
async fn stopped(systemd: &Systemd, stops: &Stops, unit: &UnitSeen) -> Option<String> {
    if &*unit.load == "masked" && &*unit.active != "active" {
        return Some("it is masked: somebody does not want it to start".into());
    }
    let down = matches!(&*unit.active, "inactive" | "failed");
    // What never ran in this boot was not stopped in it.
    if !down || unit.active_since == 0 || unit.inactive_since < unit.active_since {
        return None;
    }
    let since = boottime_at_monotonic(unit.active_since);
    let done = if let Some(done) = stops.stopped_since(&unit.id, since) {
        done
    } else {
        journal_tells_of_stop(&unit.id, wall(since)).await.filter(|stop| *stop)?;
        boottime_at_monotonic(unit.inactive_since)
    };
    if fell_with_another(systemd, unit).await {
        return None;
    }
    let at = wall(done).to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S");
    let result = unit.result.as_deref().map_or(String::new(), |result| format!(", result {result}"));
    Some(format!("systemd stopped it on request at {at} ({}{result})", unit.active))
}

/// Did a unit that it needs fail? Then systemd stopped it, and nobody asked.
async fn fell_with_another(systemd: &Systemd, unit: &UnitSeen) -> bool {
    for other in unit.leans_on.iter().filter(|other| !other.ends_with(".target") && !other.ends_with(".slice")) {
        if systemd.unit(other).await.is_ok_and(|other| &*other.active == "failed") {
            return true;
        }
    }
    false
}

/// What a moment of `CLOCK_BOOTTIME` in milliseconds is called now.
fn wall(boottime: u64) -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    let ago = boottime_ms().saturating_sub(boottime);
    now.checked_sub(std::time::Duration::from_millis(ago)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::systemd::UnitJob;

    fn unit(active: &str, sub: &str, job: Option<&str>) -> UnitSeen {
        let job = job.map(|kind| UnitJob { id: 1, kind: kind.into() });
        UnitSeen { active: active.into(), sub: sub.into(), job, ..UnitSeen::default() }
    }

    #[test]
    fn systemds_own_work_on_a_unit_is_told() {
        let told = |active, sub, job| busy(&unit(active, sub, job));
        assert_eq!(told("inactive", "dead", Some("start")).as_deref(), Some("systemd has a start job under way"));
        assert_eq!(told("inactive", "dead", Some("")).as_deref(), Some("systemd has a job under way"));
        assert_eq!(told("activating", "auto-restart", None).as_deref(), Some("systemd restarts it by itself"));
        assert_eq!(
            told("deactivating", "stop-sigterm", None).as_deref(),
            Some("systemd is stopping it (stop-sigterm)")
        );
        for (active, sub) in [("active", "running"), ("failed", "failed"), ("inactive", "dead")] {
            assert_eq!(told(active, sub, None), None);
        }
    }
}
