//! One durable write: a commit of about an intent's size, in the folder where salve keeps its journal.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::stage::{CALM, Stage};
use crate::Outcome;

/// About the length of an intent's record.
const RECORD: usize = 1200;

pub fn measure(stage: &Stage, commits: usize) -> Outcome<Vec<Duration>> {
    let connection = Connection::open(stage.path("durable.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute("CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, line TEXT NOT NULL)", [])?;
    let line = "x".repeat(RECORD);
    let mut insert = connection.prepare("INSERT INTO record (line) VALUES (?1)")?;
    insert.execute(params![line])?;
    let mut times = Vec::with_capacity(commits);
    for _ in 0..commits {
        thread::sleep(CALM);
        let began = Instant::now();
        insert.execute(params![line])?;
        times.push(began.elapsed());
    }
    Ok(times)
}
