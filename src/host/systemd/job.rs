//! A verb, carried out and waited for.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use zbus::{MatchRule, MessageStream, OwnedObjectPath};

use super::proxy::{MANAGER, ManagerProxy, SERVICE};
use super::{ANSWER, Systemd, SystemdError, next, within};
use crate::playbook::action::UnitVerb;

/// How a job ended, in systemd's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobResult {
    /// Carried out.
    Done,
    /// The unit failed.
    Failed,
    /// Another job took its place, or somebody cancelled it.
    Canceled,
    /// systemd's own time for it ran out.
    Timeout,
    /// A unit that it needs failed.
    Dependency,
    /// Not applicable to the unit's state now.
    Skipped,
    /// Another word.
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
            other => Self::Other(crate::text::clean_line(other).as_ref().into()),
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

/// Did this process ask for this job?
#[must_use]
pub fn own_job(id: u32) -> bool {
    OWN.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
}

fn remember_own(path: &OwnedObjectPath) {
    let Some(id) = path.as_str().rsplit('/').next().and_then(|id| id.parse().ok()) else { return };
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if own.len() >= OWN_KEPT {
        own.pop_front();
    }
    own.push_back(id);
}

/// The signal that a job is over: number, object, unit, result.
type Removed = (u32, OwnedObjectPath, String, String);

impl Systemd {
    /// Asks for a verb on a unit and waits until its job is over; `reset-failed` needs no job.
    ///
    /// A job that outlives the deadline is left in systemd's queue: half a restart would be worse than a late one.
    ///
    /// # Errors
    /// Where systemd refused, could not be asked, or the end was not seen.
    pub async fn job(&self, unit: &str, verb: UnitVerb, deadline: Instant) -> Result<JobResult, SystemdError> {
        let began = Instant::now();
        let connection = self.connection().await?;
        let manager = self.manager().await?;
        if verb == UnitVerb::ResetFailed {
            return within(ANSWER, manager.reset_failed_unit(unit)).await.map(|()| JobResult::Done);
        }
        // Listening comes first: a short job is over before its own call has returned.
        let rule = async {
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .sender(SERVICE)
                .path(MANAGER)
                .interface("org.freedesktop.systemd1.Manager")
                .member("JobRemoved")
                .build()?;
            MessageStream::for_match_rule(rule, &connection, None).await
        };
        let mut over = within(ANSWER, rule).await?;
        let _ = within(ANSWER, manager.subscribe()).await;
        let job = within(ANSWER, asked(&manager, unit, verb)).await?;
        remember_own(&job);
        match timeout_at(deadline, removal(&mut over, &job)).await {
            Ok(Some(result)) => Ok(result),
            Ok(None) => self.outlast(&job, began, deadline).await,
            Err(_) => Err(SystemdError::JobGoesOn(began.elapsed())),
        }
    }

    /// What a job does: `start`, `stop`, `restart`; none where it is over or cannot be asked.
    pub async fn job_kind(&self, id: u32) -> Option<Arc<str>> {
        let path = OwnedObjectPath::try_from(format!("/org/freedesktop/systemd1/job/{id}")).ok()?;
        let object = super::unit::properties(self, &path).await.ok()?;
        let kind = within(ANSWER, object.get("org.freedesktop.systemd1.Job", "JobType")).await.ok()?;
        <&str>::try_from(&kind).ok().map(Into::into)
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
            let state = within(ANSWER, object.get("org.freedesktop.systemd1.Job", "State")).await;
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

/// The end of this job; none where the line broke first.
async fn removal(over: &mut MessageStream, job: &OwnedObjectPath) -> Option<JobResult> {
    while let Some(message) = next(over).await {
        let Ok(message) = message else { return None };
        let body = message.body();
        let Ok((_, path, _, result)) = body.deserialize::<Removed>() else { continue };
        if path == *job {
            return Some(JobResult::from_word(&result));
        }
    }
    None
}
