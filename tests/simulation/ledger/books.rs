//! What follows from the records alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use salve::core::command::Scope;
use salve::core::detector::reading::Verdict;
use salve::core::event::{Event, Recorded};
use salve::core::id::{AttemptId, IncidentId, Key, MaintenanceId, PageId};
use salve::core::incident::{AttemptStarter, BreakerState, Cause, Denial, Outcome};
use salve::core::plan::Digest;
use salve::core::time::{Mono, Now};
use salve::playbook::{ContentKey, Target};

#[derive(Debug, Default)]
pub struct Books {
    pub seq: u64,
    pub mono: Mono,
    pub incidents: Vec<IncidentBook>,
    pub attempts: Vec<AttemptBook>,
    pub pages: BTreeMap<PageId, PageBook>,
    pub keys: BTreeMap<Key, KeyBook>,
    /// The moment of every intent, in order.
    pub intents: Vec<Mono>,
    pub pauses: BTreeMap<Scope, Option<Mono>>,
    pub windows: BTreeMap<MaintenanceId, WindowBook>,
    pub snoozes: BTreeMap<Key, Mono>,
    pub armed: BTreeSet<ContentKey>,
    pub adopted: BTreeSet<ContentKey>,
    /// Contents of which some attempt was started.
    pub lived: BTreeSet<ContentKey>,
    pub boot_id: Arc<str>,
    pub calls: super::calls::CallBooks,
    /// Pages that ever carried a call.
    pub carried: BTreeSet<PageId>,
    pub contention: super::contention::ContentionBook,
    pub flapping: super::flapping::FlappingBook,
}

/// A maintenance window that is not over.
#[derive(Debug)]
pub struct WindowBook {
    pub scope: Scope,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Once it has begun.
    pub until: Option<Mono>,
}

impl WindowBook {
    pub fn on(&self, now: Now) -> bool {
        self.until.map_or((self.from..self.to).contains(&now.wall), |until| until > now.mono)
    }
}

/// Where an incident stands, as its last record says.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Stand {
    #[default]
    Opened,
    Held(Denial),
    WouldHave,
    Asked,
    Approved,
    Acting,
    Verifying,
    Soaking,
    Failed,
    Escalated,
    Closed,
}

#[derive(Debug)]
pub struct IncidentBook {
    pub key: Key,
    pub playbook: Arc<str>,
    pub open: bool,
    pub stand: Stand,
    pub stood_since: Mono,
    pub asked: Option<Asked>,
    pub attempts: Vec<AttemptId>,
    /// It called a human at least once.
    pub escalated: bool,
    /// Why it last did.
    pub cause: Option<Cause>,
    /// When it last did.
    pub called: Option<Mono>,
    /// It was opened because nothing could be seen, or by hand: no check held.
    pub unseen: bool,
}

#[derive(Debug)]
pub struct Asked {
    pub generation: u32,
    pub digest: Digest,
    pub expires: Mono,
    pub withdrawn: bool,
    /// Who said the first of two yeses.
    pub first: Option<u32>,
    /// The yes, and the boot that it was given in.
    pub approved: Option<(Digest, Arc<str>)>,
    pub consumed: bool,
}

#[derive(Debug)]
pub struct AttemptBook {
    pub incident: IncidentId,
    pub key: Key,
    pub rung: usize,
    pub starter: AttemptStarter,
    pub digest: Digest,
    pub mono: Mono,
    pub ended: Option<Mono>,
    pub indeterminate: bool,
    /// It ended, and its scope could not be emptied.
    pub held: bool,
    /// Past this the machine may take it for lost.
    pub overdue: Mono,
    pub verified: Option<Mono>,
    /// It was verified, or was not.
    pub concluded: bool,
}

#[derive(Debug)]
pub struct PageBook {
    pub to: Vec<Arc<str>>,
    pub delivered: BTreeSet<Arc<str>>,
}

#[derive(Debug)]
pub struct KeyBook {
    pub breaker: BreakerState,
    pub breaker_since: Mono,
    /// Intents since it became half-open.
    pub probes: u32,
    /// How often it opened from half-open, by moment.
    pub reopened: Vec<Mono>,
    pub intents: Vec<Mono>,
    pub dedup: Option<Arc<str>>,
    pub open: Option<IncidentId>,
    pub healed: Option<(Mono, IncidentId)>,
}

impl Default for KeyBook {
    fn default() -> Self {
        Self {
            breaker: BreakerState::Closed,
            breaker_since: Mono(0),
            probes: 0,
            reopened: Vec::new(),
            intents: Vec::new(),
            dedup: None,
            open: None,
            healed: None,
        }
    }
}

fn at(number: u64) -> usize {
    usize::try_from(number.wrapping_sub(1)).unwrap_or(usize::MAX)
}

impl Books {
    pub fn incident(&self, id: IncidentId) -> Option<&IncidentBook> {
        self.incidents.get(at(id.0))
    }

    pub fn attempt(&self, id: AttemptId) -> Option<&AttemptBook> {
        self.attempts.get(at(id.0))
    }

    pub fn page(&self, id: PageId) -> Option<&PageBook> {
        self.pages.get(&id)
    }

    fn key(&mut self, key: &Key) -> &mut KeyBook {
        if !self.keys.contains_key(key) {
            self.keys.insert(key.clone(), KeyBook::default());
        }
        self.keys.get_mut(key).expect("just put there")
    }

    /// Is a new attempt of this playbook paused at this moment, and by which scope?
    pub fn paused(&self, playbook: &Arc<str>, now: Now) -> Option<Scope> {
        let paused = |scope: &Scope| {
            self.pauses.get(scope).is_some_and(|until| until.is_none_or(|until| until > now.mono))
                || self.windows.values().any(|window| window.scope == *scope && window.on(now))
        };
        [Scope::Host, Scope::Playbook(playbook.clone())].into_iter().find(paused)
    }

    pub fn apply(&mut self, recorded: &Recorded) {
        (self.seq, self.mono) = (recorded.seq, recorded.mono);
        let now = recorded.mono;
        self.flapping.apply(&recorded.event);
        self.page_out(&recorded.event);
        let named_nobody = match &recorded.event {
            Event::Delivered { page, .. } => self.pages.get(page).is_none_or(|page| page.to.is_empty()),
            _ => false,
        };
        self.calls.apply(&recorded.event, now, named_nobody);
        match &recorded.event {
            Event::Started { boot_id, .. } => self.boot_id = boot_id.clone(),
            Event::Adopted { content, .. } => drop(self.adopted.insert(content.clone())),
            Event::Breaker { key, state, by, .. } => self.breaker(key, state, by.is_some(), now),
            Event::Escalated { cause: Cause::Storm { .. }, .. }
            | Event::Resolved { .. }
            | Event::EscalationWidened { .. }
            | Event::AckForwarded { .. }
            | Event::Notice { .. } => {}
            Event::Escalated { incident, cause, dedup, .. } => {
                let key = self.incidents[at(incident.0)].key.clone();
                self.key(&key).dedup = Some(dedup.clone());
                self.escalated(*incident, cause, now);
            }
            Event::Joined { incident, cause, .. } => self.escalated(*incident, cause, now),
            Event::CalledAgain { incident, cause, .. } => {
                self.incidents[at(incident.0)].cause = Some(cause.clone());
            }
            Event::Suspected { incident, attempt, .. } => {
                let harmed = self.incidents[at(incident.0)].key.clone();
                let acting = self.attempts[at(attempt.0)].key.clone();
                self.contention.suspect(acting, harmed);
            }
            Event::Delivered { page, channel, .. } => {
                if let Some(page) = self.pages.get_mut(page) {
                    page.delivered.insert(channel.clone());
                }
            }
            Event::Paused { scope, until, .. } => drop(self.pauses.insert(scope.clone(), *until)),
            Event::Resumed { scope, .. } => drop(self.pauses.remove(scope)),
            Event::Scheduled { window, scope, from, length_ms, .. } => {
                let to = *from + Duration::from_millis(*length_ms);
                self.windows.insert(*window, WindowBook { scope: scope.clone(), from: *from, to, until: None });
            }
            Event::MaintenanceBegan { window, until } => {
                self.windows.get_mut(window).expect("only what was planned begins").until = Some(*until);
            }
            Event::MaintenanceEnded { window, .. } => drop(self.windows.remove(window)),
            Event::Snoozed { key, until, .. } => drop(self.snoozes.insert(key.clone(), *until)),
            Event::Unsnoozed { key, .. } => drop(self.snoozes.remove(key)),
            Event::Armed { content, .. } => drop(self.armed.insert(content.clone())),
            Event::Disarmed { content, .. } => drop(self.armed.remove(content)),
            Event::Opened { incident, key, playbook, readings, .. } => {
                let unseen = readings.iter().all(|reading| reading.verdict != Verdict::Holds);
                self.opened(*incident, key, playbook, unseen, now);
            }
            event => {
                if let Some(incident) = event.incident() {
                    self.went_on(incident, event, now);
                }
            }
        }
    }

    /// The intents that count against a key's budget: of all playbooks, where its target is a life and not a place.
    pub fn counted(&self, key: &Key) -> Vec<Mono> {
        let life = matches!(key.target, Target::Unit(_) | Target::Process(_) | Target::Container(_));
        let own = |other: &Key| if life { other.target == key.target } else { other == key };
        let books = self.keys.iter().filter(|(other, _)| own(other)).flat_map(|(_, book)| &book.intents);
        let mut all: Vec<Mono> = books.copied().collect();
        all.sort_unstable();
        all
    }

    fn opened(&mut self, incident: IncidentId, key: &Key, playbook: &Arc<str>, unseen: bool, now: Mono) {
        self.incidents.push(IncidentBook {
            key: key.clone(),
            playbook: playbook.clone(),
            open: true,
            stand: Stand::Opened,
            stood_since: now,
            asked: None,
            attempts: Vec::new(),
            escalated: false,
            cause: None,
            called: None,
            unseen,
        });
        self.key(key).open = Some(incident);
    }

    fn breaker(&mut self, key: &Key, state: &BreakerState, by_hand: bool, now: Mono) {
        let book = self.key(key);
        if matches!((&book.breaker, state), (BreakerState::HalfOpen { .. }, BreakerState::Open { .. })) {
            book.reopened.push(now);
        }
        if by_hand && matches!(state, BreakerState::Closed) {
            // A person's reset gives the whole budget back, and says so.
            book.reopened.clear();
            let target = &key.target;
            for (_, book) in self.keys.iter_mut().filter(|(other, _)| other.target == *target) {
                book.intents.clear();
            }
        }
        let book = self.key(key);
        if matches!(state, BreakerState::HalfOpen { .. }) {
            book.probes = 0;
        }
        (book.breaker, book.breaker_since) = (state.clone(), now);
    }

    fn escalated(&mut self, id: IncidentId, cause: &Cause, now: Mono) {
        let incident = &mut self.incidents[at(id.0)];
        incident.escalated = true;
        incident.cause = Some(cause.clone());
        incident.called = Some(now);
        (incident.stand, incident.stood_since) = (Stand::Escalated, now);
    }

    fn page_out(&mut self, event: &Event) {
        let (page, to) = match event {
            Event::Escalated { page, to, .. }
            | Event::EscalationWidened { page, to, .. }
            | Event::CalledAgain { page, to, .. }
            | Event::Joined { page: Some(page), to, .. }
            | Event::Announced { page: Some(page), to, .. } => {
                self.carried.insert(*page);
                (page, to)
            }
            Event::AckForwarded { page, to, .. } | Event::Resolved { page, to, .. } => (page, to),
            _ => return,
        };
        self.pages.insert(*page, PageBook { to: to.clone(), delivered: BTreeSet::new() });
    }

    /// What an open incident's records change.
    fn went_on(&mut self, id: IncidentId, event: &Event, now: Mono) {
        let key = self.incidents[at(id.0)].key.clone();
        let incident = &mut self.incidents[at(id.0)];
        let stand = match event {
            Event::Denied { denial, .. } => Stand::Held(denial.clone()),
            Event::ShadowPlan { .. } => Stand::WouldHave,
            Event::Asked { request, .. } => {
                incident.asked = Some(Asked {
                    generation: request.generation,
                    digest: request.plan.digest.clone(),
                    expires: request.expires,
                    withdrawn: false,
                    first: None,
                    approved: None,
                    consumed: false,
                });
                Stand::Asked
            }
            Event::Approved { digest, .. } => {
                if let Some(asked) = &mut incident.asked {
                    asked.approved = Some((digest.clone(), self.boot_id.clone()));
                }
                Stand::Approved
            }
            Event::FirstApproved { by, .. } => {
                if let Some(asked) = &mut incident.asked {
                    asked.first = Some(by.uid);
                }
                Stand::Asked
            }
            Event::Withdrawn { .. } => {
                if let Some(asked) = &mut incident.asked {
                    asked.withdrawn = true;
                }
                Stand::Opened
            }
            Event::Intent { attempt, plan, starter, .. } => {
                incident.attempts.push(*attempt);
                if let (AttemptStarter::Approved { .. }, Some(asked)) = (starter, &mut incident.asked) {
                    asked.consumed = true;
                }
                self.attempts.push(AttemptBook {
                    incident: id,
                    key: key.clone(),
                    rung: plan.rung,
                    starter: starter.clone(),
                    digest: plan.digest.clone(),
                    mono: now,
                    ended: None,
                    indeterminate: false,
                    held: false,
                    overdue: now + Duration::from_millis(plan.timeout_ms),
                    verified: None,
                    concluded: false,
                });
                self.intents.push(now);
                self.lived.insert(key.content.clone());
                let book = self.key(&key);
                book.intents.push(now);
                book.probes += 1;
                Stand::Acting
            }
            Event::AttemptFinished { attempt, report, .. } => {
                let attempt = &mut self.attempts[at(attempt.0)];
                (attempt.ended, attempt.held) = (Some(now), !report.scope_empty);
                Stand::Verifying
            }
            Event::Indeterminate { attempt, scope_empty, .. } => {
                let attempt = &mut self.attempts[at(attempt.0)];
                attempt.held = !scope_empty;
                if attempt.ended.is_some() {
                    // What was known to be over is now known to be empty too.
                    return;
                }
                (attempt.ended, attempt.indeterminate) = (Some(now), true);
                Stand::Verifying
            }
            Event::Verified { attempt, .. } => {
                let attempt = &mut self.attempts[at(attempt.0)];
                (attempt.verified, attempt.concluded) = (Some(now), true);
                Stand::Soaking
            }
            Event::NotVerified { attempt, .. } => {
                let attempt = &mut self.attempts[at(attempt.0)];
                (attempt.verified, attempt.concluded) = (None, true);
                Stand::Failed
            }
            Event::Closed { outcome, .. } => {
                incident.open = false;
                let healed = matches!(outcome, Outcome::Healed { .. } | Outcome::HealedByOperator { .. });
                let book = self.key(&key);
                book.open = None;
                if healed {
                    book.healed = Some((now, id));
                }
                Stand::Closed
            }
            _ => return,
        };
        let incident = &mut self.incidents[at(id.0)];
        (incident.stand, incident.stood_since) = (stand, now);
    }
}
