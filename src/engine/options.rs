//! What an engine needs to know before it starts, and why it cannot start.

use super::settings::{SecondCallSettings, Settings};
use crate::core::machine::config;
use crate::core::{Config, Operator};
use crate::host::paths::Paths;
use crate::journal::OpenError;
use crate::playbook::library::Sources;

/// What an engine needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folders of state, settings and playbooks.
    pub paths: Paths,
    /// Where playbooks come from.
    pub sources: Sources,
    /// The contents of the settings file, with defaults where it says nothing.
    pub settings: Settings,
    /// Who runs it: commands of the embedded console come from this person.
    pub operator: Operator,
}

/// The engine could not start; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be opened, or another engine holds it.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The kernel does not name its boot.
    #[error("/proc/sys/kernel/random/boot_id: {0}")]
    BootId(std::io::Error),
}

impl StartError {
    /// May it pass by itself, so that another try is worth while?
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Journal(error) if error.may_pass())
    }
}

/// The core's configuration, from the settings.
pub fn config(settings: &Settings) -> Config {
    let mut config = Config::default();
    if let Some(budget) = settings.host_budget {
        config.host_attempts = budget.attempts;
        config.host_window = budget.window.0;
    }
    if let Some(grace) = settings.boot_grace {
        config.boot_grace = grace.0;
    }
    if let Some(expire) = settings.approvals_expire {
        config.approval_ttl = expire.0;
    }
    if let Some(again) = settings.again {
        config.again = again.0;
    }
    config.four_eyes = settings.four_eyes;
    config.is_root = rustix::process::geteuid().is_root();
    config.second_calls =
        settings.second_calls.iter().map(|(name, second)| (name.as_str().into(), call(second))).collect();
    config
}

fn call(second: &SecondCallSettings) -> config::SecondCall {
    config::SecondCall { after: second.after.0, to: second.to.iter().map(|name| name.as_str().into()).collect() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_acknowledged_page_is_sent_again_as_often_as_the_settings_say() {
        let again = |text: &str| config(&Settings::parse("salve.toml", text).unwrap()).again;
        assert_eq!(again(""), Duration::from_hours(4), "where nothing is said");
        assert_eq!(again("again = \"30m\""), Duration::from_mins(30));
    }
}
