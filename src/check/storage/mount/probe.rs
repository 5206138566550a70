//! A mount point: whether something is mounted there, how, and whether it answers. A mount that does not answer blocks
//! only the detached thread that asks it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::statvfs;
use serde::{Deserialize, Serialize};

use super::table::MountCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined, span};
use crate::check::kind::{CheckProbe, SharedSource, millis};
use crate::check::prober::{Cost, Prober};
use crate::host::deadline::CallError;
use crate::host::mounts;
use crate::playbook::Target;

/// The mount point to check, and whether it must answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MountSubject {
    /// The mount point's absolute path.
    pub mount: Arc<str>,
    /// How long to wait for its answer, in milliseconds; none if it is not asked.
    pub answer_ms: Option<u64>,
}

/// What is mounted at a mount point, if anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountSeen {
    /// Nothing is mounted.
    Absent,
    /// A file system is mounted there.
    Mounted {
        /// The type of the file system, such as `nfs4`.
        kind: String,
        /// Options of the mount and of the file system.
        options: Vec<String>,
        /// Milliseconds to its answer, or why there is none; none where it was not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Result<u64, String>>,
    },
}

impl CheckProbe for MountCheck {
    type Subject = MountSubject;
    type Seen = MountSeen;
    const COST: Cost = Cost::Little;

    /// The mount point that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<MountSubject, String> {
        let mount = match (&self.mount, target) {
            (Some(mount), _) => mount.as_str().into(),
            (None, Target::Mount(mount)) => mount.clone(),
            (None, _) => return Err("the check names no mount point, and its target is none".into()),
        };
        let answer_ms = self.answers.map(|_| millis(self.timeout, Duration::from_secs(5)));
        Ok(MountSubject { mount, answer_ms })
    }

    /// Reads the mount table, and probes the mounted file system if an answer is wanted.
    async fn probe(subject: &MountSubject, prober: &Prober) -> Result<MountSeen, String> {
        let mount: &str = &subject.mount;
        let table = mounts::mounted().map_err(|error| format!("the mount table cannot be read: {error}"))?;
        // Of two at one point the later hides the earlier.
        let Some(found) = table.into_iter().rfind(|one| one.point == Path::new(mount)) else {
            return Ok(MountSeen::Absent);
        };
        let answer = match subject.answer_ms {
            Some(limit) => Some(answer((mount, found.id), Duration::from_millis(limit), prober).await?),
            None => None,
        };
        Ok(MountSeen::Mounted { kind: found.kind, options: found.options, answer })
    }

    /// Decides whether a mount point meets every condition of the check. What is not mounted has no options, and does
    /// not answer.
    fn judge(&self, seen: &MountSeen) -> Judgement {
        let mut parts = Conditions::default();
        let MountSeen::Mounted { kind, options, answer } = seen else {
            let holds = self.present != Some(true)
                && self.answers != Some(true)
                && self.option.is_none()
                && self.kind.is_none();
            parts.met(holds, "not mounted");
            return parts.judgement();
        };
        if let Some(wanted) = self.present {
            parts.met(wanted, "mounted");
        }
        if let Some(wanted) = self.answers {
            match answer {
                Some(Ok(took)) => parts.met(wanted, format!("answers in {}", span(Duration::from_millis(*took)))),
                Some(Err(why)) => parts.met(!wanted, why.as_str()),
                None => parts.unclear("it was not asked"),
            }
        }
        if let Some(wanted) = &self.option {
            let is = options.contains(&wanted.word);
            parts.met(wanted.admits(is), format!("{}{}", if is { "" } else { "not " }, wanted.word));
        }
        if let Some(wanted) = &self.kind {
            parts.met(wanted.admits(*kind == wanted.word), kind.as_str());
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([
            self.present.map(|present| if present { "mounted" } else { "not mounted" }.into()),
            self.answers.map(|answers| if answers { "answers" } else { "does not answer" }.into()),
            self.option.as_ref().map(|wanted| format!("option {wanted}")),
            self.kind.as_ref().map(|wanted| format!("kind {wanted}")),
        ])
    }

    fn is_insignificant(now: &MountSeen, then: &MountSeen) -> bool {
        let plain = |seen: &MountSeen| match seen.clone() {
            MountSeen::Mounted { kind, options, answer } => {
                MountSeen::Mounted { kind, options, answer: answer.map(|answer| answer.map(|_| 0)) }
            }
            MountSeen::Absent => MountSeen::Absent,
        };
        plain(now) == plain(then)
    }

    fn shared_source(_: &MountSubject) -> SharedSource {
        SharedSource::MountTable
    }
}

async fn answer((mount, id): (&str, u64), limit: Duration, prober: &Prober) -> Result<Result<u64, String>, String> {
    let (began, place) = (std::time::Instant::now(), mount.to_owned());
    // Independent of other callers that probe this mount: each verdict needs its own question.
    let about = format!("whether {mount} answers as mount {id}");
    let asked = prober.disposable.call(&about, limit, move || statvfs(&*place)).await;
    Ok(match asked {
        Ok(Ok(_)) => Ok(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
        // A refusal is an answer too. Only a mount that is gone or cut off counts as none.
        Ok(Err(error)) if error == rustix::io::Errno::ACCESS => Ok(0),
        Ok(Err(error)) => Err(error.to_string()),
        Err(CallError::NoThread) => return Err(CallError::NoThread.in_words(mount, limit)),
        Err(silence) => Err(silence.in_words(mount, limit)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    fn at(mount: &str) -> MountCheck {
        MountCheck { mount: Some(mount.into()), ..MountCheck::default() }
    }

    async fn see(check: &MountCheck) -> Judgement {
        let prober = Prober::new(Clock::starting());
        check.judge(&MountCheck::probe(&check.subject(&Target::Host).unwrap(), &prober).await.unwrap())
    }

    #[tokio::test]
    async fn proc_is_mounted_and_answers_and_a_folder_is_not() {
        let kind = Some("proc".parse().unwrap());
        let proc = MountCheck { present: Some(true), answers: Some(true), kind, ..at("/proc") };
        let judgement = see(&proc).await;
        assert_eq!(judgement.verdict, Verdict::Holds, "{}", judgement.seen);
        let silent = MountCheck { answers: Some(false), ..at("/proc") };
        assert_eq!(see(&silent).await.verdict, Verdict::DoesNotHold);
        let absent = MountCheck { present: Some(false), ..at("/etc") };
        assert_eq!(see(&absent).await.seen, "not mounted");
        assert_eq!(see(&MountCheck { answers: Some(false), ..at("/etc") }).await.verdict, Verdict::Holds);
        let odd = MountCheck { option: Some("not no_such_option".parse().unwrap()), ..at("/proc") };
        assert_eq!(see(&odd).await.verdict, Verdict::Holds);
    }

    #[test]
    fn a_mount_that_hangs_does_not_answer() {
        let hanging = MountSeen::Mounted {
            kind: "nfs4".into(),
            options: vec!["rw".into(), "hard".into()],
            answer: Some(Err("/srv did not answer within 5 s".into())),
        };
        let silent = MountCheck { answers: Some(false), ..at("/srv") };
        let judgement = silent.judge(&hanging);
        assert_eq!((judgement.verdict, judgement.seen.as_str()), (Verdict::Holds, "/srv did not answer within 5 s"));
        let writable = MountCheck { option: Some("ro".parse().unwrap()), ..at("/srv") };
        assert_eq!(writable.judge(&hanging).verdict, Verdict::DoesNotHold);
        assert_eq!(silent.condition(), "does not answer");
    }
}
