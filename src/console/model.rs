//! What the operator is looking at. State belongs to the page that needs it; the main screen is always underneath.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::content::context::ConsoleTime;
use super::content::rows;
use super::editor::standing::SavedText;
use super::keys::{Capabilities, InputMode};
use crate::console::keys::guard::QUIET;
use crate::console::options::{EngineAt, Writing};
use crate::core::IncidentId;
use crate::engine::Snapshot;
use decision::PendingDecision;
use incident_history::Recalled;
use time_travel::{ReplayedMoment, Rewind};

pub use cursor::Cursor;
pub use page::{OpenPage, Overlay, Pick, TextKind};

mod cursor;
pub(super) mod decision;
pub mod effect;
pub(super) mod incident_history;
mod page;
pub(super) mod review;
pub mod subject;
pub(super) mod time_travel;

/// What the operator is looking at.
#[derive(Debug, Clone)]
pub struct Model {
    /// The main screen.
    pub main: MainPage,
    /// Pages on top of it, the last one shown.
    pub pages: Vec<OpenPage>,
    /// What has the keys before the page.
    pub overlay: Option<Overlay>,
    /// Only rows of the list page that is shown which hold these words.
    pub list_filter: String,
    /// What the last command or key came to.
    pub said: Option<StatusMessage>,
    /// What a key decided, until the keyboard has been quiet.
    pub deciding: Option<PendingDecision>,
    /// When a key was last pressed.
    pub last_key: Option<ConsoleTime>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Only looking: there are no acting keys.
    pub read_only: bool,
    /// Whose state is shown.
    pub engine: EngineAt,
    /// May playbooks be written from here?
    pub writing: Writing,
    /// The mouse is ours; else it selects text.
    pub mouse: bool,
    /// When the latest message that was seen was said; none before the first snapshot.
    pub told: Option<jiff::Timestamp>,
    /// Requests that were already announced.
    pub announced: Option<BTreeSet<(IncidentId, u32)>>,
    /// What was saved and the engine has not read yet.
    pub saved: Option<SavedText>,
    /// The past that is looked at, or asked for.
    pub rewind: Option<Rewind>,
    /// What the journal told of the incident that is looked at.
    pub recalled: Recalled,
    /// The theme under the palette's cursor, which is shown as long as it is there.
    pub preview: Option<String>,
    /// What can be broken from here, where the console is part of a show.
    pub faults: Arc<[Arc<str>]>,
    /// What is said about what is seen.
    pub caption: Option<Arc<str>>,
}

/// The main screen.
#[derive(Debug, Clone, Default)]
pub struct MainPage {
    /// Which pane has the keys.
    pub pane: Pane,
    /// The cursor in the list of what is watched.
    pub detectors: Cursor,
    /// The cursor in the list of what needs action.
    pub needs_action: Cursor,
    /// The cursor in the list of breakers.
    pub breakers: Cursor,
    /// Only rows that hold these words.
    pub filter: String,
}

/// The main screen's panes, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// What is watched.
    #[default]
    Detectors,
    /// What needs action.
    NeedsAction,
    /// The breakers that stop attempts when these do not help.
    Breakers,
    /// The last hour; it shares the detectors' cursor.
    Timeline,
    /// The success rate.
    Gauge,
}

impl Pane {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Detectors, Self::NeedsAction, Self::Breakers, Self::Timeline, Self::Gauge];
}

/// What the last command or key came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusMessage {
    /// The words that are shown above the keys.
    pub text: Arc<str>,
    /// It did not work.
    pub bad: bool,
    /// When it was said.
    pub at: ConsoleTime,
}

impl StatusMessage {
    /// How long it stays, in milliseconds.
    pub const STAYS: u64 = 15_000;
}

impl Model {
    /// The main screen, nothing chosen.
    #[must_use]
    pub fn new(size: (u16, u16), read_only: bool, engine: EngineAt, writing: Writing) -> Self {
        Self {
            main: MainPage::default(),
            pages: Vec::new(),
            overlay: None,
            list_filter: String::new(),
            said: None,
            deciding: None,
            last_key: None,
            size,
            read_only,
            engine,
            writing,
            mouse: false,
            told: None,
            announced: None,
            saved: None,
            rewind: None,
            recalled: Recalled::default(),
            preview: None,
            faults: Arc::default(),
            caption: None,
        }
    }

    /// The moment of the past that is on the screen.
    #[must_use]
    pub fn replayed(&self) -> Option<&ReplayedMoment> {
        self.rewind.as_ref().and_then(|rewind| rewind.shown.as_deref())
    }

    /// No key acts: the console only looks, or it looks at the past.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        self.read_only || self.replayed().is_some()
    }

    /// The engine runs in here as an ordinary user: what it does to services and files of others can only fail.
    #[must_use]
    pub fn is_powerless(&self, snapshot: &Snapshot) -> bool {
        self.engine.is_embedded() && self.faults.is_empty() && snapshot.operator.uid != 0
    }

    /// Which keys there are.
    #[must_use]
    pub fn has(&self) -> Capabilities {
        Capabilities { acting: !self.only_looks(), faults: !self.faults.is_empty() && self.replayed().is_none() }
    }

    /// Where keys go now.
    #[must_use]
    pub fn place(&self) -> InputMode {
        match &self.overlay {
            Some(Overlay::Form(form)) if form.wants_yes() => InputMode::Question,
            Some(Overlay::Form(_)) => InputMode::Form,
            Some(Overlay::Filter { .. } | Overlay::Palette { .. } | Overlay::Pick(_)) => InputMode::Typing,
            Some(Overlay::Find(_)) => InputMode::Finding,
            None => self.page_place(),
        }
    }

    /// The same without what lies over the page.
    #[must_use]
    pub fn page_place(&self) -> InputMode {
        match self.pages.last() {
            None => InputMode::Main,
            Some(OpenPage::Incident { .. }) => InputMode::Incident,
            Some(OpenPage::Approval(review)) if review.naming.is_some() => InputMode::Naming,
            Some(OpenPage::Approval(_)) => InputMode::Approval,
            Some(OpenPage::Playbook { .. }) => InputMode::Playbook,
            Some(OpenPage::Author(author)) => author.place(),
            Some(OpenPage::Begin(_)) => InputMode::Begin,
            Some(OpenPage::List { .. } | OpenPage::Success { .. }) => InputMode::List,
            Some(OpenPage::Text { .. } | OpenPage::Trial { .. }) => InputMode::Text,
        }
    }

    /// When something changes by itself: a request becomes answerable, a message goes.
    #[must_use]
    pub fn wakes_at(&self) -> Option<ConsoleTime> {
        let review = match self.pages.last() {
            Some(OpenPage::Approval(review)) => review.guard.opens_at(QUIET),
            _ => None,
        };
        let said = self.said.as_ref().map(|said| ConsoleTime(said.at.0 + StatusMessage::STAYS));
        let written = self.pages.iter().filter_map(|page| match page {
            OpenPage::Author(author) => author.wakes_at(),
            _ => None,
        });
        review.into_iter().chain(said).chain(written).min()
    }
}

impl Model {
    /// The filter of what is shown: the list page's, else the main screen's.
    #[must_use]
    pub fn filter(&self) -> &str {
        if let Some(OpenPage::List { .. }) = self.pages.last() { &self.list_filter } else { &self.main.filter }
    }

    /// The same, to be typed into.
    pub fn filter_mut(&mut self) -> &mut String {
        if let Some(OpenPage::List { .. }) = self.pages.last() { &mut self.list_filter } else { &mut self.main.filter }
    }
}

impl MainPage {
    /// The list under the keys and its cursor; the gauge has none.
    pub fn list(&mut self, snapshot: &Snapshot) -> Option<(Vec<Arc<str>>, &mut Cursor)> {
        let items = items(self.pane, &self.filter, snapshot);
        match self.pane {
            Pane::Detectors | Pane::Timeline => Some((items, &mut self.detectors)),
            Pane::NeedsAction => Some((items, &mut self.needs_action)),
            Pane::Breakers => Some((items, &mut self.breakers)),
            Pane::Gauge => None,
        }
    }

    /// Follows every cursor's item to where it stands now.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        self.detectors.follow(&items(Pane::Detectors, &self.filter, snapshot));
        self.needs_action.follow(&items(Pane::NeedsAction, &self.filter, snapshot));
        self.breakers.follow(&items(Pane::Breakers, &self.filter, snapshot));
    }
}

/// What a pane's items are known by, in its order.
#[must_use]
pub fn items(pane: Pane, filter: &str, snapshot: &Snapshot) -> Vec<Arc<str>> {
    match pane {
        Pane::Detectors | Pane::Timeline => rows::detectors(snapshot, filter).into_iter().map(|row| row.id).collect(),
        Pane::NeedsAction => rows::needs_action(snapshot).into_iter().map(rows::Needy::id).collect(),
        Pane::Breakers => rows::breakers(snapshot).into_iter().map(rows::breaker_id).collect(),
        Pane::Gauge => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    #[test]
    fn a_cursor_stays_on_its_item() {
        let mut cursor = Cursor::default();
        cursor.step(&items(&["a", "b", "c"]), 1);
        assert_eq!(cursor.index(&items(&["c", "a", "b"])), 2);
        cursor.follow(&items(&["c", "a", "b"]));
        cursor.follow(&items(&["c", "a"]));
        assert_eq!(cursor.on.as_deref(), Some("a"), "its neighbour, when it goes");
        cursor.follow(&[]);
        assert_eq!(cursor.index(&items(&["x", "y"])), 0);
    }

    #[test]
    fn an_unmoved_cursor_stays_with_the_most_pressing_row() {
        let mut cursor = Cursor::default();
        cursor.follow(&items(&["a", "b"]));
        assert_eq!(cursor.index(&items(&["b", "a"])), 0);
        cursor.step(&items(&["b", "a"]), 9);
        cursor.step(&items(&["b", "a"]), -9);
        assert_eq!(cursor.on, None);
    }
}
