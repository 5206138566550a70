//! The daemon, and who reaches it.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::context::{DoctorContext, EngineStatus};
use super::host;
use super::report::Finding;
use crate::control::socket::{GROUP, NAME};

/// Does an engine serve this host?
pub fn daemon(ground: &DoctorContext) -> Vec<Finding> {
    vec![match &ground.engine {
        EngineStatus::Here { welcome, .. } if *welcome.build == *env!("CARGO_PKG_VERSION") => {
            Finding::fine(format!("salve {} is running; you have the right to {}", welcome.build, welcome.rights))
        }
        EngineStatus::Here { welcome, .. } => Finding::warning(
            format!("salve {} is running, and this program is version {}", welcome.build, env!("CARGO_PKG_VERSION")),
            "install the new version, then systemctl restart salve",
        ),
        EngineStatus::Refused(why) => Finding::broken(why.clone(), "systemctl status salve"),
        EngineStatus::Forbidden(path) => Finding::warning(
            format!("permission denied: {path}"),
            format!("run `usermod -aG {GROUP} $USER` as root, and log in again"),
        ),
        EngineStatus::Stranger(stranger) => Finding::broken(
            stranger.to_string(),
            format!("find out who created it, remove {}, and start salve again", stranger.path.display()),
        ),
        EngineStatus::Nobody if ground.root => Finding::warning(
            "no engine is running: this host is not watched, and nothing is fixed while no console is open",
            if Path::new("/run/systemd/system").is_dir() {
                "salve service install"
            } else {
                "have this host's supervisor run `salve daemon` in the foreground"
            },
        ),
        EngineStatus::Nobody => Finding::skipped("no engine is running; `salve` opens a console with one"),
    }]
}

/// The socket and its group.
pub fn socket(ground: &DoctorContext) -> Vec<Finding> {
    let path = ground.paths.runtime.join(NAME);
    let mut findings = vec![match fs::symlink_metadata(&path) {
        Err(_) if matches!(ground.engine, EngineStatus::Nobody) => {
            Finding::skipped(format!("{} does not exist", path.display()))
        }
        Err(error) => Finding::skipped(format!("{}: {error}", path.display())),
        Ok(there) => judge(&path, &there),
    }];
    if ground.root {
        findings.push(match host::members(GROUP) {
            None => Finding::warning(
                format!("group {GROUP} does not exist: only root can reach the engine"),
                format!("`salve service install` creates it, or: groupadd --system {GROUP}"),
            ),
            Some(members) if members.is_empty() => {
                Finding::fine(format!("group {GROUP} has no members: only root can reach the engine"))
            }
            Some(members) => Finding::fine(format!("group {GROUP}: {}", members.join(", "))),
        });
    }
    findings
}

fn judge(path: &Path, there: &fs::Metadata) -> Finding {
    let place = path.display();
    if !there.file_type().is_socket() {
        return Finding::broken(format!("{place} is not a socket"), format!("rm {place}, then start salve again"));
    }
    if there.mode() & 0o007 != 0 {
        let open = format!("{place} is open to every user (mode {:04o})", there.mode() & 0o7777);
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
        assert!(judged().said.ends_with("is not a socket"));
    }
}
