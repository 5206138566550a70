//! Sends a signal to one process, through a pidfd: never to another one that got its number since.

use std::sync::Arc;

use procfs::process::Process;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::table::SignalAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::playbook::Playbook;
use crate::text::clean_line;

/// A signal to send to one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedSignal {
    /// The process id, which another process may have by now.
    pub pid: i32,
    /// When it started, in clock ticks since the boot: another process of this number started at another time.
    pub started: u64,
    /// The process's name, for messages.
    pub name: String,
    /// The signal to send.
    pub signal: SignalAction,
}

/// Why no signal may be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignalRefusal {
    /// The target has no main process now.
    #[error("{0} has no main process that a signal could go to")]
    NoProcess(String),
    /// The process with this id has exited, or is a zombie.
    #[error("process {0} is gone")]
    Gone(i32),
    /// The process is the first one, salve itself, or an ancestor of salve.
    #[error("process {0} is salve itself, what it was started from, or the first process: it is never sent a signal")]
    Own(i32),
}

impl From<SignalRefusal> for PlanError {
    fn from(refusal: SignalRefusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

impl ActionKind for SignalAction {
    type Resolved = ResolvedSignal;

    /// Resolves a signal to the target's main process, and when it started.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let pid = context.pid.ok_or_else(|| SignalRefusal::NoProcess(context.target.to_string()))?;
        may(pid)?;
        let (name, started) = identity(pid).ok_or(SignalRefusal::Gone(pid))?;
        let word = self.word();
        let details = vec![
            ("through", "a pidfd; another process of this number is refused".into()),
            ("blast radius", "this one process, and what hangs on it".into()),
            ("rollback", "none".into()),
        ];
        let sentence = format!("send {word} to {name} (process {pid})");
        Ok(ResolvedStep { sentence, details, resolved: ResolvedSignal { pid, started, name, signal: *self } })
    }

    /// Sends the signal through a pidfd, after checking that the id still belongs to the planned process.
    async fn carry_out(resolved: ResolvedSignal, _: &mut StepContext<'_>) -> StepOutcome {
        match send(&resolved) {
            Ok(()) => {
                let done: Arc<str> = format!("{} sent to process {}", resolved.signal.word(), resolved.pid).into();
                StepOutcome { result: StepResult::Done(done), output: String::new(), scope_empty: true }
            }
            Err(ran) => ran,
        }
    }
}

/// Refuses the first process, this one, and its ancestors.
fn may(pid: i32) -> Result<(), SignalRefusal> {
    let mut above = i32::try_from(std::process::id()).unwrap_or(1);
    while above > 1 {
        if above == pid {
            return Err(SignalRefusal::Own(pid));
        }
        above = Process::new(above).and_then(|process| process.stat()).map_or(0, |stat| stat.ppid);
    }
    if pid <= 1 { Err(SignalRefusal::Own(pid)) } else { Ok(()) }
}

/// A living process's name, and when it started.
fn identity(pid: i32) -> Option<(String, u64)> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (stat.state != 'Z').then(|| (clean_line(&stat.comm).into_owned(), stat.starttime))
}

fn send(resolved: &ResolvedSignal) -> Result<(), StepOutcome> {
    may(resolved.pid).map_err(|refusal| StepOutcome::refused(refusal.to_string()))?;
    let gone = || StepOutcome::refused(SignalRefusal::Gone(resolved.pid).to_string());
    let pid = Pid::from_raw(resolved.pid).ok_or_else(gone)?;
    // From here on the descriptor refers to one process: reading its start time once more shows whether it is the right
    // one.
    let process = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| gone())?;
    if identity(resolved.pid).is_none_or(|(_, started)| started != resolved.started) {
        return Err(gone());
    }
    let sent = pidfd_send_signal(process, signal(resolved.signal));
    sent.map_err(|error| StepOutcome::failed(format!("the signal could not be sent: {error}")))
}

const fn signal(signal: SignalAction) -> Signal {
    match signal {
        SignalAction::Hup => Signal::HUP,
        SignalAction::Usr1 => Signal::USR1,
        SignalAction::Usr2 => Signal::USR2,
        SignalAction::Int => Signal::INT,
        SignalAction::Quit => Signal::QUIT,
        SignalAction::Term => Signal::TERM,
        SignalAction::Cont => Signal::CONT,
        SignalAction::Kill => Signal::KILL,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, ResolvedSignal) {
        let child = Command::new("/bin/sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let (name, started) = identity(pid).unwrap();
        (child, ResolvedSignal { pid, started, name, signal: SignalAction::Term })
    }

    #[test]
    fn the_named_process_gets_it() {
        let (mut child, resolved) = sleeper();
        assert_eq!(send(&resolved), Ok(()));
        assert_eq!(child.wait().unwrap().signal(), Some(15));
        assert!(matches!(send(&resolved), Err(StepOutcome { result: StepResult::Refused(_), .. })), "it is gone");
    }

    #[test]
    fn another_process_of_the_same_number_does_not() {
        let (mut child, resolved) = sleeper();
        let another = ResolvedSignal { started: resolved.started + 1, ..resolved.clone() };
        assert!(matches!(send(&another), Err(StepOutcome { result: StepResult::Refused(_), .. })));
        assert_eq!(child.try_wait().unwrap(), None);
        send(&ResolvedSignal { signal: SignalAction::Kill, ..resolved }).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn salve_and_what_it_descends_from_are_never_sent_one() {
        let own = i32::try_from(std::process::id()).unwrap();
        let parent = Process::myself().unwrap().stat().unwrap().ppid;
        for pid in [own, parent, 1, 0, -1, i32::MIN] {
            assert_eq!(may(pid), Err(SignalRefusal::Own(pid)));
        }
    }
}
