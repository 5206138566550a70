//! A program's exit code and output: the escape hatch. Processes that it leaves running are ended with it, or at the
//! deadline.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::CommandCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober};
use crate::host::child::{ChildExit, Errors, Job};
use crate::host::redact::redact;
use crate::playbook::Target;
use crate::playbook::placeholder::{self, Placeholders};
use crate::playbook::value::{Template, WantedNumber};

/// How much of the output is searched, in bytes; the rest is read and dropped.
const OUTPUT: usize = 64 * 1024;

/// How many characters of its first line are kept.
const WORDS: usize = 200;

/// The program to run, with its arguments, and the text to find in its output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandSubject {
    /// Program and arguments, placeholders filled.
    pub argv: Vec<Arc<str>>,
    /// Text to look for in its output.
    pub text: Option<Arc<str>>,
    /// How long it may run, in milliseconds.
    pub timeout_ms: u64,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSeen {
    /// Its exit code; none where a signal ended it.
    pub exit: Option<u16>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the output held the text that was looked for.
    pub text: Option<bool>,
    /// The first line that it printed, on standard output or else on standard error; cut, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Arc<str>>,
}

impl CheckProbe for CommandCheck {
    type Subject = CommandSubject;
    type Seen = CommandSeen;
    const COST: Cost = Cost::Child;

    /// The program with its placeholders filled.
    fn subject(&self, target: &Target) -> Result<CommandSubject, String> {
        let argv = arguments(&self.run, target)?;
        let text = self.output.as_ref().map(|wanted| wanted.text.as_str().into());
        Ok(CommandSubject { argv, text, timeout_ms: millis(self.timeout, Duration::from_secs(10)) })
    }

    /// Runs the program once.
    async fn probe(subject: &CommandSubject, _: &Prober) -> Result<CommandSeen, String> {
        run(&subject.argv, subject.text.as_deref(), Duration::from_millis(subject.timeout_ms)).await
    }

    /// Decides whether exit code and output meet every condition of the check. A program that a signal ended has no
    /// exit code, so that `not 0` holds.
    fn judge(&self, seen: &CommandSeen) -> Judgement {
        let mut parts = Conditions::default();
        let ended = match (seen.exit, seen.signal) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended".into(),
        };
        let words = seen.words.as_ref().map_or_else(|| ended.clone(), |said| format!("{ended}: {said}"));
        // A program alone must succeed; with a text, only the text counts.
        let success = WantedNumber { negated: false, number: 0 };
        if let Some(wanted) = self.exit.or(self.output.is_none().then_some(success)) {
            parts.met(wanted.admits(seen.exit), words.as_str());
        }
        if let Some(wanted) = &self.output {
            if self.exit.is_none() {
                parts.say(words.as_str());
            }
            match seen.text {
                Some(held) => parts.met(wanted.admits(held), if held { "text found" } else { "text missing" }),
                None => parts.unclear("the output was not looked at for this text"),
            }
        }
        if let Some(code) = seen.exit {
            parts.figure(f64::from(code));
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let words =
            joined([self.exit.map(|exit| format!("exit {exit}")), self.output.as_ref().map(ToString::to_string)]);
        if words.is_empty() { "exit 0".into() } else { words }
    }

    /// Whether a change is too small to be recorded: output that differs from run to run is no change.
    fn is_insignificant(now: &CommandSeen, then: &CommandSeen) -> bool {
        (now.exit, now.signal, now.text) == (then.exit, then.signal, then.text)
    }
}

fn arguments(run: &[Template], target: &Target) -> Result<Vec<Arc<str>>, String> {
    let values = Placeholders { target: target.clone(), incident: None, pid: None };
    let filled = placeholder::arguments(run, &values).map_err(|error| error.to_string())?;
    Ok(filled.into_iter().map(Into::into).collect())
}

async fn run(argv: &[Arc<str>], text: Option<&str>, limit: Duration) -> Result<CommandSeen, String> {
    let (name, arguments) = argv.split_first().ok_or("the check names no program")?;
    let arguments = arguments.iter().map(ToString::to_string).collect();
    let job = Job {
        errors: Errors::Apart,
        grace: Duration::ZERO,
        // only the head is looked at
        keep: 2 * OUTPUT,
        ..Job::new(&**name, arguments, limit)
    };
    let ran = job.run().await.map_err(|error| error.to_string())?;
    let (exit, signal) = match ran.ended {
        ChildExit::Exit(code) => (u16::try_from(code).ok(), None),
        ChildExit::Signal(signal) => (None, Some(signal)),
        ChildExit::TimedOut => return Err(format!("{name} did not end within {} s", limit.as_secs_f64())),
    };
    let words = ran.output.first_line(WORDS).or_else(|| ran.errors.first_line(WORDS));
    Ok(CommandSeen {
        exit,
        signal,
        text: text.map(|text| String::from_utf8_lossy(ran.output.head()).contains(text)),
        words: words.map(|line| redact(&line).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    const LONG: Duration = Duration::from_mins(1);

    async fn ran(parts: &[&str], text: Option<&str>, limit: Duration) -> Result<CommandSeen, String> {
        let argv: Vec<_> = parts.iter().map(|part| (*part).into()).collect();
        run(&argv, text, limit).await
    }

    #[test]
    fn exit_and_output_are_judged() {
        let wanting = |exit: &str| CommandCheck { exit: Some(exit.parse().unwrap()), ..CommandCheck::default() };
        let ended = |exit, signal| CommandSeen { exit, signal, text: None, words: None };
        assert_eq!(wanting("0").judge(&ended(Some(0), None)).verdict, Verdict::Holds);
        assert_eq!(wanting("0").judge(&ended(None, Some(9))).verdict, Verdict::DoesNotHold);
        assert_eq!(wanting("not 0").judge(&ended(None, Some(9))).verdict, Verdict::Holds);
        assert_eq!(wanting("not 0").judge(&ended(None, Some(9))).seen, "ended by signal 9");
        assert_eq!(CommandCheck::default().judge(&ended(Some(3), None)).verdict, Verdict::DoesNotHold);
        let check = CommandCheck { output: Some("ok".into()), ..CommandCheck::default() };
        assert_eq!(check.judge(&CommandSeen { text: Some(true), ..ended(Some(3), None) }).verdict, Verdict::Holds);
        assert!(matches!(check.judge(&ended(Some(0), None)).verdict, Verdict::Unknown(_)));
        assert_eq!(
            CommandCheck { exit: Some("not 0".parse().unwrap()), ..check }.condition(),
            "exit not 0, holds \"ok\""
        );
    }

    #[test]
    fn placeholders_are_filled_once_and_never_pass_for_options() {
        let fill = |text: &str, target: &Target| {
            arguments(&[Template("x".into()), Template(text.into())], target).map(|argv| argv[1].to_string())
        };
        let unit = Target::Unit("a.service".into());
        assert_eq!(fill("--unit={unit} {{x}}", &unit).unwrap(), "--unit=a.service {x}");
        assert_eq!(fill("{target}", &Target::Path("/{unit}".into())).unwrap(), "/{unit}");
        assert!(fill("{mount}", &unit).is_err() && fill("{unit", &unit).is_err() && fill("{pid}", &unit).is_err());
        assert!(fill("{target}", &Target::Process("-rf".into())).is_err());
        assert!(arguments(&[Template("{target}".into())], &unit).is_err());
    }

    #[tokio::test]
    async fn a_program_is_run_in_a_clean_place() {
        let seen = ran(&["sh", "-c", "pwd; env; exit 3"], Some("/\n"), LONG).await.unwrap();
        assert_eq!((seen.exit, seen.text), (Some(3), Some(true)));
        let home = ran(&["sh", "-c", "echo $HOME:${CARGO:-none}"], Some(":none"), LONG).await.unwrap();
        assert_eq!(home.text, Some(true));
        let killed = ran(&["sh", "-c", "kill -9 $$"], None, LONG).await.unwrap();
        assert_eq!((killed.exit, killed.signal), (None, Some(9)));
        assert!(ran(&["no-such-program-anywhere"], None, LONG).await.is_err());
    }

    #[tokio::test]
    async fn a_grandchild_that_holds_the_output_is_not_waited_for() {
        let seen = ran(&["sh", "-c", "sleep 600 & echo done"], Some("done"), LONG).await.unwrap();
        assert_eq!((seen.exit, seen.text), (Some(0), Some(true)));
    }

    #[tokio::test]
    async fn the_first_line_that_a_program_prints_is_what_was_seen() {
        let seen = ran(&["sh", "-c", "echo; echo 'DISK CRITICAL - /srv 97%'; echo more; exit 2"], None, LONG).await;
        assert_eq!(CommandCheck::default().judge(&seen.unwrap()).seen, "exit 2: DISK CRITICAL - /srv 97%");
        let complaint = ran(&["sh", "-c", "echo 'token=abc\u{1b}[1m refused' >&2; exit 3"], None, LONG).await.unwrap();
        let said = CommandCheck::default().judge(&complaint).seen;
        assert!(said.starts_with("exit 3: token=[redacted]") && !said.contains('\u{1b}'), "{said}");
        let silent = ran(&["true"], None, LONG).await.unwrap();
        assert_eq!(CommandCheck::default().judge(&silent).seen, "exit 0");
        assert!(CommandCheck::is_insignificant(
            &CommandSeen { words: Some("load 0.12".into()), ..silent.clone() },
            &silent
        ));
    }

    #[tokio::test]
    async fn a_daemon_that_a_check_starts_ends_with_the_check() {
        let script = "(setsid env -i /bin/sh -c 'echo pid=$$ >&2; exec sleep 1000' &) ; sleep 0.2; echo done";
        let daemons = (0..5).map(|_| tokio::spawn(async move { ran(&["sh", "-c", script], Some("done"), LONG).await }));
        for daemon in daemons.collect::<Vec<_>>() {
            assert_eq!(daemon.await.unwrap().unwrap().text, Some(true));
        }
        let mine =
            |pid: &str| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line == b"sleep\x001000\0");
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        assert!(!children.split_whitespace().any(mine), "{children}");
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_unknown_and_ended_with_its_scope() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! >{}; wait", file.display());
        let late = ran(&["sh", "-c", &script], None, Duration::from_millis(500)).await;
        assert_eq!(late, Err("sh did not end within 0.5 s".into()));
        let pid = std::fs::read_to_string(&file).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        let alive = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        while alive() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
