//! What verbs say as JSON: each a versioned envelope, with a schema that `salve schema` prints. A field may be added
//! within a version; one that goes or changes its meaning makes the next.

use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::stream;
use crate::cli::exit::Failure;
use crate::core::Recorded;
use crate::engine::snapshot::{BreakerView, IncidentView, PlaybookView, Snapshot};
use crate::playbook::diagnostic::Diagnostic;

/// What a verb says as JSON.
pub trait Content {
    /// The form's version.
    const VERSION: u32 = 1;
}

/// 2: `recording` is a word, or a word with its reason.
/// 3: `why` of the events `withdrawn`, `not_verified`, `breaker` and `resolved` is an object with its `kind`; a sentence
/// only where a version before 2 of the events recorded it.
impl Content for Snapshot {
    const VERSION: u32 = 3;
}

/// 2: the same `why`.
impl Content for Recorded {
    const VERSION: u32 = 2;
}

/// 2: the same `why`.
impl Content for Incidents<'_> {
    const VERSION: u32 = 2;
}

/// 2: `days_left` of a certificate is a number; one that cannot be read has `unreadable` instead.
impl Content for crate::cli::init::report::InitReport<'_> {
    const VERSION: u32 = 2;
}

impl Content for Playbooks<'_> {}
impl Content for Breakers<'_> {}
impl Content for Diagnostics {}
impl Content for crate::cli::doctor::report::DoctorReport {}
impl Content for crate::core::success::period_report::PeriodReport {}
impl Content for crate::engine::backtest::Backtest {}

impl<T: Content> Content for &T {
    const VERSION: u32 = T::VERSION;
}

/// One JSON document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Envelope<T> {
    /// Of this form.
    version: u32,
    #[serde(flatten)]
    content: T,
}

impl<T: Content> Envelope<T> {
    pub const fn new(content: T) -> Self {
        Self { version: T::VERSION, content }
    }
}

/// Of `salve incidents --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Incidents<'a> {
    /// Open ones and the latest closed ones, newest first.
    pub incidents: &'a [Arc<IncidentView>],
}

/// Of `salve playbook list --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Playbooks<'a> {
    /// Every file that was found.
    pub playbooks: &'a [Arc<PlaybookView>],
}

/// Of `salve breaker list --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Breakers<'a> {
    /// Those that are open, and those that have counted attempts.
    pub breakers: &'a [BreakerView],
}

/// Of `salve playbook check --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diagnostics {
    /// Everything that is wrong, in all files.
    pub diagnostics: Vec<Diagnostic>,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Document {
    /// `salve status --json`, and each line with --watch
    Status,
    /// `salve incidents --json`
    Incidents,
    /// Each line of `salve show INCIDENT --json`
    Show,
    /// `salve playbook list --json`
    Playbooks,
    /// `salve playbook check --json`
    Diagnostics,
    /// `salve breaker list --json`
    Breakers,
    /// `salve doctor --json`
    Doctor,
    /// `salve report --format json`
    Report,
    /// `salve init --json`
    Init,
    /// `salve playbook backtest --json`
    Backtest,
}

/// Prints one document, laid out for reading.
pub fn print<T: Serialize + Content>(content: T) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(&Envelope::new(content)).map_err(|error| Failure::Said(error.to_string()))?;
    stream::json(&text);
    Ok(())
}

/// Prints one document as one line.
pub fn print_line<T: Serialize + Content>(content: T) -> Result<(), Failure> {
    let text = serde_json::to_string(&Envelope::new(content)).map_err(|error| Failure::Said(error.to_string()))?;
    stream::json(&text);
    Ok(())
}

/// `salve schema DOCUMENT`.
pub fn schema(document: Document) -> ExitCode {
    let schema = match document {
        Document::Status => of::<Snapshot>(),
        Document::Incidents => of::<Incidents<'static>>(),
        Document::Show => of::<Recorded>(),
        Document::Playbooks => of::<Playbooks<'static>>(),
        Document::Diagnostics => of::<Diagnostics>(),
        Document::Breakers => of::<Breakers<'static>>(),
        Document::Doctor => of::<crate::cli::doctor::report::DoctorReport>(),
        Document::Backtest => of::<crate::engine::backtest::Backtest>(),
        Document::Init => of::<crate::cli::init::report::InitReport<'static>>(),
        Document::Report => of::<crate::core::success::period_report::PeriodReport>(),
    };
    stream::json(&format!("{:#}", schema.to_value()));
    ExitCode::SUCCESS
}

/// As it is written, not as it may be read.
fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Envelope<T>>()
}
