//! Signals: the moment that units and jobs change.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use zbus::export::futures_core::Stream;
use zbus::{MatchRule, Message, MessageStream, OwnedObjectPath};

use super::proxy::{MANAGER, SERVICE, UNITS};
use super::{ANSWER, Systemd, SystemdError, within};

/// How many signals may wait: a daemon-reload tells of every unit at once.
const QUEUE: usize = 4096;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something about this unit; read it again.
    Unit(Arc<str>),
    /// systemd took a job for a unit.
    JobNew {
        /// Its number.
        id: u32,
        /// For which unit.
        unit: Arc<str>,
    },
    /// A job is over.
    JobRemoved {
        /// Its number.
        id: u32,
        /// For which unit.
        unit: Arc<str>,
        /// `done`, `failed`, `canceled`, …
        result: Arc<str>,
    },
    /// systemd has read its files anew: read everything again.
    Reloaded,
}

/// The signals of one line to systemd, in order of their arrival by kind. After its end everything must be read anew.
#[derive(Debug)]
pub struct Changes {
    manager: MessageStream,
    units: MessageStream,
}

/// Asks systemd to send signals.
pub async fn subscribe(systemd: &Systemd) -> Result<Changes, SystemdError> {
    let connection = systemd.connection().await?;
    let streams = async {
        let signal = || MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(SERVICE);
        let manager = signal().path(MANAGER).interface("org.freedesktop.systemd1.Manager").build()?;
        let units = signal()
            .path_namespace(UNITS)
            .interface("org.freedesktop.DBus.Properties")
            .member("PropertiesChanged")
            .build()?;
        let queue = std::num::NonZeroUsize::new(QUEUE);
        Ok(Changes {
            manager: MessageStream::for_match_rule(manager, &connection, queue).await?,
            units: MessageStream::for_match_rule(units, &connection, queue).await?,
        })
    };
    let changes = within(ANSWER, streams).await?;
    match within(ANSWER, systemd.manager().await?.subscribe()).await {
        // Already subscribed on this line is as good.
        Ok(()) | Err(SystemdError::Refused(_)) => Ok(changes),
        Err(error) => Err(error),
    }
}

impl Changes {
    /// The next change; none when the line broke.
    pub async fn next(&mut self) -> Option<Change> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// A change that has arrived already; none where there is none, or the line broke.
    pub async fn ready(&mut self) -> Option<Change> {
        std::future::poll_fn(|context| match self.poll(context) {
            Poll::Ready(change) => Poll::Ready(change),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Change>> {
        for stream in [&mut self.manager, &mut self.units] {
            while let Poll::Ready(message) = Pin::new(&mut *stream).poll_next(context) {
                let Some(Ok(message)) = message else { return Poll::Ready(None) };
                if let Some(change) = told(&message) {
                    return Poll::Ready(Some(change));
                }
            }
        }
        Poll::Pending
    }
}

fn told(message: &Message) -> Option<Change> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "PropertiesChanged" => Some(Change::Unit(unit_of(header.path()?.as_str())?)),
        "JobNew" => {
            let (id, _, unit) = body.deserialize::<(u32, OwnedObjectPath, String)>().ok()?;
            Some(Change::JobNew { id, unit: unit.into() })
        }
        "JobRemoved" => {
            let (id, _, unit, result) = body.deserialize::<(u32, OwnedObjectPath, String, String)>().ok()?;
            Some(Change::JobRemoved { id, unit: unit.into(), result: result.into() })
        }
        "Reloading" => (!body.deserialize::<bool>().ok()?).then_some(Change::Reloaded),
        // Units come and go by our own looks at them, too: to look again on that would never end.
        _ => None,
    }
}

/// The unit's id in an object path, where every byte that is not a letter or digit stands as `_` and two hex digits.
fn unit_of(path: &str) -> Option<Arc<str>> {
    let label = path.strip_prefix(UNITS)?.strip_prefix('/')?;
    let mut bytes = Vec::with_capacity(label.len());
    let mut rest = label.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    Some(String::from_utf8(bytes).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_paths_name_their_units() {
        let unit = |label: &str| unit_of(&format!("{UNITS}/{label}"));
        assert_eq!(unit("nginx_2eservice").as_deref(), Some("nginx.service"));
        assert_eq!(unit("_2d_2emount").as_deref(), Some("-.mount"));
        assert_eq!(unit("getty_40tty1_2eservice").as_deref(), Some("getty@tty1.service"));
        assert_eq!(unit("cut_2"), None);
        assert_eq!(unit_of("/org/freedesktop/systemd1/job/1"), None);
    }
}
