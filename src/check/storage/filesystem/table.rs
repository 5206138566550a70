//! Space and inodes of a mounted file system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `filesystem = { used = "> 85%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilesystemCheck {
    /// The mount point; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Used space: percent as `df` counts it, or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 85%", "> 50GiB"]))]
    pub used: Option<Bound>,
    /// Free space for an unprivileged user: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["< 5GiB", "< 10%"]))]
    pub free: Option<Bound>,
    /// Used inodes: percent or count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 85%"]))]
    pub inodes: Option<Bound>,
    /// Whether the file system is mounted read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for FilesystemCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Room and inodes of a mounted file system.",
        example: "filesystem = { used = \"> 85%\" }",
        condition: "used = \"> 85%\"",
        events: "the kernel reports every change of the mount table; the space in use is polled",
        cost: "one statvfs in a thread of its own",
        unknown: "nothing is mounted there, or it does not answer in time",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("mount", &["mount"], self.mount.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("mount", self.mount.as_deref(), NameKind::Path)
            .bound("used", self.used, Unit::PercentOrBytes)
            .bound("free", self.free, Unit::PercentOrBytes)
            .bound("inodes", self.inodes, Unit::PercentOrCount)
            .condition("read_only", self.read_only.map(Condition::Flag))
    }
}
