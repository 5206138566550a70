//! The journal and the room that it has.

use super::context::DoctorContext;
use super::report::Finding;
use crate::journal::{Journal, JournalReader, ReadError};

/// Less room than this is soon none, in bytes.
const LITTLE: u64 = 100 << 20;

/// Room for the state folder, or for the nearest folder above it.
pub fn disk(ground: &DoctorContext) -> Vec<Finding> {
    let folder = ground.paths.state.ancestors().find(|folder| folder.is_dir()).unwrap_or(&ground.paths.state);
    vec![match rustix::fs::statvfs(folder) {
        Err(error) => Finding::broken(format!("{}: {error}", folder.display()), "mount it"),
        Ok(room) => {
            let (free, all) = (room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize);
            let said = format!("{} free of {} for {}", size(free), size(all), folder.display());
            if free < LITTLE.min(all / 10) {
                Finding::warning(said, "free disk space: without it, no event is recorded and no attempt runs")
            } else {
                Finding::fine(said)
            }
        }
    }]
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

/// Every record, and that none was altered.
pub fn journal(ground: &DoctorContext) -> Vec<Finding> {
    let reader = match JournalReader::open(&ground.paths.state) {
        Ok(reader) => reader,
        Err(ReadError::None { .. }) => return vec![Finding::skipped("nothing recorded yet")],
        Err(error) if !ground.root => {
            return vec![Finding::skipped(format!("{error}"))];
        }
        Err(error) => return vec![Finding::broken(error.to_string(), "run salve doctor as the user that runs salve")],
    };
    let chain = match reader.verify() {
        Ok(verified) => Finding::fine(format!("the hash chain is intact: {} records", verified.records)),
        Err(broken) => Finding::broken(
            format!("the hash chain is broken: {broken}"),
            "keep a copy of the state folder (cp -a); `salve journal export` prints what can be read",
        ),
    };
    let reserve = if Journal::reserve_is_held(&ground.paths.state) {
        Finding::fine("disk space is reserved for a full disk")
    } else {
        Finding::warning(
            "no disk space is reserved for a full disk",
            "free disk space: an engine reserves it again within seconds",
        )
    };
    vec![chain, reserve]
}
