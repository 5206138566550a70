//! The core's state as a snapshot: pure, so that live, replayed and simulated states look the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::calls;
use super::snapshot::{
    BreakerView, DetectorView, Health, HostLoad, IncidentStage, IncidentView, MaintenanceView, Message, PauseView,
    PlaybookView, Recurring, Snapshot, Snooze, TimelineMark,
};
use crate::core::breaker::Limits;
use crate::core::command::Operator;
use crate::core::id::{Key, MaintenanceId, PageId};
use crate::core::incident::BreakerState;
use crate::core::input::{Binding, Resolution};
use crate::core::state::{Incident, Step};
use crate::core::{CheckRole, Core, Detector, DetectorState, Event, Moment, Mono, Now, Reason};
use crate::playbook::{Check, Mode, Playbook, Risk};
use jiff::Timestamp;

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
    /// A check's condition in words: `> 85%`, `not active`.
    pub condition: fn(&Check) -> String,
}

/// The core's state now, as screens need it.
#[must_use]
pub fn publish(core: &Core, now: Now, extras: Extras) -> Snapshot {
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
        totals: core.state().totals.clone(),
        undelivered: core.state().outbox.len(),
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
    let pause = |(scope, pause): (&crate::core::Scope, &crate::core::state::Pause)| PauseView {
        scope: scope.clone(),
        until: pause.until,
        since: pause.since,
        by: pause.by.clone(),
        reason: pause.reason.clone(),
    };
    core.state().pauses.iter().map(pause).collect()
}

fn maintenance(core: &Core, now: Now) -> Vec<MaintenanceView> {
    let window = |(id, window): (&MaintenanceId, &crate::core::maintenance::Maintenance)| MaintenanceView {
        id: *id,
        scope: window.scope.clone(),
        from: window.from,
        length_ms: u64::try_from(window.length.as_millis()).unwrap_or(u64::MAX),
        until: window.on(now),
        by: window.by.clone(),
        reason: window.reason.clone(),
    };
    let mut windows: Vec<MaintenanceView> = core.state().windows.iter().map(window).collect();
    windows.sort_by_key(|window| (window.from, window.id));
    windows
}

fn snoozes(core: &Core, now: Mono) -> Vec<Snooze> {
    let snooze = |(key, (by, until, reason)): (&Key, &(Operator, Mono, Reason))| Snooze {
        key: key.clone(),
        playbook: name_of(core, key),
        until: *until,
        by: by.clone(),
        reason: reason.clone(),
    };
    let mut snoozes: Vec<Snooze> = core.state().snoozes.iter().map(snooze).filter(|it| it.until > now).collect();
    snoozes.sort_by(|a, b| (a.until, &a.key).cmp(&(b.until, &b.key)));
    snoozes
}

/// The playbook of a key, whether or not it is still in force.
fn name_of(core: &Core, key: &Key) -> Arc<str> {
    let adopted = || core.state().adopted.get(&key.content).map(|(name, _)| Arc::clone(name));
    core.playbook(&key.content).map(|playbook| Arc::clone(&playbook.name)).or_else(adopted).unwrap_or_else(|| "".into())
}

fn detectors(core: &Core, words: &mut Words<'_>) -> Vec<DetectorView> {
    let mut rows: Vec<DetectorView> =
        core.watched().map(|(key, watched)| detector(core, key, watched, words)).collect();
    rows.extend(core.absent().iter().map(|binding| absent(core, binding, words)));
    rows
}

fn detector(core: &Core, key: &Key, watched: &Detector, words: &mut Words<'_>) -> DetectorView {
    let telling = watched.telling();
    let reading = watched.detector.get(telling).and_then(Option::as_ref);
    let incident = core.state().incident_of(key);
    DetectorView {
        key: Some(key.clone()),
        playbook: Arc::clone(&watched.playbook.name),
        target: target_words(&key.target.to_string()),
        mode: core.mode_in_force(key),
        health: health(watched, incident),
        seen: reading.map(|reading| Arc::clone(&reading.seen)),
        condition: watched.playbook.detect.checks.get(telling).map_or_else(|| "".into(), |check| words.of(check)),
        since: incident.map_or(watched.since, |incident| incident.since),
        incident: incident.map(|incident| incident.id),
        call: incident.and_then(|incident| calls::of(core.state(), incident, words.tries)),
        flapping: core.flapping(key),
        marks: watched.marks.iter().map(|(at, moment)| (*at, mark(*moment))).collect(),
        figures: watched.figures.iter().copied().collect(),
    }
}

fn target_words(text: &str) -> Arc<str> {
    crate::text::clean_line(text).into()
}

fn absent(core: &Core, binding: &Binding, words: &mut Words<'_>) -> DetectorView {
    let (written, health) = match &binding.resolution {
        Resolution::NotApplicable { written, why } => (Arc::clone(written), Health::NotApplicable(Arc::clone(why))),
        Resolution::Unresolved { written, why } => (Arc::clone(written), Health::Unresolved(Arc::clone(why))),
        Resolution::Here(target) => (target.to_string().into(), Health::Waiting),
    };
    // a target that went missing while its incident is open: the incident is what there is to tell
    let incident = core.incident_of_absent(binding);
    let health = incident.map_or(health, |incident| step_health(incident, binding.playbook.remediate.len()));
    DetectorView {
        key: incident.map(|incident| incident.key.clone()),
        playbook: Arc::clone(&binding.playbook.name),
        target: target_words(&written),
        mode: binding.playbook.mode,
        health,
        seen: None,
        condition: binding.playbook.detect.checks.first().map_or_else(|| "".into(), |check| words.of(check)),
        since: incident.map_or_else(|| core.absent_since(binding), |incident| incident.since),
        incident: incident.map(|incident| incident.id),
        call: incident.and_then(|incident| calls::of(core.state(), incident, words.tries)),
        flapping: None,
        marks: Vec::new(),
        figures: Vec::new(),
    }
}

fn health(watched: &Detector, incident: Option<&Incident>) -> Health {
    let Some(incident) = incident else {
        return match watched.fault {
            DetectorState::Waiting => Health::Waiting,
            DetectorState::Clear => Health::Ok,
            // Declined or closed by hand: it is still broken, and says so.
            DetectorState::Broken if watched.muted => Health::Broken,
            DetectorState::Broken => Health::Pending,
            DetectorState::Unknown => Health::Unknown(watched.why_unknown()),
        };
    };
    step_health(incident, watched.playbook.remediate.len())
}

fn step_health(incident: &Incident, rungs: usize) -> Health {
    match &incident.step {
        Step::Firing | Step::Closed { .. } => Health::Broken,
        Step::Held(denial) => Health::Held(denial.clone()),
        Step::Asking(_) => Health::Asks,
        Step::Remediating(attempt) => {
            let rung = incident.attempt(*attempt).map_or(1, |attempt| attempt.plan.rung + 1);
            Health::Fixing { rung, of: rungs }
        }
        Step::Verifying { .. } => Health::Verifying { soaking: false },
        Step::Soaking { .. } => Health::Verifying { soaking: true },
        Step::Escalated(cause) => Health::Escalated(cause.clone()),
    }
}

const fn mark(moment: Moment) -> TimelineMark {
    match moment {
        Moment::Fault(DetectorState::Clear) => TimelineMark::Ok,
        Moment::Fault(DetectorState::Broken) => TimelineMark::Broken,
        Moment::Fault(DetectorState::Waiting | DetectorState::Unknown) => TimelineMark::Unknown,
        Moment::Unwatched => TimelineMark::NoData,
        Moment::Asked => TimelineMark::Asked,
        Moment::Fixing => TimelineMark::Fixing,
        Moment::Verified => TimelineMark::Verified,
        Moment::Failed => TimelineMark::Failed,
        Moment::Escalated => TimelineMark::Escalated,
    }
}

fn breakers(core: &Core, now: Mono) -> Vec<BreakerView> {
    let row = |(key, breaker): (&Key, &crate::core::breaker::Breaker)| {
        let playbook = core.playbook(&key.content)?;
        let limits = Limits::of(playbook);
        let invocations = breaker.invocations(now, limits.window, core.state().shared_attempts(&key.target));
        (*breaker.state() != BreakerState::Closed || invocations > 0).then(|| BreakerView {
            key: key.clone(),
            playbook: Arc::clone(&playbook.name),
            state: breaker.state().clone(),
            invocations,
            limit: playbook.escalate.attempts,
            why: breaker.why().clone(),
        })
    };
    core.state().breakers.iter().filter_map(row).collect()
}

fn incidents(core: &Core, words: &mut Words<'_>) -> Vec<Arc<IncidentView>> {
    let state = core.state();
    let open = state.open.values();
    let closed = state.closed.iter().map(|incident| &**incident);
    let mut all: Vec<&Incident> = open.chain(closed).collect();
    all.sort_unstable_by_key(|incident| std::cmp::Reverse(incident.id));
    all.into_iter().map(|incident| Arc::new(incident_view(core, incident, words))).collect()
}

/// One incident as screens need it.
#[must_use]
pub fn one_incident(core: &Core, incident: &Incident, condition: fn(&Check) -> String) -> IncidentView {
    incident_view(core, incident, &mut Words { condition, known: HashMap::new(), tries: &BTreeMap::new() })
}

fn incident_view(core: &Core, incident: &Incident, words: &mut Words<'_>) -> IncidentView {
    let playbook = core.playbook(&incident.key.content);
    IncidentView {
        id: incident.id,
        key: incident.key.clone(),
        playbook: Arc::clone(&incident.playbook),
        title: playbook.map_or_else(|| Arc::clone(&incident.playbook), |playbook| Arc::clone(&playbook.title)),
        risk: playbook.map_or(Risk::High, |playbook| playbook.risk),
        since: began(incident),
        stage: stage(core, incident),
        attempts: incident.attempts.len(),
        rungs: playbook.map_or(0, |playbook| playbook.remediate.len()),
        limit: playbook.map_or(0, |playbook| playbook.escalate.attempts),
        readings: playbook.map_or_else(Vec::new, |playbook| readings(core, incident, playbook, words)),
        story: incident.story.clone(),
        acknowledged: incident.acknowledged.clone(),
        call: calls::of(core.state(), incident, words.tries),
    }
}

fn readings(
    core: &Core,
    incident: &Incident,
    playbook: &Playbook,
    words: &mut Words<'_>,
) -> Vec<(CheckRole, Arc<str>, Option<crate::core::Reading>)> {
    let watched = core.watched_key(&incident.key);
    let detector = playbook.detect.checks.iter().enumerate().map(|(index, check)| {
        let reading = watched.and_then(|watched| watched.detector.get(index).cloned().flatten());
        (CheckRole::Detector, words.of(check), reading)
    });
    let mut rows: Vec<_> = detector.collect();
    let verified = core.verifier_readings(incident.id);
    let told = |index: usize| verified.get(index).cloned().flatten().or_else(|| last_verified(incident, index));
    rows.extend(
        playbook
            .verify
            .checks
            .iter()
            .enumerate()
            .map(|(index, check)| (CheckRole::Verifier, words.of(check), told(index))),
    );
    rows
}

/// What a verifier's check saw last, as the story tells it: for what is over, and after a restart.
fn last_verified(incident: &Incident, wanted: usize) -> Option<crate::core::Reading> {
    incident.story.iter().rev().find_map(|recorded| match &recorded.event {
        Event::ReadingChanged { role: CheckRole::Verifier, index, reading, .. } if *index == wanted => {
            Some(reading.clone())
        }
        _ => None,
    })
}

fn stage(core: &Core, incident: &Incident) -> IncidentStage {
    let until = core.deadline(incident).unwrap_or(incident.opened);
    match &incident.step {
        Step::Firing => IncidentStage::Firing,
        Step::Held(denial) => IncidentStage::Held(denial.clone()),
        Step::Asking(request) => IncidentStage::Asking(request.clone()),
        Step::Remediating(id) => match incident.attempt(*id) {
            Some(attempt) => {
                IncidentStage::Remediating { attempt: *id, plan: Arc::clone(&attempt.plan), since: attempt.started }
            }
            None => IncidentStage::Firing,
        },
        Step::Verifying { attempt, .. } => IncidentStage::Verifying { attempt: *attempt, deadline: until },
        Step::Soaking { attempt, .. } => IncidentStage::Soaking { attempt: *attempt, until },
        Step::Escalated(cause) => IncidentStage::Escalated(cause.clone()),
        Step::Closed { outcome, mono, wall } => {
            IncidentStage::Closed { outcome: outcome.clone(), at: moment(*mono, *wall) }
        }
    }
}

fn recurring(core: &Core) -> Vec<Recurring> {
    let row = |(key, healed): (&Key, Vec<&crate::core::state::Healing>)| Recurring {
        key: key.clone(),
        playbook: name_of(core, key),
        healed: healed.into_iter().map(|one| moment(one.mono, one.wall)).collect(),
    };
    core.recurring().into_iter().map(row).collect()
}

/// When the fault began, named by the same distance from the opening on both clocks.
fn began(incident: &Incident) -> Now {
    let earlier = incident.opened.since(incident.since);
    let wall = jiff::SignedDuration::try_from(earlier).ok().and_then(|length| incident.wall.checked_sub(length).ok());
    moment(incident.since, wall.unwrap_or(incident.wall))
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
