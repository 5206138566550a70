//! Programs that a test puts somewhere and then runs. A process that has a file open for writing hands that on to every
//! child that another thread starts at that moment, and a file that anybody may write to cannot be run ("Text file busy"):
//! so the file is written by a child, which is over before it is run.

use std::path::Path;
use std::process::Command;

/// Copies a program; anybody may run it.
pub fn copy(from: &Path, to: &Path) {
    let done = Command::new("install").args(["-m", "755"]).arg(from).arg(to).status().unwrap();
    assert!(done.success(), "{} could not be copied to {}", from.display(), to.display());
}

/// Writes a script, with its first line; anybody may run it.
#[allow(dead_code, reason = "not every test writes one")]
pub fn script(to: &Path, text: &str) {
    let draft = to.with_extension("text");
    std::fs::write(&draft, text).unwrap();
    copy(&draft, to);
    std::fs::remove_file(draft).unwrap();
}
