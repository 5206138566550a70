//! Lengths of time and states in few words.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::core::incident::Denial;
use crate::core::{Mono, Operator};
use crate::engine::Snapshot;
use crate::engine::snapshot::{DeliveryState, DetectorView, Health, IncidentStage, IncidentView, Storm, paged};

/// One unit, at most four columns: `12s`, `6m`, `3h`, `12d`.
#[must_use]
pub fn age(length: Duration) -> String {
    match length.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ ..3600 => format!("{}m", seconds / 60),
        seconds @ ..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", (seconds / 86_400).min(999)),
    }
}

/// Counting down: `0:47`, `4:40`, `1:02:03`, `2d`.
#[must_use]
pub fn left(until: Mono, now: Mono) -> String {
    // rounded up: 0:00 means that it is over
    let seconds = until.since(now).as_millis().div_ceil(1000);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        1..48 => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{}d", hours / 24),
    }
}

/// Until when something lasts: `4:40 left`, `until resumed`.
#[must_use]
pub fn until(until: Option<Mono>, now: Mono) -> String {
    until.map_or_else(|| "until resumed".to_owned(), |until| format!("{} left", left(until, now)))
}

/// A moment to come: `Tue 2026-11-24 02:00:00, in 11h`.
#[must_use]
pub fn ahead(moment: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let day = moment.to_zoned(zone.clone()).strftime("%a").to_string();
    let distance = moment.duration_since(now);
    let length = age(distance.unsigned_abs());
    let distance = if distance.is_negative() { format!("{length} ago") } else { format!("in {length}") };
    format!("{day} {}, {distance}", date(moment, zone))
}

/// A length with what matters of it: `850ms`, `1.2s`, `12s`, `6m 5s`, `3h 20m`.
#[must_use]
pub fn length(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (milliseconds, seconds) {
        (..1000, _) => format!("{milliseconds}ms"),
        (..10_000, _) => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        (_, ..60) => format!("{seconds}s"),
        (_, ..3600) => format!("{}m {}s", seconds / 60, seconds % 60),
        (_, ..86_400) => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// The time of day.
#[must_use]
pub fn clock(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// The day and the time of day.
#[must_use]
pub fn date(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A person in one word.
#[must_use]
pub fn who(operator: &Operator) -> &str {
    operator.login.as_deref().unwrap_or(&operator.name)
}

/// Where an incident stands, in a word or two.
#[must_use]
pub fn stage(incident: &IncidentView) -> String {
    match &incident.stage {
        IncidentStage::Firing => "firing".into(),
        IncidentStage::Held(denial) => format!("on hold: {denial}"),
        IncidentStage::Asking(_) => "awaiting approval".into(),
        IncidentStage::Remediating { .. } => "fixing".into(),
        IncidentStage::Verifying { .. } => "verifying".into(),
        IncidentStage::Soaking { .. } => "healthy, watching".into(),
        IncidentStage::Escalated(cause) => format!("paged: {cause}"),
        IncidentStage::Closed { outcome, .. } => incident.numbers().outcome(outcome),
    }
}

/// A count and its noun.
#[must_use]
pub fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A target's short name: a unit without its suffix, a mount as a disk, an address without its scheme.
#[must_use]
pub fn target(written: &str) -> String {
    let (kind, name) = written.split_once(' ').unwrap_or(("", written));
    match kind {
        "mount" => format!("disk {name}"),
        "unit" => name.strip_suffix(".service").unwrap_or(name).to_owned(),
        "url" => name.split_once("://").map_or(name, |(_, rest)| rest).to_owned(),
        "" => written.to_owned(),
        _ => name.to_owned(),
    }
}

/// A row's status in full: its state with the time that is left of it, what became of its open page, and whether it
/// flaps.
#[must_use]
pub fn standing(detector: &DetectorView, snapshot: &Snapshot, now: Mono) -> String {
    let incident = snapshot.incidents.iter().find(|incident| Some(incident.id) == detector.incident);
    let stage = incident.map(|incident| &incident.stage);
    let health = match (&detector.health, &detector.call) {
        (Health::Escalated(cause), Some(call)) => paged(Some(call), cause),
        (health, Some(call)) => format!("{call}; {}", self::health(health, stage, now)),
        (health, None) => self::health(health, stage, now),
    };
    match detector.flapping {
        Some(onsets) => format!("{health}; FLAPPING: fired {onsets} times in the last hour"),
        None => health,
    }
}

/// The same in at most eight columns.
#[must_use]
pub fn standing_short(detector: &DetectorView) -> String {
    match (&detector.health, detector.flapping) {
        (Health::Ok | Health::Broken | Health::Pending, Some(_)) => "FLAPPING".into(),
        (Health::Escalated(_), _) if matches!(detector.call, Some(DeliveryState::Calling { .. })) => "PAGING".into(),
        (health, _) => health_short(health),
    }
}

/// A storm in one sentence, with the targets that fail.
#[must_use]
pub fn storm(storm: &Storm) -> String {
    let by = storm.acknowledged.as_ref().map_or_else(String::new, |by| format!(", acknowledged by {}", who(by)));
    format!("storm, {}{by}: {} of {} targets down: {}", storm.call, storm.failing, storm.of, failing(storm, usize::MAX))
}

/// The targets that fail in a storm by their short names, so many at most, and how many more there are.
#[must_use]
pub fn failing(storm: &Storm, most: usize) -> String {
    let names: Vec<String> = storm.targets.iter().take(most).map(|name| target(name)).collect();
    let names_them = if names.is_empty() { "not read yet".to_owned() } else { names.join(", ") };
    match storm.failing.saturating_sub(names.len()) {
        0 => names_them,
        more if names.is_empty() => format!("{more} targets"),
        more => format!("{names_them} and {more} more"),
    }
}

/// A state in at most eight columns.
#[must_use]
pub fn health_short(health: &Health) -> String {
    match health {
        Health::Asks => "ASKS".into(),
        Health::Escalated(_) => "PAGED".into(),
        Health::Held(denial) => denial_short(denial).into(),
        Health::Broken => "FIRING".into(),
        Health::Fixing { rung, of } => format!("FIX {rung}/{of}"),
        Health::Verifying { soaking: true } => "HEALTHY".into(),
        Health::Verifying { soaking: false } => "VERIFY".into(),
        Health::Pending => "pending".into(),
        Health::Unknown(_) => "unknown".into(),
        Health::Waiting => "starting".into(),
        Health::Ok => "ok".into(),
        Health::NotApplicable(_) => "n/a".into(),
        Health::Unresolved(_) => "missing".into(),
    }
}

fn denial_short(denial: &Denial) -> &'static str {
    match denial {
        Denial::Paused { .. } => "PAUSED",
        Denial::Snoozed { .. } => "SNOOZED",
        Denial::OutsideWindow => "WINDOW",
        Denial::DependencyUnhealthy { .. } => "WAITING",
        Denial::StoppedByOperator { .. } => "STOPPED",
        Denial::LockHeld { .. } => "QUEUED",
        Denial::SystemdBusy { .. } => "BUSY",
        Denial::BreakerOpen { .. } => "BREAKER",
        Denial::Cooldown { .. } => "COOLING",
        Denial::Storm { .. } => "STORM",
        Denial::BootGrace { .. } => "BOOTING",
        Denial::Shadow => "SHADOW",
        Denial::Off => "OFF",
        Denial::CannotRecord { .. } => "JOURNAL",
        Denial::Quarantined { .. } => "QUARANT.",
        Denial::NoPlan { .. } => "NO PLAN",
        Denial::TargetMissing { .. } => "MISSING",
        Denial::Contended { .. } => "CONFLICT",
    }
}

/// A state in a few words. The incident's stage holds the deadlines of a verification and of a soak; without it, the
/// state is named alone.
#[must_use]
pub fn health(health: &Health, stage: Option<&IncidentStage>, now: Mono) -> String {
    match (health, stage) {
        (Health::Asks, _) => "AWAITING APPROVAL".into(),
        (Health::Escalated(cause), _) => paged(None, cause),
        (Health::Held(denial), _) => format!("ON HOLD: {}", denial_words(denial, now)),
        (Health::Broken, Some(_)) => "FIRING: checking safety rules".into(),
        (Health::Broken, None) => "FIRING: no open incident".into(),
        (Health::Fixing { rung, of }, _) => format!("FIXING, rung {rung} of {of}"),
        (Health::Verifying { .. }, Some(IncidentStage::Verifying { deadline, .. })) => {
            format!("VERIFYING {}", left(*deadline, now))
        }
        (Health::Verifying { .. }, Some(IncidentStage::Soaking { until, .. })) => {
            format!("HEALTHY, watching {} more", left(*until, now))
        }
        (Health::Verifying { soaking: true }, _) => "HEALTHY, still watching".into(),
        (Health::Verifying { soaking: false }, _) => "VERIFYING".into(),
        (Health::Pending, _) => "pending".into(),
        (Health::Unknown(why), _) => format!("unknown: {why}"),
        (Health::Waiting, _) => "starting: no reading yet".into(),
        (Health::Ok, _) => "ok".into(),
        (Health::NotApplicable(why), _) => format!("n/a: {why}"),
        (Health::Unresolved(why), _) => format!("missing: {why}"),
    }
}

/// Why nothing is done, and until when.
#[must_use]
pub fn denial_words(denial: &Denial, now: Mono) -> String {
    match denial {
        Denial::Paused { by, until, reason, .. } => {
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            format!("paused by {}, {}{why}", who(by), self::until(*until, now))
        }
        Denial::Snoozed { by, until } => format!("snoozed by {}, {} left", who(by), left(*until, now)),
        Denial::StoppedByOperator { evidence } => format!("stopped by an operator: {evidence}"),
        Denial::BreakerOpen { until: Some(until) } => format!("breaker open, probe in {}", left(*until, now)),
        Denial::BreakerOpen { until: None } => "breaker latched: b resets it".into(),
        Denial::Cooldown { until } => format!("cooldown, {} left", left(*until, now)),
        Denial::BootGrace { until } => format!("host just booted, {} left", left(*until, now)),
        Denial::Shadow => "shadow mode: recorded, not run; A arms it".into(),
        Denial::Storm { failing, of } => format!("{failing} of {of} targets down"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_say_them() {
        let ages = [0, 59, 60, 3599, 3600, 86_400, 864_000].map(|s| age(Duration::from_secs(s)));
        assert_eq!(ages, ["0s", "59s", "1m", "59m", "1h", "1d", "10d"]);
        let lefts = [0, 1, 47_000, 280_000, 3_723_000, 900_000_000].map(|ms| left(Mono(ms), Mono(0)));
        assert_eq!(lefts, ["0:00", "0:01", "0:47", "4:40", "1:02:03", "10d"]);
        let lengths = [850, 1_250, 12_000, 365_000, 12_000_000, 90_000_000].map(length);
        assert_eq!(lengths, ["850ms", "1.2s", "12s", "6m 5s", "3h 20m", "1d 1h"]);
    }

    #[test]
    fn targets_are_short() {
        let short =
            ["unit nginx.service", "unit a.socket", "mount /", "url http://x/y", "host", "process w"].map(target);
        assert_eq!(short, ["nginx", "a.socket", "disk /", "x/y", "host", "w"]);
    }
}
