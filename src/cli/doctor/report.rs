//! What `salve doctor` found.

use schemars::JsonSchema;
use serde::Serialize;

/// One finding of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// One sentence that says what was found.
    pub said: String,
    /// How to fix it; none if nothing must be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// No problem was found.
    Fine,
    /// It does not apply on this host; the finding says why.
    Skipped,
    /// It works, with less than it could.
    Warning,
    /// It does not work, or cannot be trusted.
    Broken,
}

impl Finding {
    pub(super) fn fine(said: impl Into<String>) -> Self {
        Self { grade: Grade::Fine, said: said.into(), mend: None }
    }

    pub(super) fn skipped(said: impl Into<String>) -> Self {
        Self { grade: Grade::Skipped, said: said.into(), mend: None }
    }

    pub(super) fn warning(said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { grade: Grade::Warning, said: said.into(), mend: Some(mend.into()) }
    }

    pub(super) fn broken(said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { grade: Grade::Broken, said: said.into(), mend: Some(mend.into()) }
    }
}

/// The document that `salve doctor --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorReport {
    /// The result of every check, in order.
    pub looks: Vec<DoctorResult>,
}

/// The findings of one check.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorResult {
    /// The name of the check, such as `journal`.
    pub at: &'static str,
    /// What the check found; never empty.
    pub findings: Vec<Finding>,
}
