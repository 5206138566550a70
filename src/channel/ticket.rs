//! The ticket folder: one Markdown file per incident, which needs nothing but a disk.
//!
//! A page that is sent again, a later page and the resolve all write the same file anew, atomically. Evidence of
//! earlier pages stays, and so does whatever a person writes below the notes line.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::document::{evidence, moment, report};
use super::markdown::{MARK, inline};
use super::page::Page;
use super::{Pace, Said, Setback};
use crate::core::plan::hex;

/// A ticket larger than this is not one of ours any more.
const LARGEST: u64 = 64 << 20;
const NOTES: &str = "notes: what is written below stays -->";

/// A ticket folder.
#[derive(Debug, Clone)]
pub(super) struct Tickets {
    folder: PathBuf,
    /// Why a page is here that was meant for another channel.
    note: Option<Arc<str>>,
    zone: TimeZone,
}

impl Tickets {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, note: None, zone: TimeZone::system() }
    }

    /// The same folder, for pages that were meant for another channel.
    pub(super) fn instead_of(folder: PathBuf, channel: &str) -> Self {
        let note = format!("The channel {channel} is not configured, so this page is here.");
        Self { note: Some(note.into()), ..Self::new(folder) }
    }

    /// The same folder, for pages that their channel will never take.
    pub(super) fn refused_by(folder: PathBuf, channel: &str) -> Self {
        let note = format!("The channel {channel} refused this page for good, so it is here.");
        Self { note: Some(note.into()), ..Self::new(folder) }
    }

    pub(super) async fn deliver(&self, page: Arc<Page>) -> Result<Said, Setback> {
        let tickets = self.clone();
        let said = |error: io::Error| {
            Setback::new(Pace::Usual, format!("the ticket in {} could not be written: {error}", self.folder.display()))
        };
        match tokio::task::spawn_blocking(move || tickets.write(&page)).await {
            Ok(written) => written.map_err(said),
            Err(error) => Err(said(io::Error::other(error))),
        }
    }

    /// Writes the incident's ticket, new or anew.
    fn write(&self, page: &Page) -> io::Result<Said> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mark = mark_of(page);
        let former = self.find(page, &mark)?;
        let kept = former.as_ref().map(|(_, text)| Kept::of(text, page)).unwrap_or_default();
        let name = former.map_or_else(|| self.name_for(page), |(name, _)| name);
        replace(&self.folder, &name, &self.text(page, &mark, &kept))?;
        Ok(format!("written to {}", self.folder.join(&name).display()))
    }

    fn text(&self, page: &Page, mark: &str, kept: &Kept) -> String {
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

    /// The incident's ticket, if it is still here: by its number in the name, then by its mark.
    fn find(&self, page: &Page, mark: &str) -> io::Result<Option<(String, String)>> {
        let number = format!("-{}-", page.incident.0);
        for entry in fs::read_dir(&self.folder)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            let path = self.folder.join(&name);
            if !name.contains(&number) || path.extension() != Some("md".as_ref()) || name.starts_with('.') {
                continue;
            }
            let text = read(&path)?;
            if let Some(text) = text.filter(|text| text.lines().next() == Some(mark)) {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    /// `2026-11-23-4-service-down-nginx.service.md`; with a number behind it where another journal's ticket is there.
    fn name_for(&self, page: &Page) -> String {
        let date = Zoned::new(page.at, self.zone.clone()).date();
        let stem = format!("{date}-{}-{}", page.incident.0, slug(&format!("{} {}", page.playbook, page.target.name())));
        let mut name = format!("{stem}.md");
        let mut number = 2;
        while self.folder.join(&name).symlink_metadata().is_ok() {
            name = format!("{stem}-{number}.md");
            number += 1;
        }
        name
    }
}

/// What the file on disk has and the new text has not.
#[derive(Debug, Default)]
struct Kept {
    /// Blocks of other pages' evidence, with their marks.
    evidence: String,
    /// What a person wrote.
    notes: Option<String>,
}

impl Kept {
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

/// A regular file's text; none where it is something else, too large or not text.
fn read(path: &Path) -> io::Result<Option<String>> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // a symbolic link, or not ours to read: not our ticket
        Err(_) => return Ok(None),
    };
    let about = file.metadata()?;
    if !about.is_file() || about.len() > LARGEST {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).ok())
}

/// Whoever looks sees the old text or the new one, also after a power cut.
fn replace(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.tmp"));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, folder.join(name)))
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // on a full disk half a file would stay in the way
        let _ = fs::remove_file(&temporary);
    }
    written
}
