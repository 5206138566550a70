//! An incident's attempts and the approval that one needs, as the journal tells them.

use std::sync::Arc;

use super::AttemptStarter;
use crate::core::command::Operator;
use crate::core::id::AttemptId;
use crate::core::plan::{AttemptReport, Digest, Plan};
use crate::core::time::Mono;

/// A yes that has not been used yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Generation of the request that was approved; the approval is void for a later one.
    pub generation: u32,
    /// Digest of the plan that was approved; no other plan may be run by it.
    pub digest: Digest,
    /// The operator who approved it.
    pub by: Operator,
    /// When the approval runs out, on the running clock.
    pub expires: Mono,
}

/// One attempt of an incident, from the record of its intent to its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The attempt's number, unique in the journal.
    pub id: AttemptId,
    /// What it was to do.
    pub plan: Arc<Plan>,
    /// What the attempt came from: the engine, an approval, or an operator.
    pub starter: AttemptStarter,
    /// When its intent was recorded.
    pub started: Mono,
    /// It is the half-open breaker's probe, whoever started it.
    pub probe: bool,
    /// A human had been called before it started.
    pub after_page: bool,
    /// Every verifier held after it, and went on holding as far as is known.
    pub verified: bool,
    /// When its end was recorded.
    pub ended: Option<Mono>,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEnd {
    /// The attempt has not ended.
    Runs,
    /// The executor reported how each step went.
    Reported(Arc<AttemptReport>),
    /// Its outcome is unknown after a crash.
    Indeterminate,
}

/// What an attempt had to do with a scope when it, or the emptying of its scope, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeEnd {
    /// It was seen empty.
    Empty,
    /// It could not be emptied.
    NotEmpty,
}

/// The intent of an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// The attempt's number.
    pub attempt: AttemptId,
    /// What it is to do.
    pub plan: &'a Arc<Plan>,
    /// Who or what starts it.
    pub starter: &'a AttemptStarter,
    /// It is the half-open breaker's probe.
    pub probe: bool,
}

/// How an incident's last request for approval was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestAnswer {
    /// Not yet, or not at all.
    #[default]
    Open,
    /// With a yes, whatever became of that; until the channels hear of another request.
    Approved,
    /// The request ran out before any operator answered it.
    Expired,
}

/// Has an incident's last attempt used up its playbook's budget?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Budget {
    /// The playbook's budget allows further attempts.
    #[default]
    Left,
    /// The attempt used up the budget, so the breaker has opened.
    Spent,
}
