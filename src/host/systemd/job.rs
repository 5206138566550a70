//! Starts a job of systemd and waits for its end.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};
use zbus::OwnedObjectPath;

use super::proxy::ManagerProxy;
use super::{Systemd, SystemdError, SystemdSignal};
use crate::playbook::action::UnitVerb;

/// How a job ended, in systemd's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobResult {
    /// systemd carried it out: the unit is in the wanted state.
    Done,
    /// The job was carried out, and the unit failed.
    Failed,
    /// Another job took its place, or somebody cancelled it.
    Canceled,
    /// systemd's own time for it ran out.
    Timeout,
    /// A unit that it needs failed.
    Dependency,
    /// Not applicable to the unit's state now.
    Skipped,
    /// A result that this version of salve does not know, as systemd spells it.
    Other(Arc<str>),
}

impl JobResult {
    fn from_word(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            "timeout" => Self::Timeout,
            "dependency" => Self::Dependency,
            "skipped" => Self::Skipped,
            other => Self::Other(super::unit::cleaned(other)),
        }
    }
}

impl fmt::Display for JobResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Timeout => "timeout",
            Self::Dependency => "dependency",
            Self::Skipped => "skipped",
            Self::Other(word) => word,
        })
    }
}

/// The latest jobs that this process asked for, so that its own stop is never taken for an operator's.
static OWN: Mutex<VecDeque<u32>> = Mutex::new(VecDeque::new());

/// More than are ever under way at once.
const OWN_KEPT: usize = 256;

/// So many ended jobs are remembered while the own one's number is still awaited.
const ENDED_KEPT: usize = 4096;

/// Did this process ask for this job?
#[must_use]
pub fn own_job(id: u32) -> bool {
    OWN.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
}

/// The job's number, remembered as one of ours.
fn remember_own(path: &OwnedObjectPath) -> Option<u32> {
    let id = path.as_str().rsplit('/').next()?.parse().ok()?;
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if own.len() >= OWN_KEPT {
        own.pop_front();
    }
    own.push_back(id);
    Some(id)
}

impl Systemd {
    /// Asks for a verb on a unit and waits until its job is over; `reset-failed` needs no job.
    ///
    /// A job that outlives the deadline is left in systemd's queue: half a restart would be worse than a late one.
    ///
    /// # Errors
    /// Where systemd refused, could not be asked, or the end was not seen.
    pub async fn job(&self, unit: &str, verb: UnitVerb, deadline: Instant) -> Result<JobResult, SystemdError> {
        let began = Instant::now();
        let manager = self.manager().await?;
        if verb == UnitVerb::ResetFailed {
            return self.ask(manager.reset_failed_unit(unit)).await.map(|()| JobResult::Done);
        }
        // Listening comes first: a short job is over before its own call has returned.
        let ended = Arc::new(EndedJobs::default());
        let noted = Arc::clone(&ended);
        let mut listening = self
            .listen(move |change| {
                if let SystemdSignal::JobRemoved { id, result, .. } = change {
                    noted.note(id, &result);
                }
            })
            .await?;
        let job = self.ask(asked(&manager, unit, verb)).await?;
        let id = remember_own(&job);
        let end = async {
            tokio::select! {
                result = ended.wait_for(id) => Some(result),
                () = listening.broken() => None,
            }
        };
        match timeout_at(deadline, end).await {
            Ok(Some(result)) => Ok(result),
            Ok(None) => self.outlast(&job, began, deadline).await,
            Err(_) => Err(SystemdError::JobGoesOn(began.elapsed())),
        }
    }

    /// The line broke while the job ran (the bus itself may be what is restarted): wait until the job is gone.
    async fn outlast(
        &self,
        job: &OwnedObjectPath,
        began: Instant,
        deadline: Instant,
    ) -> Result<JobResult, SystemdError> {
        while Instant::now() < deadline {
            sleep(Duration::from_millis(200)).await;
            let Ok(object) = super::unit::properties(self, job).await else { continue };
            let state = self.ask(object.get("org.freedesktop.systemd1.Job", "State")).await;
            if matches!(state, Err(SystemdError::Refused(_) | SystemdError::NoSuchUnit(_))) {
                return Err(SystemdError::JobUnseen);
            }
        }
        Err(SystemdError::JobGoesOn(began.elapsed()))
    }
}

async fn asked(manager: &ManagerProxy<'_>, unit: &str, verb: UnitVerb) -> zbus::Result<OwnedObjectPath> {
    const MODE: &str = "replace";
    match verb {
        UnitVerb::Start => manager.start_unit(unit, MODE).await,
        UnitVerb::Restart => manager.restart_unit(unit, MODE).await,
        UnitVerb::Reload => manager.reload_unit(unit, MODE).await,
        UnitVerb::Stop | UnitVerb::ResetFailed => manager.stop_unit(unit, MODE).await,
    }
}

/// How jobs ended since somebody began to listen; of a flood, the latest.
#[derive(Debug, Default)]
struct EndedJobs {
    results: Mutex<VecDeque<(u32, JobResult)>>,
    news: Notify,
}

impl EndedJobs {
    fn note(&self, id: u32, result: &str) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        if results.len() >= ENDED_KEPT {
            results.pop_front();
        }
        results.push_back((id, JobResult::from_word(result)));
        self.news.notify_one();
    }

    /// Waits until this job is over; only one may wait. No number means a job that cannot be told from others.
    async fn wait_for(&self, wanted: Option<u32>) -> JobResult {
        loop {
            let ended = {
                let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
                results.iter().find(|(id, _)| Some(*id) == wanted).map(|(_, result)| result.clone())
            };
            match ended {
                Some(result) => return result,
                None => self.news.notified().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_job_is_found_in_a_flood_whenever_it_came() {
        let ended = EndedJobs::default();
        ended.note(7, "failed");
        for id in 100..1000 {
            ended.note(id, "done");
        }
        assert_eq!(ended.wait_for(Some(7)).await, JobResult::Failed);
        let later = async { ended.note(8, "done") };
        assert_eq!(tokio::join!(ended.wait_for(Some(8)), later).0, JobResult::Done);
        for id in 0..100_000 {
            ended.note(id, "done");
        }
        assert_eq!(ended.results.lock().unwrap().len(), ENDED_KEPT);
    }
}
