//! What the settings of several kinds of channels share: defaults, and faults of a single key.

use std::path::{Path, PathBuf};

use reqwest::header::HeaderName;

use super::http::address::{self, Over};
use super::kind::ChannelError;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// No page waits longer for one answer, in seconds.
const LONGEST: u64 = 300;

pub(super) fn web(key: &'static str, url: &str, over: Over) -> Option<ChannelError> {
    let address::Wrong { wrong, right } = address::check(url, over).err()?;
    Some(ChannelError::new(key, Rule::BadAddress, format!("`{key}` {wrong}"), right))
}

pub(super) fn absolute(key: &'static str, path: &Path) -> Option<ChannelError> {
    let wrong = || format!("`{}` is not an absolute path", path.display());
    (!path.is_absolute()).then(|| ChannelError::new(key, Rule::BadPath, wrong(), format!("write {key} = \"/…\"")))
}

pub(super) fn header(key: &'static str, name: &str) -> Option<ChannelError> {
    let wrong = || format!("`{name}` cannot be a header's name");
    HeaderName::try_from(name).is_err().then(|| ChannelError::new(key, Rule::BadValue, wrong(), "write it as X-Team"))
}

pub(super) fn header_files(files: &std::collections::BTreeMap<String, PathBuf>) -> Vec<ChannelError> {
    let paths = files.values().filter_map(|path| absolute("header_files", path));
    files.keys().filter_map(|name| header("header_files", name)).chain(paths).collect()
}

/// Headers that carry secrets by their name.
pub(super) fn secretive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "api-key", "apikey", "password"]
        .iter()
        .any(|word| name.contains(word))
}

pub(super) fn timeout(timeout: Period) -> Option<ChannelError> {
    let seconds = timeout.0.as_secs();
    if timeout.0.is_zero() {
        Some(ChannelError::new("timeout", Rule::ZeroTime, "`timeout` is no time at all", "write timeout = \"10s\""))
    } else if seconds > LONGEST {
        let wrong = format!("`timeout` is {timeout}: a page must not wait so long");
        Some(ChannelError::new("timeout", Rule::LongTime, wrong, "write at most timeout = \"5m\""))
    } else {
        None
    }
}

/// The default time for the steps of mail, and for programs.
pub(super) const fn thirty_seconds() -> Period {
    Period::from_secs(30)
}

/// The default time for an answer over HTTP.
pub(super) const fn ten_seconds() -> Period {
    Period::from_secs(10)
}
