//! What can be read of the machine: for snapshots and for tests. Nothing here changes anything.

use std::sync::Arc;

use super::Core;
use super::input::Binding;
use crate::core::detector::Detector;
use crate::core::detector::reading::Reading;
use crate::core::id::{IncidentId, Key};
use crate::core::incident::Incident;
use crate::core::state::State;
use crate::core::success::Healing;
use crate::core::success::automation_gaps::Wanting;
use crate::core::success::rate::{PlaybookRates, Rates, Trend};
use crate::core::time::{Mono, Now};
use crate::playbook::{ContentKey, Playbook};

impl Core {
    /// How often the fault of a key began within the last hour, where it flaps.
    #[must_use]
    pub fn flapping(&self, key: &Key) -> Option<u8> {
        let known = self.state.flapping().get(key)?.onsets;
        let onsets = self.keys.get(key).map_or(0, |watched| watched.alternation.onsets());
        Some(u8::try_from(onsets.max(usize::try_from(known).unwrap_or(usize::MAX))).unwrap_or(u8::MAX))
    }

    /// The durable state: the fold of the journal.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The latest moment that it was handed.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// Can records be written? If not, why.
    pub const fn recording(&self) -> &Result<(), Arc<str>> {
        &self.recording
    }

    /// Every watched key, in no order.
    pub fn watched(&self) -> impl Iterator<Item = (&Key, &Detector)> {
        self.keys.iter()
    }

    /// What is known of one watched key.
    #[must_use]
    pub fn watched_key(&self, key: &Key) -> Option<&Detector> {
        self.keys.get(key)
    }

    /// Bindings that came to nothing on this host.
    #[must_use]
    pub fn absent(&self) -> &[Binding] {
        &self.absent
    }

    /// Since when a binding has come to nothing here, as far as this process has seen.
    #[must_use]
    pub fn absent_since(&self, binding: &Binding) -> Mono {
        let place = (binding.playbook.content.clone(), binding.resolution.written());
        self.absent_since.get(&place).copied().unwrap_or(self.now.mono)
    }

    /// The open incident of a binding whose target went missing.
    #[must_use]
    pub fn incident_of_absent(&self, binding: &Binding) -> Option<&Incident> {
        let written = binding.resolution.written();
        let same =
            |one: &&Incident| one.key.content == binding.playbook.content && one.key.target.to_string() == *written;
        self.state.incidents().open().find(same)
    }

    /// The playbook of this content, if it is in force or an open incident began with it.
    #[must_use]
    pub fn playbook(&self, content: &ContentKey) -> Option<&Arc<Playbook>> {
        self.books.get(content)
    }

    /// An open incident, or one of the latest closed ones.
    #[must_use]
    pub fn find(&self, id: IncidentId) -> Option<&Incident> {
        self.state.incidents().find(id)
    }

    /// The verifier's readings of an incident that count, in the order of its checks.
    pub fn verifier_readings(&self, id: IncidentId) -> &[Option<Reading>] {
        self.live.get(&id).map_or(&[], |live| &live.verifier)
    }

    /// The success rate now.
    #[must_use]
    pub fn rates(&self) -> Rates {
        self.state.success().rates(self.now.mono)
    }

    /// The same for every playbook that had an incident in the last 30 days, by name.
    #[must_use]
    pub fn rates_by_playbook(&self) -> Vec<PlaybookRates> {
        self.state.success().by_playbook(self.now.mono)
    }

    /// How the success rate went.
    #[must_use]
    pub fn trend(&self) -> Trend {
        self.state.success().trend(self.now.mono)
    }

    /// The remediations to write next, most wanted first.
    #[must_use]
    pub fn wanting(&self) -> Vec<Wanting> {
        self.state.success().wanting(self.now.mono)
    }

    /// Keys that healed so often in the last 7 days that they need a real fix, with their healings.
    #[must_use]
    pub fn recurring(&self) -> Vec<(&Key, Vec<&Healing>)> {
        self.state.success().recurring(self.now.mono)
    }
}
