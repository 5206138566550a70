//! Who the operator is: the uid as the kernel tells it, everything else as a claim of the client.

use std::path::Path;
use std::sync::Arc;

use nix::unistd::{Uid, User};
use serde::{Deserialize, Serialize};

use crate::core::Operator;
use crate::text::clean_line;

/// No claim is longer, in characters: an address with a zone, a terminal's name.
const LONGEST: usize = 64;

/// What a process says of where it sits. Nobody vouches for it; it is kept for whoever reads the records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Its terminal: `pts/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Arc<str>>,
    /// Where its SSH session comes from: `192.0.2.7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Arc<str>>,
}

impl Claims {
    /// Reads the claims of this process: its terminal from descriptor 0, its SSH peer from `SSH_CONNECTION` or
    /// `SSH_CLIENT`. Whatever cannot be told is none.
    #[must_use]
    pub fn of_this_process() -> Self {
        let terminal = std::fs::read_link("/proc/self/fd/0").ok();
        let terminal = terminal.as_deref().and_then(|path| path.strip_prefix("/dev").ok());
        let tty = terminal.filter(|name| name.starts_with("pts") || name.to_string_lossy().starts_with("tty"));
        let ssh = std::env::var("SSH_CONNECTION").or_else(|_| std::env::var("SSH_CLIENT")).ok();
        let from = ssh.as_deref().and_then(|line| line.split(' ').next());
        Self { tty: tty.map(|name| name.to_string_lossy().as_ref().into()), from: from.map(Into::into) }
    }

    /// Fit to be kept and shown: one short clean line each.
    fn cleaned(self) -> Self {
        let clean = |claim: Arc<str>| -> Option<Arc<str>> {
            let claim: String = clean_line(&claim).chars().take(LONGEST).collect();
            (!claim.is_empty()).then(|| claim.into())
        };
        Self { tty: self.tty.and_then(clean), from: self.from.and_then(clean) }
    }
}

/// The operator at this process: the real uid, the account's name, and the login uid with its name under sudo.
#[must_use]
pub fn of_this_process() -> Operator {
    of_peer(rustix::process::getuid().as_raw(), login_uid("self"), Claims::of_this_process())
}

/// The operator at the other end of a socket: the kernel vouches for the uid and for what it knows of the login; the
/// rest are claims.
#[must_use]
pub fn of_peer(uid: u32, login_uid: Option<u32>, claims: Claims) -> Operator {
    let Claims { tty, from } = claims.cleaned();
    let login = login_uid.filter(|login| *login != uid).map(name_of);
    Operator { uid, name: name_of(uid), login, login_uid, tty, from }
}

/// The uid that a process (`self`, or a number) logged in with; none where the kernel knows of no login.
#[must_use]
pub fn login_uid(process: &str) -> Option<u32> {
    let login = std::fs::read_to_string(Path::new("/proc").join(process).join("loginuid")).ok()?;
    login.trim().parse().ok().filter(|login| *login != u32::MAX)
}

/// The account's name, or its number where it has none.
fn name_of(uid: u32) -> Arc<str> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| clean_line(&user.name).into_owned()).into()
}

/// This host's name, cleaned.
#[must_use]
pub fn host() -> String {
    clean_line(&rustix::system::uname().nodename().to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_one_short_clean_line() {
        let long = "x".repeat(10_000);
        let claims = Claims { tty: Some("pts/3\u{1b}[2J\n".into()), from: Some(long.into()) };
        let operator = of_peer(0, None, claims);
        assert!(operator.tty.as_deref().is_some_and(|tty| tty.starts_with("pts/3") && !tty.contains(char::is_control)));
        assert_eq!(operator.from.map(|from| from.len()), Some(LONGEST));
        assert_eq!((operator.uid, &*operator.name), (0, "root"));
    }

    #[test]
    fn an_account_without_a_name_is_its_number() {
        assert_eq!(&*of_peer(4_000_000_001, None, Claims::default()).name, "4000000001");
    }
}
