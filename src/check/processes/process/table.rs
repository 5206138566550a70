//! Processes by name or pidfile; death by pidfd.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Comparison, Period};

/// `process = { name = "worker", exists = false }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessCheck {
    /// The program's name (its `comm`, or the file name of its first argument); the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A pidfile; the process must have started before the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pidfile: Option<String>,
    /// Whether the pidfile exists and the process that it names has exited or is another one; some programs then refuse
    /// to start. A missing pidfile is not stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
    /// Only count processes of this user, by name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether at least one is running; zombies do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// The number of running processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 3", "< 1"]))]
    pub count: Option<Bound>,
    /// Resident memory of all of them together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 2GiB"]))]
    pub memory: Option<Bound>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for ProcessCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Processes by name or pidfile.",
        example: "process = { name = \"worker\", exists = false }",
        condition: "exists = false",
        events: "a pidfd reports an exit at once; a start is found at the next look",
        cost: "one look at /proc for all such checks, which reads who may have changed, at most a twentieth of the time",
        unknown: "/proc cannot be listed, or does not answer within 5 s",
        every: 10,
    };
    const REPORTED_AT_ONCE: bool = true;

    fn parts(&self) -> CheckParts<'_> {
        let object = self.name.as_deref().or(self.pidfile.as_deref()).or(self.user.as_deref());
        CheckParts::with("name", &["process"], object)
            .every(self.every)
            .timeout(self.timeout)
            .named("name", self.name.as_deref(), NameKind::Process)
            .named("pidfile", self.pidfile.as_deref(), NameKind::Path)
            .text("user", self.user.as_deref())
            .besides(format!("{:?} {:?}", self.pidfile, self.user))
            .condition("exists", self.exists.map(Condition::Flag))
            .condition("stale", self.stale.map(Condition::Flag))
            .bound("count", self.count, Unit::Count)
            .bound("memory", self.memory, Unit::Bytes)
            .never(exists_and_count(self))
            .wrong(stale_without_file(self))
    }
}

/// Only a file can be stale.
fn stale_without_file(check: &ProcessCheck) -> Option<(&'static str, String, &'static str)> {
    let alone = check.stale.is_some() && check.pidfile.is_none();
    alone.then(|| {
        ("stale", "`stale` is about a pidfile, and none is named".into(), "write pidfile = \"/run/daemon.pid\"")
    })
}

/// `exists` says something about the count: the key and the words, where the two never hold together.
fn exists_and_count(check: &ProcessCheck) -> Option<(&'static str, String)> {
    let (exists, count) = (check.exists?, check.count?);
    let zero = count.admits(0.0);
    let some = match (count.comparison, count.amount) {
        (Comparison::Below, amount) => amount.figure() > 1.0,
        (Comparison::AtMost, amount) => amount.figure() >= 1.0,
        (Comparison::Equal, amount) => amount.figure() > 0.0,
        (Comparison::Above | Comparison::AtLeast, _) => true,
    };
    let never = (exists && !some) || (!exists && !zero);
    never.then(|| ("count", format!("`exists = {exists}` and `count = \"{count}\"` never hold together")))
}
