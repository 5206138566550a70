//! The text of each class's playbook.

use std::path::Path;

use super::{FailureClass, quoted};
use crate::playbook::{Risk, Target};

/// The parts of a playbook's text; each but the first three is whole lines.
pub struct Body {
    pub why: &'static str,
    pub title: String,
    pub risk: Risk,
    pub detect: String,
    /// Empty, or with an empty line before it.
    pub ladder: String,
    pub verify: String,
    pub escalate: String,
}

const RESTART: &str = "\
\n# the ladder: the next rung is tried only if the one before did not help
[[remediate]]
do      = [{ unit = \"restart\" }]
timeout = \"1m\"
";

const BUDGET: &str = "\
attempts = 3 # the third attempt in the window runs, opens the breaker, and calls
window = \"30m\"
";

const ONCE: &str = "\
attempts = 1 # one attempt in the window; what it does not mend is for a person
window = \"6h\"
";

pub fn of(class: FailureClass, target: &Target) -> Body {
    let name = target.name();
    match class {
        FailureClass::ServiceDown => service_down(name),
        FailureClass::ServiceSilent => service_silent(name),
        FailureClass::PortClosed => port_closed(name),
        FailureClass::CommandFails => command_fails(name),
        FailureClass::ProcessMissing => {
            process(name, "there is no such process, and there should be", "runs", ["exists = false", "exists = true"])
        }
        FailureClass::ProcessTooMany => process(
            name,
            "there are more of them than there should be: look at both figures",
            "does not multiply",
            ["count = \"> 20\"", "count = \"< 15\""],
        ),
        FailureClass::ProcessTooLarge => process(
            name,
            "it takes more memory than it should: look at both figures",
            "stays small",
            ["memory = \"> 2GiB\"", "memory = \"< 1GiB\""],
        ),
        FailureClass::DiskFull => disk_full(name),
        FailureClass::InodesSpent => inodes_spent(name),
        FailureClass::MountReadOnly => read_only(name),
        FailureClass::MemoryShort => memory_short(name),
        FailureClass::LoadHigh => load_high(),
    }
}

fn service_down(unit: &str) -> Body {
    Body {
        why: "the unit is not active",
        title: format!("{} stays up", short(unit)),
        risk: Risk::Low,
        detect: "unit = { state = \"not active\" }\nfor  = \"30s\"\n".into(),
        ladder: RESTART.into(),
        verify: "unit   = { state = \"active\" }\n# an active unit need not work: http = { url = \"http://127.0.0.1/\", status = 200 }\n\
                 within = \"1m\"\nsoak   = \"15s\"\n"
            .into(),
        escalate: with_journal(BUDGET),
    }
}

fn service_silent(unit: &str) -> Body {
    let page = "url = \"http://127.0.0.1/\"";
    Body {
        why: "the unit is active, and its page does not answer; look at the address",
        title: format!("{} answers", short(unit)),
        risk: Risk::Medium,
        detect: format!(
            "http = {{ {page}, status = \"not 200\", every = \"15s\", timeout = \"5s\" }}\nfor  = \"1m\"\n"
        ),
        ladder: RESTART.into(),
        verify: format!(
            "unit   = {{ state = \"active\" }}\nhttp   = {{ {page}, status = 200, timeout = \"5s\" }}\n\
             within = \"1m\"\nsoak   = \"30s\"\n"
        ),
        escalate: with_journal(BUDGET),
    }
}

fn port_closed(unit: &str) -> Body {
    let port = known(unit).map_or(80, |known| known.port);
    let address = format!("address = \"127.0.0.1:{port}\"");
    Body {
        why: "nothing takes connections at the port; look at the address",
        title: format!("{} takes connections", short(unit)),
        risk: Risk::Medium,
        detect: format!("tcp = {{ {address}, open = false, every = \"15s\", timeout = \"3s\" }}\nfor = \"30s\"\n"),
        ladder: RESTART.into(),
        verify: format!(
            "unit   = {{ state = \"active\" }}\ntcp    = {{ {address}, open = true }}\nwithin = \"1m\"\nsoak   = \"15s\"\n"
        ),
        escalate: format!("{BUDGET}attach = [{{ journal = {{ lines = 100 }} }}, {{ run = [\"ss\", \"-tlnp\"] }}]\n"),
    }
}

fn command_fails(unit: &str) -> Body {
    let own = "[\"/usr/local/bin/check-service\", \"{unit}\"]";
    let run = known(unit).map_or(own, |known| known.asks);
    Body {
        why: "a program that asks the service fails; name your own, with its arguments (there is no shell)",
        title: format!("{} works", short(unit)),
        risk: Risk::Medium,
        detect: format!(
            "command = {{ run = {run}, exit = \"not 0\", every = \"30s\", timeout = \"10s\" }}\nfor     = \"1m\"\n"
        ),
        ladder: RESTART.into(),
        verify: format!(
            "unit    = {{ state = \"active\" }}\ncommand = {{ run = {run}, exit = 0, timeout = \"10s\" }}\n\
             within  = \"1m\"\nsoak    = \"30s\"\n"
        ),
        escalate: with_journal(BUDGET),
    }
}

fn process(name: &str, why: &'static str, holds: &str, [broken, healed]: [&str; 2]) -> Body {
    let unit = quoted(&unit_of(name));
    Body {
        why,
        title: format!("{name} {holds}"),
        risk: Risk::Medium,
        detect: format!("process = {{ {broken} }}\nfor     = \"1m\"\n"),
        ladder: format!(
            "\n# the unit that runs it: look at its name\n[[remediate]]\n\
             do      = [{{ unit = {{ name = {unit}, verb = \"restart\" }} }}]\ntimeout = \"1m\"\n"
        ),
        verify: format!("process = {{ {healed} }}\nwithin  = \"1m\"\nsoak    = \"30s\"\n"),
        escalate: format!(
            "{BUDGET}attach = [{{ run = [\"ps\", \"-eo\", \"pid,ppid,user,etime,rss,comm\", \"--sort=-rss\"] }}]\n"
        ),
    }
}

/// Actions that may free space, and the folder below which each does.
const ROOM: [(&str, &str); 5] = [
    ("/tmp", "{ clean = { path = \"/tmp\", older_than = \"7d\" } }"),
    ("/var/tmp", "{ clean = { path = \"/var/tmp\", older_than = \"30d\" } }"),
    ("/var/log", "{ clean = { path = \"/var/log\", older_than = \"30d\" } }, # rotated files only"),
    ("/var/log/journal", "{ run = [\"journalctl\", \"--vacuum-size=500M\"] }"),
    ("/var/cache/apt", "{ run = [\"apt-get\", \"clean\"] }"),
];

fn disk_full(mount: &str) -> Body {
    let (ladder, budget) = cleaning(mount, &ROOM);
    Body {
        why: "more than 85 % of the room is used",
        title: format!("{mount} has room"),
        risk: Risk::Low,
        detect: "filesystem = { used = \"> 85%\" }\nfor        = \"1m\"\n".into(),
        ladder,
        verify: "filesystem = { used = \"< 80%\" } # lower than the alarm, or it would flap at the edge\nwithin     = \"1m\"\n".into(),
        escalate: format!("{budget}attach = [{{ disk_usage = {{ depth = 3, top = 20 }} }}]\n"),
    }
}

fn inodes_spent(mount: &str) -> Body {
    // a journal and a package cache are few files
    let (ladder, budget) = cleaning(mount, &ROOM[..3]);
    Body {
        why: "more than 85 % of the inodes are used: there is room, and no file can be made",
        title: format!("{mount} has inodes"),
        risk: Risk::Low,
        detect: "filesystem = { inodes = \"> 85%\" }\nfor        = \"1m\"\n".into(),
        ladder,
        verify: "filesystem = { inodes = \"< 80%\" } # lower than the alarm, or it would flap at the edge\nwithin     = \"1m\"\n".into(),
        escalate: format!("{budget}attach = [{{ run = [\"du\", \"--inodes\", \"-x\", \"-d\", \"2\", \"{{mount}}\"] }}]\n"),
    }
}

/// The ladder that cleans below a mount, and its budget. Where nothing may be cleaned: how it would be written.
fn cleaning(mount: &str, room: &[(&str, &str)]) -> (String, &'static str) {
    let below: Vec<&str> =
        room.iter().filter(|(folder, _)| Path::new(folder).starts_with(mount)).map(|(_, action)| *action).collect();
    if below.is_empty() {
        let ladder = "\n# No folder below this mount may be cleaned without leave: nothing is done, and a person is called. To clean\n\
                      # one, allow it in salve.toml, take the signs away, and give [escalate] attempts = 1 and window = \"6h\".\n\
                      # [[remediate]]\n# do = [{ clean = { path = \"/the/folder\", older_than = \"30d\" } }]\n# idempotent = true\n";
        return (ladder.into(), "");
    }
    let line = |action: &str| match action.split_once(", # ") {
        Some((action, remark)) => format!("  {action}, # {remark}\n"),
        None => format!("  {action},\n"),
    };
    let actions = below.into_iter().map(line).collect::<Vec<_>>().concat();
    let ladder = format!(
        "\n# aged files and caches only; take out what this host has not\n[[remediate]]\ndo = [\n{actions}]\n\
         timeout    = \"5m\"\nidempotent = true # may be run again after a crash\n"
    );
    (ladder, ONCE)
}

fn read_only(mount: &str) -> Body {
    Body {
        why: "the kernel mounts a file system read-only when its disk fails: look there first",
        title: format!("{mount} is writable"),
        risk: Risk::High,
        detect: "filesystem = { read_only = true }\nfor        = \"30s\"\n".into(),
        ladder: "\n[[remediate]]\ndo      = [{ run = [\"mount\", \"-o\", \"remount,rw\", \"{mount}\"] }]\ntimeout = \"1m\"\n".into(),
        verify: "filesystem = { read_only = false }\nwithin     = \"1m\"\nsoak       = \"1m\"\n".into(),
        escalate: format!("{ONCE}attach = [{{ run = [\"journalctl\", \"-k\", \"-n\", \"100\", \"--no-pager\"] }}]\n"),
    }
}

fn memory_short(unit: &str) -> Body {
    Body {
        why: "the host has hardly any memory left, and this unit gives way",
        title: format!("memory is left, or {} gives way", short(unit)),
        risk: Risk::High,
        detect: "memory = { used = \"> 95%\" }\nfor    = \"2m\"\n".into(),
        ladder: RESTART.into(),
        verify: "memory = { used = \"< 85%\" }\nunit   = { state = \"active\" }\nwithin = \"2m\"\nsoak   = \"1m\"\n"
            .into(),
        escalate: format!("{ONCE}attach = [{{ run = [\"ps\", \"-eo\", \"pid,user,rss,comm\", \"--sort=-rss\"] }}]\n"),
    }
}

fn load_high() -> Body {
    Body {
        why: "more work than the processors can do; no remedy is safe, so a person is called",
        title: "the load is bearable".into(),
        risk: Risk::Low,
        detect: "load = { per_core = \"> 4\" }\nfor  = \"10m\"\n".into(),
        ladder: String::new(),
        verify: "load   = { per_core = \"< 2\" }\nwithin = \"1m\"\n".into(),
        escalate: "attach = [{ run = [\"ps\", \"-eo\", \"pid,user,pcpu,etime,comm\", \"--sort=-pcpu\"] }]\n".into(),
    }
}

fn with_journal(budget: &str) -> String {
    format!("{budget}attach = [{{ journal = {{ lines = 100 }} }}]\n")
}

/// A service that many hosts run.
struct KnownService {
    begins: &'static str,
    port: u16,
    asks: &'static str,
}

fn known(unit: &str) -> Option<&'static KnownService> {
    const KNOWN: [KnownService; 6] = [
        KnownService { begins: "redis", port: 6379, asks: "[\"redis-cli\", \"ping\"]" },
        KnownService { begins: "postgresql", port: 5432, asks: "[\"pg_isready\", \"-q\"]" },
        KnownService { begins: "mysql", port: 3306, asks: "[\"mysqladmin\", \"ping\"]" },
        KnownService { begins: "mariadb", port: 3306, asks: "[\"mysqladmin\", \"ping\"]" },
        KnownService { begins: "ssh", port: 22, asks: "[\"sshd\", \"-t\"]" },
        KnownService { begins: "nginx", port: 80, asks: "[\"nginx\", \"-t\"]" },
    ];
    KNOWN.iter().find(|known| unit.starts_with(known.begins))
}

/// A unit without its suffix.
fn short(unit: &str) -> &str {
    unit.rsplit_once('.').map_or(unit, |(name, _)| name)
}

/// The unit that a program most likely runs in.
fn unit_of(process: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_.".contains(c);
    if !process.is_empty() && process.chars().all(plain) { format!("{process}.service") } else { "its.service".into() }
}
