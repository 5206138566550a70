//! Services that are down, hung, or kept down.

use super::{Case, End};

/// Without systemd's own restart, so that it is salve's turn.
macro_rules! enabled {
    ($unit:literal) => {
        concat!(
            "mkdir -p /etc/systemd/system/",
            $unit,
            ".d\n",
            "printf '[Service]\\nRestart=no\\n' > /etc/systemd/system/",
            $unit,
            ".d/salve-test.conf\n",
            "systemctl daemon-reload; systemctl -q enable --now ",
            $unit,
            "; systemctl is-active ",
            $unit
        )
    };
}

/// An operator stops it, looks, and starts it again.
macro_rules! stopped_and_started {
    ($unit:literal) => {
        concat!("systemctl stop ", $unit, "; sleep 4; systemctl start ", $unit)
    };
}

const QUICK: &[(&str, &str)] = &[("\"30s\"\n\n[[rem", "\"1s\"\n\n[[rem"), ("soak   = \"15s\"", "soak   = \"2s\"")];

pub fn nginx() {
    Case {
        playbook: "nginx-up",
        fault: "`kill -9` of all of nginx",
        verified: "the unit is active, and a page is served",
        cuts: QUICK,
        setup: enabled!("nginx.service"),
        alike: stopped_and_started!("nginx.service"),
        fault_script: "pkill -9 nginx",
        end: End::Healed,
        after: "curl -fsS -o /dev/null http://127.0.0.1/",
    }
    .run();
}

pub fn postgresql() {
    Case {
        playbook: "postgresql-up",
        fault: "`kill -9` of the postmaster",
        verified: "the unit is active, and `pg_isready` says yes",
        cuts: &[("for  = \"30s\"", "for  = \"1s\""), ("soak    = \"30s\"", "soak    = \"2s\"")],
        setup: "systemctl -q enable --now postgresql; systemctl is-active postgresql@15-main",
        alike: "systemctl stop postgresql@15-main; sleep 4; systemctl start postgresql@15-main",
        fault_script: "kill -9 $(head -1 /var/lib/postgresql/15/main/postmaster.pid)",
        end: End::HealedAfterYes,
        after: "pg_isready",
    }
    .run();
}

pub fn redis() {
    Case {
        playbook: "redis-up",
        fault: "`kill -9` of redis",
        verified: "the unit is active, and `redis-cli ping` answers PONG",
        cuts: &[("for  = \"30s\"", "for  = \"1s\""), ("soak    = \"15s\"", "soak    = \"2s\"")],
        setup: enabled!("redis-server.service"),
        alike: stopped_and_started!("redis-server.service"),
        fault_script: "pkill -9 redis-server",
        end: End::Healed,
        after: "redis-cli ping | grep -q PONG",
    }
    .run();
}

pub fn sshd() {
    Case {
        playbook: "sshd-up",
        fault: "`kill -9` of sshd",
        verified: "the unit is active, and port 22 takes connections",
        cuts: &[("for  = \"15s\"", "for  = \"1s\""), ("soak   = \"15s\"", "soak   = \"2s\"")],
        setup: enabled!("ssh.service"),
        alike: stopped_and_started!("ssh.service"),
        fault_script: "pkill -9 sshd",
        end: End::Healed,
        after: "ssh-keyscan -T 5 127.0.0.1 2>/dev/null | grep -q ssh",
    }
    .run();
}

pub fn cron() {
    Case {
        playbook: "cron-up",
        fault: "`kill -9` of cron",
        verified: "the unit is active, and its process runs",
        cuts: &[("for  = \"30s\"", "for  = \"1s\""), ("soak    = \"15s\"", "soak    = \"2s\"")],
        setup: enabled!("cron.service"),
        alike: stopped_and_started!("cron.service"),
        fault_script: "pkill -9 cron",
        end: End::Healed,
        after: "pidof cron",
    }
    .run();
}

pub fn down() {
    Case {
        playbook: "service-down",
        fault: "`kill -9` of apache2, one of a list",
        verified: "the unit stays active",
        cuts: &[("for  = \"30s\"", "for  = \"1s\""), ("soak   = \"60s\"", "soak   = \"3s\"")],
        setup: concat!("systemctl stop nginx\n", enabled!("apache2.service")),
        // a deployment
        alike: "systemctl restart apache2; sleep 2",
        fault_script: "pkill -9 apache2",
        end: End::Healed,
        after: "curl -fsS -o /dev/null http://127.0.0.1/",
    }
    .run();
}

pub fn failed_job() {
    Case {
        playbook: "failed-units",
        fault: "logrotate could not write its state, and by now could",
        verified: "the job has run, and is not failed",
        cuts: &[("for  = \"1m\"", "for  = \"1s\"")],
        setup: "systemctl start logrotate",
        alike: "systemctl start logrotate",
        fault_script: "rm /var/lib/logrotate/status; mkdir /var/lib/logrotate/status; systemctl start logrotate; \
                       systemctl is-failed logrotate && rmdir /var/lib/logrotate/status",
        end: End::Healed,
        after: "systemctl show -p Result --value logrotate | grep -q success; test -f /var/lib/logrotate/status",
    }
    .run();
}

pub fn hung() {
    Case {
        playbook: "service-hung",
        fault: "`SIGSTOP` of nginx: active, and nobody is answered",
        verified: "three good answers in a row, after reload, then restart",
        cuts: &[
            ("needs  = [\"nginx-up\"] # one that is down is not hung\n", ""),
            ("every = \"10s\", timeout = \"5s\" }", "every = \"1s\", timeout = \"2s\" }"),
            ("every = \"5s\", timeout = \"5s\" }", "every = \"1s\", timeout = \"2s\" }"),
            ("for  = \"25s\"", "for  = \"3s\""),
            ("within = \"60s\"", "within = \"6s\""),
            ("soak   = \"10s\"", "soak   = \"3s\""),
        ],
        setup: "mkdir -p /etc/systemd/system/nginx.service.d\n\
                printf '[Service]\\nTimeoutStopSec=2s\\nKillMode=mixed\\n' > /etc/systemd/system/nginx.service.d/t.conf\n\
                systemctl daemon-reload; systemctl start nginx",
        // slow for a moment
        alike: "pkill -STOP nginx; sleep 1; pkill -CONT nginx",
        fault_script: "pkill -STOP nginx; systemctl is-active nginx",
        end: End::Healed,
        after: "curl -fsS -o /dev/null http://127.0.0.1/; salve show 1 | grep -q 'Where the processes'",
    }
    .run();
}

pub fn stale_pidfile() {
    Case {
        playbook: "stale-pidfile",
        fault: "apache2 killed, and its pidfile names a stranger: it refuses to start",
        verified: "the unit is active, and the pidfile names apache2",
        cuts: &[("for     = \"30s\"", "for     = \"1s\""), ("soak    = \"15s\"", "soak    = \"2s\"")],
        setup: "systemctl stop nginx; systemctl -q enable --now apache2; systemctl is-active apache2",
        alike: "systemctl stop apache2; sleep 2; systemctl start apache2",
        fault_script: "sleep 1000 > /dev/null 2>&1 & stranger=$!; pkill -9 apache2; sleep 0.3\n\
                       echo $stranger > /run/apache2/apache2.pid; systemctl start apache2 || true",
        end: End::Healed,
        after: "curl -fsS -o /dev/null http://127.0.0.1/; test -e /run/apache2/apache2.pid.stale",
    }
    .run();
}

pub fn container() {
    Case {
        playbook: "container-unhealthy",
        fault: "a container's health check fails, three times in a row",
        verified: "the container's own health check, after its start period",
        cuts: &[
            ("for       = \"15s\"", "for       = \"1s\""),
            ("health = \"unhealthy\" }", "health = \"unhealthy\", every = \"1s\" }"),
        ],
        setup: concat!(
            podman!(),
            "podman run -q -d --name web --network none --cgroups disabled --stop-signal KILL --health-cmd 'test ! -e /broken' --health-interval 2s \
             --health-retries 3 --health-start-period 1s box /bin/sh -c 'rm -f /broken; exec sleep 100000'\n\
             until podman inspect --format '{{.State.Health.Status}}' web | grep -qx healthy; do sleep 0.5; done"
        ),
        // fails once, and is well again
        alike: "podman exec web touch /broken; until podman inspect --format '{{.State.Health.FailingStreak}}' web | grep -qx 1; do sleep 0.2; done\n\
                podman exec web rm -f /broken",
        fault_script: "podman exec web touch /broken",
        end: End::Healed,
        after: "podman inspect --format '{{.State.Health.Status}}' web | grep -qx healthy",
    }
    .run();
}
