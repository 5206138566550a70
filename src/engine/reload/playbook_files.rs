//! Reads the folders of the playbooks, each to a deadline of its own: one may lie on a file system that does not answer,
//! and what was in force from it then stays in force.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};

use crate::foreign;
use crate::playbook::library::{self, Contents, Library, Sources};

/// For a thousand files on a slow disk.
const FOLDER: Duration = Duration::from_secs(10);

/// Reads all sources again; `former` is what was in force.
pub async fn reload(former: Library, sources: &Sources) -> Library {
    let mut reads = JoinSet::new();
    for folder in sources.folders() {
        reads.spawn(contents(folder.to_owned()));
    }
    let mut read: HashMap<PathBuf, Contents> = reads.join_all().await.into_iter().collect();
    let sources = sources.clone();
    let missing = || Err("could not be read".to_owned());
    let renewed = spawn_blocking(move || {
        let renewed = former.renew(&sources, |folder: &Path| read.remove(folder).unwrap_or_else(missing));
        (former, renewed)
    });
    renewed.await.map(|(_, renewed)| renewed).unwrap_or_default()
}

async fn contents(folder: PathBuf) -> (PathBuf, Contents) {
    let wanted = folder.clone();
    let read = foreign::task("playbooks in", &folder, FOLDER, move |may_hang| library::contents(&wanted, may_hang));
    let contents = read.await.unwrap_or_else(|silence| Err(format!("cannot be read: {silence}")));
    (folder, contents)
}
