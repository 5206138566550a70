//! The catalogue, row by row: each shipped playbook against the real fault that it is about, and against something that
//! looks like it and must be left alone. The playbook's own text is what runs; only its times, thresholds and places are
//! cut to what a test can wait for, and each cut must meet a place in the text.

mod disk;
mod memory;
mod network;
mod processes;
mod services;
pub mod table;
mod time;

use std::thread::sleep;
use std::time::Duration;

use salve::playbook::library::SHIPPED;
use serde_json::Value;

use crate::machine::Machine;
use crate::watch::Salve;

/// How a fault shall end.
pub enum End {
    /// Healed, without a human.
    Healed,
    /// Healed, after an operator's yes to what was shown.
    HealedAfterYes,
    /// A ticket that holds this, because nothing that runs here mends it; then `mend` does.
    Ticket { holds: &'static str, mend: &'static str },
}

/// One row of the catalogue.
pub struct Case {
    /// The playbook's name.
    pub playbook: &'static str,
    /// The fault, in words, for the table.
    pub fault: &'static str,
    /// What says that it is right again, in words, for the table.
    pub verified: &'static str,
    /// Places in the shipped text, and what stands there in the test.
    pub cuts: &'static [(&'static str, &'static str)],
    /// Makes the host ready; nothing is broken yet.
    pub setup: &'static str,
    /// Looks like the fault, and is none: nothing may be attempted.
    pub alike: &'static str,
    /// The fault.
    pub fault_script: &'static str,
    /// How it ends.
    pub end: End,
    /// Must hold afterwards.
    pub after: &'static str,
}

/// Every case by name.
pub const ALL: &[(&str, fn())] = &[
    ("catalogue_nginx_up", services::nginx),
    ("catalogue_postgresql_up", services::postgresql),
    ("catalogue_redis_up", services::redis),
    ("catalogue_sshd_up", services::sshd),
    ("catalogue_cron_up", services::cron),
    ("catalogue_service_down", services::down),
    ("catalogue_failed_units", services::failed_job),
    ("catalogue_service_hung", services::hung),
    ("catalogue_stale_pidfile", services::stale_pidfile),
    ("catalogue_container_unhealthy", services::container),
    ("catalogue_disk_pressure", disk::pressure),
    ("catalogue_inode_exhaustion", disk::inodes),
    ("catalogue_log_growth", disk::log),
    ("catalogue_fs_readonly", disk::readonly),
    ("catalogue_mount_stuck", disk::stuck),
    ("catalogue_cert_expiry", network::certificate),
    ("catalogue_dns_failing", network::dns),
    ("catalogue_link_down", network::link),
    ("catalogue_zombies", processes::zombies),
    ("catalogue_fd_exhaustion", processes::files),
    ("catalogue_high_load", processes::load),
    ("catalogue_oom_killed", memory::killed),
    ("catalogue_memory_leak", memory::leak),
    ("catalogue_swap_thrash", memory::thrash),
    ("catalogue_clock_unsynced", time::unsynced),
];

impl Case {
    /// The shipped text with its cuts.
    fn text(&self) -> String {
        let (_, shipped) = SHIPPED.iter().find(|(name, _)| *name == self.playbook).expect("it is shipped");
        self.cuts.iter().fold((*shipped).to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{}: nothing in it reads `{from}`", self.playbook);
            text.replace(from, to)
        })
    }

    /// In a container.
    pub fn run(&self) {
        self.run_on(&Machine::boot());
    }

    /// In a virtual machine.
    pub fn run_virtual(&self) {
        self.run_on(&Machine::boot_virtual());
    }

    fn run_on(&self, machine: &Machine) {
        machine.sh(self.setup);
        let mut salve = Salve::with(machine, &[(self.playbook, &self.text())]);
        salve.start();
        machine.sh(&format!("sleep 1\n{}", self.alike));
        sleep(Duration::from_secs(4));
        assert_eq!(self.count(&salve, "intent"), 0, "{}: what only looks like it was acted on", self.playbook);
        let before = self.count(&salve, "opened");

        let broken: u64 = machine.sh("date +%s%3N").trim().parse().unwrap();
        machine.sh(self.fault_script);
        let name = self.playbook;
        let line =
            |kind: &str| format!("salve journal export --json | grep '\"event\":{{\"{kind}\":' | grep -c '{name}'");
        machine.wait(&format!("{name} opened"), &format!("test $({}) -gt {before}", line("opened")));
        match self.end {
            End::Healed => {}
            End::HealedAfterYes => {
                let shown = "salve show $(salve journal export --json | grep '\"asked\"' | tail -1 | \
                             grep -o '\"incident\":[0-9]*' | head -1 | grep -o '[0-9]*')";
                machine.wait("a question", &format!("{shown} | grep -q '^salve approve'"));
                machine.sh(&format!("$({shown} | grep '^salve approve')"));
            }
            End::Ticket { .. } => salve.wait_count("delivered", 1),
        }
        if let End::Ticket { holds, mend } = self.end {
            assert_eq!(self.count(&salve, "intent"), 0, "nothing that runs here mends it");
            let tickets = salve.tickets().join("\n");
            assert!(tickets.contains(holds), "{tickets}");
            machine.sh(mend);
            salve.wait_count("resolved", 1);
        }
        let count = format!("test $(salve journal export --json | grep -c '\"event\":{{\"closed\":') -gt {}", before);
        machine.wait(&format!("{name} closed"), &count);
        let (opened, closed, outcome) = self.ends(machine);
        match self.end {
            End::Ticket { .. } => {}
            _ => assert!(outcome["healed"].is_object(), "{name}: {outcome}"),
        }
        machine.sh(self.after);
        salve.verify();
        let healed = match self.end {
            End::Ticket { .. } => None,
            _ => Some(closed.saturating_sub(broken)),
        };
        table::row(self, opened.saturating_sub(broken), healed);
    }

    /// How many events of this kind there are.
    fn count(&self, salve: &Salve<'_>, kind: &str) -> usize {
        salve.count(kind)
    }

    /// When the last incident opened and closed, in milliseconds of the host's clock, and how.
    fn ends(&self, machine: &Machine) -> (u64, u64, Value) {
        let lines = machine.sh("salve journal export --json");
        let of = |kind: &str| {
            let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let last = records.filter(|record| record["event"].get(kind).is_some()).last().unwrap();
            let wall: jiff::Timestamp = last["wall"].as_str().unwrap().parse().unwrap();
            (u64::try_from(wall.as_millisecond()).unwrap(), last["event"][kind].clone())
        };
        let ((opened, _), (closed, event)) = (of("opened"), of("closed"));
        (opened, closed, event["outcome"].clone())
    }
}
