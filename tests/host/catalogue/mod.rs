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

use std::collections::HashSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use salve::playbook::library::SHIPPED;
use serde_json::Value;

use crate::journal::{Record, exported};
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

/// Those that need a kernel of their own: each keeps both processors busy for as long as it runs.
pub const VIRTUAL: &[&str] = &[
    "catalogue_high_load",
    "catalogue_mount_stuck",
    "catalogue_oom_killed",
    "catalogue_memory_leak",
    "catalogue_swap_thrash",
    "catalogue_clock_unsynced",
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
        let name = format!("catalogue_{}", self.playbook.replace('-', "_"));
        assert!(VIRTUAL.contains(&name.as_str()), "{name} is listed among those that need a kernel of their own");
        self.run_on(&Machine::boot_virtual());
    }

    fn run_on(&self, machine: &Machine) {
        machine.sh(self.setup);
        let mut salve = Salve::with(machine, &[(self.playbook, &self.text())]);
        salve.start();
        machine.sh(&format!("sleep 1\n{}", self.alike));
        sleep(Duration::from_secs(4));
        let so_far = exported(machine);
        let acted = ["intent", "asked"].iter().any(|kind| !self.told(&so_far, kind).is_empty());
        assert!(!acted, "{}: what only looks like it was acted on\n{}", self.playbook, salve.happened());
        // what is over only ends once it has been calm for a while, and a fault meanwhile would be the same incident
        let before = self.told(&so_far, "opened").len();
        self.until(&salve, "closed", |closed| closed.len() == before);

        let broken: u64 = machine.sh("date +%s%3N").trim().parse().unwrap();
        machine.sh(self.fault_script);
        let opened = self.until(&salve, "opened", |opened| opened.len() > before).pop().unwrap();
        match self.end {
            End::Healed => {}
            End::HealedAfterYes => self.say_yes(&salve),
            End::Ticket { holds, mend } => {
                self.until(&salve, "escalated", |calls| !calls.is_empty());
                machine.wait("a ticket", &format!("grep -q \"{holds}\" /var/lib/salve/tickets/*.md"));
                assert!(self.told(&exported(machine), "intent").is_empty(), "nothing that runs here mends it");
                machine.sh(mend);
            }
        }
        let closed = self.until(&salve, "closed", |closed| closed.len() > before).pop().unwrap();
        let healed = match self.end {
            End::Ticket { .. } => {
                self.until(&salve, "resolved", |resolved| !resolved.is_empty());
                None
            }
            End::Healed | End::HealedAfterYes => {
                assert!(closed.fields["outcome"]["healed"].is_object(), "{}: {}", self.playbook, closed.fields);
                Some(closed.at.saturating_sub(broken))
            }
        };
        machine.sh(self.after);
        salve.verify();
        table::row(self, opened.at.saturating_sub(broken), healed);
    }

    /// Approves what was asked for last until it runs: it follows the fault, and a plan that changed meanwhile wants
    /// another yes.
    fn say_yes(&self, salve: &Salve<'_>) {
        let deadline = Instant::now() + salve.machine.patience();
        let begun = |records: &[Record]| (!self.told(records, "intent").is_empty()).then_some(());
        while {
            let asked = self.until(salve, "asked", |asked| !asked.is_empty()).pop().unwrap();
            salve.machine.try_sh(&format!("$(salve show {} | grep '^salve approve')", asked.fields["incident"]));
            salve.journal.wait(Duration::from_secs(5), begun).is_none()
        } {
            assert!(Instant::now() < deadline, "{}: no approved attempt\n{}", self.playbook, salve.happened());
        }
    }

    /// Waits until this playbook's events of a kind are as wanted; they.
    fn until(&self, salve: &Salve<'_>, kind: &str, enough: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let told = salve.journal.wait(salve.machine.patience(), |records| {
            let told = self.told(records, kind);
            enough(&told).then_some(told)
        });
        told.unwrap_or_else(|| panic!("{}: never {kind}\n{}", self.playbook, salve.happened()))
    }

    /// This playbook's events of a kind, oldest first; the others that are shipped run beside it, in shadow.
    fn told(&self, records: &[Record], kind: &str) -> Vec<Told> {
        let (mut contents, mut incidents, mut told) = (HashSet::new(), HashSet::new(), Vec::new());
        for Record { at, kind: word, fields, .. } in records {
            if word == "adopted" && fields["name"] == self.playbook {
                contents.insert(fields["content"].to_string());
            }
            if word == "opened" && contents.contains(&fields["key"]["content"].to_string()) {
                incidents.insert(fields["incident"].to_string());
            }
            if word == kind && incidents.contains(&fields["incident"].to_string()) {
                told.push(Told { at: *at, fields: fields.clone() });
            }
        }
        told
    }
}

/// One event: when, in milliseconds of the host's clock, and what it says.
struct Told {
    at: u64,
    fields: Value,
}
