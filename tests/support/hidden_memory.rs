//! A process whose arguments and environment lie in a page of a file, so that whoever reads them waits for that file.

#![allow(unsafe_code, reason = "a page is mapped, and the kernel told that the arguments stand in it")]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The argument with which this test plays the process.
pub const PART: &str = "hide-memory";

const PAGE: usize = 4096;

/// Where the kernel believes the parts of a process to lie.
#[repr(C)]
struct Map {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: u64,
    auxv_size: u32,
    exe: u32,
}

/// Plays it: says that it is ready, and sleeps.
pub fn play(page: &Path) -> ! {
    let file = File::open(page).unwrap();
    // SAFETY: a new mapping at a place of the kernel's choice, which nobody reads
    let at = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
    assert_ne!(at, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split_ascii_whitespace().collect();
    // fields count from one, and the state is the third
    let field = |number: usize| fields[number - 3].parse::<u64>().unwrap();
    // SAFETY: asks where the heap ends, and changes nothing
    let brk = unsafe { libc::sbrk(0) } as u64;
    let (first, last) = (at as u64, at as u64 + PAGE as u64);
    let map = Map {
        start_code: field(26),
        end_code: field(27),
        start_data: field(45),
        end_data: field(46),
        start_brk: field(47),
        brk,
        start_stack: field(28),
        arg_start: first,
        arg_end: last,
        env_start: first,
        env_end: last,
        auxv: 0,
        auxv_size: 0,
        exe: u32::MAX,
    };
    let number = |number: usize| libc::c_ulong::try_from(number).unwrap();
    let what = libc::c_ulong::try_from(libc::PR_SET_MM_MAP).unwrap();
    let (map_at, length) = (number(std::ptr::from_ref(&map) as usize), number(size_of::<Map>()));
    // SAFETY: the kernel checks every address; this process never reads its arguments again
    let said = unsafe { libc::prctl(libc::PR_SET_MM, what, map_at, length, number(0)) };
    assert_eq!(said, 0, "{}", std::io::Error::last_os_error());
    eprintln!("ready");
    loop {
        std::thread::park();
    }
}

/// One that runs.
pub struct Hidden(Child);

impl Hidden {
    /// Starts it, and waits until its memory is hidden.
    pub fn start() -> Self {
        let own = std::env::current_exe().unwrap();
        let mut child = Command::new(own)
            .arg(PART)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.as_mut().unwrap());
        while said != "ready\n" {
            let before = said.len();
            stderr.read_line(&mut said).unwrap();
            assert!(said.len() > before, "{said}");
        }
        Self(child)
    }

    /// Does it still live?
    pub fn lives(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).is_ok_and(|stat| !stat.contains(") Z "))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Not waited for: its file system must agree to the close of its file, and may not answer.
        let _ = self.0.kill();
    }
}
