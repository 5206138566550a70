//! Many at once: a storm of forty units beside the rules that hold any one of them back, and a host with a thousand
//! targets on which nothing happens.

use std::thread::sleep;
use std::time::Duration;

use crate::machine::Machine;
use crate::watch::Salve;

/// Forty services of one kind and one database, each of its own unit.
const UNITS: &str = "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/app@.service
cp /etc/systemd/system/app@.service /etc/systemd/system/db.service
systemctl daemon-reload
for i in $(seq 40); do systemctl start app@$i; done
systemctl start db";

const APP: &str = r#"
title   = "apps stay up"
targets = [{ unit = "app@*.service" }]
risk    = "low"
mode    = "auto"
needs   = ["db"]

[detect]
unit = { state = "not active" }
for  = "1s"

[[remediate]]
do      = [{ unit = "restart" }]
timeout = "30s"

[verify]
unit   = { state = "active" }
within = "30s"

[escalate]
attempts = 3
window   = "10m"
"#;

/// Kills these apps by their main processes, all by one command: on a busy host forty of them are no storm.
fn kill(machine: &Machine, apps: &str) {
    machine.sh(&format!("systemctl kill -s KILL $(printf 'app@%s ' {apps})"));
}

pub fn forty_at_once() {
    let machine = Machine::boot();
    machine.sh(UNITS);
    let db = APP
        .replace("apps stay up", "db stays up")
        .replace("app@*.service", "db.service")
        .replace("needs   = [\"db\"]\n", "");
    let mut salve = Salve::with(&machine, &[("app", APP), ("db", &db)]);
    machine.write("/etc/salve/salve.toml", "boot_grace = \"0s\"\nhost_budget = { attempts = 5, window = \"5m\" }\n");
    salve.start();
    sleep(Duration::from_secs(2));

    // one at a time is healed
    kill(&machine, "1");
    salve.wait_count("closed", 1);
    assert_eq!(salve.count("intent"), 1);

    // all at once is a storm: one page, and no attempt
    kill(&machine, "$(seq 40)");
    salve.wait_count("delivered", 1);
    machine.wait("the storm on the screen", "salve status | grep -q 'targets down'");
    sleep(Duration::from_secs(3));
    assert_eq!(salve.count("intent"), 1, "no attempt in a storm");
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1, "one page for all of them");
    assert!(tickets[0].contains("storm"), "{}", tickets[0]);

    // mended from outside but for eight: no storm any more, and the host's budget holds
    machine.sh("for i in $(seq 9 40); do systemctl start app@$i; done");
    salve.wait_count("intent", 5);
    salve.wait_count("asked", 1);
    sleep(Duration::from_secs(3));
    assert_eq!(salve.count("intent"), 5, "past the host's budget everything asks");
    machine.sh("systemctl start 'app@*' ; for i in $(seq 8); do systemctl start app@$i; done");
    machine.wait("calm", "! salve status | grep '^unit app@' | grep -v 'no reading'");

    // what needs a database waits for it, and does not even ask
    machine.sh("systemctl kill -s KILL db; sleep 2");
    kill(&machine, "1 2");
    machine.wait("what waits", "test $(salve status | grep -c 'waiting for db') = 2");

    // maintenance holds back what is left
    machine.sh("salve pause --at 'in 1s' --for 5m --reason upgrade; sleep 3; systemctl start db");
    kill(&machine, "3");
    machine.wait("maintenance", "test $(salve status | grep -c 'on hold: .*paused') = 3");
    assert_eq!(salve.count("intent"), 5, "nothing is attempted in a maintenance window");
    salve.verify();
}

/// A thousand targets: processes, files, and what they look like to real checks.
pub fn a_thousand_targets() {
    let machine = Machine::boot();
    machine.sh("mkdir -p /srv/files && cd /srv/files && mkdir $(seq 0 19) && for i in $(seq 600); do echo x > $((i % 20))/$i; done
for i in $(seq 300); do ln -s /bin/sleep /srv/worker$i; (exec /srv/worker$i infinity) > /dev/null 2>&1 & done
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/app@.service; systemctl daemon-reload
for i in $(seq 100); do systemctl start app@$i; done");
    let one = |target: &str, detect: &str, verify: &str| {
        format!(
            "title = \"{}\"\ntargets = [{target}]\nrisk = \"low\"\nmode = \"auto\"\n[detect]\n{detect}\nfor = \"10s\"\n\
             [[remediate]]\ndo = [{{ run = [\"true\"] }}]\ntimeout = \"5s\"\n[verify]\n{verify}\nwithin = \"5s\"\n\
             [escalate]\nattempts = 1\nwindow = \"1h\"\n",
            target.split(',').next().unwrap_or_default().replace(['"', '{', '}'], "")
        )
    };
    let mut playbooks = vec![(
        "apps".to_owned(),
        one("{ unit = \"app@*.service\" }", "unit = { state = \"not active\" }", "unit = { state = \"active\" }"),
    )];
    let list = |kind: &str, name: &dyn Fn(usize) -> String, range: std::ops::Range<usize>| {
        range.map(|nth| format!("{{ {kind} = \"{}\" }}", name(nth))).collect::<Vec<_>>().join(", ")
    };
    for from in (1..=600).step_by(60) {
        let files = list("path", &|nth| format!("/srv/files/{}/{nth}", nth % 20), from..from + 60);
        playbooks.push((format!("files{from}"), one(&files, "path = { exists = false }", "path = { exists = true }")));
    }
    for from in (1..=300).step_by(60) {
        let workers = list("process", &|nth| format!("worker{nth}"), from..from + 60);
        playbooks.push((
            format!("workers{from}"),
            one(&workers, "process = { exists = false }", "process = { exists = true }"),
        ));
    }
    let borrowed: Vec<(&str, &str)> = playbooks.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut salve = Salve::with(&machine, &borrowed);
    salve.start();
    let count = "salve status --json | python3 -c 'import json, sys; d = json.load(sys.stdin)[\"detectors\"]; \
                 print(sum(1 for r in d if r[\"health\"] == \"ok\"))'";
    machine.wait("a thousand targets that are well", &format!("test $({count}) -ge 1000"));

    // root has 128 instances of inotify for all its programs: one serves every target, one salve's own files
    let instances = machine.sh("ls -l /proc/$(pidof -s salve)/fd | grep -c inotify");
    assert!(instances.trim().parse::<usize>().unwrap() <= 2, "instances of inotify: {instances}");

    // on the processor within half a minute, in ticks of 10 ms; what it says is printed, and only a runaway fails
    let spent =
        || -> u64 { machine.sh("awk '{ print $14 + $15 }' /proc/$(pidof -s salve)/stat").trim().parse().unwrap() };
    sleep(Duration::from_secs(10));
    let before = spent();
    sleep(Duration::from_secs(30));
    let used = spent() - before;
    eprintln!("a thousand targets, nothing happens: {used} of 3000 ticks of one processor");
    assert!(used < 900, "a third of a processor for nothing: {used} of 3000 ticks");

    // and each is still watched
    machine.sh("rm /srv/files/17/77; pkill -9 -x worker150; systemctl kill -s KILL app@50");
    machine.wait(
        "all three seen",
        "test $(salve status | grep -c '/srv/files/17/77 \\|worker150 \\|app@50.service ') -ge 3",
    );
}
