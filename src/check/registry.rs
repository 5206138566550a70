//! The kinds of checks, registered once. A kind's file finds what to probe (`subject`), probes it (`probe`), evaluates
//! the condition (`judge`), describes it (`condition`) and decides which changes are too small to be recorded
//! (`is_insignificant`). Its table in playbook files is registered under the same name in `playbook::check`.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event_source::{EventFd, Ringing};
use super::folders::Folders;
use super::judge::Judgement;
use super::log::{LogSource, LogSubject};
use super::probe::{Prober, Timed};
use super::{
    cgroup, clock, command, container, cpu, dns, failed_units, filesystem, http, link, load, log, memory, mount, path,
    pressure, process, tcp, tls, unit,
};
use crate::core::Verdict;
use crate::foreign::MayHang;
use crate::host::cgroups;
use crate::playbook::{Check, Target};

/// Which scarce resource a probe needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// None worth limiting: a few reads of the host's own files.
    Little,
    /// A network connection, without a request over it.
    Connection,
    /// A request on a connection of its own.
    Request,
    /// A child process.
    Child,
}

macro_rules! kinds {
    ($($module:ident: $kind:ident($subject:ident, $seen:ident) costs $cost:ident;)*) => {
        /// What to probe. Equal subjects are probed once, however many playbooks ask.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Subject {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($module::$subject),)*
        }

        /// What a probe observed of a subject.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Observation {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($module::$seen),)*
            /// Nothing could be observed, and why.
            Unseen(String),
        }

        impl Subject {
            /// What a check probes: the object that it names, or its target.
            ///
            /// # Errors
            /// A message: what the check does not name and cannot take from the target.
            pub fn of(check: &Check, target: &Target) -> Result<Self, String> {
                let subject = match check {
                    $(Check::$kind(check) => $module::subject(check, target).map(Self::$kind),)*
                };
                subject.and_then(Self::still_known)
            }

            /// Which scarce resource a probe of it needs.
            pub(super) const fn cost(&self) -> Cost {
                match self {
                    $(Self::$kind(_) => Cost::$cost,)*
                }
            }

            /// Probes it once. The result carries the time since when it is so, if an event announced it.
            pub(super) async fn probe(&self, prober: &Prober) -> Result<Timed<Observation>, String> {
                match self {
                    $(Self::$kind(subject) => {
                        let timed: Timed<$module::$seen> = $module::probe(subject, prober).await?.into();
                        Ok(Timed { seen: Observation::$kind(timed.seen), changed: timed.changed })
                    })*
                }
            }
        }

        impl Observation {
            /// Whether the change since `earlier` is too small to be recorded. Changes of a verdict are recorded all
            /// the same.
            #[must_use]
            pub fn is_insignificant(&self, earlier: &Self) -> bool {
                match (self, earlier) {
                    $((Self::$kind(now), Self::$kind(then)) => $module::is_insignificant(now, then),)*
                    _ => self == earlier,
                }
            }
        }

        /// Evaluates a check's condition against an observation. An observation of another kind is unknown.
        #[must_use]
        pub fn judge(check: &Check, seen: &Observation) -> Judgement {
            match (check, seen) {
                $((Check::$kind(check), Observation::$kind(seen)) => $module::judge(check, seen),)*
                (_, Observation::Unseen(why)) => {
                    Judgement { verdict: Verdict::Unknown(why.as_str().into()), seen: why.clone(), figure: None }
                }
                _ => Judgement {
                    verdict: Verdict::Unknown("this was seen of another kind of thing".into()),
                    seen: String::new(),
                    figure: None,
                },
            }
        }

        /// The condition in a few words: `> 85%`, `not active`.
        #[must_use]
        pub fn condition(check: &Check) -> String {
            match check {
                $(Check::$kind(check) => $module::condition(check),)*
            }
        }
    };
}

kinds! {
    unit: Unit(UnitSubject, UnitFacts) costs Little;
    process: Process(ProcessSubject, ProcessSeen) costs Little;
    filesystem: Filesystem(FilesystemSubject, FilesystemSeen) costs Little;
    http: Http(HttpSubject, HttpSeen) costs Request;
    tcp: Tcp(TcpSubject, TcpSeen) costs Connection;
    command: Command(CommandSubject, CommandSeen) costs Child;
    load: Load(LoadSubject, LoadSeen) costs Little;
    memory: Memory(MemorySubject, MemorySeen) costs Little;
    pressure: Pressure(PressureSubject, PressureSeen) costs Little;
    cpu: Cpu(CpuSubject, CpuSeen) costs Little;
    dns: Dns(DnsSubject, DnsSeen) costs Request;
    link: Link(LinkSubject, LinkSeen) costs Little;
    container: Container(ContainerSubject, ContainerSeen) costs Request;
    path: Path(PathSubject, PathSeen) costs Little;
    tls: Tls(TlsSubject, TlsSeen) costs Request;
    failed_units: FailedUnits(FailedUnitsSubject, FailedUnitsSeen) costs Little;
    clock: Clock(ClockSubject, ClockSeen) costs Little;
    mount: Mount(MountSubject, MountSeen) costs Little;
    log: Log(LogSubject, LogSeen) costs Child;
    cgroup: Cgroup(CgroupSubject, CgroupSeen) costs Little;
}

/// Why a check cannot work on this host at all, whatever its target; none if it can.
pub fn unavailable(check: &Check) -> Option<&'static str> {
    match check {
        Check::Cgroup(_) if !cgroups::unified() => Some("this host has no unified hierarchy of control groups"),
        Check::Cgroup(check) if cgroup::about_memory(check) && !cgroups::counts_memory() => {
            Some("this host does not count memory by control group")
        }
        _ => None,
    }
}

/// Opens sources, in a thread that may hang.
pub type OpenSources = Box<dyn FnOnce(&MayHang) -> Vec<EventFd> + Send>;

/// How the sources of a subject's events are opened.
pub struct Opening {
    /// What may hang meanwhile: a folder on a dead mount.
    pub path: PathBuf,
    /// Opens the event sources; it runs in a thread of its own, because it may never return.
    pub open: OpenSources,
}

impl Opening {
    fn at(path: &str, open: impl FnOnce(&MayHang) -> Vec<EventFd> + Send + 'static) -> Self {
        Self { path: path.into(), open: Box::new(open) }
    }

    /// Listens for changes of one name in its folder; none if folders cannot be watched.
    fn in_folder(path: PathBuf, folders: Option<Arc<Folders>>) -> Option<Self> {
        let (folders, folder) = (folders?, path.parent()?.to_owned());
        let open = move |may_hang: &MayHang| folders.watch(&path, may_hang).map(EventFd::Folder).into_iter().collect();
        Some(Self { path: folder, open: Box::new(open) })
    }
}

/// The event sources that announce changes of this subject, besides systemd, pidfds and the mount table, which serve
/// all subjects.
pub fn sources(check: &Check, subject: &Subject, folders: Option<Arc<Folders>>) -> Option<Opening> {
    match (check, subject) {
        (Check::Pressure(check), _) => {
            let check = check.clone();
            let trigger = |file: std::fs::File| EventFd::Descriptor(Ringing::Trigger(file.into()));
            Some(Opening::at("/proc/pressure", move |_| pressure::triggers(&check).into_iter().map(trigger).collect()))
        }
        (_, Subject::Link(_)) => {
            Some(Opening::at("/sys/class/net", |_| Ringing::links().map(EventFd::Descriptor).into_iter().collect()))
        }
        (_, Subject::Path(subject)) => Opening::in_folder(PathBuf::from(&*subject.path), folders),
        (_, Subject::Log(LogSubject { source: LogSource::File(path), .. })) => {
            Opening::in_folder(PathBuf::from(&**path), folders)
        }
        (_, Subject::Cgroup(subject)) => Opening::in_folder(cgroup::usual_events(&subject.unit), folders),
        _ => None,
    }
}
