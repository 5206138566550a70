//! A file or folder. inotify on its folder announces changes; a dead mount blocks only the thread that asks it.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::table::PathCheck;
use crate::check::events::event_source::OwnSources;
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, Counted, joined, span};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::history::{Remembered, Samples};
use crate::check::prober::{Cost, Prober};
use crate::foreign::{self, MayHang, PathError, read};
use crate::playbook::Target;
use crate::playbook::value::{Period, WantedWord};

/// The size up to which a file's content is hashed, in bytes.
const SUMMED: u64 = 64 << 20;

/// The window over which growth is measured, if the check sets none.
const WINDOW: Period = Period::from_secs(60);

/// The path to check, and which costly figures are wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PathSubject {
    /// The absolute path of the file or folder.
    pub path: Arc<str>,
    /// Whether the digest of its content is wanted.
    pub sha256: bool,
    /// The window over which its growth is measured, in milliseconds; none if it is not wanted.
    pub growth_ms: Option<u64>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// What exists at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathSeen {
    /// No file or folder exists at the path.
    Missing,
    /// A file or folder exists at the path.
    Here(PathHere),
}

/// The attributes of an existing file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathHere {
    /// The length in bytes.
    pub size: u64,
    /// Milliseconds since its content changed; 0 if that time lies in the future.
    pub age_ms: u64,
    /// The permission bits, as in `0o644`.
    pub mode: u32,
    /// The owner's user id.
    pub uid: u32,
    /// The owner's name, where the host knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// SHA-256 of its content, where it was wanted, or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Result<String, String>>,
    /// Bytes by which it grew, and in how many milliseconds, where it was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<(u64, u64)>,
}

impl Remembered for PathSubject {
    /// How much was written, and the size, in bytes.
    type Trace = Samples;
}

impl CheckProbe for PathCheck {
    type Subject = PathSubject;
    type Seen = PathSeen;
    const COST: Cost = Cost::Little;

    /// The path that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<PathSubject, String> {
        let path = match (&self.path, target) {
            (Some(path), _) => path.as_str().into(),
            (None, Target::Path(path)) => path.clone(),
            (None, _) => return Err("the check names no path, and its target is none".into()),
        };
        Ok(PathSubject {
            path,
            sha256: self.sha256.is_some(),
            growth_ms: self.growth.map(|_| self.window.unwrap_or(WINDOW).millis()),
            timeout_ms: millis(self.timeout, Duration::from_secs(5)),
        })
    }

    /// Reads the attributes of the path.
    async fn probe(subject: &PathSubject, prober: &Prober) -> Result<PathSeen, String> {
        let (path, sum) = (subject.path.clone(), subject.sha256);
        let limit = Duration::from_millis(subject.timeout_ms);
        let asked = foreign::at(Path::new(&*subject.path), limit, move |may_hang| ask(&path, sum, may_hang)).await;
        let mut seen = asked.map_err(|silence| silence.to_string())??;
        if let (PathSeen::Here(here), Some(window)) = (&mut seen, subject.growth_ms) {
            let trace = prober.traces.of(subject);
            let mut trace = trace.lock().await;
            // In a file that was truncated or replaced, all content is growth.
            let [written, before, ..] = trace.latest().unwrap_or([0, here.size, 0, 0]);
            let grown = if here.size >= before { here.size - before } else { here.size };
            let now = prober.clock.mono();
            let counters = [written.saturating_add(grown), here.size, 0, 0];
            let rise = trace.add(now, counters, Duration::from_millis(window));
            here.growth = Some((rise.by[0], Period(rise.over).millis()));
        }
        Ok(seen)
    }

    /// Decides whether a path meets every condition of the check. A missing path has no size, age or owner: no
    /// condition on them holds.
    #[allow(clippy::cast_precision_loss, reason = "no exact comparison of more than 2^52 bytes is needed")]
    fn judge(&self, seen: &PathSeen) -> Judgement {
        let mut parts = Conditions::default();
        let here = match seen {
            PathSeen::Here(here) => here,
            PathSeen::Missing => {
                parts.met(self.exists == Some(false), "not there");
                return parts.judgement();
            }
        };
        if let Some(wanted) = self.exists {
            parts.met(wanted, "there");
        }
        if let Some(bound) = self.age {
            let age = Duration::from_millis(here.age_ms);
            parts.met(bound.admits(age), format!("{} old", span(age)));
            parts.figure(age.as_secs_f64());
        }
        if let Some(bound) = self.size {
            parts.bound(bound, Some(here.size as f64), "");
        }
        if let Some(bound) = self.growth {
            match here.growth {
                Some((bytes, over)) => {
                    let window = self.window.unwrap_or(WINDOW).0;
                    let so_far = Counted { figure: bytes as f64, over: Duration::from_millis(over), window };
                    parts.counted(bound, so_far, "grew ");
                }
                None => parts.unclear("its growth was not measured"),
            }
        }
        if let Some(wanted) = &self.mode {
            let is = u32::from_str_radix(&wanted.word, 8) == Ok(here.mode);
            parts.met(wanted.admits(is), format!("mode {:04o}", here.mode));
        }
        if let Some(wanted) = &self.owner {
            let is = here.owner.as_deref() == Some(&wanted.word) || here.uid.to_string() == wanted.word;
            let name = here.owner.clone().unwrap_or_else(|| here.uid.to_string());
            parts.met(wanted.admits(is), format!("owner {name}"));
        }
        if let Some(wanted) = &self.sha256 {
            match &here.sha256 {
                Some(Ok(sum)) => {
                    let is = sum.eq_ignore_ascii_case(&wanted.word);
                    parts.met(wanted.admits(is), format!("sha256 {}…", sum.get(..12).unwrap_or(sum)));
                }
                Some(Err(why)) => parts.unclear(why.as_str()),
                None => parts.unclear("its content was not summed up"),
            }
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let window = self.window.unwrap_or(WINDOW);
        let word = |name: &str, wanted: &Option<WantedWord>| wanted.as_ref().map(|wanted| format!("{name} {wanted}"));
        joined([
            self.exists.map(|exists| if exists { "there" } else { "not there" }.into()),
            self.age.map(|bound| format!("age {bound}")),
            self.size.map(|bound| format!("size {bound}")),
            self.growth.map(|bound| format!("growth {bound} in {window}")),
            word("mode", &self.mode),
            word("owner", &self.owner),
            word("sha256", &self.sha256),
        ])
    }

    /// Whether a change is too small to be recorded for backtests. Growing older is too small.
    fn is_insignificant(now: &PathSeen, then: &PathSeen) -> bool {
        match (now, then) {
            (PathSeen::Here(now), PathSeen::Here(then)) => {
                let alike = |one: &PathHere| PathHere { size: 0, age_ms: 0, growth: None, ..one.clone() };
                now.size.abs_diff(then.size) <= then.size / 20 && now.age_ms >= then.age_ms && alike(now) == alike(then)
            }
            _ => now == then,
        }
    }

    fn own_sources(&self, subject: &PathSubject, folders: Option<Arc<Folders>>) -> Option<OwnSources> {
        OwnSources::in_folder(PathBuf::from(&*subject.path), folders)
    }
}

fn ask(path: &str, sum: bool, may_hang: &MayHang) -> Result<PathSeen, String> {
    let found = match read::look(Path::new(path), may_hang) {
        Ok(walked) => walked.seen,
        Err(refusal) if refusal.is_not_found() => return Ok(PathSeen::Missing),
        Err(refusal) => return Err(format!("{path} cannot be looked at: {refusal}")),
    };
    let age = jiff::Timestamp::now().as_nanosecond().saturating_sub(found.modified).max(0) / 1_000_000;
    Ok(PathSeen::Here(PathHere {
        size: found.size,
        age_ms: u64::try_from(age).unwrap_or(u64::MAX),
        mode: found.mode & 0o7777,
        uid: found.owner,
        owner: name_of(found.owner),
        sha256: sum.then(|| digest(path, may_hang)),
        growth: None,
    }))
}

/// A user's name, as `/etc/passwd` has it.
fn name_of(uid: u32) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

fn digest(path: &str, may_hang: &MayHang) -> Result<String, String> {
    let (file, _) = match read::open(Path::new(path), may_hang) {
        Err(PathError::NotRegular { .. }) => return Err("only a regular file has content to sum up".into()),
        opened => opened.map_err(|refusal| format!("cannot be read: {refusal}"))?,
    };
    let (mut sum, mut file) = (Sha256::new(), file.take(SUMMED + 1));
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0_u64;
    loop {
        let count = file.read(&mut buffer).map_err(|error| format!("cannot be read: {error}"))?;
        total += count as u64;
        match count {
            _ if total > SUMMED => return Err("the file is larger than 64 MiB".into()),
            0 => break,
            _ => sum.update(&buffer[..count]),
        }
    }
    Ok(sum.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    fn at(path: &std::path::Path) -> PathCheck {
        PathCheck { path: Some(path.to_str().unwrap().into()), ..PathCheck::default() }
    }

    async fn see(check: &PathCheck, prober: &Prober) -> Judgement {
        check.judge(&PathCheck::probe(&check.subject(&Target::Host).unwrap(), prober).await.unwrap())
    }

    #[tokio::test]
    async fn a_real_file_is_judged_by_all_that_can_be_asked() {
        let (folder, prober) = (tempfile::tempdir().unwrap(), Prober::new(Clock::starting()));
        let file = folder.path().join("a");
        let gone = PathCheck { exists: Some(false), ..at(&file) };
        assert_eq!(see(&gone, &prober).await.verdict, Verdict::Holds);
        let large = PathCheck { size: Some("> 1B".parse().unwrap()), ..at(&file) };
        assert_eq!(see(&large, &prober).await.verdict, Verdict::DoesNotHold);
        fs::write(&file, "hello\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(see(&large, &prober).await.seen, "6 B");
        let uid = fs::metadata(&file).unwrap().uid().to_string();
        let sum = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let all = PathCheck {
            exists: Some(true),
            age: Some("< 1d".parse().unwrap()),
            mode: Some("0640".parse().unwrap()),
            owner: Some(uid.parse().unwrap()),
            sha256: Some(sum.parse().unwrap()),
            ..large.clone()
        };
        let judgement = see(&all, &prober).await;
        assert_eq!(judgement.verdict, Verdict::Holds, "{}", judgement.seen);
        let other = PathCheck { mode: Some("not 640".parse().unwrap()), ..at(&file) };
        assert_eq!(see(&other, &prober).await.verdict, Verdict::DoesNotHold);
    }

    #[tokio::test]
    async fn growth_is_counted_over_rotations() {
        let (folder, prober) = (tempfile::tempdir().unwrap(), Prober::new(Clock::starting()));
        let file = folder.path().join("log");
        fs::write(&file, vec![b'x'; 1000]).unwrap();
        let check = PathCheck { growth: Some("> 1500B".parse().unwrap()), ..at(&file) };
        prober.traces.remember(&check.subject(&Target::Host).unwrap());
        assert_eq!(see(&check, &prober).await.figure, Some(0.0));
        fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(&[b'x'; 900]).unwrap();
        assert_eq!(see(&check, &prober).await.figure, Some(900.0));
        fs::rename(&file, folder.path().join("log.1")).unwrap();
        fs::write(&file, vec![b'x'; 700]).unwrap();
        let judgement = see(&check, &prober).await;
        assert_eq!((judgement.verdict, judgement.figure), (Verdict::Holds, Some(1600.0)));
        let calm = PathCheck { growth: Some("< 10KiB".parse().unwrap()), ..check };
        assert_eq!(see(&calm, &prober).await.verdict, Verdict::DoesNotHold, "a whole window must be seen first");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_unknown() {
        let prober = Prober::new(Clock::starting());
        let folder = PathCheck { sha256: Some("not 00".parse().unwrap()), ..at("/etc".as_ref()) };
        assert!(matches!(see(&folder, &prober).await.verdict, Verdict::Unknown(_)));
        let nul = PathSubject { path: "/a\0b".into(), sha256: false, growth_ms: None, timeout_ms: 1000 };
        assert!(PathCheck::probe(&nul, &prober).await.is_err());
        let below = PathCheck { exists: Some(true), ..at("/etc/passwd/x".as_ref()) };
        assert_eq!(see(&below, &prober).await.seen, "not there");
        assert!(PathCheck::default().subject(&Target::Host).is_err());
    }

    #[test]
    fn a_condition_is_told_in_words() {
        let check = PathCheck {
            growth: Some("> 1MiB".parse().unwrap()),
            mode: Some("not 0640".parse().unwrap()),
            ..PathCheck::default()
        };
        assert_eq!(check.condition(), "growth > 1MiB in 1m, mode not 0640");
    }
}
