//! The fold of the journal at any event. Checkpoints stand at even distances; a moment is reached from the one below
//! it, so that a step back folds a few thousand events and not the whole journal.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::core::event::concern::{Concern, EngineEvent};
use crate::core::id::IncidentId;
use crate::core::machine::history_view;
use crate::core::{Config, Core, Key, Moment, Mono, Recorded};
use crate::engine::snapshot::Message;
use crate::journal::{JournalReader, ReadError};
use crate::playbook::ContentKey;

/// Events between two checkpoints, to begin with.
const STRIDE: u64 = 2048;
/// Checkpoints; past that, every other one goes and the distance doubles.
const RUNGS: usize = 64;
/// Messages that are shown.
const MESSAGES: usize = 200;
/// How far back the timeline goes.
const HOUR: Duration = Duration::from_hours(1);

/// Everything that a moment's picture needs of the events up to it.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    /// The state machine after the last event that was folded.
    pub(super) core: Core,
    /// The last event's moment.
    pub(super) at: (Mono, Timestamp),
    /// What happened to each key in its last hour, oldest first.
    pub(super) marks: HashMap<Key, VecDeque<(Mono, Moment)>>,
    /// When nobody watched in the last hour: from, and until.
    pub(super) gaps: VecDeque<(Mono, Mono)>,
    /// Messages that were recorded up to here, latest first, no more than a screen shows.
    pub(super) messages: VecDeque<Message>,
    /// The content that each name came into force with last.
    pub(super) versions: HashMap<Arc<str>, ContentKey>,
}

impl Fold {
    pub(super) fn new(config: Config) -> Self {
        Self {
            core: Core::new(config),
            at: (Mono(0), Timestamp::UNIX_EPOCH),
            marks: HashMap::new(),
            gaps: VecDeque::new(),
            messages: VecDeque::new(),
            versions: HashMap::new(),
        }
    }

    fn seq(&self) -> u64 {
        self.core.state().seq()
    }

    pub(super) fn take(&mut self, recorded: &Arc<Recorded>) {
        self.core.replay(recorded);
        match recorded.event.concern() {
            Concern::Engine(event) => self.take_engine_event(event, recorded),
            Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => {}
        }
        self.at = (recorded.mono, recorded.wall);
        if let (Some(moment), Some(key)) =
            (history_view::moment(&recorded.event), self.key_of(recorded.event.incident()))
        {
            let marks = self.marks.entry(key).or_default();
            while marks.front().is_some_and(|(at, _)| recorded.mono.since(*at) > HOUR) {
                marks.pop_front();
            }
            marks.push_back((recorded.mono, moment));
        }
    }

    fn take_engine_event(&mut self, event: EngineEvent<'_>, recorded: &Recorded) {
        match event {
            EngineEvent::Started { watched_until } => self.unwatched(watched_until, recorded.mono),
            EngineEvent::Notice { about, text } => {
                self.messages.push_front(Message { at: recorded.wall, about: about.clone(), text: text.clone() });
                self.messages.truncate(MESSAGES);
            }
            EngineEvent::Adopted { content, name } => {
                self.versions.insert(Arc::clone(name), content.clone());
            }
            EngineEvent::RecordsLost => {}
        }
    }

    /// Nobody watched until now; where it was not recorded since when, the last event is all that is known.
    pub(super) fn unwatched(&mut self, since: Option<Mono>, until: Mono) {
        let since = since.unwrap_or(Mono(0)).max(self.at.0);
        while self.gaps.front().is_some_and(|(_, end)| until.since(*end) > HOUR) {
            self.gaps.pop_front();
        }
        // before the first event there was no engine at all
        if self.seq() > 1 && since < until {
            self.gaps.push_back((since, until));
        }
    }

    fn key_of(&self, incident: Option<IncidentId>) -> Option<Key> {
        incident.and_then(|id| self.core.state().incidents().get(id)).map(|incident| incident.key.clone())
    }
}

/// Folds at even distances.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// The first is empty; each further one stands a stride higher.
    rungs: Vec<Fold>,
    stride: u64,
    /// The latest moment that was asked for.
    here: Fold,
    /// The stretch of events that was read last.
    stretch: Vec<Arc<Recorded>>,
}

impl Checkpoints {
    pub(super) fn new(config: Config) -> Self {
        Self::of(config, STRIDE)
    }

    /// With so many events between two checkpoints, to begin with.
    pub(super) fn of(config: Config, stride: u64) -> Self {
        let empty = Fold::new(config);
        Self { rungs: vec![empty.clone()], stride, here: empty, stretch: Vec::new() }
    }

    /// How many checkpoints there are.
    #[cfg(test)]
    pub(super) fn height(&self) -> usize {
        self.rungs.len()
    }

    /// The fold after this event, which must be there, with the event; `progress` hears how far it has come.
    pub(super) fn at(
        &mut self,
        reader: &JournalReader,
        seq: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<Option<(&Fold, Arc<Recorded>)>, ReadError> {
        let below = self.rungs.iter().rposition(|rung| rung.seq() <= seq).unwrap_or(0);
        if self.here.seq() > seq || self.here.seq() < self.rungs[below].seq() {
            self.here = self.rungs[below].clone();
        }
        while self.here.seq() < seq {
            let end = (self.here.seq() / self.stride + 1) * self.stride;
            self.read(reader, self.here.seq(), end)?;
            let from = self.here.seq();
            let next = self.stretch.iter().filter(|recorded| recorded.seq > from && recorded.seq <= seq.min(end));
            let mut folded = false;
            for recorded in next {
                self.here.take(recorded);
                folded = true;
            }
            if !folded {
                return Ok(None);
            }
            self.keep();
            progress(self.here.seq());
        }
        self.read(reader, seq.saturating_sub(1) / self.stride * self.stride, seq)?;
        let event = self.stretch.iter().find(|recorded| recorded.seq == seq).cloned();
        Ok(event.map(|event| (&self.here, event)))
    }

    /// Has the events after `from` up to `end` at hand, as far as they are there.
    fn read(&mut self, reader: &JournalReader, from: u64, end: u64) -> Result<(), ReadError> {
        let first = self.stretch.first().map_or(u64::MAX, |first| first.seq);
        let last = self.stretch.last().map_or(0, |last| last.seq);
        if first <= from + 1 && last >= end {
            return Ok(());
        }
        if first <= from + 1 && last > from {
            // the journal has grown since
            self.stretch.extend(reader.events_between(last, end)?.into_iter().map(Arc::new));
        } else {
            // from a whole stride's beginning, because the next step is likely to go back
            let from = from / self.stride * self.stride;
            self.stretch = reader.events_between(from, end)?.into_iter().map(Arc::new).collect();
        }
        Ok(())
    }

    /// Keeps a checkpoint where one is due.
    fn keep(&mut self) {
        let highest = self.rungs.last().map_or(0, Fold::seq);
        if self.here.seq() != highest + self.stride {
            return;
        }
        self.rungs.push(self.here.clone());
        if self.rungs.len() > RUNGS {
            let mut even = false;
            self.rungs.retain(|_| {
                even = !even;
                even
            });
            self.stride *= 2;
        }
    }
}
