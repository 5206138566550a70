//! `salve report`: what a period came to, for whoever decides what to automate next.

mod markdown;
mod text;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;

use super::args::Common;
use super::args::choices::ReportFormat;
use super::exit::Failure;
use super::output::{json, stream};
use crate::core::success::period_report::Account;
use crate::journal::{JournalReader, ReadError};
use crate::playbook::value::Period;

/// More than a year of twice that length is not kept anywhere.
const LONGEST: Duration = Duration::from_hours(366 * 24);

pub fn run(common: &Common, since: Period, form: ReportFormat) -> Result<ExitCode, Failure> {
    if since.0.is_zero() || since.0 > LONGEST {
        return Err(Failure::Usage(format!("--since {since}: use a period from 1s to 366d, such as --since 7d")));
    }
    let mut account = Account::default();
    let state = common.paths().state;
    match JournalReader::open(&state) {
        Ok(reader) => {
            let last = reader.last_seq()?;
            for recorded in reader.events_between(1, last)? {
                account.fold(&std::sync::Arc::new(recorded));
            }
        }
        // nothing happened on a host that salve has not seen yet
        Err(ReadError::None { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let report = account.report(Timestamp::now(), since.0);
    match form {
        ReportFormat::Json => json::print(&report)?,
        ReportFormat::Text => stream::text(text::drawn(&report).as_str()),
        ReportFormat::Markdown => stream::text(markdown::written(&report).as_str()),
    }
    Ok(ExitCode::SUCCESS)
}
