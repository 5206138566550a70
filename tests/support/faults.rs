//! A library to preload that makes one system call on the journal's files fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `FAULT_KIND` (`sync` or `write`), `FAULT_AT` (from 1) and `FAULT_ERRNO` say which call fails, and how.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int calls;

static int fails(const char *kind, int fd) {
    const char *wanted = getenv("FAULT_KIND");
    if (!wanted || strcmp(wanted, kind)) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, "/journal.")) return 0;
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != atoi(getenv("FAULT_AT"))) return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return fails("sync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails("sync", fd) ? -1 : REAL(fdatasync)(fd); }
ssize_t write(int fd, const void *data, size_t size) { return fails("write", fd) ? -1 : REAL(write)(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails("write", fd) ? -1 : REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails("write", fd) ? -1 : REAL(pwrite64)(fd, data, size, at);
}
"#;

/// Compiles it into this folder.
pub fn compile(folder: &Path) -> Result<PathBuf, String> {
    let (source, library) = (folder.join("faults.c"), folder.join("faults.so"));
    fs::write(&source, SOURCE).map_err(|error| error.to_string())?;
    let ran = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).arg("-ldl").output();
    let ran = ran.map_err(|error| error.to_string())?;
    if ran.status.success() { Ok(library) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}
