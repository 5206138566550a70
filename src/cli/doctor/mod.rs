//! `salve doctor`: checks everything that salve depends on, and says how to fix each problem.
//! Nothing is changed. One function a look, registered here once; each says what it found in sentences.

mod context;
mod daemon;
mod engine_stats;
mod files;
mod host;
mod journal;
pub mod report;

use std::process::ExitCode;

use super::args::Common;
use super::exit::Failure;
use super::output::json;
use context::DoctorContext;
use report::{DoctorReport, DoctorResult, Finding, Grade};

/// A check and its name.
type DoctorCheck = (&'static str, fn(&DoctorContext) -> Vec<Finding>);

/// Every check; each comes after those that it depends on.
const LOOKS: [DoctorCheck; 16] = [
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
    ("engine", engine_stats::engine_stats),
    ("socket", daemon::socket),
    ("terminal", host::terminal),
];

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
