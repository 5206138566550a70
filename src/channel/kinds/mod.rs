//! The kinds of channels, one file or folder each.

pub(super) mod alertmanager;
pub(super) mod command;
pub(super) mod journald;
pub(super) mod pagerduty;
pub(super) mod smtp;
pub(super) mod ticket;
pub(super) mod webhook;
