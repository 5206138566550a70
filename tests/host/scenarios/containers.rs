//! Containers that are down: stopped by an operator, or dead by themselves.

use crate::machine::Machine;
use crate::watch::Salve;

/// The shipped playbook's check, and besides it one for containers that are down.
const UNHEALTHY: &str = r#"
title   = "containers are healthy"
targets = [{ container = "*" }]
risk    = "low"
mode    = "auto"

[detect]
container = { health = "unhealthy", every = "1s" }
for       = "1s"

[[remediate]]
do      = [{ container = "restart" }]
timeout = "30s"

[verify]
container = { state = "running", every = "1s" }
within    = "20s"

[escalate]
attempts = 3
window   = "10m"
"#;

/// Some that are calm stand beside those that go down, or these would be so many of all that they are a storm.
const CONTAINERS: &str = "run() { podman run -q -d --network none --cgroups disabled --stop-signal KILL \"$@\"; }
for name in stopped calm1 calm2 calm3 calm4 calm5; do run --name $name box /bin/sleep 100000; done
run --name worker box /bin/sh -c 'until test -e /crash; do sleep 0.2; done; rm /crash; exit 139'
run --name always --restart always box /bin/sleep 100000
run --name sick --health-cmd 'test ! -e /broken' --health-interval 1s --health-retries 1 box /bin/sh -c '> /broken; exec sleep 100000'
until podman inspect --format '{{.State.Health.Status}}' sick | grep -qx unhealthy; do sleep 0.5; done
podman stop sick always
podman inspect --format '{{.State.Status}} {{.State.Health.Status}}' sick | grep -qx 'exited unhealthy'";

/// Waits until a container stands so.
fn stands(machine: &Machine, name: &str, words: &str) {
    machine.wait(&format!("{name}: {words}"), &format!("salve status | grep '^container {name} ' | grep -q '{words}'"));
}

pub fn stopped_or_dead() {
    let machine = Machine::boot();
    machine.sh(concat!("set -e\n", podman!()));
    machine.sh(&format!("set -e\n{CONTAINERS}"));
    let down = UNHEALTHY
        .replace("containers are healthy", "containers run")
        .replace("health = \"unhealthy\"", "state = \"exited\"");
    let mut salve = Salve::with(&machine, &[("unhealthy", UNHEALTHY), ("down", &down)]);
    salve.start();
    // stopped before anybody watched; the last word of a health check is kept, and means nothing any more
    stands(&machine, "always", "stopped by an operator");
    // this podman does not tell who stopped it
    stands(&machine, "sick", "awaiting approval");
    machine.sh("podman stop stopped");
    stands(&machine, "stopped", "awaiting approval");
    // one that died by itself is healed, and by then all others have been decided about
    machine.sh("podman exec worker touch /crash");
    salve.wait_count("closed", 1);
    machine.sh("podman inspect --format '{{.State.Status}}' worker | grep -qx running");
    assert_eq!((salve.count("intent"), salve.count("asked")), (1, 2), "{}", salve.happened());
    let asked = salve.events().into_iter().filter(|(kind, _)| kind == "asked");
    for (_, asked) in asked {
        assert!(asked["request"]["why"]["stop_unclear"].is_object(), "{asked}");
    }
    machine.sh("! podman inspect --format '{{.State.Status}}' sick stopped always | grep -q running");
    // an operator's own start ends what was left alone
    machine.sh("podman start stopped");
    machine.wait("its end", "! salve status | grep '^container stopped '");
    assert_eq!(salve.count("intent"), 1);
    salve.verify();
}
