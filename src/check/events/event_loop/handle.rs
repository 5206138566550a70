//! The handle of the event loop's thread: it starts the thread, sends it commands and ends it.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use rustix::event::{EventfdFlags, epoll, eventfd};

use super::messages::{LoopCommand, LoopEvent};
use super::{FOLDERS, Loop, WAKE};
use crate::check::events::folders::{Folders, Listeners};
use crate::host::Clock;

/// The handle of the event loop's thread; dropping it ends the thread.
#[derive(Debug)]
pub struct EventLoop {
    /// The inotify instance that watches folders; none if the host's limit of instances is reached.
    pub folders: Option<Arc<Folders>>,
    commands: Sender<LoopCommand>,
    wake: Arc<OwnedFd>,
}

impl EventLoop {
    /// Starts the thread, which calls `report` with every event; that must not wait.
    ///
    /// # Errors
    /// Where no thread or descriptor can be had.
    pub fn start(clock: Clock, report: impl Fn(LoopEvent) + Send + 'static) -> std::io::Result<Self> {
        let (commands, received) = channel();
        let wake = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        let folders = Folders::open().ok();
        if let Some(folders) = &folders {
            epoll::add(&epoll, folders.fd(), epoll::EventData::new_u64(FOLDERS), epoll::EventFlags::IN)?;
        }
        let (waker, listeners) = (wake.clone(), folders.clone().map(Listeners::new));
        let run = move || Loop::new(clock, epoll, waker, received, Box::new(report), listeners).run();
        thread::Builder::new().name("kernel-events".into()).spawn(run)?;
        Ok(Self { folders, commands, wake })
    }

    /// Sends a command to the loop; it is lost if the thread has ended.
    pub fn send(&self, command: LoopCommand) {
        if self.commands.send(command).is_ok() {
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        self.send(LoopCommand::Stop);
    }
}
