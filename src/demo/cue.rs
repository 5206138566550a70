//! What a remediation, or a check, says to the stage: a line over a socket in the demo's folder. A service must not be a
//! child of the attempt that starts it, because what an attempt leaves running is ended.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::actor::DemoPart;
use super::scratch;

/// Where the stage listens.
pub const SOCKET: &str = "stage";
/// How long the stage may take for one line.
const PATIENCE: Duration = Duration::from_secs(8);

/// Restarts one of the child processes.
///
/// # Errors
/// Where the stage does not answer, or says why not.
pub fn restart(folder: &Path, part: DemoPart) -> io::Result<()> {
    let mut stream = UnixStream::connect(folder.join(SOCKET))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{}", part.name())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match answer.trim_end() {
        "" => Ok(()),
        why => Err(io::Error::other(why.to_owned())),
    }
}

/// How full the scratch area is, in percent.
///
/// # Errors
/// Where the scribe is not there.
pub fn room(folder: &Path) -> io::Result<u64> {
    scratch::percent(folder, scribe(folder)?)
}

/// Deletes what filled the scratch area; how many files.
///
/// # Errors
/// Where they cannot be deleted.
pub fn clean(folder: &Path) -> io::Result<usize> {
    let place = scratch::seen_from_outside(folder, scribe(folder)?);
    let mut deleted = 0;
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("burst.") {
            fs::remove_file(entry.path())?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

fn scribe(folder: &Path) -> io::Result<u32> {
    let text = fs::read_to_string(folder.join("scribe.pid"))?;
    text.trim().parse().map_err(|_| io::Error::other("the scribe has no process"))
}
