//! File systems that are full, out of inodes, read-only or silent; logs without bound.

use super::{Case, End};

pub fn pressure() {
    Case {
        playbook: "disk-pressure",
        fault: "a file system filled to 91 %",
        verified: "less than 80 % used",
        cuts: &[
            ("{ mount = \"/\" }", "{ mount = \"/tmp\" }"),
            ("used = \"> 85%\" }", "used = \"> 85%\", every = \"1s\" }"),
            ("for        = \"1m\"", "for        = \"1s\""),
            ("older_than = \"7d\"", "older_than = \"2s\""),
        ],
        setup: "mount -t tmpfs -o size=100m tmpfs /tmp",
        alike: "head -c 84M /dev/zero > /tmp/held; sleep 3; test $(df --output=pcent /tmp | tail -1 | tr -dc 0-9) = 84",
        fault_script: "for i in 1 2 3 4 5 6 7; do head -c 1M /dev/zero > /tmp/more.$i; done",
        end: End::Healed,
        after: "test $(df --output=pcent /tmp | tail -1 | tr -dc 0-9) -le 80",
    }
    .run();
}

pub fn inodes() {
    Case {
        playbook: "inode-exhaustion",
        fault: "a file system out of inodes, with nearly all its room free",
        verified: "less than 80 % of the inodes used",
        cuts: &[
            ("{ mount = \"/\" }", "{ mount = \"/tmp\" }"),
            ("inodes = \"> 85%\" }", "inodes = \"> 85%\", every = \"1s\" }"),
            ("for        = \"1m\"", "for        = \"1s\""),
            ("older_than = \"7d\"", "older_than = \"2s\""),
        ],
        setup: "mount -t tmpfs -o size=100m,nr_inodes=1000 tmpfs /tmp; mkdir /tmp/many",
        alike: "cd /tmp/many; for i in $(seq 830); do : > $i; done; sleep 3",
        fault_script: "cd /tmp/many; for i in $(seq 831 960); do : > $i; done",
        end: End::Healed,
        after: "test $(df --output=ipcent /tmp | tail -1 | tr -dc 0-9) -le 80",
    }
    .run();
}

pub fn log() {
    Case {
        playbook: "log-growth",
        fault: "a program floods the system log for seconds",
        verified: "the writer is on the new file, and growth has stopped",
        cuts: &[
            ("growth = \"> 100MiB\", window = \"1m\" }", "growth = \"> 8MiB\", window = \"5s\", every = \"1s\" }"),
            ("for  = \"30s\"", "for  = \"1s\""),
            ("growth = \"< 20MiB\", window = \"30s\" }", "growth = \"< 1MiB\", window = \"3s\", every = \"1s\" }"),
            ("growth = \"< 1MiB\", window = \"30s\" }", "growth = \"< 1MiB\", window = \"3s\", every = \"1s\" }"),
            ("soak   = \"10s\"", "soak   = \"2s\""),
        ],
        setup: "mkdir -p /etc/systemd/journald.conf.d; printf '[Journal]\\nRateLimitBurst=0\\nForwardToSyslog=yes\\n' > /etc/systemd/journald.conf.d/t.conf\n\
                systemctl restart systemd-journald; systemctl -q enable --now rsyslog; logger begun; sleep 2; test -s /var/log/syslog",
        // a burst that ends below the bound
        alike: "head -c 2M /dev/zero | tr '\\0' x | fold -w 500 | logger",
        fault_script: "head -c 60M /dev/zero | tr '\\0' x | fold -w 800 | logger > /dev/null 2>&1 &",
        end: End::Healed,
        after: "test -e /var/log/syslog.1; logger after; sleep 1; grep -q after /var/log/syslog",
    }
    .run();
}

pub fn readonly() {
    Case {
        playbook: "fs-readonly",
        fault: "a file system was made read-only",
        verified: "it can be written to again",
        cuts: &[
            ("for        = \"10s\"", "for        = \"1s\""),
            ("read_only = true }", "read_only = true, every = \"1s\" }"),
        ],
        setup: "mount -t tmpfs tmpfs /srv",
        // another one, which is meant to be so
        alike: "mount -t tmpfs tmpfs /mnt; mount -o remount,ro /mnt; sleep 2",
        fault_script: "mount -o remount,ro /srv",
        end: End::Ticket { holds: "The kernel's last", mend: "mount -o remount,rw /srv" },
        after: "touch /srv/x",
    }
    .run();
}

pub fn stuck() {
    Case {
        playbook: "mount-stuck",
        fault: "the server behind an sshfs mount stands still: `statfs` hangs",
        verified: "`statfs` answers within a second",
        cuts: &[
            ("answers = false, timeout = \"5s\" }", "answers = false, timeout = \"2s\", every = \"1s\" }"),
            ("for   = \"30s\"", "for   = \"3s\""),
            ("soak   = \"15s\"", "soak   = \"2s\""),
        ],
        setup: "modprobe fuse; mkdir -p /srv/data /mnt/share /root/.ssh; echo here > /srv/data/file\n\
                ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519.pub >> /root/.ssh/authorized_keys\n\
                echo 'root@127.0.0.1:/srv/data /mnt/share fuse.sshfs StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null 0 0' >> /etc/fstab\n\
                systemctl daemon-reload; mount /mnt/share; test -e /mnt/share/file",
        // slow for a moment
        alike: "pkill -STOP sftp-server; sleep 1; pkill -CONT sftp-server",
        fault_script: "pkill -STOP sftp-server",
        end: End::HealedAfterYes,
        after: "timeout 5 cat /mnt/share/file; pkill -KILL sftp-server",
    }
    .run_virtual();
}
