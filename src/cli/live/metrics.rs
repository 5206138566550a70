//! `salve metrics`: the state as figures, for other monitoring.

use std::path::Path;
use std::process::ExitCode;

use super::status;
use crate::cli::args::Common;
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::engine::metrics::{self, MetricsFormat};
use crate::foreign::MayHang;

pub fn run(common: &Common, textfile: Option<&Path>) -> Result<ExitCode, Failure> {
    let (snapshot, vitals) = status::with_vitals(common)?;
    match textfile {
        Some(file) => {
            let may_hang = MayHang::because("a verb has nothing else to do");
            let written = metrics::write_textfile(file, &snapshot, vitals, &may_hang);
            written.map_err(|error| Failure::Io(file.display().to_string(), error))?;
        }
        None => stream::text(&metrics::render(&snapshot, vitals, MetricsFormat::OpenMetrics)),
    }
    Ok(ExitCode::SUCCESS)
}
