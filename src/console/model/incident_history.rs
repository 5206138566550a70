//! Incidents told by the journal: the whole story of the incident whose page is open, and those that are too old for
//! the snapshot. The snapshot's own part is shown at once; the journal's answer is put to it when it comes.

use std::sync::Arc;

use super::{Model, OpenPage};
use crate::console::content::context::ViewContext;
use crate::console::content::rows;
use crate::console::model::effect::ConsoleEffect;
use crate::core::{AttemptId, Event, IncidentId, Recorded};
use crate::engine::history::PastError;
use crate::engine::snapshot::IncidentView;

/// What the journal told of one incident.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// Which was asked for, and up to which event of it the snapshot knew then.
    asked: Option<(IncidentId, u64)>,
    /// What the journal said about the last incident that was asked for; none before the first answer.
    told: Option<JournalReply>,
    /// The attempt that is chosen on the page, to be copied by itself.
    chosen: Option<(IncidentId, AttemptId)>,
}

/// An answer of the journal.
#[derive(Debug, Clone)]
enum JournalReply {
    /// The whole incident with all its attempts, as the journal holds it.
    Incident(Arc<IncidentView>),
    /// Why this one cannot be told.
    Refused(IncidentId, Arc<str>),
}

impl Recalled {
    /// What the journal told of this incident.
    fn of(&self, id: IncidentId) -> Option<&Arc<IncidentView>> {
        match &self.told {
            Some(JournalReply::Incident(view)) if view.id == id => Some(view),
            _ => None,
        }
    }

    /// Why it told nothing.
    pub fn refused(&self, id: IncidentId) -> Option<&str> {
        match &self.told {
            Some(JournalReply::Refused(asked, why)) if *asked == id => Some(why),
            _ => None,
        }
    }

    /// The attempt that is chosen.
    pub fn chosen(&self, id: IncidentId) -> Option<AttemptId> {
        self.chosen.filter(|(incident, _)| *incident == id).map(|(_, attempt)| attempt)
    }
}

/// Asks for the story of the incident whose page is open, once for each event that came to it.
pub fn wanted(model: &mut Model, world: &ViewContext<'_>) -> Option<ConsoleEffect> {
    let Some(OpenPage::Incident { id, .. }) = model.pages.last() else { return None };
    let known = rows::incident(world.snapshot, *id).and_then(|view| view.story.last()).map_or(0, |last| last.seq);
    let current = model.recalled.asked.is_some_and(|(asked, upto)| asked == *id && upto >= known);
    if current {
        return None;
    }
    model.recalled.asked = Some((*id, known));
    Some(ConsoleEffect::Tell(*id))
}

/// The journal's answer.
pub fn told(model: &mut Model, id: IncidentId, answer: Result<Arc<IncidentView>, PastError>) {
    // an answer to an earlier question about another page is not wanted any more
    if model.recalled.asked.is_some_and(|(asked, _)| asked == id) {
        model.recalled.told = Some(match answer {
            Ok(view) => JournalReply::Incident(view),
            Err(error) => JournalReply::Refused(id, error.to_string().into()),
        });
    }
}

/// The incident as its page shows it: the snapshot's view with the journal's story, or the journal's view where the
/// snapshot has it no more. Over the past, nothing that came later is told.
#[must_use]
pub fn incident(model: &Model, id: IncidentId, world: &ViewContext<'_>) -> Option<Arc<IncidentView>> {
    let upto = model.replayed().map_or(u64::MAX, |shown| shown.moment.seq);
    let told = model.recalled.of(id);
    let Some(view) = rows::incident(world.snapshot, id) else {
        let opened = |view: &&Arc<IncidentView>| view.story.first().is_some_and(|first| first.seq <= upto);
        return told.filter(opened).cloned();
    };
    let Some(told) = told else { return Some(Arc::clone(view)) };
    let mut story: Vec<Arc<Recorded>> = told.story.iter().chain(&view.story).cloned().collect();
    story.retain(|recorded| recorded.seq <= upto);
    story.sort_by_key(|recorded| recorded.seq);
    story.dedup_by_key(|recorded| recorded.seq);
    Some(Arc::new(IncidentView { story, ..IncidentView::clone(view) }))
}

/// Chooses the next attempt of the page's incident, or the one before; after the last one, none.
pub fn choose(model: &mut Model, next: bool, world: &ViewContext<'_>) -> Option<AttemptId> {
    let Some(OpenPage::Incident { id, .. }) = model.pages.last() else { return None };
    let id = *id;
    let view = incident(model, id, world)?;
    let attempts: Vec<AttemptId> = view
        .story
        .iter()
        .filter_map(|recorded| match recorded.event {
            Event::Intent { attempt, .. } => Some(attempt),
            _ => None,
        })
        .collect();
    let now = model.recalled.chosen(id).and_then(|chosen| attempts.iter().position(|one| *one == chosen));
    let at = match (now, next) {
        (None, true) => Some(0),
        (None, false) => attempts.len().checked_sub(1),
        (Some(at), true) => Some(at + 1),
        (Some(at), false) => at.checked_sub(1),
    };
    let chosen = at.and_then(|at| attempts.get(at)).copied();
    model.recalled.chosen = chosen.map(|attempt| (id, attempt));
    chosen
}
