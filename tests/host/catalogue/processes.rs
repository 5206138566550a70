//! Processes that die unreaped, run out of files, or take every processor.

use super::{Case, End};

pub fn zombies() {
    Case {
        playbook: "zombies",
        fault: "a service leaves 200 dead children unreaped",
        verified: "the count falls below 10, and the unit is active",
        cuts: &[("every = \"30s\" }", "every = \"1s\" }"), ("for    = \"5m\"", "for    = \"2s\""), ("soak   = \"30s\"", "soak   = \"2s\"")],
        setup: "printf 'import os, signal, time\\ndef breed(*_):\\n  for _ in range(200):\\n    if os.fork() == 0: os._exit(0)\\n\
                signal.signal(signal.SIGUSR1, breed)\\nwhile True: time.sleep(1)\\n' > /root/service.py\n\
                printf '[Service]\\nExecStart=/usr/bin/python3 /root/service.py\\n[Install]\\nWantedBy=multi-user.target\\n' \
                > /etc/systemd/system/prometheus.service\n\
                systemctl daemon-reload; systemctl -q enable --now prometheus",
        // a burst of children that are reaped by their end
        alike: "for i in $(seq 200); do /bin/true & done; wait",
        fault_script: "systemctl kill -s USR1 prometheus",
        end: End::HealedAfterYes,
        after: "test $(ps -eo state | grep -c Z) -lt 10",
    }
    .run();
}

pub fn files() {
    Case {
        playbook: "fd-exhaustion",
        fault: "nginx with 64 files to open, and a crowd of clients",
        verified: "less than 70 % of the limit in use",
        cuts: &[("every = \"30s\" }", "every = \"1s\" }"), ("for    = \"30s\"", "for    = \"1s\""), ("soak   = \"30s\"", "soak   = \"2s\"")],
        // a container's root may not always move another user's limits, so its workers stay root's
        setup: "mkdir -p /etc/systemd/system/nginx.service.d\n\
                printf '[Service]\\nLimitNOFILE=64:4096\\n' > /etc/systemd/system/nginx.service.d/t.conf\n\
                sed -i 's/^user .*/user root;/; s/worker_processes auto/worker_processes 1/; s/worker_connections 768/worker_connections 2000/' /etc/nginx/nginx.conf\n\
                systemctl daemon-reload; systemctl restart nginx\n\
                printf 'import socket, sys, time\\nheld = [socket.create_connection((\"127.0.0.1\", 80)) for _ in range(int(sys.argv[1]))]\\ntime.sleep(600)\\n' > /root/crowd.py",
        alike: "systemd-run -q python3 /root/crowd.py 20; sleep 3",
        fault_script: "systemd-run -q python3 /root/crowd.py 35",
        end: End::Healed,
        after: "curl -fsS -m 5 -o /dev/null http://127.0.0.1/; systemctl show -p NRestarts --value nginx | grep -qx 0",
    }
    .run();
}

pub fn load() {
    Case {
        playbook: "high-load",
        fault: "eight busy loops on two processors",
        verified: "the pressure is gone",
        cuts: &[
            ("for      = \"10m\"", "for      = \"3s\""),
            ("cpu = \"> 60%\" }", "cpu = \"> 25%\", every = \"1s\" }"),
            ("cpu = \"< 40%\" }", "cpu = \"< 20%\", every = \"1s\" }"),
            ("per_core = \"> 8\" }", "per_core = \"> 50\" }"),
            ("within   = \"5m\"", "within   = \"2m\""),
        ],
        // who comes to look has priority, and whatever he starts: else each of his questions waits for the loops
        setup: "systemctl set-property --runtime ssh.service CPUWeight=1000; sleep 5",
        // one busy loop leaves a processor free
        alike: "timeout 5 sh -c 'while :; do :; done'; true",
        fault_script: "for i in 1 2 3 4 5 6 7 8; do systemd-run -q --unit=busy$i sh -c 'while :; do :; done'; done",
        end: End::Ticket { holds: "Processes by time on processors", mend: "systemctl stop 'busy*'" },
        after: "true",
    }
    .run_virtual();
}
