//! The files besides its program that a command line names: the script behind an interpreter, a configuration. A plan
//! is bound to each of them, as to the program, and lists those that it is not bound to.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};

use super::identity::{self, FileIdentity};
use crate::foreign::{self, MayHang, read};
use crate::host::program::FIXED_PATH;
use crate::host::sys::{Openers, writers};
use crate::playbook::Target;

/// How many files are bound at most; a command line with more is refused.
const MOST: usize = 32;
/// How long each may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// The longest interpreter line (`#!`) that is read, in bytes.
const INTERPRETER: u64 = 256;
/// Folders whose files are the kernel's own.
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// A file that a command line names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundFile {
    /// The file's path, as named in the command.
    pub path: PathBuf,
    /// The file's identity when the plan was made.
    pub identity: FileIdentity,
}

/// The files that a command line names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct NamedPath {
    /// Files that are bound to the plan.
    pub files: Vec<BoundFile>,
    /// Files that are not bound, each with the reason.
    pub unbound: Vec<String>,
}

/// The outcome for one path.
enum BoundPath {
    File(BoundFile),
    Unbound(&'static str),
    Nothing,
}

/// Finds the files named by every path in these arguments, and the interpreter of a program that is a script.
pub async fn named<'a>(program: &Path, words: impl Iterator<Item = &'a str>, target: &Target) -> NamedPath {
    let mut named = NamedPath::default();
    let mut paths: BTreeSet<PathBuf> = words.flat_map(paths_in).collect();
    paths.extend(interpreter(program).await);
    paths.remove(program);
    for path in paths {
        let shown = path.display().to_string();
        let (wanted, own) = (path.clone(), matches!(target, Target::Path(own) if Path::new(&**own) == path));
        let found = match foreign::at(&path, ANSWERS_WITHIN, move |may_hang| look(&wanted, may_hang)).await {
            Ok(BoundPath::File(_)) if own => BoundPath::Unbound("it is the target"),
            Ok(BoundPath::File(_)) if named.files.len() == MOST => BoundPath::Unbound("too many files are named"),
            Ok(found) => found,
            Err(_) => BoundPath::Unbound("it does not answer"),
        };
        match found {
            BoundPath::File(file) => named.files.push(file),
            BoundPath::Unbound(why) => named.unbound.push(format!("{shown} ({why})")),
            BoundPath::Nothing => {}
        }
    }
    named
}

/// The first of these files that has changed, as a message; none if none has.
pub fn changed(files: &[BoundFile], may_hang: &MayHang) -> Option<String> {
    let changed = |file: &&BoundFile| !matches!(look(&file.path, may_hang), BoundPath::File(now) if now == **file);
    files.iter().find(changed).map(|file| format!("{} changed since the plan was made", file.path.display()))
}

fn look(path: &Path, may_hang: &MayHang) -> BoundPath {
    let (mut file, _) = match read::open(path, may_hang) {
        Ok(found) => found,
        Err(foreign::PathError::NotRegular { .. }) => {
            let kind = read::look(path, may_hang).map(|found| found.seen.kind());
            let folder = matches!(kind, Ok(FileType::Directory));
            return if folder { BoundPath::Unbound("a folder, with whatever is in it") } else { BoundPath::Nothing };
        }
        Err(refusal) if refusal.is_not_found() => return BoundPath::Nothing,
        Err(_) => return BoundPath::Unbound("it cannot be read"),
    };
    let Ok(metadata) = file.metadata() else { return BoundPath::Unbound("it cannot be read") };
    if writers(&file) == Openers::Some {
        return BoundPath::Unbound("somebody is writing to it");
    }
    let identity = identity::of(path, &metadata, || whole(&mut file));
    BoundPath::File(BoundFile { path: path.into(), identity })
}

fn whole(file: &mut File) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    file.take(identity::SMALL + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= identity::SMALL).then_some(content)
}

/// The absolute paths in an argument: the whole argument, and its parts between the separators of shells and options.
fn paths_in(word: &str) -> Vec<PathBuf> {
    let cuts = |c: char| c.is_whitespace() || ";|&<>()\"'`$={}".contains(c);
    let pieces = std::iter::once(word).chain(word.split(cuts));
    let absolute = pieces.filter(|piece| piece.starts_with('/') && piece.len() > 1);
    absolute.map(PathBuf::from).filter(|path| !KERNELS.iter().any(|own| path.starts_with(own))).collect()
}

/// The interpreter of a script: the program of its first line, and what `env` would find.
async fn interpreter(program: &Path) -> Vec<PathBuf> {
    let wanted = program.to_owned();
    let head = foreign::at(program, ANSWERS_WITHIN, move |may_hang| {
        let (file, _) = read::open(&wanted, may_hang).ok()?;
        let mut head = Vec::new();
        file.take(INTERPRETER).read_to_end(&mut head).ok()?;
        Some(head)
    });
    let head = head.await.ok().flatten().unwrap_or_default();
    let Some(line) = head.strip_prefix(b"#!").and_then(|rest| rest.split(|byte| *byte == b'\n').next()) else {
        return Vec::new();
    };
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_whitespace();
    let first = words.next().map(PathBuf::from);
    let found_by_env = first.as_deref().is_some_and(|first| first.ends_with("env"));
    let second = words.find(|word| !word.starts_with('-')).filter(|_| found_by_env);
    let of_env = second.into_iter().flat_map(|name| FIXED_PATH.map(|folder| Path::new(folder).join(name)));
    first.into_iter().chain(of_env).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn of(words: &[&str]) -> NamedPath {
        named(Path::new("/bin/sh"), words.iter().copied(), &Target::Host).await
    }

    fn names(named: &NamedPath) -> Vec<String> {
        named.files.iter().map(|file| file.path.display().to_string()).collect()
    }

    #[tokio::test]
    async fn the_script_behind_an_interpreter_is_bound_wherever_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("fix.sh");
        let name = script.to_str().unwrap();
        fs::write(&script, "echo one").unwrap();
        let (line, option) = (format!("cd /; exec sh '{name}' --now"), format!("--script={name}"));
        for words in [&["sh", name][..], &["sh", "-c", &line], &["tool", &option]] {
            let bound = of(words).await;
            assert_eq!(names(&bound), [name], "{words:?}");
            assert!(bound.files[0].identity.sha256.is_some());
            let unchanged = changed(&bound.files, &MayHang::because("a test"));
            assert_eq!(unchanged, None);
        }
        let before = of(&["sh", name]).await;
        fs::write(&script, "echo two").unwrap();
        let why = changed(&before.files, &MayHang::because("a test")).unwrap();
        assert!(why.contains("changed since the plan was made"), "{why}");
        assert_ne!(of(&["sh", name]).await, before);
    }

    #[tokio::test]
    async fn what_is_not_bound_is_told_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (log, place) = (folder.path().join("app.log"), folder.path().to_str().unwrap());
        let mut writer = File::create(&log).unwrap();
        std::io::Write::write_all(&mut writer, b"a line\n").unwrap();
        let named = of(&["gzip", log.to_str().unwrap(), place, "/no/such/file", "/dev/null", "/proc/meminfo"]).await;
        let told = named.unbound.join("; ");
        assert!(named.files.is_empty() && named.unbound.len() == 2, "{named:?}");
        assert!(told.contains("app.log (somebody is writing to it)") && told.contains("(a folder, with"), "{told}");
        drop(writer);
        assert_eq!(names(&of(&["gzip", log.to_str().unwrap()]).await), [log.to_str().unwrap()]);
        let target = Target::Path(log.to_str().unwrap().into());
        let own = super::named(Path::new("/bin/gzip"), [log.to_str().unwrap()].into_iter(), &target).await;
        assert!(own.files.is_empty() && own.unbound[0].ends_with("(it is the target)"), "{own:?}");
    }

    #[tokio::test]
    async fn a_scripts_interpreter_is_bound_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("tool");
        fs::write(&script, "#!/usr/bin/env -S sh -e\ntrue\n").unwrap();
        let bound = names(&named(&script, std::iter::empty(), &Target::Host).await);
        assert!(
            bound.iter().any(|name| name.ends_with("/env")) && bound.iter().any(|name| name.ends_with("/sh")),
            "{bound:?}"
        );
    }
}
