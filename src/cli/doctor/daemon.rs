//! The daemon, and who reaches it.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::context::{DoctorContext, EngineStatus};
use super::{Finding, host};
use crate::control::socket::{GROUP, NAME};

/// Does an engine serve this host?
pub fn daemon(ground: &DoctorContext) -> Vec<Finding> {
    vec![match &ground.engine {
        EngineStatus::Here { welcome, .. } if *welcome.build == *env!("CARGO_PKG_VERSION") => {
            Finding::fine(format!("salve {} serves this host; you may {}", welcome.build, welcome.rights))
        }
        EngineStatus::Here { welcome, .. } => Finding::warning(
            format!("salve {} serves this host, and this is {}", welcome.build, env!("CARGO_PKG_VERSION")),
            "systemctl restart salve, once the new one is installed",
        ),
        EngineStatus::Refused(why) => Finding::broken(why.clone(), "systemctl status salve"),
        EngineStatus::Forbidden(path) => Finding::warning(
            format!("{path} is not yours to reach"),
            format!("let root run `usermod -aG {GROUP} $USER`, and log in again"),
        ),
        EngineStatus::Stranger(stranger) => Finding::broken(
            stranger.to_string(),
            format!("find out who put it there, remove {}, and start salve again", stranger.path.display()),
        ),
        EngineStatus::Nobody if ground.root => Finding::warning(
            "no engine runs: nothing is watched, and nothing is healed while no console is open",
            if Path::new("/run/systemd/system").is_dir() {
                "salve service install"
            } else {
                "let this host's own supervisor run `salve daemon` in the foreground"
            },
        ),
        EngineStatus::Nobody => Finding::skipped("no engine runs; `salve` opens a console with one"),
    }]
}

/// The socket and its group.
pub fn socket(ground: &DoctorContext) -> Vec<Finding> {
    let path = ground.paths.runtime.join(NAME);
    let mut findings = vec![match fs::symlink_metadata(&path) {
        Err(_) if matches!(ground.engine, EngineStatus::Nobody) => {
            Finding::skipped(format!("{} is not there", path.display()))
        }
        Err(error) => Finding::skipped(format!("{}: {error}", path.display())),
        Ok(there) => judge(&path, &there),
    }];
    if ground.root {
        findings.push(match host::members(GROUP) {
            None => Finding::warning(
                format!("there is no group {GROUP}: only root reaches the engine"),
                format!("`salve service install` makes it, or: groupadd --system {GROUP}"),
            ),
            Some(members) if members.is_empty() => {
                Finding::fine(format!("group {GROUP} has no members: only root reaches it"))
            }
            Some(members) => Finding::fine(format!("group {GROUP}: {}", members.join(", "))),
        });
    }
    findings
}

fn judge(path: &Path, there: &fs::Metadata) -> Finding {
    let place = path.display();
    if !there.file_type().is_socket() {
        return Finding::broken(format!("{place} is no socket"), format!("rm {place}, then start salve again"));
    }
    if there.mode() & 0o007 != 0 {
        let open = format!("{place} is open to everybody (mode {:04o})", there.mode() & 0o7777);
        return Finding::broken(open, "systemctl restart salve");
    }
    Finding::fine(format!("{place} (mode {:04o})", there.mode() & 0o7777))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::cli::doctor::Grade;

    #[test]
    fn a_socket_is_one_and_not_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        let judged = || judge(&path, &fs::symlink_metadata(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
        assert_eq!(judged().grade, Grade::Fine);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(judged().grade, Grade::Broken);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        assert!(judged().said.ends_with("is no socket"));
    }
}
