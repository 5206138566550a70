//! Who guards the ledger? Each of these spoils what a machine says in one way, and the ledger must see just that.

use std::sync::Arc;

use jiff::SignedDuration;
use salve::core::command::{Operator, Scope};
use salve::core::event::reasons::BreakerReason;
use salve::core::event::{Event, Recorded};
use salve::core::id::{Key, MaintenanceId, PageId};
use salve::core::incident::{AttemptStarter, BreakerState, Cause, Denial, Outcome, Trip};
use salve::core::machine::effect::Effect;
use salve::core::machine::input::Input;
use salve::core::time::{Mono, Now};

use crate::ledger::{Books, WindowBook};
use crate::rng::mix;
use crate::world::{World, guarded};

/// One way to go wrong, and the invariant that it breaks.
pub struct Ill {
    pub name: &'static str,
    breaks: &'static [&'static str],
    alter: fn(&mut Patient),
}

/// One step of the machine, open to alteration.
struct Patient<'a> {
    now: Now,
    input: &'a Input,
    effects: &'a mut Vec<Effect>,
    books: &'a mut Books,
    done: &'a mut bool,
}

pub struct Doctor {
    ill: &'static Ill,
    done: bool,
}

impl Doctor {
    pub fn alter(&mut self, now: Now, input: &Input, effects: &mut Vec<Effect>, books: &mut Books) {
        (self.ill.alter)(&mut Patient { now, input, effects, books, done: &mut self.done });
    }
}

pub const ILLS: &[Ill] = &[
    Ill {
        name: "a_start_without_intent",
        breaks: &["11"],
        alter: |it| it.replace(|e| matches!(e, Event::Intent { .. })),
    },
    Ill {
        name: "an_end_that_is_not_recorded",
        breaks: &["3"],
        alter: |it| it.replace(|e| matches!(e, Event::AttemptFinished { .. })),
    },
    Ill {
        name: "an_incident_that_never_ends",
        // a world that is compared before it ends shows the same: what was folded never ended
        breaks: &["6", "one open incident", "replayed state"],
        alter: |it| it.replace(|e| matches!(e, Event::Closed { .. })),
    },
    Ill { name: "an_attempt_started_twice", breaks: &["3"], alter: start_twice },
    Ill { name: "an_outcome_after_the_outcome", breaks: &["6"], alter: close_twice },
    Ill { name: "a_second_page_for_one_failure", breaks: &["7"], alter: page_twice },
    Ill { name: "a_call_that_is_resolved_under_others", breaks: &["7"], alter: resolve_early },
    Ill { name: "a_fight_that_nobody_saw", breaks: &["contention"], alter: hold_for_a_fight },
    Ill {
        name: "a_page_without_a_record",
        breaks: &["7"],
        alter: |it| it.effects.push(Effect::Deliver(PageId(1 << 40))),
    },
    Ill { name: "a_breaker_reset_by_a_restart", breaks: &["breaker"], alter: reset_at_start },
    Ill { name: "an_attempt_during_a_pause", breaks: &["5"], alter: pause },
    Ill { name: "an_attempt_during_maintenance", breaks: &["5"], alter: maintain },
    Ill { name: "a_forged_approval", breaks: &["4"], alter: forge },
    Ill { name: "a_spent_host_budget", breaks: &["1 budget of the host"], alter: spend },
    Ill { name: "a_spent_budget_of_a_key", breaks: &["1 budget of the key"], alter: spend_key },
    Ill { name: "a_command_without_an_answer", breaks: &["every command"], alter: |it| it.drop_replies() },
    Ill { name: "a_gap_in_the_journal", breaks: &["journal"], alter: gap },
    Ill { name: "a_verification_before_the_end", breaks: &["3"], alter: verify_early },
    Ill { name: "an_end_that_the_verifier_denies", breaks: &["healed means verified"], alter: end_unverified },
    Ill { name: "a_page_before_its_verification", breaks: &["a page waits"], alter: page_early },
];

/// Some world must fail of it, by the invariant named, and none of another's.
pub fn is_seen(ill: &'static Ill) -> Result<(), String> {
    for index in 0..200 {
        let mut world = World::of(mix(99, index), &[]);
        world.doctor = Some(Doctor { ill, done: false });
        match guarded(|| world.run()) {
            Err(violation) if ill.breaks.iter().any(|name| violation.invariant.starts_with(name)) => return Ok(()),
            Err(violation) => return Err(format!("seen as {}: {}", violation.invariant, violation.text)),
            Ok(()) => {}
        }
    }
    Err("200 worlds went by unseen".to_owned())
}

impl Patient<'_> {
    /// Says something idle in place of the first such event.
    fn replace(&mut self, is: fn(&Event) -> bool) {
        for effect in self.effects.iter_mut() {
            if let Effect::Record(recorded) = effect
                && is(&recorded.event)
            {
                let event = Event::Notice { about: "nothing".into(), text: "nothing".into() };
                *effect = Effect::Record(Arc::new(Recorded { event, ..(**recorded).clone() }));
            }
        }
    }

    /// Puts an event behind everything else, once in a world.
    fn add(&mut self, event: Event) {
        if std::mem::replace(self.done, true) {
            return;
        }
        let records = self.effects.iter().filter(|effect| matches!(effect, Effect::Record(_))).count() as u64;
        let seq = self.books.seq + records + 1;
        let recorded = Recorded { seq, mono: self.now.mono, wall: self.now.wall, event };
        self.effects.push(Effect::Record(Arc::new(recorded)));
    }

    fn first(&self, is: fn(&Event) -> bool) -> Option<Event> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Record(recorded) if is(&recorded.event) => Some(recorded.event.clone()),
            _ => None,
        })
    }

    /// The key of the incident whose automatic attempt begins in this step.
    fn acting(&self) -> Option<Key> {
        let auto = |event: &Event| matches!(event, Event::Intent { starter: AttemptStarter::Auto, .. });
        let incident = self.first(auto)?.incident()?;
        Some(self.books.incident(incident)?.key.clone())
    }

    fn drop_replies(&mut self) {
        if matches!(self.input, Input::Command { .. }) {
            self.effects.retain(|effect| !matches!(effect, Effect::Reply { .. }));
        }
    }
}

fn nobody() -> Operator {
    Operator { uid: 0, name: "root".into(), ..Operator::default() }
}

fn start_twice(it: &mut Patient) {
    let start = it.effects.iter().find(|effect| matches!(effect, Effect::Start { .. })).cloned();
    it.effects.extend(start);
}

fn close_twice(it: &mut Patient) {
    if let Some(closed) = it.first(|event| matches!(event, Event::Closed { .. })) {
        it.add(closed);
    }
}

fn page_twice(it: &mut Patient) {
    if let Some(Event::Escalated { incident, page, cause, dedup, to }) =
        it.first(|event| matches!(event, Event::Escalated { .. }))
    {
        it.add(Event::Escalated { incident, page: PageId(page.0 + 1), cause, dedup, to });
    }
}

fn resolve_early(it: &mut Patient) {
    if let Some(Event::Joined { incident, dedup, to, .. }) = it.first(|event| matches!(event, Event::Joined { .. })) {
        let page = PageId(it.books.pages.keys().last().map_or(0, |page| page.0) + 100);
        let called = it.books.calls.get(&dedup).map(|call| call.called.iter().cloned().collect());
        it.add(Event::Resolved { incident, page, dedup, to: called.unwrap_or(to), ended: None, why: None });
    }
}

fn hold_for_a_fight(it: &mut Patient) {
    if let Some(Event::Opened { incident, .. }) = it.first(|event| matches!(event, Event::Opened { .. })) {
        it.add(Event::Denied { incident, denial: Denial::Contended { with: "nobody".into() } });
    }
}

fn end_unverified(it: &mut Patient) {
    if let Some(Event::NotVerified { incident, .. }) = it.first(|event| matches!(event, Event::NotVerified { .. }))
        && it.books.incident(incident).is_some_and(|known| !known.escalated)
    {
        it.add(Event::Closed { incident, outcome: Outcome::ClearedUnverified });
    }
}

fn page_early(it: &mut Patient) {
    if let Some(Event::AttemptFinished { incident, .. }) =
        it.first(|event| matches!(event, Event::AttemptFinished { .. }))
    {
        let page = PageId(it.books.pages.keys().last().map_or(0, |page| page.0) + 1);
        let cause = Cause::BreakerOpened { attempts: 3, window_ms: 1, trip: Trip::NotVerified { failed: 3 } };
        it.add(Event::Escalated { incident, page, cause, dedup: "salve/early".into(), to: Vec::new() });
    }
}

fn reset_at_start(it: &mut Patient) {
    if let Input::Started { .. } = it.input {
        let open = |state: &BreakerState| matches!(state, BreakerState::Open { .. } | BreakerState::Latched { .. });
        let key = it.books.keys.iter().find(|(_, book)| open(&book.breaker)).map(|(key, _)| key.clone());
        if let Some(key) = key {
            it.add(Event::Breaker { key, state: BreakerState::Closed, why: BreakerReason::CooldownOver, by: None });
        }
    }
}

fn pause(it: &mut Patient) {
    if it.acting().is_some() {
        let _ = nobody();
        it.books.pauses.insert(Scope::Host, None);
    }
}

fn maintain(it: &mut Patient) {
    if it.acting().is_some() {
        let (from, to) = (it.now.wall, it.now.wall + SignedDuration::from_mins(1));
        it.books.windows.insert(MaintenanceId(1), WindowBook { scope: Scope::Host, from, to, until: None });
    }
}

fn forge(it: &mut Patient) {
    for effect in it.effects.iter_mut() {
        if let Effect::Record(recorded) = effect
            && let Event::Intent { incident, attempt, plan, starter: AttemptStarter::Auto } = &recorded.event
        {
            let starter = AttemptStarter::Approved { by: nobody(), digest: plan.digest.clone() };
            let event = Event::Intent { incident: *incident, attempt: *attempt, plan: plan.clone(), starter };
            *effect = Effect::Record(Arc::new(Recorded { event, ..(**recorded).clone() }));
        }
    }
}

fn spend(it: &mut Patient) {
    if it.acting().is_some() {
        it.books.intents.extend([it.now.mono; 5]);
    }
}

fn spend_key(it: &mut Patient) {
    if let Some(book) = it.acting().and_then(|key| it.books.keys.get_mut(&key)) {
        book.intents.extend([Mono(it.now.mono.0); 5]);
    }
}

fn gap(it: &mut Patient) {
    if !std::mem::replace(it.done, true) {
        it.books.seq += 1;
    }
}

fn verify_early(it: &mut Patient) {
    let intent = |event: &Event| matches!(event, Event::Intent { .. });
    if let Some(Event::Intent { incident, attempt, .. }) = it.first(intent) {
        it.add(Event::Verified { incident, attempt });
    }
}
