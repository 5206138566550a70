//! A `clean` resolved: which folder, how much, and when it is enough.

use std::path::{Path, PathBuf};

use super::{DEFAULT_MAX_FILES, MAX_DEPTH, ResolvedClean, StopCondition, roots, words};
use crate::action::context::Context;
use crate::action::description::{quoted, user};
use crate::action::kind::ResolvedStep;
use crate::action::plan::error::PlanError;
use crate::foreign::{self, MayHang, NoAnswer};
use crate::host::program::ANSWERS_WITHIN;
use crate::playbook::action::CleanAction;
use crate::playbook::value::{Amount, Period};
use crate::playbook::{Check, Playbook, Target};

/// Resolves a playbook's `clean` for one target: the admitted root with its identity, the caps on files and bytes, and
/// the conditions to stop at.
///
/// # Errors
/// Where the root may not be cleaned, does not answer, or `max_bytes` is not an amount of bytes.
pub async fn plan(
    action: &CleanAction,
    playbook: &Playbook,
    context: &Context,
) -> Result<ResolvedStep<ResolvedClean>, PlanError> {
    let root = roots::admit(&action.path, &context.clean_roots)?;
    let max_bytes = match action.max_bytes {
        Some(Amount::Bytes(bytes)) => Some(bytes),
        None => None,
        Some(_) => return Err(PlanError::Refused("`max_bytes` is not an amount of bytes".into())),
    };
    let resolved = ResolvedClean {
        identity: identity(&root.path).await?,
        rotated_only: root.rotated_only,
        older_than_ms: action.older_than.millis(),
        max_files: action.max_files.unwrap_or(DEFAULT_MAX_FILES),
        max_bytes,
        max_depth: MAX_DEPTH,
        enough: enough(playbook, context, &root.path).await?,
        root: root.path,
        base: root.base,
    };
    let what = if resolved.rotated_only { "rotated log files" } else { "files" };
    let Period(age) = action.older_than;
    let sentence = format!("delete {what} below {} older than {}", quoted(&action.path), Period(age));
    let cap = max_bytes.map_or(String::new(), |bytes| format!(" or {}", bytesize::ByteSize(bytes).display().iec()));
    let stop = match resolved.enough[..] {
        [] => "when all that may go is gone".into(),
        ref bounds => format!("once {}", bounds.iter().map(words).collect::<Vec<_>>().join(" and ")),
    };
    let details = vec![
        ("user", user()),
        ("order", "oldest first".into()),
        ("at most", format!("{} files{cap}", resolved.max_files)),
        ("stops", stop),
        ("blast radius", "regular files that nobody has open; no folder, no link, no database, no lock".into()),
        ("rollback", "none: deletion is final".into()),
    ];
    Ok(ResolvedStep { sentence, details, resolved })
}

/// What the verifier wants of the file system that the folder is on.
async fn enough(playbook: &Playbook, context: &Context, root: &Path) -> Result<Vec<StopCondition>, NoAnswer> {
    let mut bounds = Vec::new();
    for check in &playbook.verify.checks {
        let Check::Filesystem(check) = check else { continue };
        let mount = match (&check.mount, &context.target) {
            (Some(mount), _) => mount.as_str(),
            (None, Target::Mount(mount)) => mount,
            (None, _) => continue,
        };
        let (there, here) = (PathBuf::from(mount), root.to_owned());
        let same = move |may_hang: &MayHang| roots::same_file_system(&there, &here, may_hang);
        if foreign::at(mount.as_ref(), ANSWERS_WITHIN, same).await? {
            bounds.extend(check.used.map(StopCondition::Used));
            bounds.extend(check.free.map(StopCondition::Free));
            bounds.extend(check.inodes.map(StopCondition::Inodes));
        }
    }
    Ok(bounds)
}

/// Which folder it is now.
async fn identity(root: &Path) -> Result<Option<(u64, u64)>, PlanError> {
    let wanted = root.to_owned();
    Ok(foreign::at(root, ANSWERS_WITHIN, move |may_hang| roots::identity(&wanted, may_hang)).await??)
}
