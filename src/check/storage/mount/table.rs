//! A mount point: whether something is mounted there, how, and whether it answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Period, WantedWord};

/// `mount = { mount = "/srv/share", answers = false }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MountCheck {
    /// The mount point; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Whether something is mounted there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// Whether it answers a statfs within `timeout`. What is not mounted does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<bool>,
    /// One mount option that must be set, or, with `not`, must not.
    #[schemars(extend("examples" = ["rw", "not ro", "noexec"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<WantedWord>,
    /// The type of the file system, such as `nfs4`.
    #[schemars(extend("examples" = ["nfs4", "not tmpfs"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<WantedWord>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long it may take to answer; 5 seconds if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for MountCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A mount point: whether something is mounted there, how, and whether it answers.",
        example: "mount = { mount = \"/srv/share\", answers = false }",
        condition: "answers = false",
        events: "the kernel reports every change of the mount table; whether it answers is polled",
        cost: "the mount table, and where `answers` is asked one statfs in a thread that may be left behind",
        unknown: "the mount table cannot be read, or no thread can be had",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("mount", &["mount"], self.mount.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("mount", self.mount.as_deref(), NameKind::Path)
            .condition("present", self.present.map(Condition::Flag))
            .condition("answers", self.answers.map(Condition::Flag))
            .wanted("option", self.option.as_ref())
            .wanted("kind", self.kind.as_ref())
    }
}
