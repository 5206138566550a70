//! From a recorded escalation to the page that goes out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::{CappedList, Page, PageKind};
use crate::core::escalation::escalations::Outgoing;
use crate::core::event::concern::{PageEvent, PageOccasion};
use crate::core::event::event_text::AttemptNumbers;
use crate::core::incident::{Cause, Denial, Incident, Phase};
use crate::core::{Core, DetectorState, IncidentId, PageId, Recorded};
use crate::playbook::{Attachment, Risk, Target};

/// Targets that a storm's page, and its row on the screen, name.
const FAILING: usize = 100;
/// Other incidents that a page names.
const RELATED: usize = 10;
/// What healed longer ago than this is not named.
const RECENT: Duration = Duration::from_mins(30);

/// A page, and the evidence that its playbook wants gathered for it.
#[derive(Debug)]
pub struct Outbound {
    /// What goes out.
    pub page: Page,
    /// What to gather.
    pub attach: Vec<Attachment>,
}

/// What goes out for this record, to the channels that have not taken it yet; none where the record is no page, or
/// every channel has it.
pub fn of(recorded: &Recorded, core: &Core, host: &Arc<str>) -> Option<Outbound> {
    let page = build(recorded, core, host)?;
    // only the call itself: its end and its echoes need no evidence
    let attach = match &page.kind {
        PageKind::Trigger { .. } => {
            let playbook = core.find(page.incident).and_then(|about| core.playbook(&about.key.content));
            playbook.map(|playbook| playbook.escalate.attach.clone()).unwrap_or_default()
        }
        PageKind::Acknowledge { .. } | PageKind::Resolve => Vec::new(),
    };
    let to = still_to(core, page.id)?;
    Some(Outbound { page: Page { to, ..page }, attach })
}

/// Every open call, to all the channels that were called; `of` knows what was recorded of a page.
pub fn open<'r>(core: &Core, of: impl Fn(PageId) -> Option<&'r Arc<Recorded>>, host: &Arc<str>) -> Vec<Page> {
    let calls = core.state().escalations().calls();
    calls
        .filter_map(|call| {
            let page = build(of(call.page)?, core, host)?;
            Some(Page { to: call.called.keys().cloned().collect(), ..page })
        })
        .collect()
}

/// The page that goes out for this record, to nobody yet.
fn build(recorded: &Recorded, core: &Core, host: &Arc<str>) -> Option<Page> {
    let PageEvent { incident: reported, page, dedup, occasion } = recorded.event.paging()?;
    let id = page?;
    // whoever receives it knows the call by the incident that it began with
    let incident = core.state().escalations().call(dedup).map_or(reported, |call| call.first);
    // what is no longer known (a playbook that is gone, a storm whose incident is long over) leaves the page without its
    // extras, never unsent
    let about = core.find(incident);
    let playbook = about.and_then(|about| core.playbook(&about.key.content));
    let name = about.map_or_else(|| "salve".into(), |about| Arc::clone(&about.playbook));
    let trigger = |cause: String| {
        let cause: Arc<str> = match core.find(reported).filter(|_| reported != incident) {
            Some(other) => format!("{cause} (incident {reported}, {}, {})", other.playbook, other.key.target).into(),
            None => cause.into(),
        };
        (PageKind::Trigger { cause: Arc::clone(&cause) }, cause)
    };
    let (kind, why) = match occasion {
        PageOccasion::Escalated(cause)
        | PageOccasion::Joined(cause)
        | PageOccasion::CalledAgain(cause @ Cause::AwaitingApproval { .. }) => trigger(cause.to_string()),
        PageOccasion::Announced(why) => trigger(Cause::AwaitingApproval { why: why.clone() }.to_string()),
        PageOccasion::Widened { cause, unanswered } => {
            let why = format!("{cause}; nobody acknowledged the page through {unanswered}");
            (PageKind::Trigger { cause: cause.to_string().into() }, why.into())
        }
        PageOccasion::CalledAgain(cause) => trigger(format!("still not fixed: {cause}")),
        PageOccasion::AckForwarded(by) => {
            let by: Arc<str> = by.to_string().into();
            (PageKind::Acknowledge { by: Arc::clone(&by) }, format!("{by} acknowledged the page").into())
        }
        PageOccasion::Resolved { why: Some(why), .. } => (PageKind::Resolve, why.to_string().into()),
        PageOccasion::Resolved { ended, why: None } => {
            let ended = ended.and_then(|ended| core.find(ended)).or(about);
            (PageKind::Resolve, ended.map_or_else(cleared, ending))
        }
    };
    let cause = called_for(&occasion);
    // a page for all that cannot be seen is of the host, whoever carries it
    let about_systemd = matches!(cause, Some(Cause::SystemdSilent { .. }));
    let storm = matches!(cause, Some(Cause::Storm { .. }));
    Some(Page {
        id,
        to: Vec::new(),
        kind,
        // one service hears of many hosts: the same playbook there must not share an incident with this one
        dedup: format!("{host}/{dedup}").into(),
        host: Arc::clone(host),
        incident,
        title: match playbook {
            _ if about_systemd => "systemd answers".into(),
            Some(playbook) => Arc::clone(&playbook.title),
            None => Arc::clone(&name),
        },
        playbook: name,
        target: about.filter(|_| !about_systemd).map_or(Target::Host, |about| about.key.target.clone()),
        risk: playbook.map_or(Risk::High, |playbook| playbook.risk),
        why,
        at: recorded.wall,
        story: about.map(|about| about.story.clone()).unwrap_or_default(),
        limit: playbook.map_or(0, |playbook| playbook.escalate.attempts),
        evidence: Vec::new(),
        failing: if storm { failing(core) } else { CappedList::default() },
        related: related(core, incident),
    })
}

/// What a call of its own is for; none where an incident joins one, or nobody is called.
const fn called_for<'a>(occasion: &PageOccasion<'a>) -> Option<&'a Cause> {
    match occasion {
        PageOccasion::Escalated(cause) | PageOccasion::Widened { cause, .. } | PageOccasion::CalledAgain(cause) => {
            Some(cause)
        }
        PageOccasion::Joined(_)
        | PageOccasion::Announced(_)
        | PageOccasion::AckForwarded(_)
        | PageOccasion::Resolved { .. } => None,
    }
}

/// How it ended, in words.
fn ending(about: &Incident) -> Arc<str> {
    match about.phase() {
        Phase::Closed { outcome, .. } => AttemptNumbers::of(&about.story, 0).outcome(outcome).into(),
        Phase::Firing
        | Phase::Held(_)
        | Phase::Asking(_)
        | Phase::Remediating(_)
        | Phase::Verifying { .. }
        | Phase::Soaking { .. }
        | Phase::Escalated(_) => cleared(),
    }
}

/// Every target whose fault is there; after a restart, before anything has been read, those that have an incident.
pub fn failing(core: &Core) -> CappedList {
    let read = core.watched().filter(|(_, watched)| watched.fault == DetectorState::Broken).map(|(key, _)| &key.target);
    let mut targets: BTreeSet<&Target> = read.collect();
    if targets.is_empty() {
        targets = core.state().incidents().open().map(|incident| &incident.key.target).collect();
    }
    CappedList::first(FAILING, targets.into_iter().map(|target| target.to_string().into()))
}

/// What else is the matter on this host, or was a short while ago: what shares the target first, then the newest.
fn related(core: &Core, me: IncidentId) -> CappedList {
    let (incidents, now) = (core.state().incidents(), core.now().mono);
    let target = core.find(me).map(|about| &about.key.target);
    let recent = |one: &&Incident| match one.phase() {
        Phase::Closed { mono, .. } => now.since(*mono) <= RECENT && !one.attempts.is_empty(),
        Phase::Firing
        | Phase::Held(_)
        | Phase::Asking(_)
        | Phase::Remediating(_)
        | Phase::Verifying { .. }
        | Phase::Soaking { .. }
        | Phase::Escalated(_) => true,
    };
    let mut others: Vec<&Incident> = incidents.all().filter(recent).filter(|one| one.id != me).collect();
    let shares = |one: &Incident| target.is_some_and(|target| target.conflicts(&one.key.target));
    let waits = |one: &Incident| waits_for(core, one, me);
    others.sort_by_key(|one| (!shares(one), !waits(one), std::cmp::Reverse(one.id)));
    CappedList::first(RELATED, others.into_iter().map(|one| line(one).into()))
}

/// Does this incident wait for the target of that one to be healthy?
fn waits_for(core: &Core, incident: &Incident, needed: IncidentId) -> bool {
    let Phase::Held(Denial::DependencyUnhealthy { playbook }) = incident.phase() else { return false };
    core.find(needed)
        .and_then(|needed| core.playbook(&needed.key.content))
        .is_some_and(|it| it.name == *playbook || it.title == *playbook)
}

fn line(incident: &Incident) -> String {
    let stands = match incident.phase() {
        Phase::Firing => "failing".to_owned(),
        Phase::Held(denial) => format!("on hold: {denial}"),
        Phase::Asking(request) => format!("awaiting approval: {}", request.why),
        Phase::Remediating(_) => "an attempt is running".to_owned(),
        Phase::Verifying { .. } | Phase::Soaking { .. } => "an attempt is being verified".to_owned(),
        Phase::Escalated(cause) => format!("paged: {cause}"),
        Phase::Closed { outcome, .. } => AttemptNumbers::of(&incident.story, 0).outcome(outcome),
    };
    format!("incident {}, {} ({}): {stands}", incident.id, incident.playbook, incident.key.target)
}

fn cleared() -> Arc<str> {
    "the fault has cleared".into()
}

/// The channels that have not taken it yet.
fn still_to(core: &Core, page: PageId) -> Option<Vec<Arc<str>>> {
    core.state().escalations().outgoing(page).map(|outgoing| match outgoing {
        Outgoing::To(channels) => channels.iter().cloned().collect(),
        Outgoing::Any => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::core::{Config, Event, Key, Mono};
    use crate::playbook::ContentKey;

    #[test]
    fn the_end_of_a_call_goes_out_also_where_its_incident_is_long_forgotten() {
        let event = Event::Resolved {
            incident: IncidentId(4),
            page: PageId(9),
            dedup: "salve/storm".into(),
            to: vec!["duty".into()],
            ended: None,
            why: None,
        };
        let recorded = Arc::new(Recorded { seq: 1, mono: Mono(0), wall: Timestamp::UNIX_EPOCH, event });
        let mut core = Core::new(Config::default());
        core.replay(&recorded);
        let Outbound { page, attach } = of(&recorded, &core, &"db-1".into()).unwrap();
        assert_eq!((&*page.dedup, &page.kind, page.incident), ("db-1/salve/storm", &PageKind::Resolve, IncidentId(4)));
        assert_eq!((page.to, attach), (vec!["duty".into()], Vec::new()));
    }

    #[test]
    fn a_storms_page_names_every_target_and_each_page_what_else_is_the_matter_on_the_host() {
        let mut core = Core::new(Config::default());
        let mut seq = 0;
        let mut record = |core: &mut Core, event: Event| {
            seq += 1;
            let recorded = Arc::new(Recorded { seq, mono: Mono(seq), wall: Timestamp::UNIX_EPOCH, event });
            core.replay(&recorded);
            recorded
        };
        for number in 1..=3 {
            let target = Target::Unit(format!("unit{number}.service").into());
            let key = Key { content: ContentKey("c".into()), target };
            let (incident, since) = (IncidentId(number), Mono(number));
            let playbook = "units-up".into();
            record(&mut core, Event::Opened { incident, key, playbook, since, readings: Vec::new() });
        }
        let (incident, page, to) = (IncidentId(1), PageId(1), vec!["duty".into()]);
        let cause = Cause::Storm { failing: 3, of: 5 };
        let storm = record(&mut core, Event::Escalated { incident, page, cause, dedup: "salve/storm".into(), to });
        let Outbound { page, .. } = of(&storm, &core, &"db-1".into()).unwrap();
        let named: Vec<&str> = page.failing.shown.iter().map(|line| &**line).collect();
        assert_eq!(named, ["unit unit1.service", "unit unit2.service", "unit unit3.service"]);
        let related: Vec<&str> = page.related.shown.iter().map(|line| &**line).collect();
        assert_eq!(
            related,
            [
                "incident #3, units-up (unit unit3.service): failing",
                "incident #2, units-up (unit unit2.service): failing"
            ]
        );
        let (page, cause, to) = (PageId(2), Cause::Storm { failing: 3, of: 5 }, vec!["duty".into()]);
        let again = record(&mut core, Event::CalledAgain { incident, page, cause, dedup: "salve/storm".into(), to });
        let Outbound { page, .. } = of(&again, &core, &"db-1".into()).unwrap();
        assert_eq!(page.failing.shown.len(), 3, "and so does the same page when it is sent again");
        let many = CappedList::first(2, (0..5).map(|number| Arc::from(number.to_string())));
        assert_eq!((many.shown.len(), many.more), (2, 3));
    }
}
