//! What a host needs for containers of its own.

/// Brings up podman's socket, and an image `box` that holds nothing but what the host has itself. The host is a
/// container too: its root is layered, so that podman's must not be.
macro_rules! podman {
    () => {
        "printf '[storage]\\ndriver = \"vfs\"\\nrunroot = \"/run/containers/storage\"\\ngraphroot = \"/var/lib/containers/storage\"\\n' \
         > /etc/containers/storage.conf\n\
         printf '[containers]\\nkeyring = false\\n' > /etc/containers/containers.conf\n\
         systemctl -q stop podman.service\n\
         systemctl -q enable --now podman.socket\n\
         mkdir -p /srv/box/bin && cp /bin/busybox /srv/box/bin/ && for t in sh sleep test touch rm; do ln -s busybox /srv/box/bin/$t; done\n\
         tar -C /srv/box -c . | podman import -q - box\n"
    };
}
