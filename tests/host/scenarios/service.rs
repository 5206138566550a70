//! The daemon as a service of a real systemd: it must outlive what is done to it.

use super::nginx;
use crate::machine::Machine;
use crate::watch::{NO_HIGH_LOAD, Salve};

/// Installs the service, with these playbooks where they are armed by their place. How busy the machine is that carries
/// the host stays out of its status.
fn installed<'m>(machine: &'m Machine, playbooks: &[(&str, &str)]) -> Salve<'m> {
    let salve = Salve::with(machine, &[playbooks, &[NO_HIGH_LOAD]].concat());
    let said = machine.sh("salve service install");
    assert!(said.contains("enabled and running"), "{said}");
    salve.wait_until_it_watches();
    salve
}

fn property(machine: &Machine, name: &str) -> String {
    machine.sh(&format!("systemctl show -p {name} --value salve")).trim().to_owned()
}

/// Waits until systemd has read what salve told it: a busy manager is behind what salve's own files say.
fn told(machine: &Machine, name: &str, words: &str) {
    machine.wait(words, &format!("systemctl show -P {name} salve | grep -q '^{words}'"));
}

pub fn installed_and_removed() {
    let machine = nginx::host();
    let salve = installed(&machine, &[("nginx", nginx::PLAYBOOK)]);
    // ready was said, and how the host stands
    assert_eq!(property(&machine, "ActiveState"), "active");
    machine.wait("the status", "systemctl show -p StatusText --value salve | grep -q 'all well'");
    let modes = machine.sh("stat -c '%a %U %G' /run/salve /run/salve/salve.sock /var/lib/salve");
    assert_eq!(modes, "750 root salve\n660 root salve\n700 root root\n");
    // again changes nothing but the process
    let first = property(&machine, "MainPID");
    assert!(machine.sh("salve service install").contains("unchanged"));
    assert_ne!(property(&machine, "MainPID"), first);
    machine.sh("pkill -9 nginx");
    salve.wait_count("closed", 1);
    let looked = machine.try_sh("salve doctor --page");
    assert!(looked.contains("the hash chain is intact") && !looked.contains("ERROR"), "{looked}");
    machine.sh("chmod 755 /var/lib/salve");
    let looked = machine.try_sh("salve doctor");
    assert!(looked.contains("ERROR    /var/lib/salve") && looked.contains("-> chmod 700 /var/lib/salve"), "{looked}");
    machine.sh("chmod 700 /var/lib/salve");
    let exposure = machine.sh("systemd-analyze security salve --no-pager | tail -1");
    let manual = include_str!("../../../src/cli/manual/topics/daemon.md");
    let stated = exposure.split_whitespace().find(|word| word.parse::<f64>().is_ok()).unwrap();
    assert!(manual.contains(&format!("exposure level for salve.service: {stated}")), "{exposure}");
    machine.sh("salve service remove");
    let gone =
        machine.try_sh("systemctl is-active salve; ls /etc/systemd/system/salve.service; ls /run/salve/salve.sock");
    assert!(gone.starts_with("inactive") && gone.matches("No such file").count() == 2, "{gone}");
    salve.verify();
}

pub fn reloaded() {
    let machine = nginx::host();
    let salve = installed(&machine, &[("nginx", &nginx::PLAYBOOK.replace("\"auto\"", "\"ask\""))]);
    machine.write("/etc/salve/salve.toml", "boot_grace = \"soon\"\n");
    machine.sh("systemctl reload salve");
    let said = |words: &str| machine.wait(words, &format!("salve status --json | grep -q '{words}'"));
    said("the previous settings stay in force");
    told(&machine, "StatusText", "invalid settings file");
    machine.sh("pkill -9 nginx");
    salve.wait_count("asked", 1);
    // what waits is still there under the settings that are read anew
    machine.write("/etc/salve/salve.toml", "boot_grace = \"0s\"\nfour_eyes = true\n");
    machine.sh("systemctl reload salve");
    salve.wait_count("started", 2);
    machine.wait("what asks", "salve show 1 | grep -q 'salve approve 1'");
    told(&machine, "ActiveState", "active");
    machine.sh("$(salve show 1 | grep '^salve approve')");
    salve.wait_count("closed", 1);
    salve.verify();
}

pub fn killed() {
    let machine = nginx::host();
    let salve = installed(&machine, &[("nginx", nginx::PLAYBOOK)]);
    machine.sh("salve pause --reason 'holds over a crash'");
    machine.sh("systemctl kill -s KILL salve; sleep 0.2; pkill -9 nginx");
    machine.wait("systemd's restart", "salve status | grep -q 'paused by root'");
    machine.sh("sleep 4");
    assert_eq!(salve.count("intent"), 0, "a pause survives kill -9");
    machine.sh("salve resume");
    salve.wait_count("closed", 1);
    salve.verify();
}

pub fn stopped_during_an_attempt() {
    let machine = nginx::host();
    let slow = nginx::PLAYBOOK.replace(
        "[{ unit = \"restart\" }]",
        "[{ run = [\"sh\", \"-c\", \"touch /begun; sleep 4; touch /ended\"] }, { unit = \"restart\" }]",
    );
    let salve = installed(&machine, &[("nginx", &slow)]);
    machine.sh("pkill -9 nginx");
    machine.wait("the attempt", "test -e /begun");
    machine.sh("systemctl stop salve");
    // it was let end, and that was recorded
    machine.sh("test -e /ended");
    assert_eq!((salve.count("intent"), salve.count("ended")), (1, 1));
    machine.sh("systemctl start salve");
    salve.wait_count("closed", 1);
    salve.verify();
}

pub fn wedged() {
    let machine = nginx::host();
    let salve = installed(&machine, &[("nginx", nginx::PLAYBOOK)]);
    let folder = "/etc/systemd/system/salve.service.d";
    let override_ = "[Service]\nWatchdogSec=4s\nEnvironment=SALVE_TEST_STANDS_STILL_WITH=/still\n";
    machine.write(&format!("{folder}/test.conf"), override_);
    machine.sh("systemctl daemon-reload && systemctl restart salve && sleep 6");
    assert_eq!(property(&machine, "NRestarts"), "0", "a loop that makes progress feeds the watchdog");
    // the loop stands still; everything else in the process goes on
    machine.sh("touch /still");
    machine.wait("systemd's patience to end", "test $(systemctl show -p NRestarts --value salve) -ge 1");
    assert!(machine.sh("journalctl -u salve --no-pager").contains("Watchdog timeout"));
    machine.sh("rm /still; pkill -9 nginx");
    salve.wait_count("closed", 1);
    salve.verify();
}

pub fn writable_playbooks() {
    let machine = nginx::host();
    let salve = installed(&machine, &[("nginx", nginx::PLAYBOOK)]);
    machine.sh("chmod 777 /etc/salve/playbooks; sleep 1");
    machine.wait("the rejection", "salve playbook list | grep -i nginx | grep -qi reject");
    // a new engine finds no last good version to go on with: nothing may act
    machine.sh("systemctl restart salve; pkill -9 nginx; sleep 4; systemctl is-failed nginx");
    assert_eq!(salve.count("intent"), 0);
    machine.sh("chmod 755 /etc/salve/playbooks; touch /etc/salve/playbooks/nginx.toml");
    machine.wait("the return", "salve playbook list | grep nginx | grep -vqi reject");
    salve.wait_count("closed", 1);
}

pub fn disk_full() {
    let machine = nginx::host();
    // a state folder of its own size, as a partition for /var may be
    machine.sh("mkdir -p -m 700 /var/lib/salve && mount -t tmpfs -o size=24m,mode=700 tmpfs /var/lib/salve");
    let ticket = "[channels.desk]\ntickets = { folder = \"/srv/tickets\" }\n";
    let to_desk = nginx::PLAYBOOK.replace("[escalate]", "[escalate]\nto = [\"desk\"]");
    let salve = installed(&machine, &[("nginx", nginx::PLAYBOOK)]);
    machine.sh("mkdir -p /srv/tickets");
    machine.write("/etc/salve/salve.toml", &format!("boot_grace = \"0s\"\n{ticket}"));
    machine.write("/etc/salve/playbooks/nginx.toml", &to_desk);
    machine.sh("systemctl reload salve; sleep 2; dd if=/dev/zero of=/var/lib/salve/filler bs=64k 2>/dev/null; true");
    assert!(machine.sh("df --output=avail /var/lib/salve | tail -1").trim() == "0", "the disk is not full");
    // what is broken for good has to reach a person, whatever can be written
    machine.sh("echo rubbish >> /etc/nginx/nginx.conf; pkill -9 nginx");
    machine.wait("the page", "grep -qs . /srv/tickets/*.md");
    machine.sh("rm /var/lib/salve/filler; sed -i '$d' /etc/nginx/nginx.conf; systemctl reset-failed nginx; systemctl start nginx");
    machine.wait("the end", "salve status | grep -q 'all well'");
    salve.verify();
}
