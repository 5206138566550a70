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
pub mod roots;
mod walk;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::Instant as Started;

use self::eligibility::SkipReason;
use self::holders::{Holders, Locks};
pub(super) use self::plan::plan;
use self::remove::{NotRemoved, Remover};
use self::report::{CleanReport, PassExtent};
use self::room::Room;
pub use self::room::words;
use self::roots::{OpenRoot, RootError};
use super::resolved_action::ResolvedClean;
use super::runner::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::foreign::{self, MayHang};
use crate::host::paths::Paths;

/// Files in one pass where the playbook names no cap.
pub const DEFAULT_MAX_FILES: u64 = 10_000;
/// Folders below the root.
pub const MAX_DEPTH: u32 = 32;
/// How long a pass without a deadline (a dry run) may take.
const DRY_LIMIT: Duration = Duration::from_mins(1);
/// How long after its deadline a pass may take to notice it; later it hangs on the disk.
const STUCK: Duration = Duration::from_secs(5);

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

/// Cleans to a deadline. `state` is never entered.
pub(super) async fn carry_out(resolved: ResolvedClean, context: &mut StepContext<'_>) -> StepOutcome {
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

/// What it would do, line by line.
pub(super) async fn dry_run(resolved: ResolvedClean) -> Vec<Arc<str>> {
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
