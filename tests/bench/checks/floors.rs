//! Bare loops: each does once a second what the checks do, with nothing around it. The bench starts itself as one.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::Signal;

use crate::Outcome;
use crate::process::Process;

const PERIOD: Duration = Duration::from_secs(1);

/// So many connections are under way at once.
const TOGETHER: usize = 256;

/// Starts a loop over these addresses, or files.
pub fn start(name: &str, over: &[String]) -> Outcome<Process> {
    Process::start(Command::new(std::env::current_exe()?).args(["floor", name]).args(over))
}

/// Plays a loop, until it is ended.
pub fn play(name: &str, over: &[&str]) -> Outcome<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let addresses = || over.iter().map(|address| Ok(address.parse()?)).collect::<Outcome<Vec<SocketAddr>>>();
    match name {
        "blocking-connect" => {
            let addresses = addresses()?;
            every_period(|| addresses.iter().try_for_each(|address| Ok(TcpStream::connect(address).map(drop)?)))
        }
        "epoll-connect" => {
            let addresses = addresses()?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            every_period(|| addresses.chunks(TOGETHER).try_for_each(|some| connect(&epoll, some)))
        }
        "blocking-get" => {
            let hosts: Vec<&str> = over.iter().map(|url| url["http://".len()..].trim_end_matches('/')).collect();
            every_period(|| hosts.iter().try_for_each(|host| get(host)))
        }
        "spawn-and-wait" => every_period(|| over.iter().try_for_each(|file| spawn(file))),
        other => Err(format!("`{other}` is no floor").into()),
    }
}

fn every_period(mut once: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut due = Instant::now();
    loop {
        once()?;
        due += PERIOD;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn connect(epoll: &impl std::os::fd::AsFd, addresses: &[SocketAddr]) -> Outcome<()> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        match rustix::net::connect(&socket, address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let once = epoll::EventFlags::OUT | epoll::EventFlags::ONESHOT;
        epoll::add(epoll, &socket, epoll::EventData::new_u64(sockets.len() as u64), once)?;
        sockets.push(Some(socket));
    }
    let (mut left, mut events) = (sockets.len(), Vec::with_capacity(TOGETHER));
    while left > 0 {
        events.clear();
        epoll::wait(epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            sockets[usize::try_from(event.data.u64())?] = None;
            left -= 1;
        }
    }
    Ok(())
}

fn get(host: &str) -> Outcome<()> {
    let mut stream = TcpStream::connect(host)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; 4096];
    while stream.read(&mut answer)? > 0 {}
    Ok(())
}

fn spawn(file: &str) -> Outcome<()> {
    let mut command = Command::new("/usr/bin/head");
    command.args(["-c1", file]).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("head: {status}").into()) }
}
