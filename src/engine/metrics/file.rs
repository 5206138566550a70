//! The file for the node exporter's textfile collector: whole or not there, never half.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Form, Vitals, render};
use crate::engine::snapshot::Snapshot;

/// Replaces the file atomically by the metrics of this snapshot. It blocks: it waits for the disk.
///
/// The collector reads only names that end in `.prom`, so that the one beside it is never read. Everybody may read
/// the file, since the collector is somebody else.
///
/// # Errors
/// Where the folder is not there or may not be written; the former file is then as it was.
pub fn write_textfile(path: &Path, snapshot: &Snapshot, vitals: Vitals) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut beside = tempfile::Builder::new().prefix(".salve-").suffix(".tmp").tempfile_in(folder)?;
    beside.write_all(render(snapshot, vitals, Form::Prometheus).as_bytes())?;
    beside.as_file().set_permissions(Permissions::from_mode(0o644))?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
