//! Whether a TCP port accepts a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::table::TcpCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::Conditions;
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober, connection};
use crate::playbook::Target;
use crate::text::clean_line;

/// The address to connect to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TcpSubject {
    /// Host and port.
    pub address: Arc<str>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// The outcome of a connection attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TcpSeen {
    /// Accepted, after this many milliseconds.
    Open(u64),
    /// Not accepted, and why.
    Closed(String),
}

impl CheckProbe for TcpCheck {
    type Subject = TcpSubject;
    type Seen = TcpSeen;
    const COST: Cost = Cost::Connection;

    /// The address that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<TcpSubject, String> {
        let address = match (&self.address, target) {
            (Some(address), _) => address.as_str().into(),
            (None, Target::Address(address)) => address.clone(),
            (None, _) => return Err("the check names no host and port, and its target is none".into()),
        };
        Ok(TcpSubject { address, timeout_ms: millis(self.timeout, Duration::from_secs(3)) })
    }

    /// Connects, and closes the connection at once.
    async fn probe(subject: &TcpSubject, _: &Prober) -> Result<TcpSeen, String> {
        Ok(connect(&subject.address, Duration::from_millis(subject.timeout_ms)).await)
    }

    fn judge(&self, seen: &TcpSeen) -> Judgement {
        let mut parts = Conditions::default();
        let wanted = self.open.unwrap_or(true);
        match seen {
            TcpSeen::Open(_) => parts.met(wanted, "open"),
            TcpSeen::Closed(why) => parts.met(!wanted, format!("not open: {why}")),
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        if self.open.unwrap_or(true) { "open" } else { "not open" }.into()
    }

    fn is_insignificant(now: &TcpSeen, then: &TcpSeen) -> bool {
        match (now, then) {
            (TcpSeen::Open(_), TcpSeen::Open(_)) => true,
            _ => now == then,
        }
    }
}

async fn connect(address: &str, limit: Duration) -> TcpSeen {
    let began = Instant::now();
    match tokio::time::timeout(limit, connection::open(address)).await {
        Ok(Ok(_)) => TcpSeen::Open(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
        Ok(Err(error)) => TcpSeen::Closed(clean_line(&error.to_string()).into_owned()),
        Err(_) => TcpSeen::Closed(format!("nothing within {} s", limit.as_secs_f64())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn open_is_wanted_where_nothing_is_said() {
        let shut = TcpSeen::Closed("Connection refused".into());
        let wanting = |open| TcpCheck { open, ..TcpCheck::default() };
        assert_eq!(wanting(None).judge(&TcpSeen::Open(1)).verdict, Verdict::Holds);
        assert_eq!(wanting(None).judge(&shut).verdict, Verdict::DoesNotHold);
        assert_eq!(wanting(Some(false)).judge(&shut).verdict, Verdict::Holds);
        assert_eq!(wanting(Some(false)).judge(&shut).seen, "not open: Connection refused");
        assert_eq!((wanting(None).condition(), wanting(Some(false)).condition()), ("open".into(), "not open".into()));
    }

    #[tokio::test]
    async fn a_listener_is_open_and_its_port_closed_after_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(matches!(connect(&address, Duration::from_secs(30)).await, TcpSeen::Open(_)));
        drop(listener);
        assert!(
            matches!(connect(&address, Duration::from_secs(30)).await, TcpSeen::Closed(why) if why.contains("refused"))
        );
    }
}
