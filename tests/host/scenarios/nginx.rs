//! The real nginx, really broken.

use std::thread::sleep;
use std::time::Duration;

use crate::machine::Machine;
use crate::watch::Salve;

/// nginx by its unit, verified by state and by a page.
pub const PLAYBOOK: &str = r#"
title   = "nginx stays up"
target  = { unit = "nginx.service" }
risk    = "low"
mode    = "auto"
breaker = { cooldown = "8s", longest = "1h" }

[detect]
unit = { state = "not active" }
for  = "1s"

[[remediate]]
do      = [{ unit = "restart" }]
timeout = "30s"

[verify]
unit   = { state = "active" }
http   = { url = "http://127.0.0.1/", status = 200 }
within = "5s"
soak   = "1s"

[escalate]
attempts = 3
window   = "25s"
attach   = [{ journal = { lines = 100 } }]
"#;

/// A host on which nginx serves.
pub fn host() -> Machine {
    let machine = Machine::boot();
    machine.sh("systemctl start nginx && curl -fsS -o /dev/null http://127.0.0.1/");
    machine
}

pub fn killed() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("nginx", PLAYBOOK)]);
    salve.start();
    machine.sh("sleep 1; pkill -9 nginx");
    salve.wait_count("closed", 1);
    machine.sh("systemctl is-active nginx && curl -fsS -o /dev/null http://127.0.0.1/");
    salve.told(&["opened", "intent", "ended", "verified", "closed"]);
    let events = salve.events();
    let (_, opened) = events.iter().find(|(kind, _)| kind == "opened").unwrap();
    assert_eq!(opened["readings"][0]["seen"], "failed (signal)");
    let (_, closed) = events.iter().find(|(kind, _)| kind == "closed").unwrap();
    assert_eq!(closed["outcome"]["healed"]["attempt"], 1);
    let verifiers: Vec<&str> = events
        .iter()
        .filter(|(kind, saw)| kind == "saw" && saw["role"] == "verifier")
        .filter_map(|(_, saw)| saw["reading"]["seen"].as_str())
        .collect();
    assert!(verifiers.contains(&"200") && verifiers.iter().any(|seen| seen.starts_with("active")), "{verifiers:?}");
    let status: serde_json::Value = serde_json::from_str(&machine.try_sh("salve status --json")).unwrap();
    assert_eq!(status["rates"]["day"]["auto_fix"], serde_json::json!({ "part": 1, "whole": 1 }));
    salve.verify();

    // what is told of it afterwards: the sum, and what the same playbook would have done over the kept readings
    let told = |verb: &str| -> serde_json::Value { serde_json::from_str(&machine.sh(verb)).unwrap() };
    let report = told("salve report --since 1h --format json");
    assert_eq!(report["rates"]["auto_fix"], serde_json::json!({ "part": 1, "whole": 1 }), "{report}");
    assert_eq!(report["playbooks"][0]["playbook"], "nginx");
    machine.sh("sleep 3");
    let past = told("salve playbook backtest nginx --since 10m --json");
    let marks = |row: &str| -> Vec<String> {
        let marks = past["lanes"][0][row].as_array().unwrap();
        marks.iter().map(|mark| mark[1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(marks("really"), ["fired", "acted", "verified", "ended"], "{past}");
    assert_eq!(marks("would"), ["fired", "acted", "verified", "ended"], "{past}");
}

pub fn broken_for_good() {
    let machine = host();
    machine.sh("for i in $(seq 150); do echo line $i | systemd-cat -t filler; done");
    let mut salve = Salve::with(&machine, &[("nginx", PLAYBOOK)]);
    salve.start();
    machine.sh("echo rubbish >> /etc/nginx/nginx.conf; sleep 1; pkill -9 nginx");
    salve.wait_count("escalated", 1);
    salve.wait_count("delivered", 1);
    assert_eq!(salve.count("intent"), 3);
    assert_eq!(salve.count("breaker"), 1, "closed to open");
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1);
    assert!(
        tickets[0].contains("nginx.service") && tickets[0].contains("3 of 3 attempts not verified"),
        "{}",
        tickets[0]
    );
    assert!(tickets[0].contains("Failed to start") || tickets[0].contains("unknown directive"), "{}", tickets[0]);
    sleep(Duration::from_secs(3));
    assert_eq!(salve.count("intent"), 3, "no fourth attempt in the cooldown");

    machine.sh("sed -i '$d' /etc/nginx/nginx.conf");
    salve.wait_count("closed", 1);
    salve.wait_count("resolved", 1);
    salve.wait_count("delivered", 2);
    let states: Vec<String> = salve
        .events()
        .iter()
        .filter(|(kind, _)| kind == "breaker")
        .map(|(_, moved)| {
            moved["state"].as_object().map_or_else(
                || moved["state"].as_str().unwrap().to_owned(),
                |state| state.keys().next().unwrap().clone(),
            )
        })
        .collect();
    assert_eq!(states, ["open", "half_open", "closed"]);
    let probes =
        salve.events().iter().filter(|(kind, intent)| kind == "intent" && intent["starter"] == "probe").count();
    assert_eq!((salve.count("intent"), probes), (4, 1));
    let tickets = salve.tickets();
    assert_eq!(tickets.len(), 1, "the resolve goes into the same ticket");
    assert!(tickets[0].to_lowercase().contains("resolved"), "{}", tickets[0]);
    machine.sh("curl -fsS -o /dev/null http://127.0.0.1/");
    salve.verify();
}

pub fn stopped() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("nginx", PLAYBOOK)]);
    salve.start();
    machine.sh("sleep 1; systemctl stop nginx");
    salve.wait_count("held", 1);
    sleep(Duration::from_secs(3));
    assert_eq!(salve.count("intent"), 0, "left alone");
    let (_, held) = salve.events().into_iter().find(|(kind, _)| kind == "held").unwrap();
    let evidence = held["denial"]["stopped_by_operator"]["evidence"].as_str().unwrap().to_owned();
    assert!(evidence.contains("on request"), "{evidence}");
    salve.kill();

    let screen = salve.screen(40, 120);
    screen.wait_for("stopped by an op");
    Salve::leave(screen);
    machine.sh("systemctl start nginx");
}

pub fn hung() {
    let machine = host();
    machine.sh("mkdir -p /etc/systemd/system/nginx.service.d && printf '[Service]\\nTimeoutStopSec=2s\\nKillMode=mixed\\n' > /etc/systemd/system/nginx.service.d/t.conf && systemctl daemon-reload");
    let playbook = PLAYBOOK
        .replace(
            "unit = { state = \"not active\" }",
            "http = { url = \"http://127.0.0.1/\", status = \"not 200\", timeout = \"2s\", every = \"1s\" }",
        )
        .replace("within = \"5s\"", "within = \"20s\"")
        .replace("\"25s\"", "\"10m\"");
    let mut salve = Salve::with(&machine, &[("nginx", &playbook)]);
    salve.start();
    machine.sh("sleep 1; pkill -STOP nginx; systemctl is-active nginx");
    salve.wait_count("closed", 1);
    salve.told(&["opened", "intent", "ended", "verified", "closed"]);
    let (_, opened) = salve.events().into_iter().find(|(kind, _)| kind == "opened").unwrap();
    assert!(opened["readings"][0]["seen"].as_str().unwrap().contains("no answer"), "{opened}");
    machine.sh("curl -fsS -o /dev/null http://127.0.0.1/");
}

pub fn after_the_bus() {
    let machine = host();
    let mut salve = Salve::with(&machine, &[("nginx", PLAYBOOK)]);
    salve.start();
    machine.sh("sleep 1; systemctl restart dbus; sleep 1; pkill -9 nginx");
    salve.wait_count("closed", 1);
    assert_eq!(salve.count("intent"), 1);
    machine.sh("curl -fsS -o /dev/null http://127.0.0.1/");
}
