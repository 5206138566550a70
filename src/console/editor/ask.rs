//! What the pages for writing ask of the world, and what it tells them. The console's loop hands the asks to a clerk
//! that does one after the other: a draft that is dropped stays dropped.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::{DraftSummary, EditedFile};
use crate::engine::host_queries::Rehearsing;
use crate::engine::host_queries::target_candidates::Offer;
use crate::playbook::write::WantedTarget;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum EditorTask {
    /// Open this playbook's file, or what will be a copy of it.
    Open { playbook: Arc<str> },
    /// Begin a playbook that is not there yet; a one-off that is there is opened.
    Begin { name: Arc<str>, text: Arc<str>, one_off: bool },
    /// Take a file out of the folder, if it still holds what was opened.
    Remove { subject: EditedFile },
    /// Open a draft, whatever it is of.
    Resume { name: Arc<str> },
    /// Which drafts are there?
    Drafts,
    /// What of this host could a playbook be about?
    Offers { wanted: WantedTarget },
    /// Write a text to its file, if that still holds what was opened.
    Save { subject: EditedFile, text: Arc<str> },
    /// Keep a text against a lost connection.
    Keep { name: Arc<str>, path: PathBuf, text: Arc<str> },
    /// It is not needed any more.
    DropDraft { name: Arc<str> },
    /// What would this text do now?
    Rehearse { name: Arc<str>, text: Arc<str> },
    /// Hand the text to `$EDITOR`.
    HandOver { name: Arc<str>, text: Arc<str> },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum EditorTaskResult {
    /// A playbook to write, and a draft of it.
    Opened { subject: EditedFile, draft: Option<(Arc<str>, Timestamp)> },
    /// A draft to go on with.
    Resumed { subject: EditedFile, text: Arc<str> },
    /// The drafts that are there.
    Drafts(Vec<DraftSummary>),
    /// What the host offers.
    Offers { wanted: WantedTarget, offers: Arc<[Offer]> },
    /// The file holds this text now.
    Saved { text: Arc<str> },
    /// The file holds something else than what was opened; nothing was written.
    Changed { theirs: Arc<str> },
    /// The file is out of the folder, and its text is there.
    Removed { aside: PathBuf },
    /// The file was taken away since it was opened; nothing was written.
    Gone,
    /// It could not be done.
    Failed(Arc<str>),
    /// A dry run goes on.
    Rehearsing { name: Arc<str>, step: Rehearsing },
    /// The text as `$EDITOR` left it.
    Back { text: Arc<str> },
}
