//! salve itself is killed, at the worst moment.

use crate::machine::Machine;
use crate::watch::Salve;

const PLAYBOOK: &str = r#"
title   = "the worker is there"
target  = "host"
risk    = "low"
mode    = "auto"

[detect]
command = { run = ["test", "-e", "/srv/worker"], exit = "not 0", every = "1s" }

[[remediate]]
do      = [{ run = ["/usr/local/bin/mend"] }]
timeout = "60s"

[verify]
command = { run = ["test", "-e", "/srv/worker"], exit = 0, every = "1s" }
within  = "3s"

[escalate]
attempts = 2
window   = "10m"
"#;

const MEND: &str = "#!/bin/sh\necho began >> /root/ledger\nsleep 30\necho ended >> /root/ledger\ntouch /srv/worker\n";

pub fn killed() {
    let machine = Machine::boot();
    machine.write("/usr/local/bin/mend", MEND);
    machine.sh("chmod 755 /usr/local/bin/mend; touch /srv/worker");
    let mut salve = Salve::with(&machine, &[("worker", PLAYBOOK)]);
    salve.start();
    machine.sh("rm /srv/worker");
    machine.wait("the remediation", "grep -q began /root/ledger");
    salve.kill();
    machine.sh("pgrep -x mend");

    salve.start();
    salve.wait_count("indeterminate", 1);
    machine.wait("the left-over's end", "! pgrep -x mend");
    salve.wait_count("escalated", 1);
    assert_eq!(machine.sh("cat /root/ledger"), "began\n", "nothing ran twice, and the left-over was ended");
    assert_eq!(salve.count("intent"), 1);
    let (_, left) = salve.events().into_iter().find(|(kind, _)| kind == "indeterminate").unwrap();
    assert_eq!(left["scope_empty"], true);

    machine.sh("touch /srv/worker");
    salve.wait_count("closed", 1);
    let status: serde_json::Value = serde_json::from_str(&machine.try_sh("salve status --json")).unwrap();
    assert_eq!(status["breakers"][0]["invocations"], 1, "the window still counts it: {}", status["breakers"]);
    salve.verify();
}
