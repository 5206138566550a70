//! Open calls for a human. What fails on one target is one call, however many playbooks watch it: the second incident
//! joins the first one's call, and the call is resolved with its last incident. So do the two playbooks whose remedies
//! break each other's targets, and requests for approval that have one reason.

mod join;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::command::Operator;
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::Cause;
use crate::core::time::Mono;

/// Under which key a storm's one page goes out.
pub const STORM: &str = "salve/storm";
/// What the keys of announced approvals begin with.
const APPROVAL: &str = "salve/approval";

/// One open call, under one key for whoever receives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The page that was sent first.
    pub page: PageId,
    /// The incident that it began with: its pages, tickets and mails go by this one's number to the end.
    pub first: IncidentId,
    /// The incident that it goes out for now: the oldest that is still open.
    pub incident: IncidentId,
    /// Why a human was called.
    pub cause: Cause,
    /// Under which key it goes out and is resolved.
    pub dedup: Arc<str>,
    /// Through which channels; none means the ticket folder.
    pub to: Vec<Arc<str>>,
    /// When each of them was called.
    pub called: BTreeMap<Arc<str>, Mono>,
    /// Who was first to see it.
    pub seen: Option<Operator>,
    /// When the first person acknowledged it, on the running clock.
    pub seen_at: Option<Mono>,
    /// Every page that carries the call.
    pub pages: BTreeSet<PageId>,
    /// The channels that took it. Until there is one, a human is being called, and has not been.
    pub taken: BTreeSet<Arc<str>>,
}

impl Call {
    /// More channels are called.
    pub fn widen(&mut self, to: &[Arc<str>], at: Mono) {
        self.to.extend(to.iter().filter(|name| !self.to.contains(name)).cloned().collect::<Vec<_>>());
        for name in to {
            self.called.entry(Arc::clone(name)).or_insert(at);
        }
    }
}

/// Does a call of this key stand for requests for approval?
pub fn is_approval(dedup: &str) -> bool {
    dedup.starts_with(APPROVAL)
}
