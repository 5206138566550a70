//! Why there is no plan; the refusals of single kinds are words here.

use crate::foreign::NoAnswer;
use crate::host::program::ProgramError;
use crate::playbook::placeholder::TemplateError;

/// Why a rung cannot be resolved, or must not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The ladder has no such rung.
    #[error("the ladder has no rung {}", .0 + 1)]
    NoRung(usize),
    /// A program that may not be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// An argument that cannot be filled.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A variable that may not be set.
    #[error("the variable `{0}` cannot be set: its name is empty, holds `=` or NUL, or begins with SALVE_")]
    Variable(String),
    /// A value that a file of its own should give.
    #[error("the value of `{name}` cannot be read: {why}")]
    SecretFile {
        /// The name of the variable or header.
        name: String,
        /// What is wrong with the file.
        why: String,
    },
    /// The playbook was read back from the journal, which keeps no secrets.
    #[error("the secret in {0} is not known any more: its playbook was changed or removed, and the journal keeps none")]
    SecretGone(String),
    /// An action that may not be done, or could not be undone, with the reason.
    #[error("{0}")]
    Refused(String),
    /// A file that the plan names did not answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Something about the host cannot be read.
    #[error("the host cannot be looked at: {0}")]
    Host(#[from] std::io::Error),
    /// A resolved action that cannot be serialised (a path that is not UTF-8).
    #[error("the plan cannot be written down: {0}")]
    ResolvedAction(#[from] serde_json::Error),
}
