//! The file for the node exporter's textfile collector: whole or not there, never half.

use std::io;
use std::path::Path;

use super::{MetricsFormat, Vitals, render};
use crate::engine::snapshot::Snapshot;
use crate::foreign::MayHang;
use crate::foreign::folder::{FOR_EVERYBODY, Folder};

/// Replaces the file atomically by the metrics of this snapshot.
///
/// The collector reads only names that end in `.prom`, so that the one beside it is never read. Everybody may read
/// the file, since the collector is somebody else.
///
/// # Errors
/// Where the folder is not there or may not be written; the former file is then as it was.
pub fn write_textfile(path: &Path, snapshot: &Snapshot, vitals: Vitals, may_hang: &MayHang) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = Folder::open(folder, may_hang)?;
    folder.replace(name, render(snapshot, vitals, MetricsFormat::Prometheus).as_bytes(), FOR_EVERYBODY)
}
