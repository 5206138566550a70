//! Why there is no connection to systemd, or no answer from it.

use std::sync::Arc;
use std::time::Duration;

use super::proxy::NO_SUCH_UNIT;
use super::{ANSWER, unit};

/// Why there is no line to systemd.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// Another init runs this host: nothing about units applies to it.
    #[error("systemd does not run this host")]
    NoSystemd,
    /// systemd runs, and cannot be reached.
    #[error("systemd cannot be reached: {0}")]
    Unreachable(SystemdError),
}

/// Why systemd gave no answer, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SystemdError {
    /// The bus is away, or the line broke.
    #[error("no line to the system bus: {0}")]
    Line(Arc<str>),
    /// No answer within the deadline.
    #[error("systemd did not answer within {} s", .0.as_secs_f64())]
    NoAnswer(Duration),
    /// There is no such unit.
    #[error("there is no unit `{0}`")]
    NoSuchUnit(Arc<str>),
    /// systemd refused, in its own words.
    #[error("systemd refused: {0}")]
    Refused(Arc<str>),
    /// It answered in a form that is not understood.
    #[error("systemd's answer was not understood: {0}")]
    Odd(Arc<str>),
    /// The job did not end within the deadline; it still stands in systemd's queue.
    #[error("systemd's job had not ended after {} s, and goes on", .0.as_secs_f64())]
    JobGoesOn(Duration),
    /// The line broke while the job ran, and the job is over: nobody saw how it ended.
    #[error("the job ended while the line to systemd was broken: how, was not seen")]
    JobUnseen,
}

/// What a failure of the bus means: no connection, no answer, a refusal, or an answer that is not understood.
pub(super) fn classify(error: &zbus::Error) -> SystemdError {
    use zbus::fdo::Error as Named;
    let refused = |text: &str| SystemdError::Refused(unit::cleaned(text));
    match error {
        zbus::Error::MethodError(name, text, _) if name.as_str() == NO_SUCH_UNIT => {
            SystemdError::NoSuchUnit(unit::cleaned(text.as_deref().unwrap_or_default()))
        }
        zbus::Error::MethodError(name, text, _) => refused(text.as_deref().unwrap_or(name.as_str())),
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            SystemdError::NoAnswer(ANSWER)
        }
        zbus::Error::InputOutput(error) | zbus::Error::Connection(error, ..) => {
            SystemdError::Line(unit::cleaned(&error.to_string()))
        }
        zbus::Error::Handshake(text) | zbus::Error::Address(text) => SystemdError::Line(unit::cleaned(text)),
        zbus::Error::FDO(named) => match &**named {
            Named::NoReply(text)
            | Named::Disconnected(text)
            | Named::NoServer(text)
            | Named::ServiceUnknown(text)
            | Named::NameHasNoOwner(text) => SystemdError::Line(unit::cleaned(text)),
            other => {
                let text = other.to_string();
                // The error's name says less than systemd's sentence behind it.
                refused(text.split_once(": ").map_or(&*text, |(_, sentence)| sentence))
            }
        },
        other => SystemdError::Odd(unit::cleaned(&other.to_string())),
    }
}
