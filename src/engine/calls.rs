//! Open calls for a human, as screens show them: from the second that something is sent it needs action.

use std::collections::BTreeMap;

use super::snapshot::Delivery;
use crate::core::calls::Call;
use crate::core::incident::Denial;
use crate::core::state::{Incident, Step};
use crate::core::{Core, IncidentId, PageId};
use crate::playbook::Mode;

/// Every open call by its incident. A storm's stands for all that it holds, under the incident that carries it, or the
/// first that still waits for its end.
pub fn all(core: &Core, tries: &BTreeMap<PageId, u32>) -> BTreeMap<IncidentId, Delivery> {
    let state = core.state();
    let own = state.open.values().filter_map(|incident| Some((incident.id, state.call_of(incident)?)));
    let mut calls: BTreeMap<IncidentId, Delivery> = own.map(|(id, call)| (id, delivery(call, tries))).collect();
    if let Some(storm) = state.storm() {
        let carrier = state.open.get(&storm.incident).or_else(|| state.open.values().find(|one| in_storm(one)));
        if let Some(incident) = carrier {
            calls.entry(incident.id).or_insert_with(|| delivery(storm, tries));
        }
    }
    calls
}

/// The call that a row stands under: its incident's own, or the storm's that holds it.
pub fn row(core: &Core, incident: &Incident, calls: &BTreeMap<IncidentId, Delivery>) -> Option<Delivery> {
    let acts = || matches!(core.mode_in_force(&incident.key), Mode::Auto | Mode::Ask);
    let storm = || core.state().storm().filter(|_| in_storm(incident) && acts());
    calls.get(&incident.id).cloned().or_else(|| storm().map(|storm| delivery(storm, &BTreeMap::new())))
}

fn in_storm(incident: &Incident) -> bool {
    matches!(incident.step, Step::Held(Denial::Storm { .. }))
}

fn delivery(call: &Call, tries: &BTreeMap<PageId, u32>) -> Delivery {
    if call.taken.is_empty() {
        let tries = call.pages.iter().filter_map(|page| tries.get(page)).max();
        Delivery::Calling { tries: tries.copied().unwrap_or(0) }
    } else {
        Delivery::Taken { channels: call.taken.iter().cloned().collect() }
    }
}
