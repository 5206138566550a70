//! A small file system, really filled.

use crate::machine::Machine;
use crate::watch::Salve;

const PLAYBOOK: &str = r#"
title  = "crash dumps have room"
target = { mount = "/var/crash" }
risk   = "low"
mode   = "auto"

[detect]
filesystem = { used = "> 85%", every = "1s" }
for        = "1s"

[[remediate]]
do      = [{ clean = { path = "/var/crash", older_than = "2s" } }]
timeout = "30s"

[verify]
filesystem = { used = "< 80%" }
within     = "3s"

[escalate]
attempts = 1
window   = "6h"
attach   = [{ disk_usage = { depth = 3, top = 20 } }]
"#;

/// A host with a small file system, nine tenths of it in files of 1 MiB.
fn host() -> Machine {
    let machine = Machine::boot();
    machine.sh("mkdir -p /var/crash && mount -t tmpfs -o size=64m tmpfs /var/crash");
    machine
}

const FILL: &str = "for i in $(seq 58); do head -c 1M /dev/zero > /var/crash/dump.$i; done; sleep 3";

fn used(machine: &Machine) -> u32 {
    machine.sh("df --output=pcent /var/crash | tail -1 | tr -dc 0-9").trim().parse().unwrap()
}

pub fn cleaned() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("crash", PLAYBOOK)]);
    machine.sh(FILL);
    salve.start();
    salve.wait_count("closed", 1);
    // df rounds up
    assert!(used(&machine) <= 80);
    assert!(used(&machine) > 50, "it stops when the verifier's target is met");
    assert_eq!(salve.count("intent"), 1);
    let (_, closed) = salve.events().into_iter().find(|(kind, _)| kind == "closed").unwrap();
    assert!(closed["outcome"]["healed"].is_object(), "{closed}");
    salve.verify();
}

pub fn kept_open() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("crash", PLAYBOOK)]);
    machine.sh("head -c 58M /dev/zero > /var/crash/held; sleep 300 < /var/crash/held > /dev/null 2>&1 & sleep 3");
    machine.sh("rm /var/crash/held");
    salve.start();
    salve.wait_count("escalated", 1);
    salve.wait_count("delivered", 1);
    assert!(used(&machine) > 85, "what is held open is not freed");
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1);
    assert!(tickets[0].contains("/var/crash/held") && tickets[0].contains("sleep"), "{}", tickets[0]);
}

pub fn canaries() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("crash", PLAYBOOK)]);
    machine.sh("mkdir -p /srv/canary/deep && for i in 1 2 3; do head -c 1M /dev/zero > /srv/canary/deep/$i; done");
    machine
        .sh("mkdir /var/crash/bound && mount --bind /srv/canary /var/crash/bound && ln -s /srv/canary /var/crash/link");
    machine.sh("cd /srv/canary && find . -type f | sort | xargs sha256sum > /root/before");
    machine.sh(FILL);
    salve.start();
    salve.wait_count("closed", 1);
    // df rounds up
    assert!(used(&machine) <= 80);
    machine.sh("cd /srv/canary && find . -type f | sort | xargs sha256sum | cmp - /root/before");
    machine.sh("test -L /var/crash/link && mountpoint -q /var/crash/bound");
}
