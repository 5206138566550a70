//! A daemon that outlives its consoles: over ssh, for several users, among hostile clients.

use super::nginx;
use crate::machine::Machine;
use crate::watch::Salve;

/// A user whom ssh lets in to its own host by key.
fn with_ssh(machine: &Machine) {
    machine.sh("mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 \
         && cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys \
         && printf 'Host *\\n  StrictHostKeyChecking accept-new\\n' > /root/.ssh/config \
         && systemctl start ssh");
    machine.wait("sshd", "ssh root@127.0.0.1 true");
}

pub fn ssh_is_cut() {
    let machine = nginx::host();
    with_ssh(&machine);
    let mut salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK)]);
    salve.start();
    let mut screen = salve.screen_of(&["attach", "ssh://root@127.0.0.1"], 40, 120);
    screen.wait_for("by ssh");
    screen.wait_for("auto ");
    // the connection goes; the healing goes on
    machine.sh("systemctl stop ssh; pkill -9 -f '[s]shd: root@'; pkill -9 nginx");
    screen.wait_for("not connected");
    screen.wait_for("STALE");
    salve.wait_count("closed", 1);
    machine.sh("systemctl start ssh");
    screen.wait_for("connected again");
    screen.wait_until("live again", |screen| !screen.screen().contains("STALE"));
    // a pause from afar is recorded with where it came from
    Salve::pause_host(&mut screen);
    salve.wait_count("paused", 1);
    let (_, paused) = salve.events().into_iter().find(|(kind, _)| kind == "paused").unwrap();
    assert_eq!((&paused["by"]["name"], &paused["by"]["from"]), (&"root".into(), &"127.0.0.1".into()), "{paused}");
    // the console goes without a word, the daemon too, and a new one takes over
    machine.sh("pkill -9 -f '[s]alve attach'");
    screen.wait();
    salve.kill();
    salve.start();
    let mut screen = salve.screen(40, 120);
    screen.wait_for("attached");
    screen.wait_for("PAUSED");
    screen.send(b"q");
    screen.wait();
    salve.verify();
}

pub fn two_at_once() {
    let machine = nginx::host();
    let mut salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK)]);
    salve.start();
    let (mut one, mut two) = (salve.screen(40, 120), salve.screen(24, 80));
    for screen in [&one, &two] {
        screen.wait_for("auto ");
    }
    Salve::pause_host(&mut one);
    two.wait_for("PAUSED");
    machine.sh("salve resume");
    for screen in [&one, &two] {
        screen.wait_for("auto ");
    }
    // one console is killed: the other, and the healing, go on
    machine.sh("pkill -9 -f -o '^salve$'; pkill -9 nginx");
    two.wait_for("auto-fix");
    salve.wait_count("closed", 1);
    for screen in [&mut one, &mut two] {
        screen.send(b"q");
        screen.wait();
    }
}

/// Medium risk, and nobody has armed it.
const UNARMED: &str = r#"
title  = "the file is there"
target = "host"
risk   = "medium"
mode   = "shadow"

[detect]
command = { run = ["test", "-e", "/etc/hostname"], exit = "not 0" }

[[remediate]]
do = [{ run = ["touch", "/root/ran"] }]

[verify]
command = { run = ["test", "-e", "/root/ran"], exit = 0 }
within  = "5s"

[escalate]
attempts = 3
window   = "10m"
"#;

pub fn strangers() {
    let machine = nginx::host();
    machine.sh("groupadd salve; useradd -m ann; useradd -m eve; usermod -aG salve ann");
    let asks = nginx::PLAYBOOK.replace("\"auto\"", "\"ask\"");
    let mut salve = Salve::with(&machine, &[("nginx", &asks), ("unarmed", UNARMED)]);
    salve.start();
    let as_user = |user: &str, line: &str| machine.try_sh(&format!("su {user} -c '{line}'; echo code $?"));
    // without the group the socket is out of reach, and nothing is recorded anywhere
    let said = as_user("eve", "salve pause --reason eve");
    assert!(said.contains("permission denied") && said.contains("code 77"), "{said}");
    let said = as_user("ann", "salve pause --for 5m --reason ann");
    assert!(said.contains("is paused for 5m") && said.contains("code 0"), "{said}");
    let said = as_user("ann", "salve status");
    assert!(said.contains("paused by ann"), "{said}");
    assert!(as_user("ann", "salve resume").contains("code 0"));
    // what decides what may act is not theirs
    let said = as_user("ann", "salve playbook disarm nginx");
    assert!(said.contains("right to admin") && said.contains("code 77"), "{said}");
    // neither is running what nobody armed
    let said = as_user("ann", "salve run unarmed");
    assert!(said.contains("not armed") && said.contains("code 77"), "{said}");
    assert_eq!((salve.count("intent"), &*machine.try_sh("ls /root/ran 2>/dev/null")), (0, ""));
    // an engine of another user's is not asked, and hears nothing
    machine.sh("mkdir -m 755 /srv/state && install -d -o eve -m 755 /srv/state/run");
    machine.sh("su eve -c 'perl -MIO::Socket::UNIX -e \"my \\$s = IO::Socket::UNIX->new(Local => q(/srv/state/run/salve.sock), \
                Listen => 5); my \\$c = \\$s->accept; print <\\$c>\" > /tmp/heard' >/dev/null 2>&1 &");
    machine.wait("eve's socket", "test -S /srv/state/run/salve.sock");
    let said = machine.try_sh("salve pause --state /srv/state; echo code $?");
    assert!(said.contains("belongs to uid") && said.contains("code 77"), "{said}");
    machine.sh("! test -s /tmp/heard");
    machine.sh("pkill -9 nginx");
    salve.wait_count("asked", 1);
    let forged = as_user("ann", &format!("salve approve 1 --digest {}", "f".repeat(64)));
    assert!(forged.contains("the plan changed") && forged.contains("code 1"), "{forged}");
    // the line that `show` prints is the line that is typed
    let shown = as_user("ann", "salve show 1");
    let line = shown.lines().find(|line| line.starts_with("salve approve 1 --digest ")).unwrap().to_owned();
    assert!(as_user("ann", &line).contains("approved"));
    salve.wait_count("closed", 1);
    let replayed = as_user("ann", &line);
    assert!(replayed.contains("is not open") && replayed.contains("code 1"), "{replayed}");
    // a membership taken away counts at once
    machine.sh("gpasswd -d ann salve");
    assert!(as_user("ann", "salve resume").contains("code 77"));
    let (_, approved) = salve.events().into_iter().find(|(kind, _)| kind == "approved").unwrap();
    assert_eq!(approved["by"]["name"], "ann", "{approved}");
}

pub fn late() {
    let machine = nginx::host();
    let mut salve = Salve::with(&machine, &[("nginx", &nginx::PLAYBOOK.replace("\"auto\"", "\"ask\""))]);
    machine.sh("echo 'approvals_expire = \"10s\"' >> /etc/salve/salve.toml");
    salve.start();
    machine.sh("pkill -9 nginx");
    salve.wait_count("asked", 1);
    let line = machine.sh("salve show 1 | grep '^salve approve 1 --digest '");
    salve.wait_count("joined", 1);
    let said = machine.try_sh(&format!("{}; echo code $?", line.trim()));
    assert!(said.contains("code 1") && !said.contains("is over"), "{said}");
    assert_eq!(
        (salve.count("approved"), salve.count("intent")),
        (0, 0),
        "silence runs nothing, and a late yes neither"
    );
}

/// A thousand connections, each with half a frame, held open; more come as they are thrown out.
const FLOOD: &str = r#"
use IO::Socket::UNIX;
$SIG{PIPE} = "IGNORE";
my @held;
my $end = time + $ARGV[0];
while (time < $end) {
    my $one = IO::Socket::UNIX->new(Peer => "/run/salve/salve.sock") or next;
    $one->autoflush(1);
    my $forged = "\0{\"version\":2,\"build\":\"x\",\"claims\":{\"a\\n2026-11-29 ERROR forged \\u001b[2J" . ("x" x 200000) . "\":1}}";
    print $one (rand() < 0.5 ? "\0\0\1" : rand() < 0.5 ? pack("N", length $forged) . $forged : "\0\0\0\5\0{}}}" . ("x" x 1000));
    push @held, $one;
    shift @held if @held > 1000;
}
"#;

pub fn flooded() {
    let machine = nginx::host();
    machine.sh("groupadd salve; useradd -m ann; usermod -aG salve ann");
    machine.write("/flood.pl", FLOOD);
    let mut salve = Salve::with(&machine, &[("nginx", nginx::PLAYBOOK)]);
    salve.start();
    let mut screen = salve.screen(40, 120);
    screen.wait_for("auto ");
    machine.sh("ulimit -n 4096; su ann -c 'perl /flood.pl 20' >/dev/null 2>&1 & sleep 3; pkill -9 nginx");
    // healed while the flood runs, and root's console never lost the engine
    salve.wait_count("closed", 1);
    assert!(!machine.try_sh("pgrep -f '[f]lood.pl'").is_empty(), "the flood is over too early to prove anything");
    let said = machine.sh("salve pause && salve resume");
    assert!(said.contains("paused") && said.contains("resumed") && !said.contains("no engine"), "{said}");
    assert!(!screen.screen().contains("STALE") && !screen.screen().contains("not connected"), "{}", screen.screen());
    machine.wait("the flood's end", "! pgrep -f '[f]lood.pl'");
    // what the flood said filled no log and forged no line
    let logs = machine.sh("cat /var/lib/salve/logs/*.log");
    assert!(logs.len() < 200_000 && !logs.contains('\u{1b}'), "{} bytes", logs.len());
    assert!(logs.lines().all(|line| line.starts_with("20") && line.contains("Z ")), "{logs}");
    assert!(logs.contains("forged") && logs.contains("left_out="), "{logs}");
    machine.wait("its places to be free", "su ann -c 'salve status' | grep -q auto-fix");
    screen.send(b"q");
    screen.wait();
}
