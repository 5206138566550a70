//! `salve playbook backtest FILE`: what a playbook would have done in the past, beside what really happened.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::plan;
use crate::cli::args::Common;
use crate::cli::exit::Failure;
use crate::cli::output::{json, stream};
use crate::cli::runtime;
use crate::engine::backtest;
use crate::journal::ReadError;
use crate::playbook::value::Period;

/// Columns of a timeline.
const WIDE: usize = 64;
/// Readings are kept for thirty days; a longer stretch holds nothing more.
const LONGEST: Duration = Duration::from_hours(366 * 24);

pub fn run(common: &Common, file: &Path, since: Period, as_json: bool) -> Result<ExitCode, Failure> {
    if since.0.is_zero() || since.0 > LONGEST {
        return Err(Failure::Usage(format!("--since {since}: use a period from 1s to 366d, such as --since 7d")));
    }
    let playbook = plan::find(common, file)?;
    let options = common.options()?;
    let looked = runtime::build()?.block_on(backtest::backtest(&options, &playbook, since.0));
    let past = match looked {
        Err(ReadError::None { .. }) => {
            return Err(Failure::Said(
                "no history yet: salve has recorded no readings on this host (`salve daemon` records them)".into(),
            ));
        }
        looked => looked?,
    };
    if as_json {
        json::print(&past)?;
    } else {
        stream::text(&backtest::drawn(&past, WIDE));
    }
    Ok(ExitCode::SUCCESS)
}
