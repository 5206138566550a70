//! The main screen and its panes, one file each.

pub(super) mod breakers;
pub(super) mod detail;
pub(super) mod detectors;
pub(super) mod main;
pub(super) mod needs_action;
pub(super) mod timeline;
