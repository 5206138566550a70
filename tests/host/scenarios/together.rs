//! Several playbooks at once: two for one unit under two names, and two whose remedies break each other's targets.

use std::thread::sleep;
use std::time::Duration;

use crate::machine::Machine;
use crate::watch::Salve;

const UP: &str = r#"
title  = "web stays up"
target = { unit = "web.service" }
risk   = "low"
mode   = "auto"

[detect]
unit = { state = "not active" }
for  = "1s"

[[remediate]]
do      = [{ unit = "restart" }]
timeout = "30s"

[verify]
unit   = { state = "active" }
within = "3s"
soak   = "2s"

[escalate]
attempts = 3
window   = "10m"
"#;

pub fn one_unit_under_two_names() {
    let machine = Machine::boot();
    machine.sh("printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\nAlias=www.service\\n' \
        > /etc/systemd/system/web.service; systemctl daemon-reload; systemctl enable --now web");
    let mut salve = Salve::with(&machine, &[("web", UP), ("www", &UP.replace("web", "www"))]);
    salve.start();
    sleep(Duration::from_secs(2));

    // broken for good: whatever starts it dies at once
    machine.sh("sed -i 's#/bin/sleep infinity#/bin/false#' /etc/systemd/system/web.service; systemctl daemon-reload; \
        systemctl kill -s KILL web");
    salve.wait_count("joined", 1);
    assert_eq!(salve.count("intent"), 3, "one unit has one budget, whatever it is called");
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert!(tickets[0].contains("**Open**"), "{}", tickets[0]);

    // mended by hand: the call ends with its last incident, once
    machine.sh("sed -i 's#/bin/false#/bin/sleep infinity#' /etc/systemd/system/web.service; systemctl daemon-reload; \
        systemctl reset-failed web; systemctl start web");
    salve.wait_count("closed", 2);
    salve.wait_count("resolved", 1);
    assert_eq!((salve.count("resolved"), salve.count("intent")), (1, 3));
    machine.wait("the ticket's end", "grep -q 'Resolved' /var/lib/salve/tickets/*.md");
    salve.verify();
}

const FLAG: &str = r#"
title  = "red stands"
target = { path = "/srv/flags/red" }
risk   = "low"
mode   = "auto"

[detect]
path = { exists = false, every = "1s" }

[[remediate]]
do      = [{ run = ["/usr/local/sbin/raise", "red"] }]
timeout = "30s"

[verify]
path   = { exists = true, every = "1s" }
within = "10s"
soak   = "3s"

[escalate]
attempts = 20
window   = "1h"
"#;

pub fn remedies_that_fight() {
    let machine = Machine::boot();
    // there is one pole: whichever flag is raised, the other comes down
    machine.sh("mkdir -p /srv/flags; touch /srv/flags/red /srv/flags/blue; \
        printf '#!/bin/sh\\nrm -f /srv/flags/*\\ntouch /srv/flags/$1\\n' > /usr/local/sbin/raise; chmod 755 /usr/local/sbin/raise");
    let mut salve = Salve::with(&machine, &[("red", FLAG), ("blue", &FLAG.replace("red", "blue"))]);
    salve.start();
    sleep(Duration::from_secs(2));
    machine.sh("rm /srv/flags/red");
    salve.wait_count("escalated", 1);
    sleep(Duration::from_secs(5));
    let attempts = salve.count("intent");
    assert!((2..=4).contains(&attempts), "a round is enough, {attempts} attempts were made: {:#?}", salve.events());
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert!(tickets[0].contains("break each other's targets"), "{}", tickets[0]);
    assert!(tickets[0].contains("red") && tickets[0].contains("blue"), "{}", tickets[0]);
    machine.wait("both on hold", "salve status | grep -q \"break each other's targets\"");
    salve.verify();
}
