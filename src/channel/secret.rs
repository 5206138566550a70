//! A channel's secret, read anew for each page.

use std::path::Path;

use super::{Pace, Setback};
use crate::foreign::MayHang;
use crate::host::secret_file;

/// The file's one line. The error names the file and what would be right, and never what stands in it.
pub(super) async fn read(path: &Path) -> Result<String, Setback> {
    secret_file::read(path).await.map_err(|why| setback(&why))
}

/// The same for a verb that reads the settings and does nothing else.
pub(super) fn read_here(path: &Path, may_hang: &MayHang) -> Result<String, Setback> {
    secret_file::read_here(path, may_hang).map_err(|why| setback(&why))
}

fn setback(why: &secret_file::SecretFileError) -> Setback {
    Setback::new(Pace::Slow, format!("its key file: {why}"))
}
