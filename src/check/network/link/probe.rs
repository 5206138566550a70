//! A network link: its carrier, and whether the gateway behind it answers. The latter is read from the kernel's
//! neighbour table, which a datagram to the discard port refreshes.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use procfs::net::{ARPFlags, arp, route};
use serde::{Deserialize, Serialize};

use super::table::LinkCheck;
use crate::check::events::event_source::{EventDescriptor, OwnSources};
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::host::links;
use crate::playbook::Target;
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

impl CheckProbe for LinkCheck {
    type Subject = LinkSubject;
    type Seen = LinkSeen;
    const COST: Cost = Cost::Little;

    /// The link that a check names, or its target's, or that of the default route.
    fn subject(&self, target: &Target) -> Result<LinkSubject, String> {
        let name = match (&self.name, target) {
            (Some(name), _) => Some(name.as_str()),
            (None, Target::Link(name)) => Some(&**name),
            (None, _) => None,
        };
        if let Some(name) = name.filter(|name| !links::fits(name)) {
            return Err(format!("`{}` is no name of a link", clean_line(name)));
        }
        Ok(LinkSubject { name: name.map(Into::into), gateway: self.gateway.is_some() })
    }

    /// Reads the link's state, and probes the gateway if the check asks for it.
    async fn probe(subject: &LinkSubject, _: &Prober) -> Result<LinkSeen, String> {
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

    fn judge(&self, seen: &LinkSeen) -> Judgement {
        let mut parts = Conditions::default();
        let silent = self.carrier.is_none() && self.gateway.is_none();
        if let Some(wanted) = self.carrier.or(silent.then_some(true)) {
            match (seen.switched_on, seen.carrier) {
                (false, _) => parts.met(false, format!("{} is switched off", seen.name)),
                (true, true) => parts.met(wanted, format!("{} has a carrier", seen.name)),
                (true, false) => parts.met(!wanted, format!("{} has no carrier", seen.name)),
            }
        }
        if let Some(wanted) = self.gateway {
            match seen.gateway {
                Some(true) => parts.met(wanted, "the gateway answers"),
                Some(false) => parts.met(!wanted, "the gateway does not answer"),
                None => parts.unclear("the gateway was not asked"),
            }
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let silent = self.carrier.is_none() && self.gateway.is_none();
        let carrier = self.carrier.or(silent.then_some(true));
        joined([
            carrier.map(|wanted| if wanted { "a carrier" } else { "no carrier" }.to_owned()),
            self.gateway.map(|wanted| if wanted { "the gateway answers" } else { "no gateway answers" }.to_owned()),
        ])
    }

    fn own_sources(&self, _: &LinkSubject, _: Option<Arc<Folders>>) -> Option<OwnSources> {
        Some(OwnSources::at("/sys/class/net", |_| EventDescriptor::links().into_iter().collect()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    async fn seen(name: &str) -> Result<LinkSeen, String> {
        let check = LinkCheck { name: Some(name.into()), ..LinkCheck::default() };
        LinkCheck::probe(&check.subject(&Target::Host)?, &Prober::new(Clock::starting())).await
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
        assert_eq!(check(None, None).judge(&seen).verdict, Verdict::Holds);
        assert_eq!(check(Some(false), None).judge(&seen).verdict, Verdict::DoesNotHold);
        assert_eq!(check(None, Some(false)).judge(&seen).verdict, Verdict::Holds);
        assert_eq!(check(Some(true), Some(true)).judge(&seen).seen, "eth0 has a carrier, the gateway does not answer");
        let off = LinkSeen { switched_on: false, carrier: false, ..seen.clone() };
        assert_eq!(check(Some(false), None).judge(&off).verdict, Verdict::DoesNotHold, "an operator's own");
        let unasked = LinkSeen { gateway: None, ..seen };
        assert!(matches!(check(None, Some(true)).judge(&unasked).verdict, Verdict::Unknown(_)));
        assert_eq!(check(None, Some(false)).condition(), "no gateway answers");
    }
}
