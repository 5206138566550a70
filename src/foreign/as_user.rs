//! One thread reads files as another user. The kernel keeps these credentials by thread, so every other thread goes on
//! as it was.

use std::io;

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use rustix::process::getgroups;
use rustix::thread::set_thread_groups;

use super::threads;

/// The group that owns nothing. A user's own groups are not looked up: the lookup may ask a network.
const NOBODY: u32 = 65_534;
/// Changes nothing; the answer tells who is in force.
const ASK: u32 = u32::MAX;

/// While this lives, this thread opens files with the rights of the user, and with none of root's.
#[derive(Debug)]
pub(super) struct AsUser {
    /// The uid with whose rights the thread opens files.
    pub(super) uid: u32,
    was: (Uid, Gid),
    groups: Vec<rustix::fs::Gid>,
}

impl AsUser {
    /// From now on, in this thread.
    ///
    /// # Errors
    /// Where this process may not (it is not root, or has lost the right).
    pub(super) fn of(uid: u32) -> io::Result<Self> {
        let groups = getgroups()?;
        set_thread_groups(&[])?;
        let was = (Uid::from_raw(current_user()), setfsgid(Gid::from_raw(NOBODY)));
        setfsuid(Uid::from_raw(uid));
        let user = Self { uid, was, groups };
        if current_user() == uid { Ok(user) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

impl Drop for AsUser {
    fn drop(&mut self) {
        setfsuid(self.was.0);
        setfsgid(self.was.1);
        // a thread that keeps too few groups can only do less, and does nothing more
        if set_thread_groups(&self.groups).is_err() || current_user() != self.was.0.as_raw() {
            threads::spend();
        }
    }
}

fn current_user() -> u32 {
    setfsuid(Uid::from_raw(ASK)).as_raw()
}
