//! What is done where systemd does not answer, and once it answers again.

use std::sync::Arc;

use super::SystemdSilence;
use crate::core::detector::{Detector, DetectorState};
use crate::core::id::Key;
use crate::core::incident::{Cause, Phase};
use crate::core::machine::Core;
use crate::core::time::timers::Timer;
use crate::playbook::{Check, Mode};

/// About what its messages are.
const ABOUT: &str = "systemd";

impl Core {
    /// Why systemd does not answer; none where it does, or has not been silent for long.
    #[must_use]
    pub fn silent_systemd(&self) -> Option<&SystemdSilence> {
        self.silence.as_ref().filter(|silence| silence.told)
    }

    /// systemd ceased to answer, or answers again.
    pub(in crate::core) fn systemd_is(&mut self, answers: Result<(), Arc<str>>) {
        match (answers, self.silence.take()) {
            (Err(_), Some(silence)) => self.silence = Some(silence),
            (Err(why), None) => {
                self.silence = Some(SystemdSilence { since: self.now.mono, why, told: false });
                self.timers.set(Timer::Silence, self.now.mono + self.config.silence_bound);
            }
            (Ok(()), silence) => {
                self.timers.cancel(&Timer::Silence);
                if let Some(silence) = silence.filter(|silence| silence.told) {
                    let seconds = self.now.mono.since(silence.since).as_secs();
                    self.note(ABOUT, &format!("systemd responds again after {seconds} s"));
                }
            }
        }
    }

    /// The bound has passed, or a key that is unseen is looked for once more.
    pub(in crate::core) fn silence_lasts(&mut self) {
        let Some(silence) = &mut self.silence else { return };
        let why = Arc::clone(&silence.why);
        if !std::mem::replace(&mut silence.told, true) {
            let seconds = self.config.silence_bound.as_secs();
            self.note(
                ABOUT,
                &format!("systemd has not responded for {seconds} s, so the state of units is unknown: {why}"),
            );
        }
        self.page_silence(why);
        // there may be nobody yet in whose name a human can be called
        self.timers.set(Timer::Silence, self.now.mono + self.config.silence_bound);
    }

    /// One page, in the name of the first key that may call.
    fn page_silence(&mut self, why: Arc<str>) {
        let called = |cause: &Cause| matches!(cause, Cause::SystemdSilent { .. });
        if self.state.escalations().calls().any(|call| called(&call.cause)) {
            return;
        }
        let mut unseen: Vec<Key> = self
            .keys
            .iter()
            .filter(|(_, watched)| self.unseen_by_silence(watched))
            .map(|(key, _)| key.clone())
            .collect();
        unseen.sort_unstable();
        let cause = Cause::SystemdSilent { why, targets: unseen.len() };
        for key in unseen {
            if !matches!(self.mode_in_force(&key), Mode::Auto | Mode::Ask) || self.quiet(&key) {
                continue;
            }
            let since = self.keys.get(&key).map_or(self.now.mono, |watched| watched.since);
            let id = match self.state.incident_of(&key) {
                Some(open) if matches!(open.phase(), Phase::Firing | Phase::Held(_)) && open.escalation.is_none() => {
                    Some(open.id)
                }
                Some(_) => None,
                None if self.keys.get(&key).is_some_and(|watched| watched.muted) => None,
                None => self.open_as(&key, since, self.detector_readings(&key)),
            };
            if let Some(id) = id {
                return self.escalate(id, cause);
            }
        }
    }

    /// Is this key unseen only because systemd does not answer? Then the one page stands for it.
    pub(in crate::core) fn unseen_by_silence(&self, watched: &Detector) -> bool {
        let check = watched.playbook.detect.checks.get(watched.telling());
        let asks_systemd = check.is_some_and(Check::is_answered_by_systemd);
        self.silence.is_some() && asks_systemd && watched.fault == DetectorState::Unknown
    }
}
