//! A network link: its carrier, and whether the gateway behind it answers. The latter is read from the kernel's
//! neighbour table, which a datagram to the discard port refreshes.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use procfs::net::{ARPFlags, arp, route};
use serde::{Deserialize, Serialize};

use super::conditions::{Conditions, joined};
use super::judge::Judgement;
use super::probe::Prober;
use crate::host::links;
use crate::playbook::Target;
use crate::playbook::check::LinkCheck;
use crate::text::clean_line;

/// How long the gateway may take to answer with its hardware address.
const PATIENCE: Duration = Duration::from_secs(2);
/// The port of the `discard` service.
const DISCARD: u16 = 9;

/// The network link to read, and whether its gateway is probed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkSubject {
    /// The link's name; none means the link of the default route.
    pub name: Option<Arc<str>>,
    /// Whether the gateway is probed as well.
    pub gateway: bool,
}

/// A link at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSeen {
    /// The link's name, such as `eth0`.
    pub name: String,
    /// Whether it is administratively up.
    pub switched_on: bool,
    /// Whether it has a carrier: both ends of the cable are connected.
    pub carrier: bool,
    /// The gateway answers, where it was asked for.
    pub gateway: Option<bool>,
}

/// The link that a check names, or its target's, or that of the default route.
///
/// # Errors
/// Where the name cannot be a link's.
pub fn subject(check: &LinkCheck, target: &Target) -> Result<LinkSubject, String> {
    let name = match (&check.name, target) {
        (Some(name), _) => Some(name.as_str()),
        (None, Target::Link(name)) => Some(&**name),
        (None, _) => None,
    };
    if let Some(name) = name.filter(|name| !links::fits(name)) {
        return Err(format!("`{}` is no name of a link", clean_line(name)));
    }
    Ok(LinkSubject { name: name.map(Into::into), gateway: check.gateway.is_some() })
}

/// Reads the link's state, and probes the gateway if the check asks for it.
///
/// # Errors
/// In words, where there is no such link, or no default route over it.
pub async fn probe(subject: &LinkSubject, _: &Prober) -> Result<LinkSeen, String> {
    let route = default_route(subject.name.as_deref())?;
    let name = match (&subject.name, &route) {
        (Some(name), _) => name.to_string(),
        (None, Some((name, _))) => name.clone(),
        (None, None) => return Err("there is no default route".into()),
    };
    let gone = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no link {name}"),
        _ => format!("{name} cannot be read: {error}"),
    };
    let (switched_on, carrier) = (links::switched_on(&name).map_err(gone)?, links::carrier(&name).map_err(gone)?);
    let gateway = match (subject.gateway, &route) {
        (false, _) => None,
        (true, Some((_, gateway))) => Some(carrier && answers(&name, *gateway).await?),
        (true, None) => return Err(format!("no default route goes over {name}")),
    };
    Ok(LinkSeen { name, switched_on, carrier, gateway })
}

/// The default route, over this link or any, and its gateway.
fn default_route(name: Option<&str>) -> Result<Option<(String, Ipv4Addr)>, String> {
    let routes = route().map_err(|error| format!("/proc/net/route cannot be read: {error}"))?;
    let default =
        routes.into_iter().filter(|route| route.destination.is_unspecified() && !route.gateway.is_unspecified());
    let over = default.filter(|route| name.is_none_or(|name| route.iface == name));
    Ok(over.min_by_key(|route| route.metrics).map(|route| (route.iface, route.gateway)))
}

/// Whether the gateway answers with its hardware address.
async fn answers(link: &str, gateway: Ipv4Addr) -> Result<bool, String> {
    let asked = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(&[], (gateway, DISCARD)));
    if let Err(error) = asked {
        return if unreachable(&error) { Ok(false) } else { Err(format!("{gateway} cannot be asked: {error}")) };
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let table = arp().map_err(|error| format!("/proc/net/arp cannot be read: {error}"))?;
        let entry = table.into_iter().find(|entry| entry.device == link && entry.ip_address == gateway);
        if entry.is_some_and(|entry| entry.flags.contains(ARPFlags::COM)) {
            return Ok(true);
        }
        if tokio::time::Instant::now() > until {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn unreachable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown
    )
}

/// Whether a change is too small to be recorded for backtests.
pub(super) fn is_insignificant(now: &LinkSeen, then: &LinkSeen) -> bool {
    now == then
}

/// Decides whether a network link's state meets every condition of the check, and puts the reading into words and a
/// figure.
#[must_use]
pub fn judge(check: &LinkCheck, seen: &LinkSeen) -> Judgement {
    let mut parts = Conditions::default();
    let silent = check.carrier.is_none() && check.gateway.is_none();
    if let Some(wanted) = check.carrier.or(silent.then_some(true)) {
        match (seen.switched_on, seen.carrier) {
            (false, _) => parts.met(false, format!("{} is switched off", seen.name)),
            (true, true) => parts.met(wanted, format!("{} has a carrier", seen.name)),
            (true, false) => parts.met(!wanted, format!("{} has no carrier", seen.name)),
        }
    }
    if let Some(wanted) = check.gateway {
        match seen.gateway {
            Some(true) => parts.met(wanted, "the gateway answers"),
            Some(false) => parts.met(!wanted, "the gateway does not answer"),
            None => parts.unclear("the gateway was not asked"),
        }
    }
    parts.judgement()
}

/// The check's condition as text for the screen: whether it has a carrier, and whether the gateway answers.
#[must_use]
pub fn condition(check: &LinkCheck) -> String {
    let silent = check.carrier.is_none() && check.gateway.is_none();
    let carrier = check.carrier.or(silent.then_some(true));
    joined([
        carrier.map(|wanted| if wanted { "a carrier" } else { "no carrier" }.to_owned()),
        check.gateway.map(|wanted| if wanted { "the gateway answers" } else { "no gateway answers" }.to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    async fn seen(name: &str) -> Result<LinkSeen, String> {
        let check = LinkCheck { name: Some(name.into()), ..LinkCheck::default() };
        probe(&subject(&check, &Target::Host)?, &Prober::new(Clock::starting())).await
    }

    #[tokio::test]
    async fn the_loopback_has_a_carrier_and_what_is_not_there_is_unknown() {
        assert_eq!(
            seen("lo").await,
            Ok(LinkSeen { name: "lo".into(), switched_on: true, carrier: true, gateway: None })
        );
        assert_eq!(seen("no-such0").await, Err("there is no link no-such0".into()));
        assert!(seen("../../etc").await.unwrap_err().contains("no name of a link"));
    }

    #[test]
    fn carrier_and_gateway_are_judged_apart() {
        let check = |carrier, gateway| LinkCheck { carrier, gateway, ..LinkCheck::default() };
        let seen = LinkSeen { name: "eth0".into(), switched_on: true, carrier: true, gateway: Some(false) };
        assert_eq!(judge(&check(None, None), &seen).verdict, Verdict::Holds);
        assert_eq!(judge(&check(Some(false), None), &seen).verdict, Verdict::DoesNotHold);
        assert_eq!(judge(&check(None, Some(false)), &seen).verdict, Verdict::Holds);
        assert_eq!(
            judge(&check(Some(true), Some(true)), &seen).seen,
            "eth0 has a carrier, the gateway does not answer"
        );
        let off = LinkSeen { switched_on: false, carrier: false, ..seen.clone() };
        assert_eq!(judge(&check(Some(false), None), &off).verdict, Verdict::DoesNotHold, "an operator's own");
        let unasked = LinkSeen { gateway: None, ..seen };
        assert!(matches!(judge(&check(None, Some(true)), &unasked).verdict, Verdict::Unknown(_)));
        assert_eq!(condition(&check(None, Some(false))), "no gateway answers");
    }
}
