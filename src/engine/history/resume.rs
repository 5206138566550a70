//! What the journal knows of the last hour, for an engine that takes up its work: a screen that is opened after a
//! restart shows what was seen before it, and where nobody watched.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::checkpoints::Fold;
use super::historical_readings::HistoricalReadings;
use super::serve::HistoryContext;
use crate::core::machine::history_view::PastDetector;
use crate::core::{Config, Core, Now, Recorded};
use crate::journal::{JournalReader, ReadError};

/// The journal's events, folded for an engine and for its last hour.
#[derive(Debug)]
pub struct LastHour(Fold);

impl LastHour {
    /// Of these events, in order.
    #[must_use]
    pub fn of(events: &[Arc<Recorded>], config: Config) -> Self {
        let mut fold = Fold::new(config);
        for recorded in events {
            fold.take(recorded);
        }
        Self(fold)
    }

    /// The machine that the events come to.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.0.core
    }

    /// Nobody has watched since `watched_until`, and somebody does from now on.
    pub fn resume(&mut self, watched_until: Option<crate::core::Mono>, now: Now) {
        self.0.unwatched(watched_until, now.mono);
        self.0.at = (now.mono, now.wall);
    }

    /// Reads what was seen of what is bound today, once that is known, and tells the engine. A journal that cannot be
    /// read costs the picture only.
    pub async fn send_readings(
        self,
        state: PathBuf,
        mut today: watch::Receiver<Arc<HistoryContext>>,
        to: mpsc::UnboundedSender<Vec<PastDetector>>,
    ) {
        if today.changed().await.is_err() {
            return;
        }
        let today = Arc::clone(&today.borrow_and_update());
        let read = tokio::task::spawn_blocking(move || self.seen(&state, &today)).await;
        match read {
            // an engine that has ended has no screen
            Ok(Ok(detectors)) => drop(to.send(detectors)),
            Ok(Err(error)) => tracing::warn!(%error, "the last hour is not shown: the readings cannot be read"),
            Err(error) => tracing::warn!(%error, "the last hour is not shown"),
        }
    }

    /// What was seen of each key in the last hour.
    pub(super) fn seen(&self, state: &Path, today: &HistoryContext) -> Result<Vec<PastDetector>, ReadError> {
        let reader = JournalReader::open(state)?;
        Ok(HistoricalReadings::default().at(&reader, &self.0, today, self.0.at.0)?.0)
    }
}
