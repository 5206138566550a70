//! Who runs this process, as the kernel says.

use std::sync::Arc;

use crate::core::Operator;
use crate::text::clean_line;

/// The operator at this process: the real uid, the account's name, and under sudo the login uid's name as a claim.
#[must_use]
pub fn of_this_process() -> Operator {
    let uid = rustix::process::getuid().as_raw();
    let login = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse::<u32>().ok());
    Operator {
        uid,
        name: name_of(uid),
        // u32::MAX: the kernel knows of no login
        login: login.filter(|login| *login != uid && *login != u32::MAX).map(name_of),
    }
}

/// The account's name, or its number where it has none.
fn name_of(uid: u32) -> Arc<str> {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == uid).then(|| clean_line(name).into_owned())
    });
    name.unwrap_or_else(|| uid.to_string()).into()
}

/// This host's name, cleaned.
#[must_use]
pub fn host() -> String {
    crate::text::clean_line(&rustix::system::uname().nodename().to_string_lossy()).into_owned()
}
