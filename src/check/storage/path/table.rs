//! A file or folder: whether it exists, its age, size, growth, owner, permissions and content.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, LatencyBound, Period, WantedWord};

/// `path = { path = "/var/backups/latest.dump", age = "> 26h" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PathCheck {
    /// The file or folder, links followed; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Time since its content last changed.
    #[schemars(extend("examples" = ["> 26h", "< 1d"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<LatencyBound>,
    /// Its size in bytes; of a folder, without the files in it.
    #[schemars(extend("examples" = ["> 1GiB", "= 0B"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Bound>,
    /// Bytes by which it grew within `window`; what a rotation removed is not subtracted.
    #[schemars(extend("examples" = ["> 100MiB"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Bound>,
    /// The time over which `growth` is measured; 1 minute if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Period>,
    /// Its permissions in octal, as `ls` and `chmod` count them.
    #[schemars(extend("examples" = ["0640", "not 0640"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<WantedWord>,
    /// Its owner, by name or number.
    #[schemars(extend("examples" = ["root", "not root"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<WantedWord>,
    /// SHA-256 of its content in hexadecimal; of files up to 64 MiB.
    #[schemars(extend("examples" = ["not e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<WantedWord>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for PathCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A file or folder: there, old, large, growing, whose, what is in it.",
        example: "path = { path = \"/var/backups/latest.dump\", age = \"> 26h\" }",
        condition: "exists = true",
        events: "inotify on its folder reports every change except that it grows older",
        cost: "one stat in a thread of its own, and where `sha256` is asked one reading of the file",
        unknown: "it may not be looked at, does not answer in time, or is larger than `sha256` reads",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("path", &["path"], self.path.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("path", self.path.as_deref(), NameKind::Path)
            .condition("exists", self.exists.map(Condition::Flag))
            .condition("age", self.age.map(Condition::Latency))
            .bound("size", self.size, Unit::Bytes)
            .bound("growth", self.growth, Unit::Bytes)
            .window("window", self.window)
            .wanted("mode", self.mode.as_ref())
            .wanted("owner", self.owner.as_ref())
            .wanted("sha256", self.sha256.as_ref())
            .wrong(self.mode.as_ref().and_then(odd_mode))
            .wrong(self.sha256.as_ref().and_then(odd_digest))
            .never(gone_and_something(self))
    }
}

fn odd_mode(mode: &WantedWord) -> Option<(&'static str, String, &'static str)> {
    let octal = (3..=4).contains(&mode.word.len()) && mode.word.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let message = || format!("`{}` is no mode: three or four octal digits", mode.word);
    (!octal).then(|| ("mode", message(), "write mode = \"0640\", or \"not 0640\""))
}

fn odd_digest(digest: &WantedWord) -> Option<(&'static str, String, &'static str)> {
    let hex = digest.word.len() == 64 && digest.word.bytes().all(|digit| digit.is_ascii_hexdigit());
    let message = || format!("`{}` is no SHA-256", digest.word);
    (!hex).then(|| ("sha256", message(), "write the 64 hexadecimal digits that `sha256sum` prints"))
}

/// What is not there has no size.
fn gone_and_something(check: &PathCheck) -> Option<(&'static str, String)> {
    let asks = [
        ("age", check.age.is_some()),
        ("size", check.size.is_some()),
        ("growth", check.growth.is_some()),
        ("mode", check.mode.is_some()),
        ("owner", check.owner.is_some()),
        ("sha256", check.sha256.is_some()),
    ];
    let (key, _) = asks.into_iter().find(|(_, asked)| *asked && check.exists == Some(false))?;
    Some((key, format!("`exists = false` and `{key}` never hold together")))
}
