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
    let (incident, id, dedup, cause) = match &recorded.event {
        Event::Escalated { incident, page, cause, dedup, .. } => (*incident, *page, dedup, Some(cause)),
        Event::Resolved { incident, page, dedup, .. } => (*incident, *page, dedup, None),
        _ => return None,
    };
    let about = core.find(incident)?;
    // a playbook that is gone by now leaves the page without its title and extras, never unsent
    let playbook = core.playbook(&about.key.content);
    let (kind, why, attach) = match cause {
        Some(cause) => {
            let why: Arc<str> = cause.to_string().into();
            let attach = playbook.map(|playbook| playbook.escalate.attach.clone()).unwrap_or_default();
            (PageKind::Trigger { cause: Arc::clone(&why) }, why, attach)
        }
        None => (PageKind::Resolve, ending(&about.step), Vec::new()),
    };
    let page = Page {
        id,
        to: still_to(core, id)?,
        kind,
        dedup: Arc::clone(dedup),
        host: Arc::clone(host),
        incident,
        playbook: Arc::clone(&about.playbook),
        title: playbook.map_or_else(|| Arc::clone(&about.playbook), |playbook| Arc::clone(&playbook.title)),
        target: about.key.target.clone(),
        risk: playbook.map_or(Risk::High, |playbook| playbook.risk),
        why,
        at: recorded.wall,
        story: about.story.clone(),
        evidence: Vec::new(),
    };
    Some(Outbound { page, attach, key: about.key.clone() })
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
