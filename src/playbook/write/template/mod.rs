//! A whole playbook for a failure class and a target: commented, and good by every rule as it stands. What only the
//! operator can know is guessed from well-known names, and marked to be looked at.

mod bodies;

use bodies::Body;

use serde::{Deserialize, Serialize};

use crate::playbook::Target;
use crate::text::clean_line;

/// A kind of failure for which a playbook can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// A unit is not active.
    ServiceDown,
    /// A unit is active and its web page does not answer.
    ServiceSilent,
    /// A unit's port takes no connections.
    PortClosed,
    /// A program that asks the service fails.
    CommandFails,
    /// No process of a name.
    ProcessMissing,
    /// More processes of a name than there should be.
    ProcessTooMany,
    /// The processes of a name take too much memory.
    ProcessTooLarge,
    /// A file system is nearly full.
    DiskFull,
    /// A file system has hardly an inode left.
    InodesSpent,
    /// A file system has become read-only.
    MountReadOnly,
    /// The host has hardly any memory left.
    MemoryShort,
    /// More work than the processors can do.
    LoadHigh,
}

/// The kind of target that a class is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WantedTarget {
    /// A systemd unit.
    Unit,
    /// A mount point.
    Mount,
    /// A program by name.
    Process,
    /// The host as a whole: nothing to choose.
    Host,
}

impl WantedTarget {
    /// The kind's name, as in playbook files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Mount => "mount",
            Self::Process => "process",
            Self::Host => "host",
        }
    }

    /// The target of this kind and this name.
    #[must_use]
    pub fn named(self, name: &str) -> Target {
        match self {
            Self::Unit => Target::Unit(name.into()),
            Self::Mount => Target::Mount(name.into()),
            Self::Process => Target::Process(name.into()),
            Self::Host => Target::Host,
        }
    }
}

impl FailureClass {
    /// All of them, in the order of a list.
    pub const ALL: [Self; 12] = [
        Self::ServiceDown,
        Self::ServiceSilent,
        Self::PortClosed,
        Self::CommandFails,
        Self::ProcessMissing,
        Self::ProcessTooMany,
        Self::ProcessTooLarge,
        Self::DiskFull,
        Self::InodesSpent,
        Self::MountReadOnly,
        Self::MemoryShort,
        Self::LoadHigh,
    ];

    /// Its word on a command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ServiceDown => "service-down",
            Self::ServiceSilent => "service-silent",
            Self::PortClosed => "port-closed",
            Self::CommandFails => "command-fails",
            Self::ProcessMissing => "process-missing",
            Self::ProcessTooMany => "process-too-many",
            Self::ProcessTooLarge => "process-too-large",
            Self::DiskFull => "disk-full",
            Self::InodesSpent => "inodes-spent",
            Self::MountReadOnly => "mount-read-only",
            Self::MemoryShort => "memory-short",
            Self::LoadHigh => "load-high",
        }
    }

    /// The class of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The failure, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ServiceDown => "A service is down",
            Self::ServiceSilent => "A service is up and does not answer",
            Self::PortClosed => "A port is closed",
            Self::CommandFails => "A check command fails",
            Self::ProcessMissing => "A process is missing",
            Self::ProcessTooMany => "Too many of a process",
            Self::ProcessTooLarge => "A process takes too much memory",
            Self::DiskFull => "A disk is nearly full",
            Self::InodesSpent => "A disk runs out of inodes",
            Self::MountReadOnly => "A disk has become read-only",
            Self::MemoryShort => "Memory runs short",
            Self::LoadHigh => "The load stays high",
        }
    }

    /// What its playbook does about it, in one line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::ServiceDown => "not active for 30 s: restart it, and see that it stays active",
            Self::ServiceSilent => "its page does not say 200: restart it, and ask the page again",
            Self::PortClosed => "no connection to its port: restart the unit, and connect again",
            Self::CommandFails => "a program of yours says that it is broken: restart the unit, and ask again",
            Self::ProcessMissing => "no such process: restart the unit that runs it",
            Self::ProcessTooMany => "more of them than there should be: restart the unit that runs them",
            Self::ProcessTooLarge => "all of them together above a limit: restart the unit that runs them",
            Self::DiskFull => "above 85 % used: clean aged files and caches, until below 80 %",
            Self::InodesSpent => "above 85 % of the inodes used: clean aged files, until below 80 %",
            Self::MountReadOnly => "mounted read-only: mount it writable again, after asking",
            Self::MemoryShort => "above 95 % used: restart the unit that gives way, after asking",
            Self::LoadHigh => "no remedy is safe: evidence, and a call for a person",
        }
    }

    /// Which kind of target it wants.
    #[must_use]
    pub const fn target(self) -> WantedTarget {
        match self {
            Self::ServiceDown | Self::ServiceSilent | Self::PortClosed | Self::CommandFails | Self::MemoryShort => {
                WantedTarget::Unit
            }
            Self::ProcessMissing | Self::ProcessTooMany | Self::ProcessTooLarge => WantedTarget::Process,
            Self::DiskFull | Self::InodesSpent | Self::MountReadOnly => WantedTarget::Mount,
            Self::LoadHigh => WantedTarget::Host,
        }
    }
}

/// A whole playbook. `name` is the file's name without `.toml`.
#[must_use]
pub fn fill(class: FailureClass, name: &str, target: &Target) -> String {
    let body = bodies::of(class, target);
    let written = match target {
        Target::Host => quoted("host"),
        _ => format!("{{ {} = {} }}", target.kind(), quoted(target.name())),
    };
    let (name, title) = (clean_line(name), quoted(&clean_line(&body.title)));
    let Body { why, risk, detect, ladder, verify, escalate, .. } = body;
    format!(
        "\
# {name}.toml: {why}.
title  = {title}
target = {written}
risk   = \"{risk}\" # low: a restart mends it; medium: a short outage; high: always asks
mode   = \"ask\" # ask first; auto: acts by itself; shadow: only says what it would do

# the fault is there when any check here holds for this long without a break
[detect]
{detect}{ladder}
# healed when all checks here hold in time, and go on holding for the soak
[verify]
{verify}
[escalate]
{escalate}"
    )
}

/// A text as TOML writes it between double quotes.
fn quoted(text: &str) -> String {
    let one = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    let written: Vec<String> = text.chars().map(one).collect();
    format!("\"{}\"", written.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::read::{ParsedFile, read};
    use crate::playbook::{Mode, Origin};

    fn filled(class: FailureClass, target: &str) -> (String, ParsedFile) {
        let text = fill(class, "a-name", &class.target().named(target));
        let read = read("a-name.toml", "a-name", Origin::Folder("/etc".into()), &text);
        (text, read)
    }

    fn targets(class: FailureClass) -> &'static [&'static str] {
        match class.target() {
            WantedTarget::Unit => &[
                "nginx.service",
                "redis-server.service",
                "a\\x2db@1.service",
                "x.socket",
                "postgresql@16-main.service",
            ],
            WantedTarget::Mount => &["/", "/var", "/srv/data", "/tmp", "/var/log", "/mnt/a b"],
            WantedTarget::Process => &["worker", "my worker", "php-fpm8.2", "(sd-pam)"],
            WantedTarget::Host => &["host"],
        }
    }

    #[test]
    fn every_class_makes_a_playbook_that_is_good_by_every_rule() {
        for class in FailureClass::ALL {
            for target in targets(class) {
                let (text, read) = filled(class, target);
                let told: Vec<String> = read.diagnostics.iter().map(|wrong| wrong.render(&text, false)).collect();
                assert!(told.is_empty(), "{class:?} {target}\n{text}\n{}", told.join("\n"));
                let playbook = read.playbook.unwrap();
                assert_eq!(playbook.mode, Mode::Ask);
                assert!(!playbook.escalate.attach.is_empty(), "{class:?}: evidence");
                assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
            }
        }
    }

    #[test]
    fn every_class_that_has_a_remedy_has_a_ladder() {
        for class in FailureClass::ALL {
            let (text, read) = filled(class, targets(class)[0]);
            assert_eq!(read.playbook.unwrap().remediate.is_empty(), class == FailureClass::LoadHigh, "{text}");
        }
        // nothing below this mount may be cleaned by anybody's leave but the operator's
        let (text, read) = filled(FailureClass::DiskFull, "/srv/data");
        assert!(read.playbook.unwrap().remediate.is_empty() && text.contains("# [[remediate]]"), "{text}");
    }

    #[test]
    fn well_known_services_are_asked_as_they_want_to_be() {
        assert!(filled(FailureClass::PortClosed, "redis-server.service").0.contains("127.0.0.1:6379"));
        assert!(filled(FailureClass::CommandFails, "postgresql@16-main.service").0.contains("pg_isready"));
        assert!(filled(FailureClass::ProcessMissing, "worker").0.contains("worker.service"));
    }

    #[test]
    fn words_stand_for_their_classes() {
        for class in FailureClass::ALL {
            assert_eq!(FailureClass::named(class.word()), Some(class));
        }
        assert_eq!(FailureClass::named("nonsense"), None);
    }

    proptest! {
        /// A name may hold anything: the text stays TOML, and the target is the one that was named.
        #[test]
        fn no_name_breaks_out_of_its_quotes(nth in 0..FailureClass::ALL.len(), name: String, target: String) {
            let class = FailureClass::ALL[nth];
            let text = fill(class, &name, &class.target().named(&target));
            let read: toml::Table = toml::from_str(&text).unwrap();
            match class.target() {
                WantedTarget::Host => prop_assert_eq!(read["target"].as_str(), Some("host")),
                wanted => prop_assert_eq!(read["target"][wanted.word()].as_str(), Some(target.as_str())),
            }
        }
    }
}
