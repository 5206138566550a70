//! Signals: the moment that units and jobs change.
//!
//! A stream of signals is bounded, and a full one stops the reader of its whole connection, answers to calls included.
//! So signals have a connection of their own, and whoever wants them hands over a plain function: it cannot wait, so
//! the stream is emptied as fast as signals come.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinHandle;
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedObjectPath, OwnedVariant};

use super::proxy::{MANAGER, ManagerProxy, SERVICE, UNIT, UNITS};
use super::unit::cleaned;
use super::{ANSWER, Systemd, SystemdError, bus, next, within};

/// How many signals may wait between two turns of the reader: a daemon-reload tells of every unit at once.
const QUEUE: usize = 4096;

/// One change that systemd announced over D-Bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemdSignal {
    /// Something about this unit; read it again.
    Unit {
        /// systemd's own id of it.
        id: Arc<str>,
        /// Its state, where the signal says it.
        state: Option<UnitStamps>,
    },
    /// systemd took a job for a unit.
    JobNew {
        /// systemd's number for the job.
        id: u32,
        /// systemd's own id of the unit that the job is for.
        unit: Arc<str>,
    },
    /// systemd removed a job from its queue, because it ended.
    JobRemoved {
        /// systemd's number for the job.
        id: u32,
        /// systemd's own id of the unit that the job is for.
        unit: Arc<str>,
        /// The job's result in systemd's words: `done`, `failed`, `canceled`, …
        result: Arc<str>,
    },
    /// systemd has read its files anew: read everything again.
    Reloaded,
}

/// A unit's state as a signal tells it. Moments are microseconds of `CLOCK_MONOTONIC`, 0 for never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitStamps {
    /// The `ActiveState` property, in systemd's words; see [`super::UnitSeen::active`].
    pub active: Arc<str>,
    /// The `SubState` property, in systemd's words; see [`super::UnitSeen::sub`].
    pub sub: Arc<str>,
    /// When it last began to start.
    pub inactive_exit: u64,
    /// When it last became active.
    pub active_enter: u64,
    /// When it last stopped being active.
    pub active_exit: u64,
    /// When it last became inactive or failed.
    pub inactive_enter: u64,
}

impl UnitStamps {
    /// Is it inactive or failed?
    #[must_use]
    pub fn is_down(&self) -> bool {
        matches!(&*self.active, "inactive" | "failed")
    }
}

/// Signals are being heard; dropping it ends that.
#[derive(Debug)]
pub struct SignalSubscription {
    reader: JoinHandle<()>,
}

impl SignalSubscription {
    /// Waits until the connection broke: what happened from then on nobody tells, so everything must be read again.
    pub async fn broken(&mut self) {
        let _ = (&mut self.reader).await;
    }
}

impl Drop for SignalSubscription {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Asks systemd to send signals, and gives each to `sink` in the order of arrival.
pub async fn listen(sink: impl FnMut(SystemdSignal) + Send + 'static) -> Result<SignalSubscription, SystemdError> {
    let connection = within(ANSWER, bus::connect()).await?;
    // One stream: signals about a job and about its unit must not overtake each other.
    let stream = async {
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(SERVICE);
        let rule = rule.path_namespace(MANAGER).build()?;
        MessageStream::for_match_rule(rule, &connection, std::num::NonZeroUsize::new(QUEUE)).await
    };
    let stream = within(ANSWER, stream).await?;
    // The stream is emptied from here on, before the one call that this connection ever carries.
    let listening = SignalSubscription { reader: tokio::spawn(drain(stream, sink)) };
    match within(ANSWER, subscribe(&connection)).await {
        // Already subscribed on this connection is as good.
        Ok(()) | Err(SystemdError::Refused(_)) => Ok(listening),
        Err(error) => Err(error),
    }
}

async fn subscribe(connection: &Connection) -> zbus::Result<()> {
    let manager = ManagerProxy::builder(connection).cache_properties(zbus::proxy::CacheProperties::No);
    manager.build().await?.subscribe().await
}

/// Empties a stream to its end.
async fn drain(mut stream: MessageStream, mut sink: impl FnMut(SystemdSignal)) {
    while let Some(Ok(message)) = next(&mut stream).await {
        if let Some(change) = told(&message) {
            sink(change);
        }
        tokio::task::coop::consume_budget().await;
    }
}

impl Systemd {
    /// Hears systemd's signals from now on.
    ///
    /// # Errors
    /// Where systemd cannot be asked to send them.
    pub async fn listen(
        &self,
        sink: impl FnMut(SystemdSignal) + Send + 'static,
    ) -> Result<SignalSubscription, SystemdError> {
        self.heard(listen(sink).await)
    }
}

fn told(message: &Message) -> Option<SystemdSignal> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "PropertiesChanged" => {
            let id = unit_of(header.path()?.as_str())?;
            let changed = body.deserialize::<(String, HashMap<String, OwnedVariant>, Vec<String>)>().ok();
            let state = changed.filter(|(interface, ..)| interface == UNIT).map(|(_, changed, _)| state_of(&changed));
            Some(SystemdSignal::Unit { id, state: state.flatten() })
        }
        "JobNew" => {
            let (id, _, unit) = body.deserialize::<(u32, OwnedObjectPath, String)>().ok()?;
            Some(SystemdSignal::JobNew { id, unit: cleaned(&unit) })
        }
        "JobRemoved" => {
            let (id, _, unit, result) = body.deserialize::<(u32, OwnedObjectPath, String, String)>().ok()?;
            Some(SystemdSignal::JobRemoved { id, unit: cleaned(&unit), result: cleaned(&result) })
        }
        "Reloading" => (!body.deserialize::<bool>().ok()?).then_some(SystemdSignal::Reloaded),
        // Units come and go by our own looks at them, too: to look again on that would never end.
        _ => None,
    }
}

fn state_of(changed: &HashMap<String, OwnedVariant>) -> Option<UnitStamps> {
    let word = |name: &str| <&str>::try_from(changed.get(name)?).ok().map(cleaned);
    let moment = |name: &str| u64::try_from(changed.get(name)?).ok();
    Some(UnitStamps {
        active: word("ActiveState")?,
        sub: word("SubState")?,
        inactive_exit: moment("InactiveExitTimestampMonotonic")?,
        active_enter: moment("ActiveEnterTimestampMonotonic")?,
        active_exit: moment("ActiveExitTimestampMonotonic")?,
        inactive_enter: moment("InactiveEnterTimestampMonotonic")?,
    })
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
    Some(cleaned(&String::from_utf8(bytes).ok()?))
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

    #[test]
    fn a_signal_tells_a_units_state_or_nothing_of_it() {
        let text = |text: &str| OwnedVariant::try_from(zbus::Variant::from(text.to_owned())).unwrap();
        let moment = |at: u64| OwnedVariant::try_from(zbus::Variant::from(at)).unwrap();
        let mut changed =
            HashMap::from([("ActiveState".to_owned(), text("failed")), ("SubState".into(), text("failed"))]);
        assert_eq!(state_of(&changed), None);
        for (at, name) in ["InactiveExit", "ActiveEnter", "ActiveExit", "InactiveEnter"].into_iter().enumerate() {
            changed.insert(format!("{name}TimestampMonotonic"), moment(at as u64));
        }
        let state = state_of(&changed).unwrap();
        assert!(state.is_down() && state.inactive_enter == 3 && state.active_enter == 1);
    }
}
