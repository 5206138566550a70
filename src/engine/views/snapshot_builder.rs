//! The core's state as a snapshot: pure, so that live, replayed and simulated states look the same.

mod detectors;
mod incidents;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::calls;
use crate::core::breaker::Limits;
use crate::core::command::Operator;
use crate::core::id::{Key, MaintenanceId, PageId};
use crate::core::incident::BreakerState;
use crate::core::{Core, Mono, Now};
use crate::engine::snapshot::{
    BreakerView, EngineStats, HostLoad, MaintenanceView, Message, PauseView, PlaybookView, Recurring, Snapshot, Snooze,
};
use crate::playbook::{Check, Mode, Playbook};
use jiff::Timestamp;

use detectors::detectors;
use incidents::incidents;
pub use incidents::one_incident;

/// What a snapshot needs that the core does not know.
#[derive(Debug, Clone)]
pub struct Extras {
    /// Rises with every change.
    pub generation: u64,
    /// This host's name, cleaned.
    pub host: Arc<str>,
    /// The operator to whom the snapshot is shown.
    pub operator: Operator,
    /// Load, memory and pressure; none before the first look.
    pub strip: Option<HostLoad>,
    /// Can records be written? If not, why.
    pub recording: Result<(), Arc<str>>,
    /// How often pages that are under way were not taken.
    pub tries: BTreeMap<PageId, u32>,
    /// Every playbook file that was found, accepted or not.
    pub playbooks: Vec<Arc<PlaybookView>>,
    /// Messages to operators, latest first.
    pub messages: Vec<Message>,
    /// What the engine measures of itself; none where none runs.
    pub engine_stats: Option<EngineStats>,
    /// A check's condition in words: `> 85%`, `not active`.
    pub condition: fn(&Check) -> String,
}

/// The core's state now, as screens need it.
#[must_use]
pub fn build(core: &Core, now: Now, extras: Extras) -> Snapshot {
    let mut words = Words { condition: extras.condition, known: HashMap::new(), tries: &extras.tries };
    Snapshot {
        generation: extras.generation,
        now,
        host: extras.host,
        operator: extras.operator,
        strip: extras.strip,
        recording: extras.recording,
        unwatched: false,
        systemd_silent: core.silent_systemd().map(|silence| Arc::clone(&silence.why)),
        storm: calls::storm(core, &extras.tries),
        pauses: pauses(core),
        maintenance: maintenance(core, now),
        snoozes: snoozes(core, now.mono),
        detectors: detectors(core, &mut words),
        breakers: breakers(core, now.mono),
        incidents: incidents(core, &mut words),
        playbooks: extras.playbooks,
        rates: core.rates(),
        playbook_rates: core.rates_by_playbook(),
        trend: core.trend(),
        wanting: core.wanting(),
        totals: core.state().success().totals().clone(),
        undelivered: core.state().escalations().undelivered().len(),
        engine_stats: extras.engine_stats,
        recurring: recurring(core),
        messages: extras.messages,
    }
}

/// Conditions in words, each said once per snapshot however many targets share its playbook.
struct Words<'a> {
    condition: fn(&Check) -> String,
    known: HashMap<*const Check, Arc<str>>,
    /// How often pages that are under way were not taken.
    tries: &'a BTreeMap<PageId, u32>,
}

impl Words<'_> {
    fn of(&mut self, check: &Check) -> Arc<str> {
        let say = self.condition;
        Arc::clone(self.known.entry(std::ptr::from_ref(check)).or_insert_with(|| say(check).into()))
    }
}

fn pauses(core: &Core) -> Vec<PauseView> {
    let pause = |(scope, pause): (&crate::core::Scope, &crate::core::suppression::Pause)| PauseView {
        scope: scope.clone(),
        until: pause.until,
        since: pause.since,
        by: pause.by.clone(),
        reason: pause.reason.clone(),
    };
    core.state().suppressions().pauses().map(pause).collect()
}

fn maintenance(core: &Core, now: Now) -> Vec<MaintenanceView> {
    let window = |(id, window): (MaintenanceId, &crate::core::suppression::Maintenance)| MaintenanceView {
        id,
        scope: window.scope.clone(),
        from: window.from,
        length_ms: u64::try_from(window.length.as_millis()).unwrap_or(u64::MAX),
        until: window.on(now),
        by: window.by.clone(),
        reason: window.reason.clone(),
    };
    let mut windows: Vec<MaintenanceView> = core.state().suppressions().maintenance().iter().map(window).collect();
    windows.sort_by_key(|window| (window.from, window.id));
    windows
}

fn snoozes(core: &Core, now: Mono) -> Vec<Snooze> {
    let snooze = |(key, snooze): (&Key, &crate::core::suppression::KeySnooze)| Snooze {
        key: key.clone(),
        playbook: name_of(core, key),
        until: snooze.until,
        by: snooze.by.clone(),
        reason: snooze.reason.clone(),
    };
    let mut snoozes: Vec<Snooze> =
        core.state().suppressions().snoozes().map(snooze).filter(|it| it.until > now).collect();
    snoozes.sort_by(|a, b| (a.until, &a.key).cmp(&(b.until, &b.key)));
    snoozes
}

/// The playbook of a key, whether or not it is still in force.
fn name_of(core: &Core, key: &Key) -> Arc<str> {
    let adopted = || core.state().adopted_name(&key.content).cloned();
    core.playbook(&key.content).map(|playbook| Arc::clone(&playbook.name)).or_else(adopted).unwrap_or_else(|| "".into())
}

fn breakers(core: &Core, now: Mono) -> Vec<BreakerView> {
    let row = |(key, breaker): (&Key, &crate::core::breaker::Breaker)| {
        let playbook = core.playbook(&key.content)?;
        let limits = Limits::of(playbook);
        let invocations = breaker.invocations(now, limits.window, core.state().budget().shared(&key.target));
        (*breaker.state() != BreakerState::Closed || invocations > 0).then(|| BreakerView {
            key: key.clone(),
            playbook: Arc::clone(&playbook.name),
            state: breaker.state().clone(),
            invocations,
            limit: playbook.escalate.attempts,
            why: breaker.why().map_or_else(|| "has never tripped".into(), |why| why.to_string().into()),
        })
    };
    core.state().breakers().iter().filter_map(row).collect()
}

fn recurring(core: &Core) -> Vec<Recurring> {
    let row = |(key, healed): (&Key, Vec<&crate::core::success::Healing>)| Recurring {
        key: key.clone(),
        playbook: name_of(core, key),
        healed: healed.into_iter().map(|one| moment(one.mono, one.wall)).collect(),
    };
    core.recurring().into_iter().map(row).collect()
}

/// A remembered moment. The journal keeps no time zone: its minute of the day is UTC's.
pub fn moment(mono: Mono, wall: Timestamp) -> Now {
    let minute = wall.as_second().rem_euclid(86_400) / 60;
    Now { mono, wall, minute_of_day: u16::try_from(minute).unwrap_or(0) }
}

/// What a playbook's mode comes to over all its targets: the highest in force on any of them.
#[must_use]
pub fn mode_in_force(core: &Core, playbook: &Playbook) -> Mode {
    let keys = core.watched().filter(|(key, _)| key.content == playbook.content);
    keys.map(|(key, _)| core.mode_in_force(key)).min().unwrap_or(playbook.mode)
}
