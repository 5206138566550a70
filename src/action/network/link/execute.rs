//! Switches a network link off and on over one netlink connection: never a link that an operator is logged in over.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use procfs::net::{TcpState, tcp, tcp6};
use rtnetlink::{LinkUnspec, new_connection};
use serde::{Deserialize, Serialize};

use super::table::LinkAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::playbook::{Playbook, Target};

/// sshd's port where none of its sockets listens.
const SSH: u16 = 22;

/// A link, by name and number: another one of its name has another number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedLinkAction {
    /// The link's name, such as `eth0`.
    pub name: String,
    /// The kernel's index of the link, which no other link gets while this one exists.
    pub index: u32,
}

impl ActionKind for LinkAction {
    type Resolved = ResolvedLinkAction;

    /// Resolves a bounce of the target link to its name and index.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let Target::Link(name) = &context.target else {
            return Err(PlanError::Refused(format!("{} is no network link", context.target)));
        };
        let index = index(name).ok_or_else(|| PlanError::Refused(format!("there is no link {name}")))?;
        may(name).map_err(PlanError::Refused)?;
        let details = vec![
            ("through", "rtnetlink: off, and at once on again".into()),
            ("blast radius", "connections over it break; addresses that a daemon gave it are asked for anew".into()),
            ("rollback", "it is switched on whatever comes in between".to_owned()),
        ];
        Ok(ResolvedStep {
            sentence: format!("bounce link {name}"),
            details,
            resolved: ResolvedLinkAction { name: name.to_string(), index },
        })
    }

    /// Switches the link off and on. Both requests are sent before the first answer is awaited, so that the link does not
    /// stay off if salve ends in between.
    async fn carry_out(resolved: ResolvedLinkAction, _: &mut StepContext<'_>) -> StepOutcome {
        if index(&resolved.name) != Some(resolved.index) {
            return StepOutcome::refused(format!("{} is another link than when the plan was made", resolved.name));
        }
        if let Err(why) = may(&resolved.name) {
            return StepOutcome::refused(why);
        }
        let (connection, handle, _) = match new_connection() {
            Ok(parts) => parts,
            Err(error) => return StepOutcome::failed(format!("the kernel cannot be asked: {error}")),
        };
        let line = tokio::spawn(connection);
        let (off, on) =
            (LinkUnspec::new_with_index(resolved.index).down(), LinkUnspec::new_with_index(resolved.index).up());
        let (off, on) = tokio::join!(handle.link().set(off.build()).execute(), handle.link().set(on.build()).execute());
        line.abort();
        match off.and(on) {
            Ok(()) => {
                StepOutcome { result: StepResult::Done("off and on".into()), output: String::new(), scope_empty: true }
            }
            Err(error) => StepOutcome::failed(format!("the kernel refused: {error}")),
        }
    }
}

fn index(name: &str) -> Option<u32> {
    std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok()?.trim().parse().ok()
}

/// Never the loopback, and never a link that carries a connection to sshd.
fn may(name: &str) -> Result<(), String> {
    let all = || getifaddrs().map_err(|error| format!("the links' addresses cannot be read: {error}"));
    let own: Vec<IpAddr> = all()?.filter(|one| one.interface_name == name).filter_map(|one| address(&one)).collect();
    if own.iter().any(IpAddr::is_loopback) {
        return Err(format!("{name} is the loopback"));
    }
    let connections = tcp().map_err(|error| format!("/proc/net/tcp cannot be read: {error}"))?;
    let logged_in = connections.into_iter().chain(tcp6().unwrap_or_default()).any(|entry| {
        let at = entry.local_address;
        entry.state == TcpState::Established && at.port() == SSH && own.contains(&at.ip().to_canonical())
    });
    if logged_in { Err(format!("{name} carries a connection to sshd: somebody is logged in over it")) } else { Ok(()) }
}

fn address(one: &nix::ifaddrs::InterfaceAddress) -> Option<IpAddr> {
    let storage = one.address.as_ref()?;
    let four = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    four.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_never_bounced() {
        assert_eq!(may("lo"), Err("lo is the loopback".into()));
        assert!(index("lo").is_some() && index("no-such0").is_none());
    }
}
