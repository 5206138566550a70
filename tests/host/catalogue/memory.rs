//! Memory that ran out, leaks, or is fought over: on a kernel of its own.

use super::{Case, End};

pub fn killed() {
    Case {
        playbook: "oom-killed",
        fault: "redis grows past its limit, and the kernel kills it",
        verified: "active, below 80 % of its limit, and no further kill",
        cuts: &[
            ("for    = \"10s\"", "for    = \"1s\""),
            ("oom_kills = \"> 0\", window = \"1m\" }", "oom_kills = \"> 0\", window = \"5s\" }"),
            ("oom_kills = \"= 0\", window = \"5m\" }", "oom_kills = \"= 0\", window = \"8s\", every = \"1s\" }"),
            ("soak   = \"30s\"", "soak   = \"2s\""),
        ],
        setup: "printf \"redis.call('set', ARGV[1], string.rep('x', tonumber(ARGV[2])))\" > /root/hold.lua\n\
                mkdir -p /etc/systemd/system/redis-server.service.d\n\
                printf '[Service]\\nRestart=no\\nMemoryMax=64M\\nMemorySwapMax=0\\n' > /etc/systemd/system/redis-server.service.d/t.conf\n\
                sed -i 's/^save .*//; s/^# save .*//' /etc/redis/redis.conf; echo 'save \"\"' >> /etc/redis/redis.conf\n\
                systemctl daemon-reload; systemctl -q enable --now redis-server; redis-cli ping",
        // much memory, below the limit
        alike: "redis-cli --eval /root/hold.lua , a 5000000; redis-cli flushall",
        // it may be healed before the last word of this is read
        fault_script: "for i in 1 2 3 4 5 6 7 8; do redis-cli --eval /root/hold.lua , $i 20000000 || break; redis-cli ping || break; done > /dev/null 2>&1\n\
                       dmesg | grep -q 'Memory cgroup out of memory: Killed process .*(redis-server)'",
        end: End::Healed,
        after: "redis-cli ping | grep -q PONG",
    }
    .run_virtual();
}

pub fn leak() {
    Case {
        playbook: "memory-leak",
        fault: "redis takes some 5 MiB more every second",
        verified: "active, and memory grows no more",
        cuts: &[
            ("only_between = \"02:00-05:00\"\n", ""),
            ("growth = \"> 500MiB\", window = \"6h\", every = \"1m\" }", "growth = \"> 15MiB\", window = \"10s\", every = \"1s\" }"),
            ("for    = \"5m\"", "for    = \"2s\""),
            ("growth = \"< 50MiB\", window = \"5m\" }", "growth = \"< 5MiB\", window = \"5s\", every = \"1s\" }"),
            ("soak   = \"1m\"", "soak   = \"2s\""),
        ],
        setup: "printf \"redis.call('set', ARGV[1], string.rep('x', tonumber(ARGV[2])))\" > /root/hold.lua\n\
                sed -i 's/^save .*//; s/^# save .*//' /etc/redis/redis.conf; echo 'save \"\"' >> /etc/redis/redis.conf\n\
                systemctl -q enable --now redis-server; redis-cli ping; sleep 2\n\
                printf '#!/bin/bash\\nexec 3<>/dev/tcp/127.0.0.1/6379\\ni=0; while test $i -lt 80 && echo \"SETRANGE leak$i 4999999 x\" >&3; do i=$((i+1)); sleep 1; done\\n' > /root/leak\n\
                chmod 755 /root/leak",
        // a cache that is filled and emptied
        alike: "sleep 8; redis-cli --eval /root/hold.lua , a 2000000; sleep 1; redis-cli flushall; sleep 8",
        fault_script: "systemd-run -q --unit=leak /root/leak",
        end: End::HealedAfterYes,
        after: "redis-cli ping | grep -q PONG",
    }
    .run_virtual();
}

/// A service that can neither give memory back nor end is only slowed by the
/// kernel, and its stalls count as the host's; so the cache here ends. It keeps
/// itself resident and its limit open, or it would be slowed too much to look.
pub fn thrash() {
    Case {
        playbook: "swap-thrash",
        fault: "a cache takes nearly all memory, and another service reads its file from the disk over and over; limited, the cache gives way",
        verified: "no pressure on memory any more",
        cuts: &[
            ("memory = \"> 20%\" }", "memory = \"> 4%\", every = \"1s\" }"),
            ("for      = \"1m\"", "for      = \"2s\""),
            ("memory = \"< 5%\" }", "memory = \"< 4%\", every = \"1s\" }"),
            ("soak     = \"5m\"", "soak     = \"3s\""),
        ],
        setup: "head -c 300M /dev/urandom > /var/tmp/data\n\
                printf 'import ctypes, os, sys, time\\n\
                limit = os.open(\"/sys/fs/cgroup/system.slice/eater.service/memory.high\", os.O_RDONLY)\\n\
                ctypes.CDLL(None).mlockall(3)\\n\
                held = bytearray(int(sys.argv[1]) << 20)\\n\
                while os.pread(limit, 64, 0) == b\"max\\\\n\": time.sleep(0.5)\\n\
                os._exit(0)\\n' > /root/eater.py\n\
                printf 'import mmap\\nwith open(\"/var/tmp/data\") as f:\\n  m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\\n  while True:\\n    for at in range(0, len(m), 4096): m[at]\\n' > /root/reader.py\n\
                systemd-run -q --unit=reader1 python3 /root/reader.py; sleep 3",
        // much memory, and enough for all
        alike: "systemd-run -q --unit=eater python3 /root/eater.py 100; sleep 4; systemctl stop eater",
        fault_script: "systemd-run -q --unit=eater -p RemainAfterExit=yes python3 /root/eater.py 620",
        end: End::HealedAfterYes,
        after: "systemctl show -p MemoryHigh --value eater | grep -v infinity",
    }
    .run_virtual();
}
