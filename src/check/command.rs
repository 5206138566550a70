//! A program's exit code and output: the escape hatch. The deadline ends its whole process group, and a grandchild
//! that keeps the pipe open is not waited for.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::judge::Judged;
use super::look::Looker;
use super::parts::{Parts, joined};
use super::subject::millis;
use crate::host::program::{FIXED_PATH, find};
use crate::playbook::Target;
use crate::playbook::check::CommandCheck;
use crate::playbook::placeholder::{self, Placeholders};
use crate::playbook::value::{Template, WantedNumber};

/// So much of the output is looked at; the rest is read and dropped.
const OUTPUT: usize = 64 * 1024;

/// For how long output is still read after the program's end.
const DRAIN: Duration = Duration::from_millis(200);

/// Which program.
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
}

/// The program with its placeholders filled.
///
/// # Errors
/// Where a placeholder has no value, or a value would pass for an option or for the program.
pub fn subject(check: &CommandCheck, target: &Target) -> Result<CommandSubject, String> {
    let argv = arguments(&check.run, target)?;
    let text = check.output.as_deref().map(Into::into);
    Ok(CommandSubject { argv, text, timeout_ms: millis(check.timeout, Duration::from_secs(10)) })
}

fn arguments(run: &[Template], target: &Target) -> Result<Vec<Arc<str>>, String> {
    let values = Placeholders { target: target.clone(), incident: None, pid: None };
    let filled = placeholder::arguments(run, &values).map_err(|error| error.to_string())?;
    Ok(filled.into_iter().map(Into::into).collect())
}

/// Runs it.
///
/// # Errors
/// In words: it may not be run, cannot be run, or did not end in time.
pub async fn look(subject: &CommandSubject, _: &Looker) -> Result<CommandSeen, String> {
    let limit = Duration::from_millis(subject.timeout_ms);
    run(&subject.argv, subject.text.as_deref(), limit).await
}

async fn run(argv: &[Arc<str>], text: Option<&str>, limit: Duration) -> Result<CommandSeen, String> {
    let (name, arguments) = argv.split_first().ok_or("the check names no program")?;
    let program = find(name, limit).await.map_err(|error| error.to_string())?;
    let mut child = Command::new(&program.path)
        .args(arguments.iter().map(|argument| &**argument))
        .env_clear()
        .env("PATH", FIXED_PATH.join(":"))
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", program.path.display()))?;
    crate::host::oom::usual(child.id());
    // Its group goes with this look, however the look ends: done, late, or dropped with its watch.
    let _group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let output = child.stdout.take();
    let ended = timeout(limit, ended(&mut child, output)).await;
    let (status, output) = ended.map_err(|_| format!("{name} did not end within {} s", limit.as_secs_f64()))??;
    Ok(CommandSeen {
        exit: status.code().and_then(|code| u16::try_from(code).ok()),
        signal: std::os::unix::process::ExitStatusExt::signal(&status),
        text: text.map(|text| String::from_utf8_lossy(&output).contains(text)),
    })
}

/// A process group that is killed when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Waits for the program, not for whoever holds its output; that is read meanwhile, and a moment longer.
async fn ended(child: &mut Child, output: Option<ChildStdout>) -> Result<(std::process::ExitStatus, Vec<u8>), String> {
    let mut kept = Vec::new();
    let status = {
        let reading = drain(output, &mut kept);
        tokio::pin!(reading);
        let mut read = false;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status,
                () = &mut reading, if !read => read = true,
            }
        };
        if !read {
            let _ = timeout(DRAIN, reading).await;
        }
        status
    };
    Ok((status.map_err(|error| format!("its end was not seen: {error}"))?, kept))
}

async fn drain(output: Option<ChildStdout>, kept: &mut Vec<u8>) {
    let Some(mut output) = output else { return };
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        let room = OUTPUT - kept.len();
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
}

/// Whatever changes is kept.
pub(super) fn hardly_differs(now: &CommandSeen, then: &CommandSeen) -> bool {
    now == then
}

/// Judges it. Death by a signal is not any exit code.
#[must_use]
pub fn judge(check: &CommandCheck, seen: &CommandSeen) -> Judged {
    let mut parts = Parts::default();
    let words = match (seen.exit, seen.signal) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".into(),
    };
    // A program alone asks for its success; a text alone for the text.
    let success = WantedNumber { negated: false, number: 0 };
    if let Some(wanted) = check.exit.or(check.output.is_none().then_some(success)) {
        parts.met(wanted.admits(seen.exit), words.as_str());
    }
    if check.output.is_some() {
        match seen.text {
            Some(held) => parts.met(held, if held { "text found" } else { "text missing" }),
            None => parts.unclear("the output was not looked at for this text"),
        }
    }
    if let Some(code) = seen.exit {
        parts.figure(f64::from(code));
    }
    parts.judged()
}

/// In words.
#[must_use]
pub fn condition(check: &CommandCheck) -> String {
    let words = joined([
        check.exit.map(|exit| format!("exit {exit}")),
        check.output.as_ref().map(|text| format!("holds {text:?}")),
    ]);
    if words.is_empty() { "exit 0".into() } else { words }
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
        let ended = |exit, signal| CommandSeen { exit, signal, text: None };
        assert_eq!(judge(&wanting("0"), &ended(Some(0), None)).verdict, Verdict::Holds);
        assert_eq!(judge(&wanting("0"), &ended(None, Some(9))).verdict, Verdict::DoesNotHold);
        assert_eq!(judge(&wanting("not 0"), &ended(None, Some(9))).verdict, Verdict::Holds);
        assert_eq!(judge(&wanting("not 0"), &ended(None, Some(9))).seen, "ended by signal 9");
        assert_eq!(judge(&CommandCheck::default(), &ended(Some(3), None)).verdict, Verdict::DoesNotHold);
        let check = CommandCheck { output: Some("ok".into()), ..CommandCheck::default() };
        assert_eq!(judge(&check, &CommandSeen { text: Some(true), ..ended(Some(3), None) }).verdict, Verdict::Holds);
        assert!(matches!(judge(&check, &ended(Some(0), None)).verdict, Verdict::Unknown(_)));
        assert_eq!(
            condition(&CommandCheck { exit: Some("not 0".parse().unwrap()), ..check }),
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
        assert_eq!(seen, CommandSeen { exit: Some(3), signal: None, text: Some(true) });
        let home = ran(&["sh", "-c", "echo $HOME:${CARGO:-none}"], Some(":none"), LONG).await.unwrap();
        assert_eq!(home.text, Some(true));
        let killed = ran(&["sh", "-c", "kill -9 $$"], None, LONG).await.unwrap();
        assert_eq!((killed.exit, killed.signal), (None, Some(9)));
        assert!(ran(&["no-such-program-anywhere"], None, LONG).await.is_err());
    }

    #[tokio::test]
    async fn a_grandchild_that_holds_the_output_is_not_waited_for() {
        let seen = ran(&["sh", "-c", "sleep 600 & echo done"], Some("done"), LONG).await.unwrap();
        assert_eq!(seen, CommandSeen { exit: Some(0), signal: None, text: Some(true) });
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_unknown_and_ended_with_its_group() {
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
