//! A state that is too much for one message: its long lists go before it, in parts that each fit. The lists of a state
//! are as long as the host has targets and incidents, so there is no length that no state ever has.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use tokio_util::bytes::Bytes;

use super::ToClient;
use super::delta::{Difference, Mismatch};
use super::wire::{WireError, encode};
use crate::engine::Snapshot;
use crate::engine::snapshot::{BreakerView, DetectorView, IncidentView, PlaybookView, Recurring, Snooze};

/// A message about the state is about so long at most, in bytes.
const MESSAGE: usize = 4 << 20;
/// No state is held that is longer, in bytes of JSON: the other end decides what it says, not how much of it is kept.
pub const STATE: usize = 32 << 20;
/// Incidents keep their stories in a state as far as these take so many bytes, the latest first. Every story can be
/// asked for by itself.
const STORIES: usize = STATE / 2;

/// Rows of a state that did not fit into its own message, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotPart {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    detectors: Vec<DetectorView>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    incidents: Vec<Arc<IncidentView>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    playbooks: Vec<Arc<PlaybookView>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    snoozes: Vec<Snooze>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    breakers: Vec<BreakerView>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recurring: Vec<Recurring>,
}

impl SnapshotPart {
    /// Adds the rows of a later part.
    fn extend(&mut self, later: Self) {
        self.detectors.extend(later.detectors);
        self.incidents.extend(later.incidents);
        self.playbooks.extend(later.playbooks);
        self.snoozes.extend(later.snoozes);
        self.breakers.extend(later.breakers);
        self.recurring.extend(later.recurring);
    }

    /// Puts these rows before those of the state that they belong to.
    fn complete(self, snapshot: &mut Snapshot) {
        prepend(self.detectors, &mut snapshot.detectors);
        prepend(self.incidents, &mut snapshot.incidents);
        prepend(self.playbooks, &mut snapshot.playbooks);
        prepend(self.snoozes, &mut snapshot.snoozes);
        prepend(self.breakers, &mut snapshot.breakers);
        prepend(self.recurring, &mut snapshot.recurring);
    }
}

fn prepend<T>(mut rows: Vec<T>, list: &mut Vec<T>) {
    rows.append(list);
    *list = rows;
}

/// Puts a state together from its messages, and keeps it within its bound.
#[derive(Debug, Default)]
pub(in crate::control) struct Assembler {
    part: SnapshotPart,
    /// The state takes at most so many bytes: what was heard of it since it was last measured or told whole.
    bytes: usize,
}

/// Why a message about the state is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::control) enum StateError {
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error("its state is larger than {} MiB", STATE >> 20)]
    TooLarge,
}

impl Assembler {
    /// Rows of the state that comes next, from a message of this length.
    pub fn part(&mut self, part: SnapshotPart, length: usize) -> Result<(), StateError> {
        if self.part == SnapshotPart::default() {
            self.bytes = 0;
        }
        self.grow(length)?;
        self.part.extend(part);
        Ok(())
    }

    /// The state with the rows that came before it.
    pub fn whole(&mut self, snapshot: Arc<Snapshot>, length: usize) -> Result<Arc<Snapshot>, StateError> {
        let part = std::mem::take(&mut self.part);
        if part == SnapshotPart::default() {
            self.bytes = length;
            return Ok(snapshot);
        }
        self.grow(length)?;
        let mut snapshot = Arc::unwrap_or_clone(snapshot);
        part.complete(&mut snapshot);
        Ok(Arc::new(snapshot))
    }

    /// The state after this change.
    pub fn changed(
        &mut self,
        change: Difference,
        known: &Snapshot,
        length: usize,
    ) -> Result<Arc<Snapshot>, StateError> {
        let new = change.onto(known)?;
        if self.grow(length).is_err() {
            // what was said replaced something, for the most part
            self.bytes = json_length(&new);
            self.grow(0)?;
        }
        Ok(Arc::new(new))
    }

    fn grow(&mut self, length: usize) -> Result<(), StateError> {
        self.bytes = self.bytes.saturating_add(length);
        if self.bytes > STATE { Err(StateError::TooLarge) } else { Ok(()) }
    }
}

/// The messages that tell a whole state.
///
/// # Errors
/// Where it cannot be said in JSON.
pub(in crate::control) fn whole(snapshot: &Arc<Snapshot>) -> Result<Vec<Bytes>, WireError> {
    let message = encode(&ToClient::Whole(Arc::clone(snapshot)))?;
    if message.len() <= MESSAGE {
        return Ok(vec![message]);
    }
    let (parts, rest) = split(Snapshot::clone(snapshot), MESSAGE);
    let mut messages = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        messages.push(encode(&ToClient::Part(Box::new(part)))?);
    }
    messages.push(encode(&ToClient::Whole(Arc::new(rest)))?);
    Ok(messages)
}

/// Is this message about a change too long, so that the state is told anew?
pub(in crate::control) const fn is_long(change: &Bytes) -> bool {
    change.len() > MESSAGE
}

/// The long lists of a state in parts of about so many bytes at most, and the state without them.
fn split(mut snapshot: Snapshot, most: usize) -> (Vec<SnapshotPart>, Snapshot) {
    let mut packer = Packer { parts: Vec::new(), left: 0, most };
    let mut stories = STORIES;
    let incidents = std::mem::take(&mut snapshot.incidents).into_iter().map(|incident| {
        let length = json_length(&incident);
        if length <= most.min(stories) {
            stories -= length;
            return incident;
        }
        Arc::new(IncidentView { story: Vec::new(), ..IncidentView::clone(&incident) })
    });
    packer.pack(incidents, |part| &mut part.incidents);
    packer.pack(std::mem::take(&mut snapshot.detectors), |part| &mut part.detectors);
    packer.pack(std::mem::take(&mut snapshot.playbooks), |part| &mut part.playbooks);
    packer.pack(std::mem::take(&mut snapshot.snoozes), |part| &mut part.snoozes);
    packer.pack(std::mem::take(&mut snapshot.breakers), |part| &mut part.breakers);
    packer.pack(std::mem::take(&mut snapshot.recurring), |part| &mut part.recurring);
    (packer.parts, snapshot)
}

struct Packer {
    parts: Vec<SnapshotPart>,
    /// What the last part still takes.
    left: usize,
    most: usize,
}

impl Packer {
    fn pack<T: Serialize>(
        &mut self,
        rows: impl IntoIterator<Item = T>,
        list: impl Fn(&mut SnapshotPart) -> &mut Vec<T>,
    ) {
        for row in rows {
            // and its comma
            let length = json_length(&row) + 1;
            if length > self.left || self.parts.is_empty() {
                self.parts.push(SnapshotPart::default());
                self.left = self.most;
            }
            self.left = self.left.saturating_sub(length);
            if let Some(part) = self.parts.last_mut() {
                list(part).push(row);
            }
        }
    }
}

/// How many bytes this takes in JSON.
fn json_length<T: Serialize>(value: &T) -> usize {
    let mut counted = Count(0);
    // nothing of the protocol fails to be said in JSON, and a counter takes everything
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Mono, Now};

    /// A state with so many rows of so many bytes.
    fn state(rows: usize, bytes: usize) -> Snapshot {
        let message: Arc<str> = "x".repeat(bytes).into();
        let bare = crate::engine::views::snapshot_builder::build(
            &crate::core::Core::new(crate::core::Config::default()),
            Now { mono: Mono(0), wall: jiff::Timestamp::UNIX_EPOCH, minute_of_day: 0 },
            crate::engine::views::snapshot_builder::Extras {
                generation: 1,
                host: "web-03".into(),
                operator: crate::core::Operator::default(),
                strip: None,
                recording: Ok(()),
                tries: std::collections::BTreeMap::new(),
                playbooks: Vec::new(),
                messages: Vec::new(),
                engine_stats: None,
                condition: |_| String::new(),
            },
        );
        let row = |number: usize| PlaybookView {
            name: format!("playbook-{number}").into(),
            origin: crate::playbook::Origin::Shipped,
            state: crate::engine::snapshot::PlaybookState::Rejected { diagnostics: "".into(), former_in_force: false },
            source: Arc::clone(&message),
        };
        Snapshot { playbooks: (0..rows).map(|number| Arc::new(row(number))).collect(), ..bare }
    }

    fn hear(assembler: &mut Assembler, message: &[u8]) -> Result<Option<Arc<Snapshot>>, StateError> {
        match serde_json::from_slice(message).unwrap() {
            ToClient::Part(part) => assembler.part(*part, message.len()).map(|()| None),
            ToClient::Whole(snapshot) => assembler.whole(snapshot, message.len()).map(Some),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_state_that_is_too_much_for_one_message_comes_in_parts_and_whole() {
        let large = Arc::new(state(3000, 5000));
        let messages = whole(&large).unwrap();
        assert!(messages.len() > 3 && messages.iter().all(|message| message.len() <= MESSAGE + 1000));
        let mut assembler = Assembler::default();
        let heard: Vec<_> = messages.iter().map(|message| hear(&mut assembler, message).unwrap()).collect();
        assert_eq!(heard.iter().flatten().collect::<Vec<_>>(), [&large]);
        // an ordinary one comes in one
        assert_eq!(whole(&Arc::new(state(3, 50))).unwrap().len(), 1);
    }

    #[test]
    fn a_state_grows_no_further_than_its_bound_however_it_is_said() {
        let mut assembler = Assembler::default();
        let mut known = state(1, 10);
        let mut grown = 0;
        let refused = loop {
            let mut next = Snapshot { generation: known.generation + 1, ..known.clone() };
            next.playbooks.extend(state(200, 5000).playbooks);
            let change = Difference::between(&known, &next);
            let length = json_length(&change);
            match assembler.changed(change, &known, length) {
                Ok(snapshot) => known = Arc::unwrap_or_clone(snapshot),
                Err(refused) => break refused,
            }
            grown += length;
            assert!(grown < 2 * STATE, "it grows on");
        };
        assert_eq!(refused, StateError::TooLarge);
        // in parts as well
        let part = SnapshotPart { playbooks: state(200, 5000).playbooks, ..SnapshotPart::default() };
        let mut assembler = Assembler::default();
        let fits = (0..100).take_while(|_| assembler.part(part.clone(), json_length(&part)).is_ok()).count();
        assert!((20..40).contains(&fits), "{fits}");
    }

    #[test]
    fn what_only_changes_is_no_growth() {
        let mut assembler = Assembler::default();
        let mut known = state(400, 5000);
        for _ in 0..40 {
            let mut next = Snapshot { generation: known.generation + 1, ..known.clone() };
            let source = if &*next.playbooks[0].source < "y" { "y" } else { "x" };
            for row in &mut next.playbooks {
                Arc::make_mut(row).source = source.repeat(5000).into();
            }
            let change = Difference::between(&known, &next);
            let length = json_length(&change);
            known = Arc::unwrap_or_clone(assembler.changed(change, &known, length).unwrap());
        }
    }
}
