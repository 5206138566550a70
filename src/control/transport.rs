//! How the other end is reached: this host's socket, or the system's own `ssh`, whose configuration, agents, jump
//! hosts and questions work as its user knows them.

use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::process::{Child, ChildStderr, Command};

use super::socket::{self, ConnectError};

/// What runs on the far side, unless something else is said.
pub const FAR_SIDE: &str = "salve";

/// No complaint of `ssh` is kept beyond so many bytes.
const LONGEST_COMPLAINT: usize = 1024;

/// The way in which an engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// The socket at this path.
    Socket(PathBuf),
    /// A bridge at the far end of `ssh`.
    Ssh {
        /// The host to log in to, with user and port where they were given.
        to: Destination,
        /// The far side's program, for its shell: `salve`, `sudo -n salve`.
        program: String,
    },
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Ssh { to, .. } => to.fmt(f),
        }
    }
}

/// A host that `ssh` knows how to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

/// A text that names no destination: neither `ssh://user@host:port` nor a host's name for ssh. It holds what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write ssh://user@host:port, where user and port may be left out, or a name from your ~/.ssh/config")]
pub struct NoDestination(&'static str);

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, NoDestination> {
        let rest = match text.split_once("://") {
            Some(("ssh", rest)) => rest.strip_suffix('/').unwrap_or(rest),
            Some(_) => return Err(NoDestination("only ssh:// leads to another host")),
            None => text,
        };
        let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(NoDestination("a [ without its ]"))?;
                (host, port.strip_prefix(':'))
            }
            // an address of version 6 without brackets has no port
            None if rest.matches(':').count() > 1 => (rest, None),
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None => None,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => Some(port),
                _ => return Err(NoDestination("a port is a number from 1 to 65535")),
            },
        };
        // what begins with a dash would be an option of ssh
        let odd = |text: &str| text.is_empty() || text.starts_with('-') || text.chars().any(is_odd);
        if odd(host) || user.is_some_and(odd) {
            return Err(NoDestination("a user or a host that cannot be"));
        }
        Ok(Self { user: user.map(Into::into), host: host.into(), port })
    }
}

fn is_odd(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "'\"\\$`;&|<>(){}*?!#/".contains(c)
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let brackets = self.host.contains(':') && self.port.is_some();
        if brackets { write!(f, "[{}]", self.host) } else { f.write_str(&self.host) }?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

/// Both directions of an open way.
pub struct Stream {
    /// What the engine sends.
    pub reads: Box<dyn AsyncRead + Send + Unpin>,
    /// What is sent to the engine.
    pub writes: Box<dyn AsyncWrite + Send + Unpin>,
    /// The child that carries it; ended when this is dropped.
    pub carrier: Carrier,
}

/// The process that carries the connection, if any.
#[derive(Debug)]
pub enum Carrier {
    /// None: it is a socket of this host.
    Kernel,
    /// `ssh`, and the last line that it complained.
    Ssh(Child, Arc<Mutex<String>>),
}

impl Carrier {
    /// Why the stream ended, where the carrier knows: waits until it has ended itself.
    pub async fn complaint(&mut self) -> Option<String> {
        let Self::Ssh(child, said) = self else { return None };
        let status = tokio::time::timeout(std::time::Duration::from_secs(2), child.wait()).await.ok()?.ok()?;
        let said = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !said.is_empty() {
            return Some(format!("ssh: {said}"));
        }
        match status.code() {
            Some(127) => Some("the far side has no program salve on its PATH; name it with --program".into()),
            Some(255) => Some("ssh could not connect".into()),
            _ => None,
        }
    }
}

/// May `ssh` ask its user something?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The terminal is still a shell's: passwords and host keys may be asked for.
    Allowed,
    /// A screen is on the terminal.
    Not,
}

impl Transport {
    /// Opens it.
    ///
    /// # Errors
    /// Where nobody listens, a stranger does, or `ssh` cannot be started.
    pub async fn open(&self, asking: Asking) -> Result<Stream, ConnectError> {
        match self {
            Self::Socket(path) => {
                let (reads, writes) = socket::connect(path).await?.into_split();
                Ok(Stream { reads: Box::new(reads), writes: Box::new(writes), carrier: Carrier::Kernel })
            }
            Self::Ssh { to, program } => {
                let mut command = ssh(to, program, asking);
                let mut child = command.spawn().map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => io::Error::other("there is no ssh on this host; install its client"),
                    _ => error,
                })?;
                let (Some(reads), Some(writes)) = (child.stdout.take(), child.stdin.take()) else {
                    return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
                };
                let said = Arc::new(Mutex::new(String::new()));
                if let Some(complaints) = child.stderr.take() {
                    tokio::spawn(keep_last_line(complaints, Arc::clone(&said)));
                }
                let carrier = Carrier::Ssh(child, said);
                Ok(Stream { reads: Box::new(reads), writes: Box::new(writes), carrier })
            }
        }
    }
}

/// Keeps the last line that `ssh` said, or as much of it as anybody reads: the other host decides what comes here.
async fn keep_last_line(mut from: ChildStderr, said: Arc<Mutex<String>>) {
    let (mut chunk, mut line) = ([0; 4096], Vec::new());
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        for byte in &chunk[..count] {
            match byte {
                b'\n' => {
                    let text = crate::text::clean_line(&String::from_utf8_lossy(&line)).into_owned();
                    *said.lock().unwrap_or_else(PoisonError::into_inner) = text;
                    line.clear();
                }
                byte if line.len() < LONGEST_COMPLAINT => line.push(*byte),
                _ => {}
            }
        }
    }
}

fn ssh(to: &Destination, program: &str, asking: Asking) -> Command {
    let mut command = Command::new("ssh");
    command.arg("-T").kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped());
    match asking {
        Asking::Allowed => command.stderr(Stdio::inherit()),
        Asking::Not => command.args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]).stderr(Stdio::piped()),
    };
    if let Some(port) = to.port {
        command.arg("-p").arg(port.to_string());
    }
    if let Some(user) = &to.user {
        command.arg("-l").arg(user);
    }
    command.arg("--").arg(&to.host).arg(format!("{program} bridge"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read_and_said_again() {
        for (text, again) in [
            ("ssh://web-03", "ssh://web-03"),
            ("web-03", "ssh://web-03"),
            ("ssh://ann@web-03:2222/", "ssh://ann@web-03:2222"),
            ("ann@corp@web-03", "ssh://ann@corp@web-03"),
            ("ssh://[::1]:22", "ssh://[::1]:22"),
            ("ssh://[fe80::1%eth0]", "ssh://fe80::1%eth0"),
            ("::1", "ssh://::1"),
        ] {
            assert_eq!(text.parse::<Destination>().map(|to| to.to_string()), Ok(again.into()), "{text}");
        }
    }

    #[test]
    fn nothing_becomes_an_option_or_a_command_of_a_shell() {
        for text in [
            "",
            "ssh://",
            "ssh://-oProxyCommand=x",
            "-oProxyCommand=x@host",
            "http://web-03",
            "web-03:0",
            "web-03:70000",
            "web-03:x",
            "[::1",
            "a b",
            "a;b",
            "$(x)",
            "ann@",
            "@web",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }

    #[test]
    fn ssh_is_told_where_and_what_and_never_to_ask_behind_a_screen() {
        let to: Destination = "ssh://ann@web-03:2222".parse().unwrap();
        let words = |asking| {
            let command = ssh(&to, "sudo -n salve", asking);
            let words: Vec<_> = command.as_std().get_args().map(|word| word.to_string_lossy().into_owned()).collect();
            words.join(" ")
        };
        assert_eq!(words(Asking::Allowed), "-T -p 2222 -l ann -- web-03 sudo -n salve bridge");
        assert!(words(Asking::Not).contains("-o BatchMode=yes"));
    }
}
