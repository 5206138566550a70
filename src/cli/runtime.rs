//! The runtime that verbs run on.

use tokio::runtime::{Builder, Runtime};

use super::exit::Failure;

/// Two workers: one for the loop, one for everything beside it. More would only cost an idle host.
pub fn build() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Io("cannot start threads".into(), error))
}
