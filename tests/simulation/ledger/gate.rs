//! Every intent, held against everything that could have forbidden it.

use std::time::Duration;

use salve::core::detector::reading::Verdict;
use salve::core::id::{AttemptId, CheckRole, IncidentId, Key};
use salve::core::incident::{AttemptStarter, BreakerState};
use salve::core::machine::input::{ArmingPolicy, Facts, Input, StopOrigin};
use salve::core::plan::Plan;
use salve::core::time::{Mono, Now};
use salve::playbook::{Mode, Need, Playbook, Risk};

use super::{Books, IncidentBook, Judged, Outside, hold};
use crate::shelf::asks_for_one_figure;

/// The host's budget: so many attempts in this time, over all playbooks.
const HOST_ATTEMPTS: usize = 5;
const HOST_WINDOW: Duration = Duration::from_mins(5);
/// Nothing is done for so long after the host has booted.
const BOOT_GRACE: Duration = Duration::from_mins(1);

pub struct Intent<'a> {
    pub incident: IncidentId,
    pub attempt: AttemptId,
    pub plan: &'a Plan,
    pub starter: &'a AttemptStarter,
}

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, intent: &Intent) -> Judged {
    let known = books.incident(intent.incident).expect("an incident's records are checked first");
    let key = &known.key;
    let playbook = outside.playbook(key);
    let next = books.attempts.len() as u64 + 1;
    hold!(intent.attempt.0 == next, "journal", "{} where #{next} was due", intent.attempt);
    hold!(intent.plan.rung < playbook.remediate.len(), "ladder", "rung {} is not there", intent.plan.rung);
    hold!(!outside.cannot_record, "11 no action without its record", "{}: records cannot be written", intent.attempt);
    let running = known.attempts.last().and_then(|last| books.attempt(*last));
    hold!(running.is_none_or(|it| it.ended.is_some()), "2 one live attempt", "{}: beside its own", intent.attempt);

    silence(books, now, key, &known.playbook, playbook, outside)?;
    survey(outside, input, now, known, playbook, intent)?;
    one_at_a_time(books, key, intent)?;
    budgets(books, now, key, playbook, intent)?;
    breaker(books, key, intent)?;
    standing(books, outside, key, playbook, intent)?;
    approval(books, now, intent)?;
    again(books, playbook, intent)?;
    neighbours(books, outside, now, key, playbook, intent)
}

/// Paused, snoozed, or outside its window.
fn silence(
    books: &Books,
    now: Now,
    key: &Key,
    opened_as: &std::sync::Arc<str>,
    playbook: &Playbook,
    outside: &Outside,
) -> Judged {
    let name = outside.bindings.get(key).map_or(opened_as, |(playbook, _)| &playbook.name);
    let paused = books.paused(name, now);
    hold!(paused.is_none(), "5 no intent after a pause", "{paused:?} is paused");
    let snoozed = books.snoozes.get(key).is_some_and(|until| *until > now.mono);
    hold!(!snoozed, "gate: snoozed", "{key:?}");
    let inside = playbook.only_between.is_none_or(|window| window.contains(now.minute_of_day));
    hold!(inside, "gate: outside its window", "{key:?} at minute {}", now.minute_of_day);
    Ok(())
}

/// Detector and gate were looked at anew, just now, and nothing seen forbids it.
fn survey(
    outside: &Outside,
    input: &Input,
    now: Now,
    known: &IncidentBook,
    playbook: &Playbook,
    intent: &Intent,
) -> Judged {
    let (key, attempted) = (&known.key, !known.attempts.is_empty());
    let Input::Surveyed { incident, facts, .. } = input else {
        hold!(false, "gate: fresh readings", "{}: on no fresh survey, but on {input:?}", intent.attempt);
        return Ok(());
    };
    hold!(*incident == intent.incident, "gate: fresh readings", "{}: on another's survey", intent.attempt);
    let Facts { detector, verifier, busy, stop, plan, began } = facts;
    // A run by hand may be of what is well.
    let by_hand = by_hand(outside, key, intent);
    let there = detector.iter().any(|reading| reading.verdict == Verdict::Holds);
    // After an attempt a failing verifier is the fault, unless one figure merely lies between its two limits.
    let fails = verifier.iter().any(|reading| reading.verdict == Verdict::DoesNotHold);
    let there = there || fails && attempted && !asks_for_one_figure(playbook);
    hold!(there || by_hand, "gate: fresh readings", "{}: the fault is not there", intent.attempt);
    hold!(busy.is_none(), "gate: systemd is busy", "{}: {busy:?}", intent.attempt);
    let by_itself = matches!(intent.starter, AttemptStarter::Auto | AttemptStarter::Probe);
    let left_alone = match stop {
        StopOrigin::Operator { .. } => !by_hand,
        StopOrigin::Unclear { .. } => by_itself,
        StopOrigin::Nobody | StopOrigin::Salve => false,
    };
    let minded = playbook.skip_if_stopped_by_operator;
    hold!(!(minded && left_alone), "gate: stopped on purpose, or unclear", "{}: {stop:?}", intent.attempt);
    let same = plan.as_ref().is_ok_and(|plan| plan.digest == intent.plan.digest);
    hold!(same, "4 approvals", "{}: the plan is not the one made just now: {plan:?}", intent.attempt);
    hold!(now.mono.since(*began) <= Duration::from_mins(5), "gate: fresh readings", "{}: stale", intent.attempt);
    Ok(())
}

/// No other attempt is open on a target that conflicts.
fn one_at_a_time(books: &Books, key: &Key, intent: &Intent) -> Judged {
    // Attempts are ended in about the order in which they begin: the last ones will do.
    for (index, other) in books.attempts.iter().enumerate().rev().take(64) {
        let clash = other.ended.is_none() && other.key.target.conflicts(&key.target);
        hold!(!clash, "2 one live attempt", "{} beside #{} on {}", intent.attempt, index + 1, other.key.target);
    }
    Ok(())
}

fn recent(moments: &[Mono], now: Mono, window: Duration) -> usize {
    moments.iter().rev().take_while(|at| now.since(**at) < window).count()
}

/// With this one, no more attempts than allowed in any window that ends now, for key and host.
fn budgets(books: &Books, now: Now, key: &Key, playbook: &Playbook, intent: &Intent) -> Judged {
    if !matches!(intent.starter, AttemptStarter::Auto | AttemptStarter::Probe) {
        return Ok(());
    }
    let of_host = recent(&books.intents, now.mono, HOST_WINDOW) + 1;
    hold!(of_host <= HOST_ATTEMPTS, "1 budget of the host", "{}: {of_host} in {HOST_WINDOW:?}", intent.attempt);
    let (limit, window) = (playbook.escalate.attempts as usize, playbook.escalate.window.0);
    let of_key = recent(&books.counted(key), now.mono, window) + 1;
    hold!(of_key <= limit, "1 budget of the key", "{}: {of_key} of {limit} in {window:?}", intent.attempt);
    let Some(book) = books.keys.get(key) else { return Ok(()) };
    let last = book.intents.last().copied();
    if let (Some(cooldown), Some(last)) = (playbook.cooldown, last) {
        let waited = now.mono.since(last);
        hold!(waited >= cooldown.0, "gate: cooldown", "{}: {waited:?} of {}", intent.attempt, cooldown);
    }
    Ok(())
}

/// Closed, or half-open with its one trial; a yes from a person does not open it.
fn breaker(books: &Books, key: &Key, intent: &Intent) -> Judged {
    let Some(book) = books.keys.get(key) else { return Ok(()) };
    let probe = matches!(intent.starter, AttemptStarter::Probe);
    match &book.breaker {
        BreakerState::Closed => hold!(!probe, "breaker", "{}: a probe, and it is closed", intent.attempt),
        BreakerState::HalfOpen { .. } => {
            hold!(book.probes == 0, "breaker: one probe", "{}: probe {}", intent.attempt, book.probes + 1);
        }
        state => hold!(false, "breaker: open means no attempt", "{}: {state:?}", intent.attempt),
    }
    Ok(())
}

/// Off and shadow never act, ask and high risk act on a yes, a new playbook's first attempt asks.
fn standing(books: &Books, outside: &Outside, key: &Key, playbook: &Playbook, intent: &Intent) -> Judged {
    let unresolved = outside.unresolved.contains(&(key.content.clone(), key.target.to_string().into()));
    hold!(!unresolved, "8 resolved targets only", "{}: {} does not resolve", intent.attempt, key.target);
    let by_itself = matches!(intent.starter, AttemptStarter::Auto | AttemptStarter::Probe);
    let approved = matches!(intent.starter, AttemptStarter::Approved { .. });
    // A run by hand is above shadow.
    let by_hand = by_hand(outside, key, intent);
    hold!(playbook.risk != Risk::High || approved, "4 approvals", "{}: high risk and no yes", intent.attempt);
    hold!(playbook.mode != Mode::Ask || !by_itself, "4 approvals", "{}: mode ask, by itself", intent.attempt);
    let shadow = matches!(playbook.mode, Mode::Shadow | Mode::Off);
    hold!(!shadow || by_hand, "shadow and off never act", "{}: mode {}", intent.attempt, playbook.mode);
    let Some((_, standing)) = outside.bindings.get(key) else { return Ok(()) };
    let armed = books.armed.contains(&key.content);
    match standing {
        ArmingPolicy::ShadowUntilArmed => {
            hold!(armed || by_hand, "shadow and off never act", "{}: not armed", intent.attempt);
        }
        ArmingPolicy::AsksFirst => {
            let lived = books.lived.contains(&key.content);
            hold!(lived || armed || !by_itself, "4 approvals", "{}: first live attempt", intent.attempt);
        }
        ArmingPolicy::AsWritten => {}
    }
    Ok(())
}

/// An operator asked for it; where its risk is high, it was approved first.
fn by_hand(outside: &Outside, key: &Key, intent: &Intent) -> bool {
    match intent.starter {
        AttemptStarter::Manual { .. } => true,
        AttemptStarter::Approved { .. } => outside.hand_wanted.contains(key),
        AttemptStarter::Auto | AttemptStarter::Probe => false,
    }
}

/// Unconsumed, unexpired, of this boot, and for exactly this.
fn approval(books: &Books, now: Now, intent: &Intent) -> Judged {
    let AttemptStarter::Approved { digest, .. } = intent.starter else { return Ok(()) };
    let id = intent.attempt;
    let asked = books.incident(intent.incident).and_then(|known| known.asked.as_ref());
    hold!(asked.is_some(), "4 approvals", "{id}: approved, and never asked");
    let asked = asked.expect("just seen");
    hold!(asked.approved.is_some(), "4 approvals", "{id}: no yes was recorded");
    let (yes, boot) = asked.approved.as_ref().expect("just seen");
    hold!(yes == digest && *digest == intent.plan.digest, "4 approvals", "{id}: the yes was to another plan");
    hold!(!asked.consumed, "4 approvals", "{id}: the yes was used before");
    hold!(!asked.withdrawn, "4 approvals", "{id}: the request was withdrawn");
    hold!(now.mono < asked.expires, "4 approvals", "{id}: the yes is too old");
    hold!(*boot == books.boot_id, "4 approvals", "{id}: the yes is from before a reboot");
    Ok(())
}

/// After a crash left its outcome unknown, a rung runs again only if it may, and only once it was looked at.
fn again(books: &Books, playbook: &Playbook, intent: &Intent) -> Judged {
    let known = books.incident(intent.incident).and_then(|known| books.attempt(*known.attempts.last()?));
    let Some(last) = known else { return Ok(()) };
    if last.indeterminate {
        hold!(last.concluded, "3 indeterminate", "{}: not verified read-only first", intent.attempt);
        let may = last.rung != intent.plan.rung
            || playbook.remediate[last.rung].idempotent
            || matches!(
                intent.starter,
                AttemptStarter::Approved { .. } | AttemptStarter::Manual { .. } | AttemptStarter::Probe
            );
        hold!(may, "3 indeterminate", "{}: rung {} is not idempotent", intent.attempt, last.rung);
    }
    Ok(())
}

/// What others' health forbids: dependencies and storms.
fn neighbours(books: &Books, outside: &Outside, now: Now, key: &Key, playbook: &Playbook, intent: &Intent) -> Judged {
    let ill = |other: &Key| {
        let open = books.keys.get(other).is_some_and(|book| book.open.is_some());
        let checks = outside.playbook(other).detect.checks.len();
        let holds = (0..checks).any(|index| {
            outside.reading(other, CheckRole::Detector, index).is_some_and(|it| it.verdict == Verdict::Holds)
        });
        open && holds
    };
    for (other, (needed, _)) in &outside.bindings {
        let targets = outside.bindings.keys().filter(|one| one.content == other.content).count();
        let named = playbook.needs.iter().any(|need| {
            let meant = match need {
                Need::Playbook(_) => targets == 1 || other.target == key.target,
                Need::Target(named) => other.target == named.target.as_written(),
            };
            meant && (*need.playbook() == *needed.name || *need.playbook() == *needed.title)
        });
        hold!(!named || other == key || !ill(other), "gate: dependency", "{}: {other:?} is ill", intent.attempt);
    }
    let up = now.mono.since(outside.booted);
    hold!(up >= BOOT_GRACE, "gate: boot grace", "{}: {up:?} after the boot", intent.attempt);
    if matches!(intent.starter, AttemptStarter::Auto) {
        let (failing, of) = outside.failing();
        let ill_targets: std::collections::BTreeSet<_> =
            outside.bindings.keys().filter(|other| ill(other)).map(|other| &other.target).collect();
        let storm = of >= 5 && ill_targets.len() * 10 > of * 4 && failing * 10 > of * 4;
        hold!(!storm, "gate: storm", "{}: {} of {of} targets fail", intent.attempt, ill_targets.len());
    }
    Ok(())
}
