//! systemd, over the system bus: what units are, what they are told to do, and the moment that they change.
//!
//! Nothing is cached: after a bus has died, a cached property still answers, stale. Each call has a deadline. A
//! connection that broke, or over which no answer came, is made anew by the next call. Signals never come over the
//! connection that carries calls; whoever holds [`Listening`] is told by its end, and must then read everything again.
//!
//! | module | what it does |
//! |---|---|
//! | [`bus`] | the socket, with a cap on what comes over it |
//! | [`proxy`] | systemd's own interfaces, as far as they are used |
//! | [`unit`] | what a unit is right now |
//! | [`job`] | a verb, carried out and waited for |
//! | [`error`] | why there is no connection, or no answer |
//! | [`changes`] | signals |

mod bus;
mod changes;
mod error;
mod job;
mod proxy;
mod unit;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};
use zbus::Connection;

use crate::playbook::lint::host_check::Rest;
pub use changes::{SignalSubscription, SystemdSignal, UnitStamps};
use error::classify;
pub use error::{Absent, SystemdError};
pub use job::{JobResult, own_job};
use proxy::ManagerProxy;
pub use unit::{ListedUnit, Relations, UnitJob, UnitSeen};

/// How long systemd may take to answer a question; it answers in milliseconds unless it hangs.
const ANSWER: Duration = Duration::from_secs(5);

/// A line to this host's systemd; cheap to clone.
#[derive(Debug, Clone)]
pub struct Systemd {
    calls: Arc<Mutex<Option<CallConnection>>>,
    /// Why the latest call had no answer; none where it had one.
    silence: watch::Sender<Option<SystemdError>>,
}

/// The connection that carries calls, and nothing but calls.
#[derive(Debug)]
struct CallConnection {
    connection: Connection,
    made: Instant,
}

impl Systemd {
    /// Does systemd run this host? The test that systemd itself names for it.
    #[must_use]
    pub fn runs_here() -> bool {
        Path::new("/run/systemd/system").is_dir()
    }

    /// A line that is made when it is first used.
    ///
    /// # Errors
    /// [`Absent::NoSystemd`].
    pub fn lazy() -> Result<Self, Absent> {
        if !Self::runs_here() {
            return Err(Absent::NoSystemd);
        }
        Ok(Self { calls: Arc::default(), silence: watch::Sender::new(None) })
    }

    /// The line that this whole process shares, made when it is first used.
    ///
    /// # Errors
    /// [`Absent::NoSystemd`].
    pub fn shared() -> Result<Self, Absent> {
        static SHARED: OnceLock<Systemd> = OnceLock::new();
        if let Some(shared) = SHARED.get() {
            return Ok(shared.clone());
        }
        let line = Self::lazy()?;
        Ok(SHARED.get_or_init(|| line).clone())
    }

    /// A line that works now.
    ///
    /// # Errors
    /// [`Absent`] tells a host without systemd from one whose bus is away.
    pub async fn connect() -> Result<Self, Absent> {
        let systemd = Self::lazy()?;
        systemd.connection().await.map(drop).map_err(Absent::Unreachable)?;
        Ok(systemd)
    }

    /// The connection for calls, made anew if it broke.
    async fn connection(&self) -> Result<Connection, SystemdError> {
        let mut calls = self.calls.lock().await;
        if let Some(line) = calls.as_ref().filter(|line| !line.connection.is_closed()) {
            return Ok(line.connection.clone());
        }
        let connection = self.heard(within(ANSWER, bus::connect()).await)?;
        *calls = Some(CallConnection { connection: connection.clone(), made: Instant::now() });
        Ok(connection)
    }

    async fn manager(&self) -> Result<ManagerProxy<'static>, SystemdError> {
        let connection = self.connection().await?;
        within(ANSWER, ManagerProxy::builder(&connection).cache_properties(zbus::proxy::CacheProperties::No).build())
            .await
    }

    /// One call within its deadline. Every call goes through here, so that a silence is noticed whoever meets it.
    async fn ask<T>(&self, call: impl Future<Output = zbus::Result<T>>) -> Result<T, SystemdError> {
        let answer = self.heard(within(ANSWER, call).await);
        if matches!(answer, Err(SystemdError::NoAnswer(_))) {
            self.distrust_line().await;
        }
        answer
    }

    /// Remembers whether systemd answers; a refusal is an answer.
    fn heard<T>(&self, answer: Result<T, SystemdError>) -> Result<T, SystemdError> {
        let silent = match &answer {
            Err(error @ (SystemdError::NoAnswer(_) | SystemdError::Line(_))) => Some(error),
            Err(SystemdError::JobGoesOn(_) | SystemdError::JobUnseen) => return answer,
            Ok(_) | Err(SystemdError::NoSuchUnit(_) | SystemdError::Refused(_) | SystemdError::Odd(_)) => None,
        };
        self.silence.send_if_modified(|known| {
            let news = known.is_some() != silent.is_some();
            if news {
                *known = silent.cloned();
            }
            news
        });
        answer
    }

    /// A connection over which no answer came may itself be what is broken: the next call makes another. One that is
    /// younger than a call's deadline cannot be the one that was waited on.
    async fn distrust_line(&self) {
        self.calls.lock().await.take_if(|line| line.made.elapsed() >= ANSWER);
    }

    /// Tells when systemd ceases to answer anybody in this process, and when it answers again.
    #[must_use]
    pub fn silence(&self) -> watch::Receiver<Option<SystemdError>> {
        self.silence.subscribe()
    }

    /// Does it answer at all? The cheapest of questions.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn probe(&self) -> Result<(), SystemdError> {
        let manager = self.manager().await?;
        self.ask(manager.get_unit("init.scope")).await.map(drop)
    }

    /// What a unit is right now; an alias answers for the unit that it stands for.
    ///
    /// # Errors
    /// [`SystemdError::NoSuchUnit`] where neither a unit nor a file of it exists.
    pub async fn unit(&self, name: &str) -> Result<UnitSeen, SystemdError> {
        if let Ok(answer) = timeout(ANSWER, unit::read(self, name)).await {
            return answer;
        }
        self.distrust_line().await;
        self.heard(Err(SystemdError::NoAnswer(ANSWER)))
    }

    /// Why a unit may be inactive without a fault; none where that would be one.
    ///
    /// # Errors
    /// As [`Self::unit`].
    pub async fn rest(&self, name: &str) -> Result<Option<Rest>, SystemdError> {
        timeout(ANSWER, unit::rest(self, name)).await.unwrap_or(Err(SystemdError::NoAnswer(ANSWER)))
    }

    /// systemd's own id for a name, aliases followed.
    ///
    /// # Errors
    /// As [`Self::unit`].
    pub async fn canonical(&self, name: &str) -> Result<Arc<str>, SystemdError> {
        Ok(self.unit(name).await?.id)
    }

    /// The loaded units whose id matches a glob.
    ///
    /// # Errors
    /// Where systemd cannot be asked.
    pub async fn list_units(&self, pattern: &str) -> Result<Vec<ListedUnit>, SystemdError> {
        let manager = self.manager().await?;
        let rows = self.ask(manager.list_units_by_patterns(&[], &[pattern])).await?;
        Ok(rows.into_iter().map(ListedUnit::from).collect())
    }

    /// The units that failed and whose id matches a glob.
    ///
    /// # Errors
    /// Where systemd cannot be asked.
    pub async fn failed_units(&self, pattern: &str) -> Result<Vec<ListedUnit>, SystemdError> {
        let manager = self.manager().await?;
        let rows = self.ask(manager.list_units_by_patterns(&["failed"], &[pattern])).await?;
        Ok(rows.into_iter().map(ListedUnit::from).collect())
    }

    /// Caps a unit's memory (`MemoryHigh=`, in bytes) until the next boot.
    ///
    /// # Errors
    /// Where systemd refused, or cannot be asked.
    pub async fn cap_memory(&self, unit: &str, bytes: u64) -> Result<(), SystemdError> {
        let manager = self.manager().await?;
        self.ask(manager.set_unit_properties(unit, true, &[("MemoryHigh", bytes.into())])).await
    }

    /// Is a unit meant to run on this host?
    ///
    /// # Errors
    /// Where systemd cannot be asked.
    pub async fn wanted(&self, name: &str) -> Result<UnitIntent, SystemdError> {
        let manager = self.manager().await?;
        match self.ask(manager.get_unit_file_state(name)).await {
            Ok(state) if state.starts_with("masked") => Ok(UnitIntent::Masked),
            Ok(state) if state == "disabled" => Ok(UnitIntent::Disabled),
            Ok(_) => Ok(UnitIntent::Yes),
            // Generated and transient units have no file that could be enabled.
            Err(SystemdError::Refused(_) | SystemdError::NoSuchUnit(_)) => match self.unit(name).await {
                Ok(unit) if &*unit.load == "loaded" => Ok(UnitIntent::Yes),
                Ok(_) | Err(SystemdError::NoSuchUnit(_) | SystemdError::Refused(_)) => Ok(UnitIntent::NotInstalled),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// Whether a unit is meant to run on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitIntent {
    /// It is enabled, or something that is not enabled by itself.
    Yes,
    /// It is there, and nobody wants it started with the host.
    Disabled,
    /// The unit is masked, so nobody can start it.
    Masked,
    /// There is no such unit.
    NotInstalled,
}

/// One call within its deadline, its failure told apart.
async fn within<T>(limit: Duration, call: impl Future<Output = zbus::Result<T>>) -> Result<T, SystemdError> {
    match timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(classify(&error)),
        Err(_) => Err(SystemdError::NoAnswer(limit)),
    }
}

/// The next item of a signal stream; none when it has ended.
async fn next<S: zbus::export::futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_without_systemd_is_told_from_one_whose_bus_is_away() {
        match (Systemd::runs_here(), Systemd::connect().await) {
            (false, Err(absent)) => assert_eq!(absent, Absent::NoSystemd),
            (true, Err(absent)) => assert!(matches!(absent, Absent::Unreachable(_)), "{absent}"),
            (true, Ok(systemd)) => assert_eq!(systemd.unit("-.mount").await.map(|unit| unit.id), Ok("-.mount".into())),
            (false, Ok(_)) => panic!("a line to systemd where none runs"),
        }
    }
}
