//! The one inotify instance of this process, with a watch on every folder of interest. A host allows a user few
//! instances (128) but many watches, and other programs need theirs.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::check::events::event_source::Readiness;
use crate::foreign::MayHang;

/// What may happen to a name in a folder, or to the folder.
const EVENTS: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// The inotify instance, and the number of listeners of each folder.
#[derive(Debug)]
pub struct Folders {
    inotify: OwnedFd,
    /// The number of listeners by the kernel's watch number, which is one for each folder.
    listeners: Mutex<BTreeMap<i32, usize>>,
}

/// Listens for changes of one name in one folder, until it is dropped.
#[derive(Debug)]
pub struct FolderWatch {
    folders: Arc<Folders>,
    number: i32,
    name: OsString,
}

impl Folders {
    /// Opens the inotify instance of this process, without a watch yet.
    ///
    /// # Errors
    /// Where no instance can be had.
    pub fn open() -> rustix::io::Result<Arc<Self>> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Arc::new(Self { inotify, listeners: Mutex::default() }))
    }

    /// The descriptor that becomes readable when something happens in one of the folders.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Listens for every change of this name in its folder.
    ///
    /// # Errors
    /// Where there is no such folder, or no more watches.
    pub fn watch(self: &Arc<Self>, path: &Path, _: &MayHang) -> rustix::io::Result<FolderWatch> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::INVAL) };
        let mut number = inotify::add_watch(&self.inotify, folder, EVENTS)?;
        loop {
            let watch = self.listen(number, name);
            // The last listener of a folder may have gone between the kernel's answer and our counting, and the watch
            // with it. Asked again, the kernel gives the same number only where the watch is still there.
            let again = inotify::add_watch(&self.inotify, folder, EVENTS)?;
            if again == number {
                return Ok(watch);
            }
            number = again;
        }
    }

    fn listen(self: &Arc<Self>, number: i32, name: &OsStr) -> FolderWatch {
        *self.counts().entry(number).or_default() += 1;
        FolderWatch { folders: Arc::clone(self), number, name: name.to_owned() }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<i32, usize>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The listeners of each folder, by the tokens that the event loop knows them by.
#[derive(Debug)]
pub struct Listeners {
    folders: Arc<Folders>,
    by_folder: HashMap<i32, Vec<(u64, OsString)>>,
}

impl Listeners {
    /// No listener yet.
    pub fn new(folders: Arc<Folders>) -> Self {
        Self { folders, by_folder: HashMap::new() }
    }

    /// Adds a listener under this token; false if it belongs to another instance.
    pub fn add(&mut self, token: u64, watch: &FolderWatch) -> bool {
        self.by_folder.entry(watch.number).or_default().push((token, watch.name.clone()));
        Arc::ptr_eq(&self.folders, &watch.folders)
    }

    /// Removes this listener; what happens in the folder is no longer reported to its token.
    pub fn remove(&mut self, token: u64, watch: &FolderWatch) {
        if let Some(listeners) = self.by_folder.get_mut(&watch.number) {
            listeners.retain(|(known, _)| *known != token);
            if listeners.is_empty() {
                self.by_folder.remove(&watch.number);
            }
        }
    }

    /// Reads all pending events, and returns for each affected token what they mean.
    pub fn drain(&self) -> Vec<(u64, Readiness)> {
        let mut readiness: BTreeMap<u64, Readiness> = BTreeMap::new();
        let mut note = |token: u64, what: Readiness| {
            readiness.entry(token).and_modify(|known| *known = (*known).max(what)).or_insert(what);
        };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.folders.inotify, &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => break,
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                // the kernel's queue overflowed: anything may have happened in any folder
                self.by_folder.values().flatten().for_each(|(token, _)| note(*token, Readiness::News));
            }
            let named = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
            // a folder that was moved away is not the one of this path any more
            let ended = flags.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT | ReadFlags::MOVE_SELF);
            for (token, name) in self.by_folder.get(&event.wd()).into_iter().flatten() {
                if ended {
                    note(*token, Readiness::Ended);
                } else if named.is_none_or(|named| named == *name) {
                    note(*token, Readiness::News);
                }
            }
        }
        readiness.into_iter().collect()
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        let mut counts = self.folders.counts();
        let Some(count) = counts.get_mut(&self.number) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.number);
            // if the folder is gone, so is the watch
            let _ = inotify::remove_watch(&self.folders.inotify, self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TEST: MayHang = MayHang::because("a test");

    fn readiness(folders: &Arc<Folders>, watches: &[FolderWatch]) -> Vec<(u64, Readiness)> {
        let mut listeners = Listeners::new(Arc::clone(folders));
        for (token, watch) in (0..).zip(watches) {
            assert!(listeners.add(token, watch));
        }
        listeners.drain()
    }

    #[test]
    fn each_name_of_a_folder_is_heard_of_by_itself_through_one_watch() {
        let (folder, folders) = (tempfile::tempdir().unwrap(), Folders::open().unwrap());
        let watch = |name: &str| folders.watch(&folder.path().join(name), &TEST).unwrap();
        let mut watches = vec![watch("one"), watch("two")];
        assert_eq!(folders.counts().len(), 1, "one watch for the folder");
        assert_eq!(readiness(&folders, &watches), []);
        fs::write(folder.path().join("other"), "x").unwrap();
        assert_eq!(readiness(&folders, &watches), []);
        fs::write(folder.path().join("two"), "x").unwrap();
        assert_eq!(readiness(&folders, &watches), [(1, Readiness::News)]);
        fs::rename(folder.path().join("two"), folder.path().join("one")).unwrap();
        assert_eq!(readiness(&folders, &watches), [(0, Readiness::News), (1, Readiness::News)]);
        drop(watches.remove(0));
        fs::remove_file(folder.path().join("one")).unwrap();
        fs::write(folder.path().join("two"), "x").unwrap();
        assert_eq!(readiness(&folders, &watches), [(0, Readiness::News)], "the other one still gets events");
        fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(readiness(&folders, &watches), [(0, Readiness::Ended)]);
        drop(watches);
        assert!(folders.counts().is_empty());
    }

    #[test]
    fn a_folder_that_was_moved_away_is_heard_of_no_more() {
        let (folder, folders) = (tempfile::tempdir().unwrap(), Folders::open().unwrap());
        fs::create_dir(folder.path().join("a")).unwrap();
        let watches = [folders.watch(&folder.path().join("a/file"), &TEST).unwrap()];
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        assert_eq!(readiness(&folders, &watches), [(0, Readiness::Ended)]);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_watched() {
        let folders = Folders::open().unwrap();
        assert!(folders.watch(Path::new("/no/such/file"), &TEST).is_err());
        assert!(folders.watch(Path::new("/"), &TEST).is_err());
    }
}
