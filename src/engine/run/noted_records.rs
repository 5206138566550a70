//! What the records leave in memory: pages that may have to go out again, and messages for screens.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::core::event::event_text::sentence;
use crate::core::{Event, PageId, Recorded};
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
        match &recorded.event {
            Event::Notice { about, text } => {
                self.messages.push_front(Message { at: recorded.wall, about: about.clone(), text: text.clone() });
                self.messages.truncate(MESSAGES);
            }
            Event::RecordsLost { .. } => {
                let text = sentence(&recorded.event).into();
                self.messages.push_front(Message { at: recorded.wall, about: "journal".into(), text });
            }
            Event::Armed { .. } | Event::Disarmed { .. } => self.arming_changed = true,
            _ => {}
        }
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
