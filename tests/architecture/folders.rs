//! How many modules stand beside one another: a folder must be understood at one look.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::module;
use crate::sources::{is_test, sources};

/// No folder holds more modules than this.
const MOST_MODULES: usize = 15;

/// The modules of each folder, by the folder's own module path.
fn modules_by_folder(files: impl Iterator<Item = PathBuf>) -> BTreeMap<Vec<String>, usize> {
    let mut folders: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for file in files.filter(|file| !is_test(file)) {
        let mut folder = module(&file);
        if folder.pop().is_some() {
            *folders.entry(folder).or_default() += 1;
        }
    }
    folders
}

#[test]
fn no_folder_holds_too_many_modules() {
    let folders = modules_by_folder(sources().into_iter().map(|(file, _)| file));
    assert!(folders.len() > 20, "the folders are not where they were");
    let full: Vec<_> = folders.iter().filter(|(_, modules)| **modules > MOST_MODULES).collect();
    assert!(full.is_empty(), "more than {MOST_MODULES} modules: {full:?}");
}

#[test]
fn a_planted_full_folder_is_found() {
    let files = (0..16).map(|number| PathBuf::from(format!("src/check/kind_{number}.rs")));
    assert_eq!(modules_by_folder(files)[&vec!["check".to_owned()]], MOST_MODULES + 1);
    let test = [PathBuf::from("src/check/tests/one.rs"), PathBuf::from("src/check/mod.rs")];
    assert_eq!(modules_by_folder(test.into_iter()).get(&vec!["check".to_owned()]), None);
}
