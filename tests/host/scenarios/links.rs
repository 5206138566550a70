//! What the owner of a watched file can make of it: root reads nothing through a link that somebody else put there.

use crate::machine::Machine;
use crate::watch::Salve;

/// Counts lines in a log that ann owns.
const COUNTED: &str = r#"
title  = "the app logs no errors"
target = { path = "/srv/app/app.log" }
risk   = "low"
mode   = "auto"

[detect]
log = { path = "/srv/app/app.log", pattern = "ERROR", count = "> 2", window = "1h", every = "1s" }

[verify]
log    = { path = "/srv/app/app.log", pattern = "ERROR", count = "= 0", window = "1h" }
within = "10s"
"#;

/// Shows that log to whom it calls.
const SHOWN: &str = r#"
title  = "the marker is there"
target = "host"
risk   = "low"
mode   = "auto"

[detect]
command = { run = ["test", "-e", "/srv/marker"], exit = "not 0", every = "1s" }

[verify]
command = { run = ["test", "-e", "/srv/marker"], exit = 0 }
within  = "10s"

[escalate]
attach = [{ repeated = { path = "/srv/app/app.log", top = 5 } }]
"#;

pub fn of_a_log() {
    let machine = Machine::boot();
    machine.sh(
        "useradd -m ann && install -d -o ann /srv/app && su ann -c 'echo calm > /srv/app/app.log' && touch /srv/marker
for i in 1 2 3 4 5; do echo ERROR-HASH-OF-ROOT >> /etc/shadow-copy; done; chmod 600 /etc/shadow-copy",
    );
    let mut salve = Salve::with(&machine, &[("counted", COUNTED), ("shown", SHOWN)]);
    salve.start();
    machine.sh("su ann -c 'rm /srv/app/app.log; ln -s /etc/shadow-copy /srv/app/app.log'");
    // neither read nor taken for a log without errors
    machine.wait("the link to be refused", "salve status | grep '^path /srv/app/app.log ' | grep -q 'unknown'");
    machine.sh("rm /srv/marker");
    salve.wait_count("delivered", 1);
    machine.wait("the evidence", "grep -q 'Evidence' /var/lib/salve/tickets/*.md");
    let said = machine.try_sh("salve status; salve status --json; salve show 1; salve journal export --json; cat /var/lib/salve/tickets/*.md /var/lib/salve/logs/*");
    assert!(said.contains("/srv/app/app.log") && !said.contains("HASH-OF-ROOT"), "{said}");
    assert_eq!(salve.count("opened"), 1, "no line of root's was counted");

    // a file of its owner's own is read as before
    machine.sh("su ann -c 'rm /srv/app/app.log; echo calm > /srv/app/app.log'");
    machine.wait("the log to be read again", "! salve status | grep '^path /srv/app/app.log ' | grep -q 'unknown'");
    machine.sh("su ann -c 'for i in 1 2 3 4 5; do echo ERROR of ann >> /srv/app/app.log; done'");
    salve.wait_count("opened", 2);
    salve.verify();
}
