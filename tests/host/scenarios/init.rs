//! The first minutes on a host: what is found, and what is armed, on a yes only.

use std::thread::sleep;
use std::time::Duration;

use crate::machine::Machine;
use crate::watch::Salve;

/// A host on which nothing runs.
pub fn bare() {
    let machine = Machine::boot();
    machine.sh("systemctl -q disable --now nginx");
    let said = machine.sh("salve init; test $? = 1");
    assert!(said.contains("containers    none") && said.contains("nothing was armed"), "{said}");
    assert!(said.contains("nginx-up") && said.contains("nginx.service is disabled"), "{said}");
    machine.sh("test ! -e /var/lib/salve");

    let said = machine.sh("salve init --yes");
    assert!(said.contains("disk-pressure is armed"), "{said}");
    let again = machine.sh("salve init --yes");
    assert!(again.contains("nothing to arm"), "{again}");
    let events = machine.sh("salve journal export --json | grep -c '\"armed\":'");
    let armed = said.matches(" is armed").count();
    assert_eq!(events.trim(), armed.to_string(), "a second time changes nothing");
}

/// One with services, a certificate that ends soon, and a disk that is nearly full.
pub fn busy() {
    let machine = Machine::boot();
    machine.sh("systemctl -q enable --now postgresql nginx
openssl req -x509 -newkey ed25519 -nodes -subj /CN=host -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem -days 9 2>/dev/null
printf 'server { listen 443 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; }\n' > /etc/nginx/conf.d/tls.conf
systemctl reload nginx
free=$(df --output=avail -k / | tail -1); head -c $((free - 60000))K /dev/zero > /root/full");
    let salve = Salve::with(&machine, &[]);
    let mut screen = salve.screen_of(&["init"], 100, 100);
    screen.wait_for("choose>");
    let shown = screen.screen();
    for words in [
        "/etc/nginx/cert.pem",
        "[x] nginx-up",
        "would restart nginx.service",
        "[ ] postgresql-up",
        "once armed, it needs approval for each attempt",
        "now: mount /",
    ] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    // every choice is shown before anything is written
    let number = |name: &str| {
        let line = shown.lines().find(|line| line.contains(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    screen.send(format!("{}\r", number("] postgresql-up")).as_bytes());
    screen.wait_for("[x] postgresql-up");
    screen.send(format!("{}\r", number("] disk-pressure")).as_bytes());
    sleep(Duration::from_millis(500));
    screen.send(b"\r");
    screen.wait_for("arm these?");
    machine.sh("test ! -e /var/lib/salve/journal.db");
    screen.send(b"y\r");
    screen.wait_for("postgresql-up is armed");
    screen.wait();
    let armed = machine.sh("salve journal export --json | grep '\"armed\":'");
    assert!(armed.contains("nginx-up") && armed.contains("postgresql-up"), "{armed}");
    assert!(!armed.contains("disk-pressure") && armed.contains("\"uid\":0"), "{armed}");
}
