//! Sources of events: opened apart, hung up on the one thread that hears them, and opened again when they are gone.

use std::sync::Arc;
use std::time::Duration;

use super::Dispatch;
use crate::check::event_loop::{LoopCommand, MonitorEvent};
use crate::check::event_source::{EventFd, Ringing, Wakeup};
use crate::check::registry::{self, Opening};
use crate::check::subject::Subject;
use crate::core::WatchId;
use crate::foreign;
use crate::playbook::Check;

/// A folder that does not answer for so long has no events.
const SOURCES: Duration = Duration::from_secs(5);

impl Dispatch {
    /// Has the sources of a subject's events made ready, apart: a dead mount may hold that up.
    pub(super) fn open_sources(&mut self, watch: &Arc<WatchId>, subject: &Arc<Subject>, check: &Arc<Check>) {
        if matches!(**subject, Subject::Filesystem(_) | Subject::Mount(_))
            && !self.mounts_registered
            && let Ok(table) = std::fs::File::open(crate::host::mounts::TABLE)
        {
            self.mounts_registered = true;
            // One for all, for good.
            self.register(Wakeup::Mounts, EventFd::Descriptor(Ringing::Mounts(table.into())));
        }
        let wanted = registry::sources(check, subject, self.prober.folders());
        let Some(Opening { path, open }) = wanted else { return };
        let events = self.events.clone();
        let (watch, subject) = (watch.clone(), subject.clone());
        tokio::spawn(async move {
            if let Ok(sources) = foreign::task("events in", &path, SOURCES, open).await {
                let _ = events.send(MonitorEvent::Sources(watch, subject, sources));
            }
        });
    }

    pub(super) fn register(&mut self, wakeup: Wakeup, source: EventFd) -> u64 {
        self.sources += 1;
        self.prober.send(LoopCommand::Register(self.sources, wakeup, source));
        self.sources
    }

    /// Hangs up what was made ready, unless nobody watches any more.
    pub(super) fn register_all(&mut self, watch: &Arc<WatchId>, subject: &Arc<Subject>, sources: Vec<EventFd>) {
        if sources.is_empty() || self.watches.get(watch).is_none_or(|watched| watched.subject != *subject) {
            return;
        }
        let tokens: Vec<u64> =
            sources.into_iter().map(|source| self.register(Wakeup::Subject(subject.clone()), source)).collect();
        self.registered.entry(watch.clone()).or_default().extend(tokens);
        // What happened until now nobody told.
        self.begin(subject);
    }

    /// A source is gone. What comes in its place is waited for by looking, and hung up once it is there.
    pub(super) fn lost(&mut self, token: u64) {
        let Some(watch) =
            self.registered.iter().find(|(_, tokens)| tokens.contains(&token)).map(|(watch, _)| watch.clone())
        else {
            return;
        };
        if let Some(tokens) = self.registered.get_mut(&watch) {
            tokens.retain(|one| *one != token);
        }
        self.unwatched.insert(watch);
    }

    /// Watches whose source is gone: tried again after each look.
    pub(super) fn reopen(&mut self, subject: &Arc<Subject>) {
        let watches = self.entries.get(subject).map(|entry| entry.watches.clone()).unwrap_or_default();
        for watch in watches {
            if self.unwatched.remove(&watch)
                && let Some(check) = self.watches.get(&watch).map(|watched| watched.check.clone())
            {
                self.open_sources(&watch, subject, &check);
            }
        }
    }
}
