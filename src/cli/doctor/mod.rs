//! `salve doctor`: looks over everything that salve stands on, and says how to mend what is not as it should be.
//! Nothing is changed. One function a look, registered here once; each says what it found in sentences.

mod context;
mod daemon;
mod files;
mod host;
mod journal;

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;

use super::args::Common;
use super::exit::Failure;
use super::json;
use context::DoctorContext;

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// In words.
    pub said: String,
    /// What to do about it; none where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    Fine,
    /// It does not matter here, and why.
    Skipped,
    /// It works, with less than it could.
    Warning,
    /// It does not work, or cannot be trusted.
    Broken,
}

impl Finding {
    fn fine(said: impl Into<String>) -> Self {
        Self { grade: Grade::Fine, said: said.into(), mend: None }
    }

    fn skipped(said: impl Into<String>) -> Self {
        Self { grade: Grade::Skipped, said: said.into(), mend: None }
    }

    fn warning(said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { grade: Grade::Warning, said: said.into(), mend: Some(mend.into()) }
    }

    fn broken(said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { grade: Grade::Broken, said: said.into(), mend: Some(mend.into()) }
    }
}

/// A look, and what it is called.
type DoctorCheck = (&'static str, fn(&DoctorContext) -> Vec<Finding>);

/// All of them, in the order in which one thing stands on another.
const LOOKS: [DoctorCheck; 15] = [
    ("program", files::program),
    ("systemd", host::systemd),
    ("kernel", host::kernel),
    ("scopes", host::scopes),
    ("clock", host::clock),
    ("limits", host::limits),
    ("state folder", files::state),
    ("disk", journal::disk),
    ("journal", journal::journal),
    ("settings", files::settings),
    ("channels", files::channels),
    ("playbooks", files::playbooks),
    ("daemon", daemon::daemon),
    ("socket", daemon::socket),
    ("terminal", host::terminal),
];

/// Of `salve doctor --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorReport {
    /// Every look, in order.
    pub looks: Vec<DoctorResult>,
}

/// What one look came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoctorResult {
    /// At what.
    pub at: &'static str,
    /// At least one.
    pub findings: Vec<Finding>,
}

pub fn run(common: &Common, json: bool, page: bool) -> Result<ExitCode, Failure> {
    let ground = DoctorContext::new(common)?;
    let mut looks: Vec<DoctorResult> =
        LOOKS.iter().map(|(at, look)| DoctorResult { at, findings: look(&ground) }).collect();
    if page {
        looks.push(DoctorResult { at: "test pages", findings: files::pages(&ground) });
    }
    let worst = looks.iter().flat_map(|look| &look.findings).map(|finding| finding.grade).max();
    if json {
        json::print(DoctorReport { looks })?;
    } else {
        print(&looks);
    }
    Ok(if worst >= Some(Grade::Warning) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(looks: &[DoctorResult]) {
    let mut wanting = 0;
    for DoctorResult { at, findings } in looks {
        for (row, finding) in findings.iter().enumerate() {
            let mark = match finding.grade {
                Grade::Fine => "ok",
                Grade::Skipped => "-",
                Grade::Warning => "WARNING",
                Grade::Broken => "ERROR",
            };
            let at = if row == 0 { at } else { "" };
            println!("{at:<14} {mark:<8} {}", finding.said);
            if let Some(mend) = &finding.mend {
                println!("{:<23} -> {mend}", "");
                wanting += 1;
            }
        }
    }
    println!();
    match wanting {
        0 => println!("no problem found"),
        1 => println!("1 problem found"),
        more => println!("{more} problems found"),
    }
}
