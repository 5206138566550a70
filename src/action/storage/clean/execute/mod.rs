//! Safe deletion of aged files. You never want self-healing that deletes something irrecoverable.
//!
//! ```text
//! roots        where it may begin                 walk    the tree by descriptors -> the manifest, oldest first
//! holders      which files are open or locked     remove  final check, then deletion, by quarantine if others may write
//! eligibility  whether a file may be deleted      report  what was deleted, what was kept and why, the space gained
//! ```
//!
//! Dry run and real run are one path: the dry one stops right before the deletion itself.

mod eligibility;
mod holders;
mod plan;
mod remove;
mod report;
mod room;
mod roots;
mod walk;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::time::Instant as Started;

use self::eligibility::SkipReason;
use self::holders::{Holders, Locks};
use self::remove::{NotRemoved, Remover};
use self::report::{CleanReport, PassExtent};
use self::room::Room;
pub use self::room::words;
use self::roots::{OpenRoot, RootError};
use super::table::CleanAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::foreign::{self, MayHang};
use crate::host::paths::Paths;
use crate::playbook::Playbook;
use crate::playbook::value::Bound;

/// Files in one pass where the playbook names no cap.
pub const DEFAULT_MAX_FILES: u64 = 10_000;
/// Folders below the root.
pub const MAX_DEPTH: u32 = 32;
/// How long a pass without a deadline (a dry run) may take.
const DRY_LIMIT: Duration = Duration::from_mins(1);
/// How long after its deadline a pass may take to notice it; later it hangs on the disk.
const STUCK: Duration = Duration::from_secs(5);

/// A bound that the verifier sets for the file system.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCondition {
    /// A bound on the space in use, in bytes or percent.
    Used(Bound),
    /// A bound on the free space, in bytes or percent.
    Free(Bound),
    /// A bound on the inodes in use, as a count or in percent.
    Inodes(Bound),
}

/// Safe deletion below one folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedClean {
    /// The absolute path of the folder below which files are deleted.
    pub root: PathBuf,
    /// The entry of the list that allows it.
    pub base: PathBuf,
    /// Its device and inode when it was planned; none where it was not there.
    pub identity: Option<(u64, u64)>,
    /// Whether only rotated log files may be deleted.
    pub rotated_only: bool,
    /// How old a file must be, in milliseconds since the latest of its three times.
    pub older_than_ms: u64,
    /// How many files may be deleted at most.
    pub max_files: u64,
    /// How many bytes may be deleted at most; none for no limit.
    pub max_bytes: Option<u64>,
    /// How many folders deep the walk goes at most.
    pub max_depth: u32,
    /// Stop once all of these hold on the root's file system: what the verifier wants.
    pub enough: Vec<StopCondition>,
}

/// When a pass must end.
#[derive(Debug, Clone)]
struct Stop {
    deadline: Instant,
    cancelled: Arc<AtomicBool>,
}

impl Stop {
    fn at(deadline: Instant) -> Self {
        Self { deadline, cancelled: Arc::default() }
    }

    fn is_due(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

/// Nobody waits for the pass any more: it must not go on deleting.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does it, or only looks?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Dry,
    Real,
}

impl ActionKind for CleanAction {
    type Resolved = ResolvedClean;

    async fn plan(&self, playbook: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        plan::plan(self, playbook, context).await
    }

    /// What it would do, line by line.
    async fn dry_run(resolved: ResolvedClean) -> Vec<Arc<str>> {
        let stop = Stop::at(Instant::now() + DRY_LIMIT);
        let _cancel = CancelOnDrop(Arc::clone(&stop.cancelled));
        let state = Paths::of_this_user().state;
        let root = resolved.root.clone();
        let pass = move |may_hang: &MayHang| pass(&resolved, Some(&state), &stop, Run::Dry, may_hang);
        let text = match foreign::task("the dry run of cleaning", &root, DRY_LIMIT + STUCK, pass).await {
            Ok(Ok(report)) => report.text(),
            Ok(Err(refusal)) => refusal.to_string(),
            Err(silence) => silence.to_string(),
        };
        text.lines().map(Arc::from).collect()
    }

    /// Cleans to a deadline. `state` is never entered.
    async fn carry_out(resolved: ResolvedClean, context: &mut StepContext<'_>) -> StepOutcome {
        let (folder, deadline) = (context.state(), context.deadline);
        let stop = Stop::at(deadline.into_std());
        let _cancel = CancelOnDrop(Arc::clone(&stop.cancelled));
        let (root, limit) = (resolved.root.clone(), deadline.saturating_duration_since(Started::now()) + STUCK);
        let pass = move |may_hang: &MayHang| pass(&resolved, Some(&folder), &stop, Run::Real, may_hang);
        match foreign::task("cleaning", &root, limit, pass).await {
            Ok(Ok(report)) => StepOutcome { result: report.result(), output: report.text(), scope_empty: true },
            Ok(Err(refusal)) => StepOutcome::refused(refusal.to_string()),
            Err(_) => StepOutcome {
                result: StepResult::TimedOut,
                output: "[it hangs on the file system]\n".into(),
                scope_empty: false,
            },
        }
    }
}

/// One pass: look, judge, and go through the manifest.
fn pass(
    resolved: &ResolvedClean,
    state: Option<&Path>,
    stop: &Stop,
    run: Run,
    may_hang: &MayHang,
) -> Result<CleanReport, RootError> {
    let Some(root) = roots::open(resolved, may_hang)? else { return Ok(CleanReport::nothing_there(resolved, run)) };
    let locks = Locks::read();
    let now = jiff::Timestamp::now().as_nanosecond();
    let mut report = CleanReport::new(resolved, run, Room::of(&root.folder).ok());
    let own_state = state.and_then(|state| roots::identity(state, may_hang).ok().flatten());
    let found = walk::walk(resolved, &root, &locks, own_state, now, stop);
    let holders = Holders::scan(&root, &resolved.root, &found.candidates);
    report.kept = found.kept;
    if found.cut_short {
        report.extent = if stop.is_due() { PassExtent::TimedOut } else { PassExtent::CutShort };
    }
    report.deleted_open.clone_from(&holders.deleted);
    report.complete_look = holders.complete;
    go_through(&found.candidates, resolved, &root, &holders, stop, run, &mut report);
    report.after = Room::of(&root.folder).ok();
    Ok(report)
}

fn go_through(
    manifest: &[walk::CleanCandidate],
    resolved: &ResolvedClean,
    root: &OpenRoot,
    holders: &Holders,
    stop: &Stop,
    run: Run,
    report: &mut CleanReport,
) {
    let mut remover = Remover::new(root);
    for (at, candidate) in manifest.iter().enumerate() {
        let ends = if stop.is_due() {
            report.extent = PassExtent::TimedOut;
            Some(SkipReason::Cap)
        } else if is_enough(resolved, root, run, report) {
            Some(SkipReason::Enough)
        } else {
            None
        };
        if let Some(kept) = ends {
            manifest[at..].iter().for_each(|candidate| report.kept.add(kept, &candidate.path));
            break;
        }
        if resolved.max_bytes.is_some_and(|most| report.bytes.saturating_add(candidate.seen.takes) > most) {
            report.kept.add(SkipReason::Cap, &candidate.path);
            continue;
        }
        match one(candidate, root, holders, run, &mut remover) {
            Ok(()) => report.went(candidate),
            Err(NotRemoved::Kept(kept)) => {
                report.kept.add(kept, &candidate.path);
                if let Some(holder) = holders.of(candidate).filter(|_| kept == SkipReason::InUse) {
                    report.in_use(candidate, holder);
                }
            }
            Err(NotRemoved::Stranded(name)) => report.stranded.push((name, candidate.path.clone())),
        }
    }
    report.quarantine = remover.finish();
}

/// One file, up to the deletion itself, which only the real run does.
fn one(
    candidate: &walk::CleanCandidate,
    root: &OpenRoot,
    holders: &Holders,
    run: Run,
    remover: &mut Remover<'_>,
) -> Result<(), NotRemoved> {
    let ready = remove::ready(root, candidate, holders)?;
    match run {
        Run::Dry => Ok(()),
        Run::Real => remover.remove(&ready),
    }
}

/// Is the verifier's target met, or would it be after what has gone so far?
fn is_enough(resolved: &ResolvedClean, root: &OpenRoot, run: Run, report: &CleanReport) -> bool {
    if resolved.enough.is_empty() {
        return false;
    }
    match (run, report.before) {
        (Run::Dry, Some(before)) => before.without(report.files, report.bytes).is(&resolved.enough),
        (Run::Dry, None) => false,
        (Run::Real, _) => Room::of(&root.folder).is_ok_and(|room| room.is(&resolved.enough)),
    }
}
