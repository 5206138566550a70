//! What an attempt would do, resolved to the last argument, and what one did.

pub mod sealed;

use std::fmt;
use std::sync::Arc;

use sealed::SealedOrder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// SHA-256 in lower-case hexadecimal over everything that an approval is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Digest(pub Arc<str>);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Digest {
    /// Over labelled parts; each label and part is preceded by its length, so no two lists give the same bytes.
    #[must_use]
    pub fn over<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hash = Sha256::new();
        for (label, part) in parts {
            for piece in [label, part] {
                hash.update(u64::try_from(piece.len()).unwrap_or(u64::MAX).to_le_bytes());
                hash.update(piece.as_bytes());
            }
        }
        Self(hex(&hash.finalize()).into())
    }
}

/// Writes each byte as two lower-case hexadecimal digits, without separators.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes that lower- or upper-case hexadecimal stands for; none where it is no hexadecimal.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|four| u8::try_from(four).ok())).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|two| two[0] << 4 | two[1]).collect())
}

/// One rung with every argument resolved: what is shown is what is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// Position of the rung in the playbook's ladder, from 0.
    pub rung: usize,
    /// The rung's actions, in the order in which they are carried out; the first that fails ends the attempt.
    pub steps: Vec<PlannedStep>,
    /// For the whole attempt, in milliseconds.
    pub timeout_ms: u64,
    /// Over playbook content, steps, identities, environment, user, target and limits.
    pub digest: Digest,
}

/// One action with every argument resolved, ready to be carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedStep {
    /// The kind's word: `unit`, `run`, `clean`.
    pub kind: Arc<str>,
    /// One line that says exactly what is done: `restart nginx.service`, `/usr/bin/apt-get clean`.
    pub sentence: Arc<str>,
    /// What else a reviewer should see: (`user`, `root`), (`folder`, `/`), (`blast radius`, …), (`rollback`, …).
    pub details: Vec<(Arc<str>, Arc<str>)>,
    /// What the executor gets: the resolved action.
    pub order: SealedOrder,
}

/// What an attempt did: the result of each step that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AttemptReport {
    /// As far as it came.
    pub steps: Vec<StepReport>,
    /// How its processes were held together.
    pub scope: ScopeLevel,
    /// The scope was seen empty at the end; if not, the target is quarantined.
    pub scope_empty: bool,
    /// From start to the empty scope, in milliseconds.
    pub took_ms: u64,
}

impl AttemptReport {
    /// Every step was carried out. Never success by itself: the verifier decides.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.result, StepResult::Done(_)))
    }
}

/// How the processes of an attempt are held together, from best to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeLevel {
    /// A cgroup (v2) of its own, emptied by `cgroup.kill`.
    CgroupV2,
    /// A cgroup (v1) of its own, emptied by killing every member until none is left.
    CgroupV1,
    /// A subreaper with session and pidfds.
    Subreaper,
    /// No process of ours was needed.
    None,
}

/// What one step of an attempt did, and how long that took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepReport {
    /// What the step was to do, in the words in which the plan showed it: `restart unit nginx.service`.
    pub sentence: Arc<str>,
    /// How the step ended: done, failed, timed out or refused.
    pub result: StepResult,
    /// What it printed; cleaned and redacted.
    pub output: Arc<str>,
    /// How long the step took, in milliseconds.
    pub took_ms: u64,
}

/// How one action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// Carried out; in words (`exit code 0`, `job done`, `freed 1.2 GiB`).
    Done(Arc<str>),
    /// Not, or not wholly; in words (`exit code 1`, `job failed`).
    Failed(Arc<str>),
    /// The action had not ended at its deadline, and was ended.
    TimedOut,
    /// Refused before anything was done; in words.
    Refused(Arc<str>),
}
