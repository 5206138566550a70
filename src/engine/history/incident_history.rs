//! One incident with its whole story, however long ago: folded from its own records alone, which is all it takes.

use std::sync::Arc;

use super::client::PastError;
use super::serve::said;
use crate::core::{Config, Core, Event, IncidentId};
use crate::engine::snapshot::IncidentView;
use crate::engine::views::snapshot_builder;
use crate::journal::JournalReader;

/// The incident of this number.
///
/// # Errors
/// Where the journal cannot be read, or does not know it.
pub fn read_incident(reader: &JournalReader, id: IncidentId) -> Result<IncidentView, PastError> {
    let story: Vec<_> = reader.whole_story(id).map_err(|error| said(&error))?.into_iter().map(Arc::new).collect();
    let mut core = Core::new(Config::default());
    if let Some(Event::Opened { key, .. }) = story.first().map(|first| &first.event)
        && let Some(adopted) = reader.adopted(&key.content).map_err(|error| said(&error))?
    {
        core.replay(&Arc::new(adopted));
    }
    for recorded in &story {
        core.replay(recorded);
    }
    let incident = core.find(id).ok_or(PastError::Unknown(id))?;
    Ok(IncidentView { story, ..snapshot_builder::one_incident(&core, incident, crate::check::condition) })
}
