//! The screen, driven by keys in a real terminal.

use std::thread::sleep;
use std::time::Duration;

use super::nginx;
use crate::watch::{NO_HIGH_LOAD, Salve};

pub fn approved() {
    let machine = nginx::host();
    let risky = nginx::PLAYBOOK.replace("\"low\"", "\"high\"").replace("\"auto\"", "\"ask\"");
    let salve = Salve::with(&machine, &[("nginx", &risky), NO_HIGH_LOAD]);
    let mut screen = salve.screen(40, 120);
    screen.wait_for("ALL WELL");
    machine.sh("sleep 1; pkill -9 nginx");
    screen.wait_for("NEEDS ACTION");
    // typed ahead: none of this may count
    screen.send(b"a");
    screen.send(b"y\r");
    screen.wait_for("risk is high");
    assert_eq!(salve.count("intent"), 0);
    // every row has to have been on the screen
    for _ in 0..6 {
        sleep(Duration::from_millis(500));
        screen.send(b"\x1b[6~");
    }
    sleep(Duration::from_millis(600));
    screen.send(b"y");
    sleep(Duration::from_millis(600));
    screen.send(b"nginx.service");
    sleep(Duration::from_millis(600));
    screen.send(b"\r");
    salve.wait_count("intent", 1);
    salve.wait_count("closed", 1);
    let (_, intent) = salve.events().into_iter().find(|(kind, _)| kind == "intent").unwrap();
    assert_eq!(intent["starter"]["approved"]["by"]["uid"], 0, "{intent}");
    machine.sh("curl -fsS -o /dev/null http://127.0.0.1/");
    screen.send(b"\x1b");
    sleep(Duration::from_millis(300));
    Salve::leave(screen);
}

pub fn paused() {
    let machine = nginx::host();
    let salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK)]);
    let mut screen = salve.screen(40, 120);
    screen.wait_for("auto ");
    Salve::pause_host(&mut screen);
    screen.wait_for("PAUSED");
    salve.wait_count("paused", 1);
    machine.sh("pkill -9 nginx; sleep 4");
    assert_eq!(salve.count("intent"), 0, "no new intent after a pause");
    salve.wait_count("held", 1);
    machine.sh("pkill -9 -x salve");
    screen.wait();

    // it survives the crash of the one who keeps it
    let again = salve.screen(40, 120);
    again.wait_for("PAUSED");
    sleep(Duration::from_secs(2));
    assert_eq!(salve.count("intent"), 0);
    Salve::leave(again);
}

pub fn breaker() {
    let machine = nginx::host();
    let salve = Salve::with(&machine, &[("nginx", &nginx::PLAYBOOK.replace("\"8s\"", "\"30m\""))]);
    let screen = salve.screen(40, 120);
    screen.wait_for("auto ");
    machine.sh("echo rubbish >> /etc/nginx/nginx.conf; sleep 1; pkill -9 nginx");
    screen.wait_for("OPEN");
    screen.wait_for("PAGED");
    assert_eq!(salve.count("intent"), 3);
    Salve::leave(screen);
}

pub fn sizes() {
    let machine = nginx::host();
    let salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK), NO_HIGH_LOAD]);
    let mut screen = salve.screen(50, 160);
    screen.wait_for("ALL WELL");
    for (rows, columns) in [(30, 120), (24, 80), (10, 40), (4, 20), (1, 1), (50, 160)] {
        screen.resize(rows, columns);
        if columns >= 20 {
            screen.wait_until("line 1 answers", |screen| {
                screen
                    .screen()
                    .lines()
                    .next()
                    .is_some_and(|line| line.contains("ALL WELL") && line.chars().count() <= usize::from(columns))
            });
        }
    }
    Salve::leave(screen);
}
