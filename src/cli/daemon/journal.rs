//! `salve journal verify | export`.

use std::io;
use std::process::ExitCode;

use crate::cli::args::{Common, JournalVerb};
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::journal::{JournalReader, ReadError};

pub fn run(common: &Common, verb: &JournalVerb) -> Result<ExitCode, Failure> {
    let reader = JournalReader::open(&common.paths().state)?;
    match verb {
        JournalVerb::Verify => match reader.verify() {
            Ok(verified) => {
                println!("the hash chain is intact: {} records, head {}", verified.records, verified.head);
                Ok(ExitCode::SUCCESS)
            }
            Err(broken) => Err(Failure::Said(format!("the hash chain is broken: {broken}"))),
        },
        JournalVerb::Export { .. } => match reader.export(stream::json_lines()) {
            Err(ReadError::Write(error)) => closed(error),
            exported => exported.map(|_| ExitCode::SUCCESS).map_err(Failure::from),
        },
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn closed(error: io::Error) -> Result<ExitCode, Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::Io("standard output".into(), error))
    }
}
