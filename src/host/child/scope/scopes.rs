//! Makes the scopes of attempts, and finds what a crash left of one.

use std::io;

use super::cgroup::{Cgroup, Parent};
use super::descendants::ATTEMPT;
use super::{ChildScope, ContainmentLevel, Marker, RlimitTag, level_of};

/// Where the scopes of attempts are made.
#[derive(Debug)]
pub struct Scopes {
    /// Names this state folder, so that two of them on one host never touch each other's scopes.
    id: String,
    parent: Option<Parent>,
}

impl Scopes {
    /// Finds the best level that works here.
    pub fn detect(id: &str) -> Self {
        Self { id: id.into(), parent: Parent::detect(&format!("salve-{id}-probe-{}", std::process::id())) }
    }

    /// Without cgroups, as on a host that lets this process make none.
    pub fn subreaper(id: &str) -> Self {
        Self { id: id.into(), parent: None }
    }

    /// The level in force.
    pub fn level(&self) -> ContainmentLevel {
        level_of(self.parent.as_ref())
    }

    /// A fresh scope for an attempt.
    ///
    /// # Errors
    /// Where its cgroup cannot be made.
    pub fn open(&self, attempt: u64) -> io::Result<ChildScope> {
        let cgroup = self.parent.as_ref().map(|parent| parent.make(&self.name(attempt))).transpose()?;
        Ok(self.scope(attempt, cgroup))
    }

    /// What a crash left of an attempt's scope; to be emptied.
    pub fn leftover(&self, attempt: u64) -> ChildScope {
        let cgroup = self.parent.as_ref().and_then(|parent| parent.find(&self.name(attempt)));
        self.scope(attempt, cgroup)
    }

    fn scope(&self, attempt: u64, cgroup: Option<Cgroup>) -> ChildScope {
        let value = format!("{}:{attempt}", self.id);
        let tag = RlimitTag::of_attempt(&value);
        ChildScope::new(self.level(), cgroup, Marker { name: ATTEMPT, value }, tag)
    }

    fn name(&self, attempt: u64) -> String {
        format!("salve-{}-attempt-{attempt}", self.id)
    }
}
