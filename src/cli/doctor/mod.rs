//! `salve doctor`: checks everything that salve depends on, and says how to fix each problem.
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

/// A check and its name.
type DoctorCheck = (&'static str, fn(&DoctorContext) -> Vec<Finding>);

/// Every check; each comes after those that it depends on.
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
