//! Event sources of watches: opened in a thread of their own, registered with the event loop, and reopened when they
//! are lost.

use std::sync::Arc;
use std::time::Duration;

use super::Dispatch;
use crate::check::events::event_loop::LoopCommand;
use crate::check::events::event_source::{EventDescriptor, EventFd, OwnSources};
use crate::check::kind::SharedSource;
use crate::check::report::MonitorEvent;
use crate::check::subject::Subject;
use crate::core::WatchId;
use crate::foreign;
use crate::playbook::Check;

/// How long a folder may take to be opened; after that it is only polled.
const SOURCES: Duration = Duration::from_secs(5);

/// What has to be probed again when an event source announces a change.
#[derive(Debug, Clone)]
pub(super) enum Wakeup {
    /// Everything that depends on the mount table.
    Mounts,
    /// The one subject that the source tells of.
    Subject(Arc<Subject>),
}

impl Dispatch {
    /// Opens a subject's event sources in a task of their own, because a dead mount may block that.
    pub(super) fn open_sources(&mut self, watch: &Arc<WatchId>, subject: &Arc<Subject>, check: &Arc<Check>) {
        if subject.shared_source() == SharedSource::MountTable
            && !self.mounts_registered
            && let Ok(table) = std::fs::File::open(crate::host::mounts::TABLE)
        {
            self.mounts_registered = true;
            // One source serves all subjects, and is never closed.
            self.register(Wakeup::Mounts, EventFd::Descriptor(EventDescriptor::Mounts(table.into())));
        }
        let wanted = subject.own_sources(check, self.prober.folders());
        let Some(OwnSources { path, open }) = wanted else { return };
        let events = self.events.clone();
        let (watch, subject) = (watch.clone(), subject.clone());
        tokio::spawn(async move {
            if let Ok(sources) = foreign::task("events in", &path, SOURCES, open).await {
                let _ = events.send(MonitorEvent::Sources(watch, subject, sources));
            }
        });
    }

    pub(super) fn register(&mut self, wakeup: Wakeup, source: EventFd) -> u64 {
        self.tokens += 1;
        self.sources.insert(self.tokens, wakeup);
        self.prober.send(LoopCommand::Register(self.tokens, source));
        self.tokens
    }

    /// Probes what an event source announced; a source that is closed meanwhile announces nothing.
    pub(super) fn woken(&mut self, token: u64) {
        match self.sources.get(&token).cloned() {
            Some(Wakeup::Mounts) => {
                let affected = |subject: &&Arc<Subject>| subject.shared_source() == SharedSource::MountTable;
                let subjects: Vec<_> = self.entries.keys().filter(affected).cloned().collect();
                for subject in subjects {
                    self.soon(&subject);
                }
            }
            Some(Wakeup::Subject(subject)) => self.soon(&subject),
            None => {}
        }
    }

    /// Registers the opened sources, unless the watch has ended meanwhile.
    pub(super) fn register_all(&mut self, watch: &Arc<WatchId>, subject: &Arc<Subject>, sources: Vec<EventFd>) {
        if sources.is_empty() || self.watches.get(watch).is_none_or(|watched| watched.subject != *subject) {
            return;
        }
        let tokens: Vec<u64> =
            sources.into_iter().map(|source| self.register(Wakeup::Subject(subject.clone()), source)).collect();
        self.registered.entry(watch.clone()).or_default().extend(tokens);
        // Changes until now were not reported.
        self.begin(subject);
    }

    /// Notes that a source is gone. Probes look for its replacement, and register it once it exists.
    pub(super) fn lost(&mut self, token: u64) {
        self.sources.remove(&token);
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

    /// Tries to open the lost sources of a subject's watches again; called after each probe.
    pub(super) fn reopen(&mut self, subject: &Arc<Subject>) {
        if self.unwatched.is_empty() {
            return;
        }
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
