//! The clock, on a kernel of its own.

use super::{Case, End};

pub fn unsynced() {
    Case {
        playbook: "clock-unsynced",
        fault: "the time client stands still since the boot: nobody keeps the clock",
        verified: "the kernel says synchronised, and off by less than 100 ms",
        cuts: &[("for   = \"10m\"", "for   = \"2s\""), ("synchronised = false }", "synchronised = false, every = \"1s\" }"), ("every = \"5s\" }", "every = \"1s\" }")],
        // a server of time on loopback that says what the host's own clock says
        setup: "printf 'import socket, struct, time\\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 123))\\n\
                def stamp():\\n  t = time.time() + 2208988800; return struct.pack(\"!II\", int(t), int((t %% 1) * 2**32))\\n\
                while True:\\n  q, who = s.recvfrom(512); now = stamp()\\n  s.sendto(struct.pack(\"!BBbb\", 0x24, 2, 6, -20) + b\"\\\\0\" * 8 + b\"LOCL\" + now + q[40:48] + now + stamp(), who)\\n' > /root/ntp.py\n\
                systemd-run -q --unit=ntp python3 /root/ntp.py\n\
                mkdir -p /etc/systemd/timesyncd.conf.d /etc/systemd/system/systemd-timesyncd.service.d\n\
                printf '[Time]\\nNTP=127.0.0.1\\n' > /etc/systemd/timesyncd.conf.d/t.conf\n\
                printf '[Service]\\nTimeoutStopSec=2s\\n[Unit]\\nConditionVirtualization=\\n' > /etc/systemd/system/systemd-timesyncd.service.d/t.conf\n\
                systemctl daemon-reload; systemctl -q enable --now systemd-timesyncd\n\
                for i in $(seq 60); do timedatectl show -p NTPSynchronized --value | grep -qx yes && break; sleep 1; done\n\
                timedatectl show -p NTPSynchronized --value | grep -qx yes",
        // it is restarted by an update
        alike: "systemctl restart systemd-timesyncd; sleep 2",
        // the kernel is told what it would find out by itself after hours without an answer
        fault_script: "pkill -STOP systemd-timesyn; python3 -c 'import ctypes, struct\nb = ctypes.create_string_buffer(struct.pack(\"I4xqqqqi\", 0x10, 0, 0, 0, 0, 0x40), 208)\nctypes.CDLL(None).adjtimex(b)'",
        end: End::Healed,
        after: "timedatectl show -p NTPSynchronized --value | grep -qx yes",
    }
    .run_virtual();
}
