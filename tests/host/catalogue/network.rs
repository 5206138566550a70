//! Certificates, names and links.

use super::{Case, End};

pub fn certificate() {
    Case {
        playbook: "cert-expiry",
        fault: "nginx serves a certificate of three more days",
        verified: "the certificate that is served holds for more than 30 days",
        cuts: &[("left = \"< 14d\" }", "left = \"< 14d\", every = \"1s\" }"), ("for = \"1m\"", "for = \"1s\"")],
        setup: "make='openssl req -x509 -newkey ed25519 -nodes -subj /CN=host -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem -days'\n\
                $make 40 2>/dev/null\n\
                printf 'server { listen 443 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; }\\n' > /etc/nginx/conf.d/tls.conf\n\
                printf \"[Service]\\nType=oneshot\\nExecStart=$make 90\\n\" > /etc/systemd/system/certbot.service\n\
                printf '[Timer]\\nOnCalendar=yearly\\n[Install]\\nWantedBy=timers.target\\n' > /etc/systemd/system/certbot.timer\n\
                systemctl daemon-reload; systemctl -q enable --now certbot.timer nginx",
        // one that was just renewed
        alike: "openssl req -x509 -newkey ed25519 -nodes -subj /CN=host -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem -days 20 2>/dev/null; \
                systemctl reload nginx; sleep 3",
        fault_script: "openssl req -x509 -newkey ed25519 -nodes -subj /CN=host -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem -days 3 2>/dev/null; \
                       systemctl reload nginx",
        end: End::Healed,
        after: "echo | openssl s_client -connect 127.0.0.1:443 2>/dev/null | openssl x509 -checkend 7000000 -noout",
    }
    .run();
}

pub fn dns() {
    Case {
        playbook: "dns-failing",
        fault: "the resolver stands still: no name resolves",
        verified: "three answers in a row",
        cuts: &[
            ("every = \"10s\", timeout = \"5s\" }", "every = \"1s\", timeout = \"2s\" }"),
            ("for = \"25s\"", "for = \"3s\""),
            ("every = \"5s\", timeout = \"5s\" }", "every = \"1s\", timeout = \"2s\" }"),
            ("soak   = \"10s\"", "soak   = \"2s\""),
        ],
        // the resolver asks nobody while the loopback is the only link
        setup: "ip link add eth5 type veth peer name far5; ip link set far5 up; ip link set eth5 up; ip address add 10.9.0.1/24 dev eth5\n\
                mkdir -p /etc/systemd/resolved.conf.d /etc/systemd/system/systemd-resolved.service.d\n\
                printf '[Resolve]\\nDNS=127.0.0.1:5300\\nDNSSEC=no\\n' > /etc/systemd/resolved.conf.d/t.conf\n\
                printf '[Service]\\nTimeoutStopSec=2s\\n' > /etc/systemd/system/systemd-resolved.service.d/t.conf\n\
                systemd-run -q --unit=upstream dnsmasq -k -p 5300 --listen-address=127.0.0.1 --no-resolv --address=/example.com/10.9.8.7\n\
                systemctl daemon-reload; systemctl -q enable --now systemd-resolved; ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf\n\
                for i in $(seq 50); do getent hosts example.com && exit; sleep 0.2; done; exit 1",
        // slow for a moment
        alike: "systemctl kill -s STOP systemd-resolved; sleep 1; systemctl kill -s CONT systemd-resolved; sleep 2",
        fault_script: "systemctl kill -s STOP systemd-resolved",
        end: End::Healed,
        after: "getent hosts example.com | grep -q 10.9.8.7",
    }
    .run();
}

pub fn link() {
    Case {
        playbook: "link-down",
        fault: "a port that went dark, and wakes only when it is talked to anew",
        verified: "the link has its carrier",
        cuts: &[("for  = \"30s\"", "for  = \"1s\""), ("soak   = \"15s\"", "soak   = \"2s\"")],
        // the far end comes up when the near one is switched off and on, as a port does that renegotiates
        setup: "ip link add eth5 type veth peer name far5; ip link set eth5 up; ip link set far5 up\n\
                printf '#!/bin/sh\\nip -o monitor link dev eth5 | while read -r line; do case \"$line\" in *,UP*) ;; *) ip link set far5 up;; esac; done\\n' > /root/port\n\
                chmod 755 /root/port",
        // an operator switches it off, and on
        alike: "ip link set eth5 down; sleep 3; ip link set eth5 up",
        fault_script: "ip link set far5 down; sleep 0.5; systemd-run -q --unit=port /root/port",
        end: End::HealedAfterYes,
        after: "test $(cat /sys/class/net/eth5/carrier) = 1",
    }
    .run();
}
