//! What the records leave in memory: pages that may have to go out again, and messages for screens.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::core::event::concern::{Concern, EngineEvent, RuleEvent};
use crate::core::event::event_text::sentence;
use crate::core::{PageId, Recorded};
use crate::engine::snapshot::Message;

/// Messages that are shown.
const MESSAGES: usize = 200;

/// What the records of this engine, and of those before it, have left.
#[derive(Debug, Default)]
pub struct NotedRecords {
    pages: HashMap<PageId, Arc<Recorded>>,
    messages: VecDeque<Message>,
    arming_changed: bool,
}

impl NotedRecords {
    /// Takes what a record leaves.
    pub fn note(&mut self, recorded: &Arc<Recorded>) {
        if let Some(page) = recorded.event.page() {
            self.pages.insert(page, Arc::clone(recorded));
        }
        match recorded.event.concern() {
            Concern::Engine(event) => self.note_message(event, recorded),
            Concern::Rule(RuleEvent::Arming(_)) => self.arming_changed = true,
            Concern::Rule(
                RuleEvent::Breaker(_)
                | RuleEvent::Snooze(_)
                | RuleEvent::Flapping(_)
                | RuleEvent::Pause(_)
                | RuleEvent::Maintenance,
            )
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_) => {}
        }
    }

    fn note_message(&mut self, event: EngineEvent<'_>, recorded: &Recorded) {
        let (about, text) = match event {
            EngineEvent::Notice { about, text } => (Arc::clone(about), Arc::clone(text)),
            EngineEvent::RecordsLost => ("journal".into(), sentence(&recorded.event).into()),
            EngineEvent::Started { .. } | EngineEvent::Adopted { .. } => return,
        };
        self.messages.push_front(Message { at: recorded.wall, about, text });
        self.messages.truncate(MESSAGES);
    }

    /// The record that a page goes out for.
    pub fn page(&self, page: PageId) -> Option<&Arc<Recorded>> {
        self.pages.get(&page)
    }

    /// Messages to operators, latest first.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.iter().cloned().collect()
    }

    /// Whether a playbook was armed or disarmed since this was asked last.
    pub fn take_arming_changed(&mut self) -> bool {
        std::mem::take(&mut self.arming_changed)
    }
}
