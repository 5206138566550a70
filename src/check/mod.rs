//! One file per kind of check: events where the kernel or systemd has them, else deadline-bound polls.
