//! The control group of a unit: its memory, tasks and open files against their limits, what the kernel killed in it, and
//! what died in it without being reaped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `cgroup = { memory = "> 90%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CgroupCheck {
    /// The unit; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Memory in use: bytes, or percent of the unit's own limit (`MemoryMax=`, else `MemoryHigh=`), else of the host's
    /// memory.
    #[schemars(extend("examples" = ["> 90%", "> 2GiB"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bound>,
    /// Tasks: a count, or percent of the unit's own limit (`TasksMax=`).
    #[schemars(extend("examples" = ["> 85%", "> 500"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Bound>,
    /// Processes that the kernel killed for lack of memory within `window`. A kill that ends the unit takes its group
    /// along: ask `unit` for `result = "oom-kill"` as well.
    #[schemars(extend("examples" = ["> 0"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<Bound>,
    /// Bytes by which its memory grew within `window`, by the straight line that fits best: a leak, where load and
    /// caches come and go. Counted again from zero when the unit starts; holds only after a whole window.
    #[schemars(extend("examples" = ["> 500MiB", "< 50MiB"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Bound>,
    /// Open files of whichever of its processes is closest to its own limit (`LimitNOFILE=`), in percent of that.
    #[schemars(extend("examples" = ["> 85%"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<Bound>,
    /// Zombies: children of its processes that have exited and were not reaped.
    #[schemars(extend("examples" = ["> 50"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zombies: Option<Bound>,
    /// The window of `oom_kills` and `growth`; 10 minutes if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Period>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for CgroupCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A unit's control group: memory, tasks and open files against their limits; kills, leaks, zombies.",
        example: "cgroup = { memory = \"> 90%\" }",
        condition: "memory = \"> 90%\"",
        events: "the kernel reports kills in a system service and limits that were met (memory.events); figures are read",
        cost: "one D-Bus call and a few small files; open files and zombies, a few of each of its processes",
        unknown: "the unit's memory is not counted, or it has no limit for its tasks; a unit of which nothing runs uses nothing; a host that does not count memory by group has nothing to check: not applicable",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("unit", &["unit"], self.unit.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("unit", self.unit.as_deref(), NameKind::Unit)
            .bound("memory", self.memory, Unit::PercentOrBytes)
            .bound("tasks", self.tasks, Unit::PercentOrCount)
            .bound("oom_kills", self.oom_kills, Unit::Count)
            .bound("growth", self.growth, Unit::Bytes)
            .bound("open_files", self.open_files, Unit::Percent)
            .bound("zombies", self.zombies, Unit::Count)
            .window("window", self.window)
    }
}
