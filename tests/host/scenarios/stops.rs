//! Units that are stopped: by an operator, along with another unit, by salve's own attempt on another one, by a failure.

use serde_json::Value;

use super::nginx;
use crate::machine::Machine;
use crate::watch::Salve;

/// A service that an operator may stop, and one that only remains active. A few calm ones stand beside them, or those
/// that are down would be so many of all that they are taken for a storm.
const UNITS: &str = "for unit in enabled disabled manual down_enabled down_manual victim 'calm@'; do
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/$unit.service
done
for unit in remains down_remains; do
printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n' > /etc/systemd/system/$unit.service
done
systemctl daemon-reload
systemctl -q enable --now enabled disabled down_enabled
systemctl start manual remains down_manual down_remains victim";

/// So many calm units there are.
const CALM: usize = 12;

/// Restarts the target where it is not active.
fn up(target: &str) -> String {
    format!(
        "title = \"{} stays up\"\ntargets = [{{ unit = \"{target}\" }}]\nrisk = \"low\"\nmode = \"auto\"\n\
         [detect]\nunit = {{ state = \"not active\" }}\nfor = \"1s\"\n\
         [[remediate]]\ndo = [{{ unit = \"restart\" }}]\ntimeout = \"20s\"\n\
         [verify]\nunit = {{ state = \"active\" }}\nwithin = \"5s\"\nsoak = \"1s\"\n\
         [escalate]\nattempts = 3\nwindow = \"10m\"\n",
        target.trim_end_matches(".service").replace('@', "-").replace('*', "all")
    )
}

/// salve on this host, with a playbook of this kind for each of these units.
fn watching<'m>(machine: &'m Machine, units: &[&str]) -> Salve<'m> {
    for nth in 1..=CALM {
        machine.sh(&format!("systemctl start calm@{nth}"));
    }
    let mut playbooks: Vec<(String, String)> =
        units.iter().map(|unit| ((*unit).to_owned(), up(&format!("{unit}.service")))).collect();
    playbooks.push(("calm".into(), up("calm@*.service")));
    let named: Vec<(&str, &str)> = playbooks.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Salve::with(machine, &named)
}

/// The units of the incidents of a kind of event, each with that event's fields.
fn of_kind(salve: &Salve<'_>, kind: &str) -> Vec<(String, Value)> {
    let events = salve.events();
    let unit = |incident: &Value| {
        let opened = events.iter().find(|(kind, fields)| kind == "opened" && fields["incident"] == *incident);
        opened.map(|(_, fields)| fields["playbook"].as_str().unwrap().to_owned()).unwrap()
    };
    let wanted = events.iter().filter(|(other, _)| other == kind);
    wanted.map(|(_, fields)| (unit(&fields["incident"]), fields.clone())).collect()
}

/// Waits until this unit is left alone as an operator's doing, which is known so.
fn left_alone(salve: &Salve<'_>, unit: &str, known: &str) {
    salve.wait_for(&format!("{unit}, left alone: {known}"), |salve| {
        let held = of_kind(salve, "held").into_iter().filter(|(other, _)| other == unit);
        let mut evidence = held.map(|(_, held)| held["denial"]["stopped_by_operator"]["evidence"].to_string());
        evidence.any(|evidence| evidence.contains(known)).then_some(())
    });
}

/// How often this unit was healed.
fn healed(salve: &Salve<'_>, unit: &str) -> usize {
    let closed = of_kind(salve, "closed").into_iter();
    closed.filter(|(other, closed)| other == unit && closed["outcome"]["healed"].is_object()).count()
}

/// Kills the one whose end is nobody's wish, and waits until it is healed: by then salve has decided about all others.
fn heals_the_victim(salve: &Salve<'_>) {
    let before = healed(salve, "victim");
    salve.machine.sh("systemctl kill -s KILL victim");
    salve.wait_for("the victim to be healed", |salve| (healed(salve, "victim") > before).then_some(()));
}

fn intents(salve: &Salve<'_>) -> Vec<String> {
    of_kind(salve, "intent").into_iter().map(|(unit, _)| unit).collect()
}

pub fn operators() {
    let machine = Machine::boot();
    machine.sh(UNITS);
    let units = ["enabled", "disabled", "manual", "remains", "victim"];
    let mut salve = watching(&machine, &units);
    salve.start();
    machine.sh(
        "systemctl stop enabled; systemctl -q disable --now disabled; systemctl stop manual; systemctl stop remains",
    );
    for unit in &units[..4] {
        left_alone(&salve, unit, "on request");
    }
    heals_the_victim(&salve);
    assert_eq!(intents(&salve), ["victim"]);
    assert_eq!(salve.count("asked"), 0, "who stopped each of them is known");
    machine.sh("! systemctl is-active enabled disabled manual remains");
    // what was known stays known to an engine that did not hear it
    salve.kill();
    salve.start();
    heals_the_victim(&salve);
    assert_eq!(intents(&salve), ["victim", "victim"]);
    salve.verify();
}

pub fn unheard() {
    let machine = Machine::boot();
    machine.sh(UNITS);
    machine.sh("mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\\nStorage=none\\n' > /etc/systemd/journald.conf.d/none.conf; systemctl restart systemd-journald");
    let units = ["down_enabled", "disabled", "down_manual", "down_remains", "victim"];
    let mut salve = watching(&machine, &units);
    salve.start();
    salve.kill();
    machine.sh("systemctl stop down_enabled down_manual down_remains; systemctl -q disable --now disabled");
    salve.start();
    salve.wait_count("asked", 4);
    for (unit, asked) in of_kind(&salve, "asked") {
        assert!(asked["request"]["why"]["stop_unclear"].is_object(), "{unit}: {asked}");
    }
    heals_the_victim(&salve);
    assert_eq!(intents(&salve), ["victim"]);
    assert_eq!(salve.count("asked"), 4, "once each");
    // a yes is what it takes
    let line = machine.sh("for i in 1 2 3 4; do salve show $i | grep -q 'down_manual' && salve show $i | grep '^salve approve'; done; true");
    machine.sh(line.lines().next().unwrap());
    machine.wait("what was approved", "systemctl is-active down_manual");
    machine.sh("! systemctl is-active down_enabled disabled down_remains");
    salve.verify();
}

/// `base` is well while there is a file, and cannot start while another one is there; two units hang on it. Beside it a
/// database, what is bound to it, and what conflicts with that.
const RELATED: &str = "for unit in base bound needs db web rival 'calm@'; do
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/$unit.service
done
with() { mkdir -p /etc/systemd/system/$1.service.d; printf \"$2\" > /etc/systemd/system/$1.service.d/test.conf; }
with base '[Service]\\nExecStartPre=/bin/sh -c \"! test -e /srv/typo\"\\n'
with bound '[Unit]\\nBindsTo=base.service\\nAfter=base.service\\n'
with needs '[Unit]\\nRequires=base.service\\nAfter=base.service\\n'
with web '[Unit]\\nBindsTo=db.service\\nAfter=db.service\\n'
with rival '[Unit]\\nConflicts=web.service\\nAfter=web.service\\n'
touch /srv/well
systemctl daemon-reload; systemctl start base bound needs db web";

/// The first rung takes down what hangs on the unit, and cannot bring it up again.
const BASE: &str = r#"
title  = "base is well"
target = { unit = "base.service" }
risk   = "low"
mode   = "auto"

[detect]
path = { path = "/srv/well", exists = false, every = "1s" }
for  = "1s"

[[remediate]]
do      = [{ unit = "restart" }]
timeout = "20s"

[[remediate]]
do      = [{ run = ["mv", "/srv/typo", "/srv/well"] }, { unit = "restart" }]
timeout = "20s"

[verify]
path   = { path = "/srv/well", exists = true, every = "1s" }
unit   = { state = "active" }
within = "5s"
soak   = "1s"

[escalate]
attempts = 3
window   = "10m"
"#;

pub fn passed_on() {
    let machine = Machine::boot();
    machine.sh(RELATED);
    let mut salve = watching(&machine, &["db", "web"]);
    machine.write("/etc/salve/playbooks/base.toml", BASE);
    salve.start();

    // what fell with salve's own restart, which failed, comes back with the one that succeeds
    machine.sh("touch /srv/typo; rm /srv/well");
    salve.wait_for("base to be healed", |salve| (healed(salve, "base") == 1).then_some(()));
    let ended = of_kind(&salve, "ended");
    let (_, last) = ended.last().unwrap();
    for unit in ["bound", "needs"] {
        let words = format!("{unit}.service, which fell with it, was started");
        assert!(last.to_string().contains(&words), "{words}: {ended:#?}");
    }
    machine.sh("systemctl is-active base bound needs");

    // what falls with a failure is a fault of its own
    machine.sh("systemctl kill -s KILL db");
    salve.wait_for("web to be healed", |salve| (healed(salve, "web") == 1).then_some(()));
    machine.wait("both", "systemctl is-active db web");

    // what falls with an operator's stop, or with an operator's start of what conflicts with it, is left alone
    machine.sh("systemctl stop db");
    left_alone(&salve, "db", "on request");
    left_alone(&salve, "web", "along with db.service");
    machine.sh("systemctl start db web");
    salve.wait_for("both to be well", |salve| {
        (of_kind(salve, "closed").len() >= of_kind(salve, "opened").len()).then_some(())
    });
    let before = intents(&salve);
    machine.sh("systemctl start rival");
    left_alone(&salve, "web", "rival.service, which conflicts with it");
    assert_eq!(intents(&salve), before);
    machine.sh("systemctl is-active rival db; ! systemctl is-active web");
    salve.verify();
}

pub fn failed_restart() {
    let machine = nginx::host();
    let mut salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK)]);
    salve.start();
    // a deployment with a mistake in it
    machine.sh("echo rubbish >> /etc/nginx/nginx.conf; ! systemctl restart nginx 2>/dev/null");
    salve.wait_count("intent", 1);
    assert_eq!(salve.count("held"), 0, "nobody stopped it: {}", salve.happened());
    machine.sh("sed -i '$d' /etc/nginx/nginx.conf");
    salve.wait_for("nginx to be healed", |salve| (healed(salve, "nginx") == 1).then_some(()));
    machine.sh("curl -fsS -o /dev/null http://127.0.0.1/");
    salve.verify();
}
