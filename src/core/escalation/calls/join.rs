//! Which open call one more failure joins, and when an incident leaves its call.

use std::sync::Arc;

use super::{APPROVAL, Call, STORM, is_approval};
use crate::core::escalation::{SHORT, dedup};
use crate::core::event::Event;
use crate::core::event::reasons::PageEndReason;
use crate::core::id::{IncidentId, Key, PageId};
use crate::core::incident::{ApprovalReason, Cause, Incident, RequestAnswer};
use crate::core::machine::Core;

impl Core {
    /// The open call that one more failure of this key joins: of its target, or of the key that contends with it.
    pub(in crate::core) fn call_to_join(&self, key: &Key, cause: &Cause) -> Option<Arc<str>> {
        match cause {
            Cause::SystemdSilent { .. } | Cause::Storm { .. } => return None,
            _ => {}
        }
        let rival = self.rival(key);
        let related = |other: &Incident| other.key.target == key.target || rival == Some(&other.key);
        self.state.incidents().open().filter(|other| other.key != *key && related(other)).find_map(|other| {
            let escalation = other.escalation.as_ref()?;
            let of_target = !matches!(escalation.cause, Cause::SystemdSilent { .. }) && !is_approval(&escalation.dedup);
            of_target.then(|| Arc::clone(&escalation.dedup))
        })
    }

    /// Puts an incident under a call that is open. Channels of its own that have not heard of it yet are paged; all are
    /// where it says more than the call does, or where the call was acknowledged before.
    pub(in crate::core) fn join(&mut self, id: IncidentId, cause: Cause, dedup: Arc<str>) {
        let Some(call) = self.state.escalations().call(&dedup) else { return };
        let worse = call.cause.leaves_automation_on() && !cause.leaves_automation_on() && cause != Cause::Expired;
        let fights = |cause: &Cause| matches!(cause, Cause::Contention { .. });
        let news = worse || call.seen.is_some() || fights(&cause) && !fights(&call.cause);
        let (page, to) = self.page_into(id, &dedup, news);
        self.record(Event::Joined { incident: id, page, cause, dedup, to });
        self.send(page);
    }

    /// The page for one more incident under a call, and the channels that it goes to; none where all have heard.
    fn page_into(&self, id: IncidentId, dedup: &str, news: bool) -> (Option<PageId>, Vec<Arc<str>>) {
        let own = self.channels(id);
        let Some(call) = self.state.escalations().call(dedup) else { return (Some(self.next_page()), own) };
        let unheard = own.into_iter().filter(|name| !call.called.contains_key(name));
        if news {
            let to: Vec<Arc<str>> = call.to.iter().cloned().chain(unheard).collect();
            return (Some(self.next_page()), to);
        }
        let to: Vec<Arc<str>> = unheard.collect();
        ((!to.is_empty()).then(|| self.next_page()), to)
    }

    fn send(&mut self, page: Option<PageId>) {
        if let Some(page) = page {
            self.deliver(page);
            self.await_answers();
        }
    }

    /// An operator's yes is wanted: the channels hear of it at once. Requests with one reason make one page together.
    pub(in crate::core) fn announce(&mut self, id: IncidentId, why: &ApprovalReason) {
        let Some(incident) = self.incident(id) else { return };
        if !self.may_page(&incident.key) {
            return;
        }
        if let Some(former) = incident.escalation.clone() {
            return self.escalate_further(id, &former, Cause::AwaitingApproval { why: why.clone() });
        }
        let dedup = approval_dedup(&incident.key, why);
        let (approved, known) = (incident.answer == RequestAnswer::Approved, incident.announced.clone());
        if known.as_ref() == Some(&dedup) && !approved {
            return;
        }
        if known.is_some_and(|known| known != dedup) {
            self.end_announcement(id);
        }
        // whoever approved the former plan believes that it ran
        let news = approved || self.state.escalations().call(&dedup).is_some_and(|call| call.seen.is_some());
        let (page, to) = self.page_into(id, &dedup, news);
        self.record(Event::Announced { incident: id, page, why: why.clone(), dedup, to });
        self.send(page);
    }

    /// An incident stands under a call no longer: whoever was called is told of the end, unless others still do. `why`
    /// says it where the incident goes on.
    pub(in crate::core) fn leave(&mut self, id: IncidentId, dedup: &Arc<str>, why: Option<PageEndReason>) {
        let Some(call) = self.state.escalations().call(dedup) else { return };
        if self.state.incidents().under(dedup).any(|other| other.id != id) {
            return self.record(Event::Left { incident: id, dedup: Arc::clone(dedup) });
        }
        let (incident, to, dedup) = (call.first, call.to.clone(), Arc::clone(dedup));
        let (page, ended) = (self.next_page(), (incident != id).then_some(id));
        self.record(Event::Resolved { incident, page, dedup, to, ended, why });
        self.deliver(page);
    }

    /// The request was answered, and the incident stands under the call no longer: who was called hears of it, unless
    /// others still do.
    pub(in crate::core) fn leave_answered(&mut self, id: IncidentId, dedup: &Arc<str>, why: PageEndReason) {
        if self.state.incidents().under(dedup).next().is_none() {
            self.leave(id, dedup, Some(why));
        }
    }

    /// The request for approval that the channels heard of no longer stands.
    pub(in crate::core) fn end_announcement(&mut self, id: IncidentId) {
        if let Some(dedup) = self.incident(id).and_then(|incident| incident.announced.clone()) {
            self.leave(id, &dedup, Some(PageEndReason::RequestWithdrawn));
        }
    }

    /// A crash may have come between an incident's end and that of its call.
    pub(in crate::core) fn end_forsaken_calls(&mut self) {
        let forsaken =
            |call: &&Call| *call.dedup != *STORM && self.state.incidents().under(&call.dedup).next().is_none();
        let calls: Vec<Call> = self.state.escalations().calls().filter(forsaken).cloned().collect();
        for call in calls {
            self.leave(call.incident, &call.dedup, None);
        }
    }

    pub(in crate::core) fn next_page(&self) -> PageId {
        self.state.escalations().next_page()
    }
}

/// What has one reason makes one page together: the host's own reasons for all of it, a playbook's for its targets.
fn approval_dedup(key: &Key, why: &ApprovalReason) -> Arc<str> {
    match why {
        ApprovalReason::HostBudget => format!("{APPROVAL}/host-budget").into(),
        ApprovalReason::RecordsLost => format!("{APPROVAL}/records-lost").into(),
        ApprovalReason::Mode
        | ApprovalReason::HighRisk
        | ApprovalReason::FirstLiveAttempt
        | ApprovalReason::Flapping => {
            let content: String = key.content.0.chars().take(SHORT).collect();
            format!("{APPROVAL}/{content}").into()
        }
        ApprovalReason::StopUnclear { .. } => {
            let own = dedup(key);
            format!("{APPROVAL}{}", own.trim_start_matches("salve")).into()
        }
    }
}
