//! Open pages, as screens show them: from the second that something is sent it needs action.

use std::collections::BTreeMap;

use crate::core::escalation::calls::Call;
use crate::core::incident::{Cause, Incident};
use crate::core::state::State;
use crate::core::{Core, PageId};
use crate::engine::snapshot::{DeliveryState, Storm};
use crate::engine::views::page::failing;

/// How far the page of an incident has come; none where none is open for it.
pub fn of(state: &State, incident: &Incident, tries: &BTreeMap<PageId, u32>) -> Option<DeliveryState> {
    state.escalations().call_of(incident).map(|call| delivery(call, tries))
}

/// The storm's one page, with every target that it stands for.
pub fn storm(core: &Core, tries: &BTreeMap<PageId, u32>) -> Option<Storm> {
    let call = core.state().escalations().storm()?;
    // what fails now; after a restart, before anything has been read, what failed when the page went out
    let paged = match call.cause {
        Cause::Storm { failing, of } => (failing, of),
        _ => (0, 0),
    };
    let (failing_now, of) = core.storm().unwrap_or(paged);
    let targets = failing(core);
    Some(Storm {
        incident: call.incident,
        failing: failing_now,
        of,
        targets: targets.shown,
        call: delivery(call, tries),
        acknowledged: call.seen.clone(),
    })
}

fn delivery(call: &Call, tries: &BTreeMap<PageId, u32>) -> DeliveryState {
    if call.taken.is_empty() {
        let tries = call.pages.iter().filter_map(|page| tries.get(page)).max();
        DeliveryState::Calling { tries: tries.copied().unwrap_or(0) }
    } else {
        DeliveryState::Taken { channels: call.taken.iter().cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::core::{Config, Event, IncidentId, Key, Mono, Recorded};
    use crate::playbook::{ContentKey, Target};

    #[test]
    fn a_storms_page_stands_with_all_its_targets_from_the_second_it_was_sent() {
        let mut core = Core::new(Config::default());
        let mut seq = 0;
        let mut record = |core: &mut Core, event: Event| {
            seq += 1;
            core.replay(&Arc::new(Recorded { seq, mono: Mono(seq), wall: Timestamp::UNIX_EPOCH, event }));
        };
        for number in 1..=120 {
            let target = Target::Unit(format!("unit{number:03}.service").into());
            let (incident, key) = (IncidentId(number), Key { content: ContentKey("c".into()), target });
            let (playbook, since) = ("units-up".into(), Mono(number));
            record(&mut core, Event::Opened { incident, key, playbook, since, readings: Vec::new() });
        }
        assert_eq!(storm(&core, &BTreeMap::new()), None);
        let (incident, page, to) = (IncidentId(1), PageId(1), vec!["duty".into()]);
        let cause = Cause::Storm { failing: 120, of: 130 };
        record(&mut core, Event::Escalated { incident, page, cause, dedup: "salve/storm".into(), to });
        let sent = storm(&core, &BTreeMap::new()).unwrap();
        assert_eq!((sent.failing, sent.of, sent.targets.len()), (120, 130, 100), "as many names as a page has");
        assert_eq!(&*sent.targets[0], "unit unit001.service");
        assert_eq!(sent.call.to_string(), "paging: not delivered yet");
        let tried = storm(&core, &BTreeMap::from([(page, 3)])).unwrap();
        assert_eq!(tried.call.to_string(), "paging: not delivered yet (3 tries)");
        record(&mut core, Event::Delivered { page, channel: "duty".into(), instead: None });
        let taken = storm(&core, &BTreeMap::from([(page, 3)])).unwrap();
        assert_eq!((taken.call.to_string().as_str(), taken.acknowledged), ("PAGED", None));
        let own = |core: &Core| {
            core.state().incidents().open().filter_map(|one| of(core.state(), one, &BTreeMap::new())).count()
        };
        assert_eq!(own(&core), 0, "the storm's page is of no single incident");
    }
}
