//! A channel's secret, read again for each page so that a changed one needs no restart.

use std::path::Path;

use super::delivery::{DeliveryError, RetryPolicy};
use crate::host::secret_file;

/// The file's one line. The error names the file and what would be right, and never what stands in it.
pub(super) async fn read(path: &Path) -> Result<String, DeliveryError> {
    secret_file::read(path).await.map_err(|why| setback(&why))
}

/// What is wrong with it, in words; none where it can be read. For a verb that reads the settings and does nothing
/// else: it waits for the file itself, to a deadline.
pub(super) fn trouble(path: &Path) -> Option<String> {
    secret_file::read_blocking(path).err().map(|why| setback(&why).why.to_string())
}

fn setback(why: &secret_file::SecretFileError) -> DeliveryError {
    DeliveryError::new(RetryPolicy::Slow, format!("its key file: {why}"))
}
