//! Calling people from a real host.

use super::nginx;
use crate::watch::Salve;

/// Nothing is to be tried: salve calls through journald and, as nobody answers, through a program besides.
const SETTINGS: &str = r#"
boot_grace = "0s"
[channels.journal]
journald = {}
unacknowledged = { after = "2s", to = ["wall"] }
[channels.wall]
command = { run = ["sh", "-c", "echo $SALVE_KIND >> /var/tmp/wall"] }
"#;

const PLAYBOOK: &str = r#"
title  = "the marker is there"
target = "host"
risk   = "low"
mode   = "auto"

[detect]
command = { run = ["test", "-e", "/var/tmp/marker"], exit = "not 0", every = "1s" }

[verify]
command = { run = ["test", "-e", "/var/tmp/marker"], exit = 0, every = "1s" }
within  = "5s"

[escalate]
to = ["journal"]
"#;

pub fn journald() {
    let machine = nginx::host();
    let mut salve = Salve::with_settings(&machine, SETTINGS, &[("marker", PLAYBOOK)]);
    let listed = machine.sh("salve channel list");
    assert!(listed.contains("if not acknowledged within 2s: wall"), "{listed}");
    salve.start();
    // each kind of entry is found by its own id, with the parts as fields
    let entry = |id: &str| {
        let query = format!("journalctl --no-pager -o json MESSAGE_ID={id}");
        machine.wait(&format!("the entry {id}"), &format!("{query} | grep -q SALVE_DEDUP"));
        let lines = machine.sh(&query);
        assert_eq!(lines.lines().count(), 1, "{lines}");
        serde_json::from_str::<serde_json::Value>(lines.trim()).unwrap()
    };
    let call = entry("3f4c1d6b7e0a4b6f9a52c8d1e07b9a41");
    assert_eq!((&call["PRIORITY"], &call["SYSLOG_IDENTIFIER"]), (&"3".into(), &"salve".into()));
    assert!(call["SALVE_REPORT"].as_str().unwrap().contains("## Timeline"), "{call:#}");
    machine.wait("the second call", "grep -qx trigger /var/tmp/wall");
    machine.sh("salve acknowledge 1");
    let seen = entry("8a0e5c92d1f347d8b6c3470f2e9d5b10");
    machine.sh("touch /var/tmp/marker");
    let end = entry("c51b7f08e2694a3d9d0f6e84b3a27c95");
    assert_eq!((&seen["SALVE_DEDUP"], &end["SALVE_DEDUP"]), (&call["SALVE_DEDUP"], &call["SALVE_DEDUP"]));
    machine.wait("the end of the second call", "grep -qx resolve /var/tmp/wall");
    assert_eq!(machine.sh("cat /var/tmp/wall").trim(), "trigger\nacknowledge\nresolve");
    salve.verify();
}
