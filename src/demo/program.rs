//! The program that a demo's children and playbooks run: this one, or, where root may not run it as it lies, a copy.
//!
//! Root runs nothing that somebody else could change, and a clone below `/tmp`, or in a user's home, is just that. The
//! demo then copies itself into its own folder, on a file system that lets programs run.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::foreign::MayHang;
use crate::host::program::resolve;

/// What the copy is called.
const NAME: &str = "salve";

/// Where this program's file lies.
fn own() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// May this process run its own program as it lies?
pub fn runs_in_place() -> bool {
    let may_hang = MayHang::because("the demo has not started, and this program was just read from there");
    own().is_ok_and(|program| program.to_str().is_some_and(|program| resolve(program, &may_hang).is_ok()))
}

/// May programs be run that lie in this folder?
pub fn may_hold_programs(folder: &Path) -> bool {
    statvfs(folder).is_ok_and(|mount| !mount.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

/// The program for a demo in this folder.
///
/// # Errors
/// Where it cannot be found or copied.
pub fn of_demo(folder: &Path) -> io::Result<PathBuf> {
    if runs_in_place() {
        return own();
    }
    let copy = folder.join(NAME);
    // the running program itself, whatever lies at its place by now
    fs::copy("/proc/self/exe", &copy)?;
    fs::set_permissions(&copy, Permissions::from_mode(0o700))?;
    Ok(copy)
}
