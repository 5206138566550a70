//! `salve journal verify | export`.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use crate::cli::args::{Common, JournalVerb};
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::journal::{JournalReader, ReadError};

/// How often a journal that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);

pub fn run(common: &Common, verb: &JournalVerb) -> Result<ExitCode, Failure> {
    let state = common.paths().state;
    match verb {
        JournalVerb::Verify => match JournalReader::open(&state)?.verify() {
            Ok(verified) => {
                println!("the hash chain is intact: {} records, head {}", verified.records, verified.head);
                Ok(ExitCode::SUCCESS)
            }
            Err(broken) => Err(Failure::Said(format!("the hash chain is broken: {broken}"))),
        },
        JournalVerb::Export { follow: false, .. } => written(JournalReader::open(&state)?.export(stream::json_lines())),
        JournalVerb::Export { follow: true, .. } => match to_follow(&state)? {
            Some(reader) => written(reader.follow(stream::json_lines(), rest)),
            None => Ok(ExitCode::SUCCESS),
        },
    }
}

/// The journal once there is one; none where nobody reads any more.
fn to_follow(state: &Path) -> Result<Option<JournalReader>, Failure> {
    loop {
        match JournalReader::open(state) {
            Ok(reader) => return Ok(Some(reader)),
            Err(ReadError::None { .. }) if rest() => {}
            Err(ReadError::None { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until the next look; says whether anybody still reads.
fn rest() -> bool {
    sleep(LOOK);
    !stream::unread()
}

/// A reader that has seen enough (`| head`) is no failure.
fn written(exported: Result<u64, ReadError>) -> Result<ExitCode, Failure> {
    match exported {
        Err(ReadError::Write(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Io("standard output".into(), error))
        }
        Ok(_) | Err(ReadError::Write(_)) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}
