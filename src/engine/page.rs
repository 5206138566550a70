//! From a recorded escalation to the page that goes out.

use std::sync::Arc;

use crate::channel::{Page, PageKind};
use crate::core::state::{Outgoing, Step};
use crate::core::{Core, Event, Key, PageId, Recorded};
use crate::playbook::{Attachment, Risk};

/// A page, and the evidence that its playbook wants gathered for it.
#[derive(Debug)]
pub struct Outbound {
    /// What goes out.
    pub page: Page,
    /// What to gather.
    pub attach: Vec<Attachment>,
    /// What it is about.
    pub key: Key,
}

/// What goes out for this record, to the channels that have not taken it yet; none where the record is no page, every
/// channel has it, or its incident is no longer known.
pub fn of(recorded: &Recorded, core: &Core, host: &Arc<str>) -> Option<Outbound> {
    let page = build(recorded, core, host)?;
    let about = core.find(page.incident)?;
    // only the call itself: its end and its echoes need no evidence
    let attach = match &recorded.event {
        Event::Escalated { .. } | Event::CalledBesides { .. } => {
            core.playbook(&about.key.content).map(|playbook| playbook.escalate.attach.clone()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let to = still_to(core, page.id)?;
    Some(Outbound { page: Page { to, ..page }, attach, key: about.key.clone() })
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
    let id = recorded.event.page()?;
    let about = core.find(recorded.event.incident()?)?;
    // a playbook that is gone by now leaves the page without its title and extras, never unsent
    let playbook = core.playbook(&about.key.content);
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
        Event::Resolved { dedup, .. } => (dedup, PageKind::Resolve, ending(&about.step)),
        _ => return None,
    };
    Some(Page {
        id,
        to: Vec::new(),
        kind,
        // one service hears of many hosts: the same playbook there must not share an incident with this one
        dedup: format!("{host}/{dedup}").into(),
        host: Arc::clone(host),
        incident: about.id,
        playbook: Arc::clone(&about.playbook),
        title: playbook.map_or_else(|| Arc::clone(&about.playbook), |playbook| Arc::clone(&playbook.title)),
        target: about.key.target.clone(),
        risk: playbook.map_or(Risk::High, |playbook| playbook.risk),
        why,
        at: recorded.wall,
        story: about.story.clone(),
        evidence: Vec::new(),
    })
}

/// How it ended, in words.
fn ending(step: &Step) -> Arc<str> {
    match step {
        Step::Closed { outcome, .. } => outcome.to_string().into(),
        _ => "the fault has cleared".into(),
    }
}

/// The channels that have not taken it yet.
fn still_to(core: &Core, page: PageId) -> Option<Vec<Arc<str>>> {
    core.state().outbox.get(&page).map(|outgoing| match outgoing {
        Outgoing::To(channels) => channels.iter().cloned().collect(),
        Outgoing::Any => Vec::new(),
    })
}
