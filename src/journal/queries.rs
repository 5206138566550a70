//! Queries about the past for a screen: a stretch of events, an incident with all that touched it, the readings around
//! a moment. Each reads only what it shows, so that a long journal costs no more memory than a short one.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, params};

use super::lock::readings_in;
use super::reader::JournalReader;
use super::readings::KeptReading;
use super::{ReadError, readings, schema};
use crate::core::event::concern::{Concern, RuleEvent};
use crate::core::{Event, IncidentId, Key, Mono, Recorded, Scope};
use crate::playbook::ContentKey;

impl JournalReader {
    /// The last event's number; 0 before the first.
    pub fn last_seq(&self) -> Result<u64, ReadError> {
        self.number("SELECT coalesce(max(seq), 0) FROM record", &[])
    }

    /// The last event; none before the first.
    pub fn last(&self) -> Result<Option<Recorded>, ReadError> {
        Ok(self.select("ORDER BY seq DESC LIMIT 1", [])?.pop())
    }

    /// The events after `seq` up to and with `last`, oldest first. The chain is not checked.
    pub fn events_between(&self, seq: u64, last: u64) -> Result<Vec<Recorded>, ReadError> {
        self.select("WHERE seq > ?1 AND seq <= ?2 ORDER BY seq", [seq.cast_signed(), last.cast_signed()])
    }

    /// Where the last incident before this event was opened.
    pub fn opening_before(&self, seq: u64) -> Result<Option<u64>, ReadError> {
        let found = self.number(
            "SELECT coalesce((SELECT seq FROM record WHERE seq < ?1 AND kind = 'opened' ORDER BY seq DESC LIMIT 1), 0)",
            &[seq],
        )?;
        Ok((found > 0).then_some(found))
    }

    /// Where the next incident after this event was opened.
    pub fn opening_after(&self, seq: u64) -> Result<Option<u64>, ReadError> {
        let found = self.number(
            "SELECT coalesce((SELECT seq FROM record WHERE seq > ?1 AND kind = 'opened' ORDER BY seq LIMIT 1), 0)",
            &[seq],
        )?;
        Ok((found > 0).then_some(found))
    }

    /// The playbook text of this content, as the journal kept it.
    pub fn adopted(&self, content: &ContentKey) -> Result<Option<Recorded>, ReadError> {
        let all = self.select("WHERE kind = 'adopted' ORDER BY seq", [])?;
        Ok(all
            .into_iter()
            .find(|recorded| matches!(&recorded.event, Event::Adopted { content: one, .. } if one == content)))
    }

    /// One incident's events, oldest first, with the deliveries of its pages and with what was done meanwhile to its
    /// key, its playbook or the whole host: breakers, pauses, snoozes, arming.
    pub fn whole_story(&self, incident: IncidentId) -> Result<Vec<Recorded>, ReadError> {
        let mut story = self.events_of(incident)?;
        let Some(Event::Opened { key, playbook, .. }) = story.first().map(|first| first.event.clone()) else {
            return Ok(story);
        };
        let first = story.first().map_or(0, |first| first.seq);
        let closed = story.iter().find(|recorded| matches!(recorded.event, Event::Closed { .. }));
        let last = closed.map_or(i64::MAX.cast_unsigned(), |closed| closed.seq);
        let around = self.select(
            "WHERE seq > ?1 AND seq <= ?2 AND kind IN
             ('breaker', 'paused', 'resumed', 'snoozed', 'unsnoozed', 'armed', 'disarmed')",
            [first.cast_signed(), last.cast_signed()],
        )?;
        story.extend(around.into_iter().filter(|recorded| touches(&recorded.event, &key, &playbook)));
        story.sort_by_key(|recorded| recorded.seq);
        Ok(story)
    }

    /// What each subject looked like up to `to`: the latest `most` changes since `from`, oldest first, after the one
    /// that held at `from`.
    pub fn seen(
        &self,
        subjects: &[Arc<str>],
        from: Mono,
        to: Mono,
        most: usize,
    ) -> Result<Vec<Vec<KeptReading>>, ReadError> {
        let file = readings_in(self.state());
        if !file.exists() {
            return Ok(vec![Vec::new(); subjects.len()]);
        }
        let look = || -> rusqlite::Result<Vec<Vec<KeptReading>>> {
            let connection = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            subjects.iter().map(|subject| of_subject(&connection, subject, from, to, most)).collect()
        };
        look().map_err(|error| schema::explain(&file, &error).into())
    }
}

/// Was something done to this key, or to what it belongs to?
fn touches(event: &Event, key: &Key, name: &str) -> bool {
    let rule = match event.concern() {
        Concern::Rule(rule) => rule,
        Concern::Engine(_)
        | Concern::Incident(_)
        | Concern::Reading(_)
        | Concern::Decision(_)
        | Concern::Attempt(_)
        | Concern::Page(_)
        | Concern::Call(_) => return false,
    };
    match rule {
        RuleEvent::Breaker(one) | RuleEvent::Snooze(one) | RuleEvent::Flapping(one) => one == key,
        RuleEvent::Pause(Scope::Host) => true,
        RuleEvent::Pause(Scope::Playbook(playbook)) => **playbook == *name,
        RuleEvent::Arming(content) => *content == key.content,
        RuleEvent::Maintenance => false,
    }
}

fn of_subject(
    connection: &Connection,
    subject: &Arc<str>,
    from: Mono,
    to: Mono,
    most: usize,
) -> rusqlite::Result<Vec<KeptReading>> {
    let mut statement = connection.prepare_cached(
        "SELECT mono, wall, observation FROM reading
         WHERE subject = (SELECT id FROM subject WHERE name = ?1) AND mono <= ?2 ORDER BY mono DESC, id DESC LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![subject, to.0.cast_signed(), most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let reading = readings::kept(subject, row)?;
        let held_at_from = reading.mono <= from;
        found.push(reading);
        if held_at_from {
            break;
        }
    }
    found.reverse();
    Ok(found)
}
