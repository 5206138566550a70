//! Files that decide what is done: the program, settings, channels, playbooks, and the folder of the state.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::context::DoctorContext;
use super::report::Finding;
use crate::channel::test_page::trial;
use crate::cli::playbook;
use crate::engine::operator;
use crate::engine::settings::SettingsError;
use crate::playbook::lint::host_check;

/// Who could replace the program.
pub fn program(ground: &DoctorContext) -> Vec<Finding> {
    let version = env!("CARGO_PKG_VERSION");
    let Ok(exe) = std::env::current_exe().and_then(fs::canonicalize) else {
        return vec![Finding::warning("the path of this program is unknown", "mount /proc")];
    };
    if !ground.root {
        return vec![Finding::fine(format!("salve {version}, {}", exe.display()))];
    }
    let open = exe.ancestors().find_map(|part| {
        let there = fs::metadata(part).ok()?;
        (there.uid() != 0 || there.mode() & 0o022 != 0).then(|| part.to_owned())
    });
    vec![match open {
        None => Finding::fine(format!("salve {version}, {}, and only root can write it", exe.display())),
        Some(part) => Finding::warning(
            format!("salve {version}: other users can write {} and would gain root at the next start", part.display()),
            format!("install -m 755 {} /usr/local/bin/salve", exe.display()),
        ),
    }]
}

/// The state folder: there, ours, and for nobody else's eyes.
pub fn state(ground: &DoctorContext) -> Vec<Finding> {
    let folder = &ground.paths.state;
    vec![match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::skipped(format!("{} is created at the first start", folder.display()))
        }
        Err(error) => {
            Finding::broken(format!("{}: {error}", folder.display()), "run salve doctor as the user that runs salve")
        }
        Ok(there) => judge_state(folder, &there),
    }]
}

fn judge_state(folder: &Path, there: &fs::Metadata) -> Finding {
    let (ours, place) = (rustix::process::geteuid().as_raw(), folder.display());
    if !there.is_dir() {
        return Finding::broken(format!("{place} is not a folder"), format!("move it away: mv {place} {place}.old"));
    }
    if there.uid() != ours {
        let whose = format!("{place} belongs to uid {}", there.uid());
        return Finding::broken(whose, format!("chown -R {ours} {place}, or run salve doctor as that user"));
    }
    if there.mode() & 0o077 != 0 {
        let open = format!("{place} is open to other users (mode {:04o})", there.mode() & 0o7777);
        return Finding::broken(open, format!("chmod 700 {place}"));
    }
    Finding::fine(format!("{place}, private"))
}

/// The settings file.
pub fn settings(ground: &DoctorContext) -> Vec<Finding> {
    let file = ground.settings_file.display();
    vec![match &ground.settings {
        Ok(_) if ground.settings_file.exists() => Finding::fine(format!("{file} is valid")),
        Ok(_) => Finding::fine(format!("{file} does not exist: all defaults apply")),
        Err(SettingsError::Unusable(distrust)) => Finding::broken(distrust.to_string(), distrust.mend()),
        Err(SettingsError::Wrong(mistakes)) => {
            let first = mistakes.found.first();
            let said = first
                .map_or_else(String::new, |one| format!("{}:{}:{}: {}", one.file, one.line, one.column, one.message));
            let mend = first.map_or_else(String::new, |one| one.help.clone());
            Finding::broken(said, mend)
        }
    }]
}

/// Where pages go.
pub fn channels(ground: &DoctorContext) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return vec![Finding::skipped("the settings cannot be read")] };
    if settings.channels.is_empty() {
        let folder = ground.paths.state.join("tickets");
        return vec![Finding::fine(format!("no channel is configured: pages become tickets in {}", folder.display()))];
    }
    let one = |(name, channel): (&String, &crate::channel::ChannelSettings)| {
        let troubles = channel.troubles();
        if troubles.is_empty() {
            return vec![Finding::fine(format!("{name}: {} to {}", channel.kind(), channel.destination()))];
        }
        let mend = format!("fix it in {}, then `salve channel test {name}`", ground.settings_file.display());
        troubles.into_iter().map(|trouble| Finding::broken(format!("{name}: {trouble}"), mend.clone())).collect()
    };
    settings.channels.iter().flat_map(one).collect()
}

/// A test page through every channel.
pub fn pages(ground: &DoctorContext) -> Vec<Finding> {
    let Ok(settings) = &ground.settings else { return vec![Finding::skipped("the settings cannot be read")] };
    if settings.channels.is_empty() {
        return vec![Finding::skipped("no channel is configured")];
    }
    let tickets = ground.paths.state.join("tickets");
    let send = |(name, channel): (&String, &crate::channel::ChannelSettings)| {
        let tried = ground.runtime.block_on(trial(name, channel, &tickets, &operator::host()));
        let mend = format!("`salve channel list` shows its address; then `salve channel test {name}`");
        match (&tried.call, &tried.end) {
            (Ok(said), Some(Ok(_))) => Finding::fine(format!("delivered to {name}: {said}")),
            (Ok(_), Some(Err(why))) => {
                Finding::broken(format!("delivered to {name}, but not its resolution: {why}"), mend)
            }
            (Err(why), _) => Finding::broken(format!("not delivered to {name}: {why}"), mend),
            (Ok(_), None) => Finding::broken(format!("its resolution was not sent to {name}"), mend),
        }
    };
    settings.channels.iter().map(send).collect()
}

/// Checks that every playbook file was accepted.
pub fn playbooks(ground: &DoctorContext) -> Vec<Finding> {
    let found = &ground.library.found;
    let accepted = found.iter().filter(|one| one.outcome.is_ok()).count();
    let mut findings = vec![Finding::fine(format!("{accepted} accepted"))];
    for one in found {
        match &one.outcome {
            Ok(playbook) => {
                let resting = playbook::resting(playbook).unwrap_or_default();
                let said = host_check::host_check(&one.file(), playbook, &resting);
                findings.extend(
                    said.iter().map(|said| Finding::warning(format!("{}: {}", one.name, said.message), &*said.help)),
                );
            }
            Err(diagnostics) => {
                let first = diagnostics.iter().find(|one| one.is_error());
                let why =
                    first.map_or_else(String::new, |one| format!(": {}:{} {}", one.line, one.column, one.message));
                let file = first.map_or_else(|| one.name.to_string(), |first| first.file.to_string());
                findings.push(Finding::broken(
                    format!("{} is rejected{why}", one.name),
                    format!("salve playbook check {file}"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::cli::doctor::Grade;

    #[test]
    fn a_state_folder_is_a_folder_of_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let judged = |path: &Path| judge_state(path, &fs::symlink_metadata(path).unwrap());
        mode(0o700);
        assert_eq!(judged(folder.path()).grade, Grade::Fine);
        mode(0o750);
        let open = judged(folder.path());
        assert_eq!(open.grade, Grade::Broken);
        assert!(open.mend.is_some_and(|mend| mend.starts_with("chmod 700 ")));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(judged(&folder.path().join("file")).said.ends_with("is not a folder"));
    }
}
