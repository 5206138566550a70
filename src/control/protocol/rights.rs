//! Which permissions a client has. The kernel tells who it is; the host's own group database tells which groups that
//! user is in now, so that a membership that was taken away counts at once, even for an open session.

use std::collections::{BTreeSet, HashSet};
use std::ffi::CString;
use std::fmt;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use serde::{Deserialize, Serialize};

use super::Request;
use crate::core::Command;

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// See how everything stands and stood.
    View,
    /// Hold back: pause, resume, plan maintenance, snooze; see a page; run a playbook by hand, through the gate.
    Operate,
    /// Say yes or no to what asks.
    Approve,
    /// Decide what may act: arm and disarm, breakers, closing by hand, rehearsing a new text.
    Admin,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::View => "view",
            Self::Operate => "operate",
            Self::Approve => "approve",
            Self::Admin => "admin",
        })
    }
}

/// Everything that one operator may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(BTreeSet<Right>);

impl Rights {
    /// Every right, as root and the engine's own user have them.
    #[must_use]
    pub fn all() -> Self {
        Self([Right::View, Right::Operate, Right::Approve, Right::Admin].into())
    }

    /// Is this one among them?
    #[must_use]
    pub fn has(&self, right: Right) -> bool {
        self.0.contains(&right)
    }

    /// Is there any besides looking?
    #[must_use]
    pub fn can_act(&self) -> bool {
        self.0.iter().any(|right| *right > Right::View)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

/// The right that a request needs.
#[must_use]
pub const fn needed(request: &Request) -> Right {
    match request {
        Request::History {} | Request::Recall(_) | Request::Incident(_) => Right::View,
        Request::Offers(_) => Right::Operate,
        // its checks may run any program
        Request::Rehearse { .. } => Right::Admin,
        Request::Command(command) => match command {
            Command::Approve { .. } | Command::Decline { .. } => Right::Approve,
            Command::Pause { .. }
            | Command::Resume { .. }
            | Command::Schedule { .. }
            | Command::Unschedule { .. }
            | Command::Snooze { .. }
            | Command::Unsnooze { .. }
            | Command::RunNow { .. }
            | Command::Acknowledge { .. } => Right::Operate,
            Command::Arm { .. }
            | Command::Disarm { .. }
            | Command::ResetBreaker { .. }
            | Command::LatchBreaker { .. }
            | Command::Close { .. } => Right::Admin,
        },
    }
}

/// Which groups have which right, by name. Root, and whoever runs the engine, have all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    groups: Vec<(Right, String)>,
    owner: u32,
}

impl Roles {
    /// As the settings say.
    #[must_use]
    pub fn new(groups: Vec<(Right, String)>) -> Self {
        Self { groups, owner: rustix::process::geteuid().as_raw() }
    }

    /// Group `salve` may look, operate and approve.
    #[must_use]
    pub fn usual() -> Self {
        Self::new(
            [Right::View, Right::Operate, Right::Approve]
                .map(|right| (right, crate::control::socket::GROUP.into()))
                .into(),
        )
    }

    /// What the user with this uid, in a process of this primary group, may do. Asks the host's databases, which may
    /// take time.
    #[must_use]
    pub fn of(&self, uid: u32, gid: u32) -> Rights {
        if uid == 0 || uid == self.owner {
            return Rights::all();
        }
        let member = groups_of(uid, gid);
        let named = |name: &str| Group::from_name(name).ok().flatten().map(|group| group.gid);
        let given = self.groups.iter().filter(|(_, group)| named(group).is_some_and(|gid| member.contains(&gid)));
        let mut rights: BTreeSet<Right> = given.map(|(right, _)| *right).collect();
        // whoever may do anything sees what they do
        if !rights.is_empty() {
            rights.insert(Right::View);
        }
        Rights(rights)
    }
}

fn groups_of(uid: u32, gid: u32) -> HashSet<Gid> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    let listed = user.and_then(|user| {
        let name = CString::new(user.name).ok()?;
        getgrouplist(&name, user.gid).ok()
    });
    let mut groups: HashSet<Gid> = listed.unwrap_or_default().into_iter().collect();
    groups.insert(Gid::from_raw(gid));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{IncidentId, Reason, Scope};

    #[test]
    fn root_and_the_owner_may_everything_and_a_stranger_nothing() {
        let roles = Roles { owner: 4_000_000_007, ..Roles::usual() };
        assert_eq!(roles.of(0, 0), Rights::all());
        assert_eq!(roles.of(4_000_000_007, 0), Rights::all());
        assert_eq!(roles.of(4_000_000_008, 4_000_000_008), Rights::default());
    }

    #[test]
    fn a_group_gives_its_right_and_sight_with_it() {
        let group = |name: &str| Group::from_name(name).unwrap().unwrap().gid.as_raw();
        let roles = Roles::new(vec![(Right::Approve, "daemon".into()), (Right::Admin, "no-such-group".into())]);
        let rights = Roles { owner: 0, ..roles }.of(4_000_000_008, group("daemon"));
        assert_eq!(rights.to_string(), "view, approve");
        assert!(rights.can_act() && !rights.has(Right::Admin));
    }

    #[test]
    fn what_decides_what_acts_needs_more_than_holding_back() {
        let why = Reason::default();
        let pause = Command::Pause { scope: Scope::Host, length: None, reason: why.clone() };
        let close = Command::Close { incident: IncidentId(1), reason: why };
        assert_eq!(needed(&Request::Command(pause)), Right::Operate);
        assert_eq!(needed(&Request::Command(close)), Right::Admin);
        assert_eq!(needed(&Request::Rehearse { name: "x".into(), text: "".into() }), Right::Admin);
    }
}
