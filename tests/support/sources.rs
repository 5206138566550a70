//! The package's own sources, as the tests of architecture and language read them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file under `src` with its text, named from the package's root, in order.
pub fn sources() -> Vec<(PathBuf, String)> {
    fn gather(folder: &Path, root: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, root, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push((path.strip_prefix(root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    gather(&root.join("src"), root, &mut found);
    found.sort();
    found
}

/// Is it a file of tests only, by its name or its folder's?
pub fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs")
}
