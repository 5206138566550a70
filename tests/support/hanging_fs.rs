//! A file system that answers until it is told to hang: FUSE, spoken by hand. It needs root and `/dev/fuse`.
//!
//! Names that begin with `d` are folders, all others executable files of one line. Nothing is remembered by the
//! kernel, so every call asks here, and hangs where this hangs.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

const CONTENT: &[u8] = b"#!/bin/sh\n";
const NO_SUCH_CALL: i32 = 38;
const ROOT: u64 = 1;
const FOLDER: u64 = 2;
const FILE: u64 = 3;

/// The switch of a mounted file system.
#[derive(Debug, Clone)]
pub struct HangingFs {
    at: PathBuf,
    hangs: Arc<AtomicBool>,
}

impl HangingFs {
    /// Mounts it on a folder.
    pub fn mount(at: &Path) -> std::io::Result<Self> {
        let device = File::options().read(true).write(true).open("/dev/fuse")?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd());
        let options = std::ffi::CString::new(options)?;
        mount("hanging", at, "fuse.hanging", MountFlags::NODEV, options.as_c_str())?;
        let hangs = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&hangs);
        thread::Builder::new().name("hanging-fs".into()).spawn(move || serve(device, &switch))?;
        Ok(Self { at: at.to_owned(), hangs })
    }

    /// From now on nothing is answered any more.
    pub fn hang(&self) {
        self.hangs.store(true, Ordering::SeqCst);
    }

    /// Ends every call that hangs. Without it no process that has one can end, and this one least of all: it would
    /// wait for its own answer.
    pub fn let_go(&self) {
        let _ = unmount(&self.at, UnmountFlags::FORCE | UnmountFlags::DETACH);
    }
}

fn serve(mut device: File, hangs: &AtomicBool) {
    let mut buffer = vec![0; 1 << 18];
    while let Ok(length) = device.read(&mut buffer) {
        let request = &buffer[..length];
        if hangs.load(Ordering::SeqCst) {
            continue;
        }
        if let Some(answer) = answer(request) {
            let (error, body) = match answer {
                Ok(body) => (0, body),
                Err(error) => (-error, Vec::new()),
            };
            let mut out = Vec::new();
            out.extend(u32::try_from(16 + body.len()).unwrap().to_ne_bytes());
            out.extend(error.to_ne_bytes());
            out.extend(&request[8..16]);
            out.extend(body);
            let _ = device.write_all(&out);
        }
    }
}

fn number(request: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(request[at..at + 4].try_into().unwrap())
}

/// The body of the answer, or an error number; none where no answer is due.
fn answer(request: &[u8]) -> Option<Result<Vec<u8>, i32>> {
    let node = u64::from(number(request, 16));
    Some(match number(request, 4) {
        // forget, interrupt, batch forget
        2 | 36 | 42 => return None,
        // lookup
        1 => {
            let found = if request.get(40) == Some(&b'd') { FOLDER } else { FILE };
            let mut body = Vec::new();
            body.extend(found.to_ne_bytes());
            body.extend([0; 32]);
            body.extend(attributes(found));
            Ok(body)
        }
        // getattr
        3 => Ok([&[0; 16][..], &attributes(node)].concat()),
        // init: version 7.31, and no wish
        26 => {
            let mut body: Vec<u8> = [7_u32, 31, 1 << 17, 0].iter().flat_map(|word| word.to_ne_bytes()).collect();
            body.extend([0; 4]);
            body.extend((1_u32 << 17).to_ne_bytes());
            body.resize(64, 0);
            Ok(body)
        }
        // open, opendir
        14 | 27 => Ok(vec![0; 16]),
        // read
        15 => {
            let from = usize::try_from(number(request, 48)).unwrap().min(CONTENT.len());
            Ok(CONTENT[from..].to_vec())
        }
        // readdir, flush, release, releasedir
        28 | 25 | 18 | 29 => Ok(Vec::new()),
        // statfs
        17 => {
            let mut body: Vec<u8> = [1000_u64, 500, 500, 100, 50].iter().flat_map(|word| word.to_ne_bytes()).collect();
            body.extend([4096_u32, 255, 4096].iter().flat_map(|word| word.to_ne_bytes()));
            body.resize(80, 0);
            Ok(body)
        }
        _ => Err(NO_SUCH_CALL),
    })
}

fn attributes(node: u64) -> Vec<u8> {
    let (mode, size) =
        if matches!(node, ROOT | FOLDER) { (0o040_755_u32, 0) } else { (0o100_755, CONTENT.len() as u64) };
    let mut body: Vec<u8> = [node, size, 1, 0, 0, 0].iter().flat_map(|word: &u64| word.to_ne_bytes()).collect();
    body.extend([0_u32, 0, 0, mode, 1, 0, 0, 0, 4096, 0].iter().flat_map(|word| word.to_ne_bytes()));
    body
}
