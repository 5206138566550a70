//! Which processes started, or changed their name or user, since the last look: so that a look reads those, and not ten
//! thousand folders of `/proc`.
//!
//! The best way that this host offers is taken; each falls back on the one below it.
//!
//! | way | can be had | tells | misses | costs |
//! |---|---|---|---|---|
//! | [`connector`] | in the initial namespaces of processes and users, by root (from Linux 6.6 on by all) | every fork, `exec`, new name, new user | nothing; where its queue overran, it says so | up to 4 MiB in the kernel, and no measurable time of who forks; salve sleeps, and needs about 1 µs per event at the next look |
//! | [`id_counter`] | wherever `/proc` is of salve's own namespace | every id given out | `exec` and new names of processes older than three seconds; ids that are chosen, as by CRIU | a line each of two files, and about 1 µs per id |
//! | listing `/proc` | everywhere | everything new | as the id counter | 1 to 3 µs per process of the host, however few are new |
//!
//! What is missed is found by the process table: it lists `/proc` once a minute in any case, and reads all processes
//! again once in a while. An end is none of the matters here, because a pidfd reports it.

mod changes;
pub mod connector;
pub mod id_counter;

pub use changes::{ChangeSource, Changes};
use connector::ProcessConnector;
use id_counter::IdCounter;

/// The best way that this host offers.
#[derive(Debug)]
pub enum ProcessChanges {
    /// The kernel announces them.
    Announced(ProcessConnector),
    /// The kernel's count of ids tells which are new.
    Counted(IdCounter),
    /// Nobody tells: every look lists `/proc`.
    Listed,
}

impl ProcessChanges {
    /// Begins to collect changes.
    pub fn collect() -> Self {
        ProcessConnector::open().map_or_else(|_| Self::counted(), Self::Announced)
    }

    /// The best way without the connector.
    pub fn counted() -> Self {
        IdCounter::of_this_host().map_or(Self::Listed, Self::Counted)
    }
}

impl ChangeSource for ProcessChanges {
    fn take(&mut self) -> Changes {
        match self {
            Self::Announced(connector) => match connector.take() {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::warn!("the kernel ceased to announce processes: {error}");
                    *self = Self::counted();
                    Changes::Unknown
                }
            },
            Self::Counted(counter) => counter.take(),
            Self::Listed => Changes::Unknown,
        }
    }

    fn found(&mut self, newcomers: &[i32]) {
        match self {
            Self::Counted(counter) if !counter.explains(newcomers) => *self = Self::Listed,
            // A process can be listed a moment before its fork is announced.
            Self::Announced(_) | Self::Counted(_) | Self::Listed => {}
        }
    }
}
