//! The ticket folder: one Markdown file per incident, which needs nothing but a disk.
//!
//! A page that is sent again, a later page and the resolve all write the same file anew, atomically. Evidence of
//! earlier pages stays, and so does whatever a person writes below the notes line.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::channel::delivery::{Delivering, Delivery, DeliveryError, PeerReply, RetryPolicy};
use crate::channel::document::{evidence, moment, report};
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::markdown::{MARK, inline};
use crate::channel::page::Page;
use crate::channel::settings_faults;
use crate::core::plan::hex;
use crate::foreign::folder::{Folder, PRIVATE};
use crate::foreign::{self, MayHang};

/// How long the folder may take to answer; the page is tried again after that.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// A ticket larger than this is not one of ours any more.
const LARGEST: u64 = 64 << 20;
const NOTES: &str = "notes: what is written below stays -->";

/// `tickets = { folder = "/srv/tickets" }`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketSettings {
    /// Where the files go; `tickets` in the state folder where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl ChannelKind for TicketSettings {
    const FORM: &'static str = "{ folder = \"/srv/tickets\" }";

    fn destination(&self) -> String {
        match &self.folder {
            Some(folder) => folder.display().to_string(),
            None => "the state folder".into(),
        }
    }

    fn faults(&self) -> Vec<ChannelError> {
        self.folder.iter().filter_map(|path| settings_faults::absolute("folder", path)).collect()
    }

    fn open(self, default_folder: &Path) -> Arc<dyn Delivery> {
        Arc::new(Tickets::new(self.folder.unwrap_or_else(|| default_folder.to_owned())))
    }
}

/// A ticket folder.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Tickets {
    folder: PathBuf,
    /// Why a page is here that was meant for another channel.
    note: Option<Arc<str>>,
    zone: TimeZone,
}

impl Tickets {
    pub(in crate::channel) fn new(folder: PathBuf) -> Self {
        Self { folder, note: None, zone: TimeZone::system() }
    }

    /// The same folder, for pages that were meant for another channel.
    pub(in crate::channel) fn instead_of(folder: PathBuf, channel: &str) -> Self {
        let note = format!("Channel {channel} is not configured, so this page became a ticket.");
        Self { note: Some(note.into()), ..Self::new(folder) }
    }

    /// The same folder, for pages that their channel will never take.
    pub(in crate::channel) fn refused_by(folder: PathBuf, channel: &str) -> Self {
        let note = format!("Channel {channel} rejected this page permanently, so it became a ticket.");
        Self { note: Some(note.into()), ..Self::new(folder) }
    }

    /// The same folder, for calls that their channel has not taken yet.
    pub(in crate::channel) fn not_taken_by(folder: PathBuf, channel: &str) -> Self {
        let note = format!("Channel {channel} did not accept this page in time, so it became a ticket as well.");
        Self { note: Some(note.into()), ..Self::new(folder) }
    }

    /// Writes the incident's ticket, new or anew.
    fn write(&self, page: &Page, may_hang: &MayHang) -> io::Result<PeerReply> {
        let folder = Folder::make(&self.folder, may_hang)?;
        let mark = mark_of(page);
        let former = find(&folder, page, &mark)?;
        let kept = former.as_ref().map(|(_, text)| KeptText::of(text, page)).unwrap_or_default();
        let name = former.map_or_else(|| self.name_for(page, &folder), |(name, _)| name);
        folder.replace(name.as_ref(), self.text(page, &mark, &kept).as_bytes(), PRIVATE)?;
        Ok(format!("written to {}", self.folder.join(&name).display()))
    }

    fn text(&self, page: &Page, mark: &str, kept: &KeptText) -> String {
        let mut out = format!("{mark}\n");
        if let Some(note) = &self.note {
            let _ = write!(out, "\n> {}\n\n", inline(note));
        }
        out += &report(page, &self.zone);
        out += &kept.evidence;
        let gathered = evidence(page);
        if !gathered.is_empty() {
            let (id, at) = (page.id, moment(page.at, &self.zone));
            let _ = write!(out, "{}## Evidence for page {id}, gathered at {at}\n\n{gathered}", evidence_mark(page));
        }
        let _ = write!(out, "\n{MARK}{NOTES}\n{}", kept.notes.as_deref().unwrap_or("## Notes\n\n"));
        out
    }

    /// `2026-11-23-4-service-down-nginx.service.md`; with a number behind it where another journal's ticket is there.
    fn name_for(&self, page: &Page, folder: &Folder) -> String {
        let date = Zoned::new(page.at, self.zone.clone()).date();
        let stem = format!("{date}-{}-{}", page.incident.0, slug(&format!("{} {}", page.playbook, page.target.name())));
        let mut name = format!("{stem}.md");
        let mut number = 2;
        while folder.has(name.as_ref()) {
            name = format!("{stem}-{number}.md");
            number += 1;
        }
        name
    }
}

impl Delivery for Tickets {
    /// One at a time: two incidents may want the same new name.
    fn at_once(&self) -> usize {
        1
    }

    fn is_ticket_folder(&self) -> bool {
        true
    }

    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let tickets = self.clone();
            let write = move |may_hang: &MayHang| tickets.write(&page, may_hang);
            let written = foreign::task("the ticket in", &self.folder, ANSWERS_WITHIN, write).await;
            let written = written.unwrap_or_else(|silence| Err(io::Error::other(silence)));
            written.map_err(|error| {
                DeliveryError::new(
                    RetryPolicy::Usual,
                    format!("the ticket in {} could not be written: {error}", self.folder.display()),
                )
            })
        })
    }
}

/// The incident's ticket, if it is still here: by its number in the name, then by its mark.
fn find(folder: &Folder, page: &Page, mark: &str) -> io::Result<Option<(String, String)>> {
    let number = format!("-{}-", page.incident.0);
    for name in folder.names()? {
        let Ok(name) = name.into_string() else { continue };
        if !name.contains(&number) || Path::new(&name).extension() != Some("md".as_ref()) || name.starts_with('.') {
            continue;
        }
        let text = folder.read(name.as_ref(), LARGEST)?.and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(text) = text.filter(|text| text.lines().next() == Some(mark)) {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

/// What the file on disk has and the new text has not.
#[derive(Debug, Default)]
struct KeptText {
    /// Blocks of other pages' evidence, with their marks.
    evidence: String,
    /// What a person wrote.
    notes: Option<String>,
}

impl KeptText {
    fn of(text: &str, page: &Page) -> Self {
        let own = evidence_mark(page);
        let notes_line = format!("{MARK}{NOTES}\n");
        let (text, notes) = match text.split_once(&notes_line) {
            Some((text, notes)) => (text, Some(notes.to_owned())),
            None => (text, None),
        };
        let any = format!("\n{MARK}evidence ");
        let mut evidence = String::new();
        let mut starts = text.match_indices(&any).map(|(at, _)| at).collect::<Vec<_>>();
        starts.push(text.len());
        for block in starts.windows(2).map(|ends| &text[ends[0]..ends[1]]).filter(|block| !block.starts_with(&own)) {
            evidence += block.trim_end_matches('\n');
            evidence.push('\n');
        }
        Self { evidence, notes }
    }
}

/// What tells the ticket of this incident from every other, of other journals too.
fn mark_of(page: &Page) -> String {
    let dedup = hex(&Sha256::digest(page.dedup.as_bytes()));
    format!("{MARK}ticket incident={} dedup={} -->", page.incident.0, &dedup[..16])
}

fn evidence_mark(page: &Page) -> String {
    format!("\n{MARK}evidence page={} -->\n", page.id.0)
}

/// Lower-case letters, digits and dots, the rest as single hyphens; at most 60 bytes.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
        if !(c == '-' && (out.is_empty() || out.ends_with('-'))) && out.len() < 60 {
            out.push(c);
        }
    }
    out.trim_end_matches(['-', '.']).to_owned()
}
