//! From a recorded escalation to the page that goes out.

use std::sync::Arc;

use crate::channel::{Page, PageKind};
use crate::core::incident::Cause;
use crate::core::state::{Outgoing, Step};
use crate::core::{Core, Event, PageId, Recorded};
use crate::playbook::{Attachment, Risk, Target};

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
    let attach = match &recorded.event {
        Event::Escalated { .. } | Event::CalledBesides { .. } => {
            let playbook = core.find(page.incident).and_then(|about| core.playbook(&about.key.content));
            playbook.map(|playbook| playbook.escalate.attach.clone()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let to = still_to(core, page.id)?;
    Some(Outbound { page: Page { to, ..page }, attach })
}

/// Every open call, to all the channels that were called; `of` knows what was recorded of a page.
pub fn open<'r>(core: &Core, of: impl Fn(PageId) -> Option<&'r Arc<Recorded>>, host: &Arc<str>) -> Vec<Page> {
    let calls = core.state().escalations();
    calls
        .filter_map(|call| {
            let page = build(of(call.page)?, core, host)?;
            Some(Page { to: call.called.keys().cloned().collect(), ..page })
        })
        .collect()
}

/// The page that goes out for this record, to nobody yet.
fn build(recorded: &Recorded, core: &Core, host: &Arc<str>) -> Option<Page> {
    let (id, incident) = (recorded.event.page()?, recorded.event.incident()?);
    // what is no longer known (a playbook that is gone, a storm whose incident is long over) leaves the page without its
    // extras, never unsent
    let about = core.find(incident);
    let playbook = about.and_then(|about| core.playbook(&about.key.content));
    let name = about.map_or_else(|| "salve".into(), |about| Arc::clone(&about.playbook));
    let (dedup, kind, why) = match &recorded.event {
        Event::Escalated { cause, dedup, .. } => {
            let cause: Arc<str> = cause.to_string().into();
            (dedup, PageKind::Trigger { cause: Arc::clone(&cause) }, cause)
        }
        Event::CalledBesides { cause, dedup, unanswered, .. } => {
            let why = format!("{cause}; nobody answered the call through {unanswered}");
            (dedup, PageKind::Trigger { cause: cause.to_string().into() }, why.into())
        }
        Event::Relayed { by, dedup, .. } => {
            let by: Arc<str> = by.to_string().into();
            (dedup, PageKind::Acknowledge { by: Arc::clone(&by) }, format!("{by} has seen the page").into())
        }
        Event::Resolved { dedup, .. } => {
            (dedup, PageKind::Resolve, about.map_or_else(cleared, |about| ending(&about.step)))
        }
        _ => return None,
    };
    let about_systemd = is_about_systemd(&recorded.event);
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
        evidence: Vec::new(),
    })
}

/// A page for all that cannot be seen is of the host, whoever carries it.
const fn is_about_systemd(event: &Event) -> bool {
    matches!(
        event,
        Event::Escalated { cause: Cause::SystemdSilent { .. }, .. }
            | Event::CalledBesides { cause: Cause::SystemdSilent { .. }, .. }
    )
}

/// How it ended, in words.
fn ending(step: &Step) -> Arc<str> {
    match step {
        Step::Closed { outcome, .. } => outcome.to_string().into(),
        _ => cleared(),
    }
}

fn cleared() -> Arc<str> {
    "the fault has cleared".into()
}

/// The channels that have not taken it yet.
fn still_to(core: &Core, page: PageId) -> Option<Vec<Arc<str>>> {
    core.state().outbox.get(&page).map(|outgoing| match outgoing {
        Outgoing::To(channels) => channels.iter().cloned().collect(),
        Outgoing::Any => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::core::{Config, IncidentId, Mono};

    #[test]
    fn the_end_of_a_call_goes_out_also_where_its_incident_is_long_forgotten() {
        let event = Event::Resolved {
            incident: IncidentId(4),
            page: PageId(9),
            dedup: "salve/storm".into(),
            to: vec!["duty".into()],
        };
        let recorded = Arc::new(Recorded { seq: 1, mono: Mono(0), wall: Timestamp::UNIX_EPOCH, event });
        let mut core = Core::new(Config::default());
        core.replay(&recorded);
        let Outbound { page, attach } = of(&recorded, &core, &"db-1".into()).unwrap();
        assert_eq!((&*page.dedup, &page.kind, page.incident), ("db-1/salve/storm", &PageKind::Resolve, IncidentId(4)));
        assert_eq!((page.to, attach), (vec!["duty".into()], Vec::new()));
    }
}
