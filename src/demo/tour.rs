//! The play without keys: breaks one thing after the other, says what is seen, waits until it is so.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::fault::DemoFault;
use super::stage::DemoStage;
use crate::console::Caption;
use crate::core::incident::BreakerState;
use crate::core::{Command, Refusal};
use crate::engine::handle::Subscription;
use crate::engine::snapshot::{Health, IncidentStage as At, IncidentView};
use crate::engine::{Handle, Snapshot};

/// Time to read a caption.
const READ: Duration = Duration::from_secs(4);
/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// The tour could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TourError {
    /// What was to be shown did not come.
    #[error("the tour stopped: {0} did not happen within {limit} s", limit = PATIENCE.as_secs())]
    Never(&'static str),
    /// The yes was not taken.
    #[error("the tour stopped: {0}")]
    Refused(#[from] Refusal),
    /// The engine went away.
    #[error("the tour stopped: the engine has ended")]
    Gone,
}

/// One picture of the recorded tour: the engine's state and the text that explains it.
#[derive(Debug, Clone)]
pub struct RecordedFrame {
    /// The state of the engine at that moment.
    pub snapshot: Arc<Snapshot>,
    /// The text that explains what is on the screen.
    pub caption: Arc<str>,
}

/// Plays it all; `seen` is called at each moment that is worth a picture. The caption says when it is over.
///
/// # Errors
/// See [`TourError`].
pub async fn play(
    handle: &Handle,
    stage: &DemoStage,
    caption: &watch::Sender<Caption>,
    seen: &mut (dyn FnMut(RecordedFrame) + Send + Sync),
) -> Result<(), TourError> {
    let mut guide = Guide { handle, stage, caption, seen, state: handle.snapshots(), says: "".into() };
    let played = guide.play().await;
    caption.send_replace(Caption::Over);
    played
}

struct Guide<'a> {
    handle: &'a Handle,
    stage: &'a DemoStage,
    caption: &'a watch::Sender<Caption>,
    seen: &'a mut (dyn FnMut(RecordedFrame) + Send + Sync),
    state: Subscription,
    says: Arc<str>,
}

impl Guide<'_> {
    async fn play(&mut self) -> Result<(), TourError> {
        self.say("Real processes, each watched by a real playbook: a shop, a ledger, a scratch disk, ten jobs. Line 1 is the summary; the gauge below it is the share of incidents fixed without a human.").await;
        self.until("a healthy host", |state| {
            state.detectors.len() >= 4 && state.detectors.iter().all(|row| row.health == Health::Ok)
        })
        .await?;
        self.read().await;
        self.healed().await?;
        self.approved().await?;
        self.broken_for_good().await?;
        self.say("The gauge: three of four incidents were fixed without a human, which is in the target band. Below 70 %, too few are fixed; at 100 %, only easy faults are watched. This is the end; in `salve demo`, F breaks things.").await;
        self.read().await;
        Ok(())
    }

    async fn healed(&mut self) -> Result<(), TourError> {
        self.say(
            "DETECT. Two jobs are killed now. The kernel reports a death immediately; the playbook waits until the \
             fault has lasted 2 s.",
        )
        .await;
        self.stage.make(DemoFault::KillJobs);
        self.until("an incident of a job", |state| open(state, "jobs").is_some()).await?;
        self.say(
            "REMEDIATE. The intent is in the journal before anything runs; then the playbook's first rung restarts \
             them. VERIFY. A successful start proves nothing: the jobs must run, and keep running.",
        )
        .await;
        self.until("fixed jobs", |state| open(state, "jobs").is_none()).await?;
        self.say(
            "Fixed without a human, and recorded. Next, a burst of log fills the scratch disk; its playbook deletes \
             old files and verifies that this freed space.",
        )
        .await;
        self.stage.make(DemoFault::FillDisk);
        self.until("a full disk", |state| open(state, "scratch").is_some()).await?;
        self.until("a disk with free space", |state| open(state, "scratch").is_none()).await?;
        Ok(())
    }

    async fn approved(&mut self) -> Result<(), TourError> {
        self.say("The ledger leaks memory now. A restart would lose its data: its playbook says high risk, so nothing runs without approval.").await;
        self.stage.make(DemoFault::Leak);
        let asks = |state: &Snapshot| {
            let found = open(state, "ledger")?;
            match &found.stage {
                At::Asking(request) => Some((found.id, request.plan.digest.clone())),
                _ => None,
            }
        };
        self.until("an approval request", |state| asks(state).is_some()).await?;
        let (incident, digest) = asks(&self.now()).ok_or(TourError::Never("an approval request"))?;
        self.say("It is AWAITING APPROVAL. `a` shows exactly what would run; you approve that plan and no other. The tour approves it for you.").await;
        self.read().await;
        let command = Command::Approve { incident, digest, reason: "approved by the tour".into() };
        self.handle.command(command).await?;
        self.until("a fixed ledger", |state| open(state, "ledger").is_none()).await?;
        self.say("Done as approved, and verified: memory is below its limit again.").await;
        self.read().await;
        Ok(())
    }

    async fn broken_for_good(&mut self) -> Result<(), TourError> {
        self.say("Now the shop breaks permanently: no restart helps. A tool that restarts it forever would hide that.")
            .await;
        self.stage.make(DemoFault::BreakForGood);
        self.until("an open breaker", |state| breaker(state).is_some_and(|it| matches!(it, BreakerState::Open { .. })))
            .await?;
        self.say("ESCALATE. Three attempts were not verified: the breaker is OPEN, restarts have stopped, and a page with the evidence went to the ticket folder.").await;
        self.read().await;
        self.say("Someone fixes the cause. The shop is still down: after the cooldown the breaker is half-open and lets exactly one attempt through.").await;
        self.stage.make(DemoFault::Repair);
        self.until("a fixed shop", |state| open(state, "shop").is_none()).await?;
        self.say("That attempt was verified: the breaker is closed again.").await;
        self.read().await;
        Ok(())
    }

    fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.state.borrow())
    }

    async fn say(&mut self, text: &str) {
        self.show();
        self.says = text.into();
        self.caption.send_replace(Caption::Says(Arc::clone(&self.says)));
        sleep(READ / 8).await;
        self.show();
        sleep(READ / 4).await;
    }

    fn show(&mut self) {
        let frame = RecordedFrame { snapshot: self.now(), caption: Arc::clone(&self.says) };
        (self.seen)(frame);
    }

    async fn read(&self) {
        sleep(READ).await;
    }

    async fn until(&mut self, what: &'static str, is: impl Fn(&Snapshot) -> bool) -> Result<(), TourError> {
        let found = timeout(PATIENCE, self.state.wait_for(|state| is(state))).await;
        found.map_err(|_| TourError::Never(what))?.map_err(|_| TourError::Gone)?;
        Ok(())
    }
}

fn open<'s>(state: &'s Snapshot, playbook: &str) -> Option<&'s IncidentView> {
    let of = |found: &&Arc<IncidentView>| &*found.playbook == playbook && !matches!(found.stage, At::Closed { .. });
    state.incidents.iter().find(of).map(AsRef::as_ref)
}

fn breaker(state: &Snapshot) -> Option<&BreakerState> {
    state.breakers.iter().find(|found| &*found.playbook == "shop").map(|found| &found.state)
}
