//! The loop of the sentences: states and lines in, sentences and commands out.
#![allow(clippy::disallowed_methods, reason = "the console's own way to its terminal")]

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{QueueSelector, tcflush};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::super::canvas::RenderOptions;
use super::super::terminal;
use super::changes::changes;
use super::listen::{PlainInput, listen};
use super::prompt::{Out, Prompter};
use crate::console::app::shutdown::{Outside, until_ended};
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::content::rows;
use crate::console::keys::guard::{QUIET, holds_back};
use crate::console::options::{ConsoleError, Ended, EngineAt, Options};
use crate::core::{Command, IncidentId};
use crate::engine::handle::Subscription;
use crate::engine::{Handle, Snapshot};
use crate::text::clean_line;

use crate::console::plain::output::Marks;

/// How often it is looked whether the engine still gives signs of progress.
const LOOK: Duration = Duration::from_secs(1);

/// Says what changes until it ends. Lines are taken only where both ends are a terminal: a pipe approves nothing.
///
/// # Errors
/// Where a thread or a signal cannot be had.
pub fn run(handle: Handle, options: &Options, runtime: &tokio::runtime::Handle) -> Result<Ended, ConsoleError> {
    let (read_only, engine, bell) = (options.read_only, options.engine.clone(), options.bell);
    let inside = runtime.clone();
    until_ended(runtime, move |outside| {
        inside.block_on(async { Session::start(handle, outside, read_only, engine, bell)?.run().await })
    })
}

pub(super) struct Session {
    handle: Handle,
    quit: watch::Receiver<bool>,
    lines: Option<mpsc::UnboundedReceiver<PlainInput>>,
    answers: mpsc::UnboundedReceiver<Result<Arc<str>, String>>,
    answer: mpsc::UnboundedSender<Result<Arc<str>, String>>,
    snapshots: Subscription,
    latest: Arc<Snapshot>,
    came: Instant,
    started: Instant,
    pub(super) zone: TimeZone,
    look: RenderOptions,
    pub(super) desk: Prompter,
    /// What the last line asks of the engine, until no other line has followed it for long enough.
    deciding: Option<(Command, Instant)>,
    summary: String,
    asked: BTreeSet<(IncidentId, u32)>,
    engine: EngineAt,
    bell: bool,
    /// The terminal marks what is pasted, so that a paste is not taken for typing.
    pub(super) marks: Marks,
    pub(super) ended: Option<Ended>,
}

impl Session {
    fn start(
        handle: Handle,
        outside: Outside,
        read_only: bool,
        engine: EngineAt,
        bell: bool,
    ) -> Result<Self, ConsoleError> {
        let both = terminal::is_there();
        let (heard, lines) = mpsc::unbounded_channel();
        if both {
            listen(heard)?;
        }
        let (answer, answers) = mpsc::unbounded_channel();
        let mut snapshots = handle.snapshots();
        let latest = Arc::clone(&snapshots.borrow_and_update());
        Ok(Self {
            quit: outside.quit,
            lines: both.then_some(lines),
            came: Instant::now(),
            started: Instant::now(),
            zone: TimeZone::system(),
            look: super::look(),
            desk: Prompter::new(read_only, engine.clone()),
            deciding: None,
            summary: String::new(),
            asked: waiting(&latest),
            bell: bell && both,
            marks: if both && !crate::console::terminal::is_dumb() { Marks::Off } else { Marks::Never },
            ended: None,
            handle,
            answers,
            answer,
            snapshots,
            latest,
            engine,
        })
    }

    async fn run(mut self) -> Result<Ended, ConsoleError> {
        let mut stopped = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
        self.begin();
        let mut engine_gone = false;
        while self.ended.is_none() {
            let wait = self.wait();
            let line = async {
                match &mut self.lines {
                    Some(lines) => lines.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = self.quit.changed() => self.ended = Some(Ended::Signalled),
                Some(heard) = line => self.hear(&heard),
                Some(()) = stopped.recv() => self.stop(),
                Some(answer) = self.answers.recv() => self.answered(&answer),
                changed = self.snapshots.changed(), if !engine_gone => match changed {
                    Ok(()) => self.follow(),
                    Err(_) => engine_gone = true,
                },
                () = tokio::time::sleep(wait) => {
                    self.settle();
                    self.sum_up();
                }
            }
        }
        Ok(self.ended.take().unwrap_or(Ended::Quit))
    }

    fn begin(&mut self) {
        let stand = super::stand(&self.world());
        self.summary = super::summary(&self.world());
        for line in stand {
            self.tell(&line);
        }
        if self.lines.is_some() {
            let help = self.desk.help();
            self.say(&help);
        }
    }

    fn world(&self) -> ViewContext<'_> {
        let at = ConsoleTime(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        ViewContext {
            mono: self.latest.now.mono + self.came.elapsed(),
            wall: Timestamp::now(),
            ..super::world(&self.latest, &self.look, &self.zone, at, self.handle.quiet_for())
        }
    }

    /// Until the next look, or until what the last line asks is sent.
    fn wait(&self) -> Duration {
        self.deciding
            .as_ref()
            .map_or(LOOK, |(_, at)| Duration::from_millis(QUIET).saturating_sub(at.elapsed()).min(LOOK))
    }

    /// Asks the engine for what the last line wants, once no other line has followed it: pasted lines decide nothing.
    fn settle(&mut self) {
        let due = |(_, at): &mut (Command, Instant)| at.elapsed() >= Duration::from_millis(QUIET);
        let Some((command, _)) = self.deciding.take_if(due) else { return };
        if matches!(command, Command::Approve { .. }) {
            self.say("approval sent; the safety rules are checked again before it runs");
        }
        self.send(command);
    }

    fn send(&self, command: Command) {
        let (handle, answer) = (self.handle.clone(), self.answer.clone());
        tokio::spawn(async move {
            let answered = handle.command(command).await.map_err(|refusal| refusal.to_string());
            let _ = answer.send(answered);
        });
    }

    fn hear(&mut self, heard: &PlainInput) {
        if self.deciding.take().is_some() {
            self.say("nothing was done: another line followed immediately; wait a moment and type it again");
        }
        let outs = match heard {
            PlainInput::Line(line) => {
                let mut desk = self.desk.clone();
                let outs = desk.line(line, &self.world());
                self.desk = desk;
                outs
            }
            PlainInput::End => self.desk.quit(),
            PlainInput::Gone => return self.ended = Some(Ended::TerminalLost),
        };
        self.carry_out(outs);
    }

    fn carry_out(&mut self, outs: Vec<Out>) {
        for out in outs {
            match out {
                Out::Say(words) => self.say(&words),
                Out::Ask(words) => {
                    self.mark();
                    self.say(&words);
                    // what was typed before the question was said does not answer it
                    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
                    let at = self.world().at;
                    self.desk.said(at);
                }
                Out::Send(command) if holds_back(&command) => self.send(command),
                Out::Send(command) => self.deciding = Some((command, Instant::now())),
                Out::Quit => self.ended = Some(Ended::Quit),
            }
        }
        self.mark();
    }

    fn answered(&mut self, answer: &Result<Arc<str>, String>) {
        match answer {
            Ok(words) => self.tell(words),
            Err(why) => self.tell(&format!("refused: {why}")),
        }
    }

    fn follow(&mut self) {
        let after = Arc::clone(&self.snapshots.borrow_and_update());
        let news = changes(&self.latest, &after, &self.zone);
        (self.latest, self.came) = (after, Instant::now());
        for line in news {
            self.say(&clean_line(&line));
        }
        self.announce();
        self.sum_up();
        let mut desk = self.desk.clone();
        let outs = desk.follow(&self.world());
        self.desk = desk;
        self.carry_out(outs);
    }

    /// A new request rings once and says how to answer it; it never takes the next line for itself.
    fn announce(&mut self) {
        let now = waiting(&self.latest);
        let new: Vec<IncidentId> = now.difference(&self.asked).map(|(id, _)| *id).collect();
        self.asked = now;
        if new.is_empty() || self.lines.is_none() {
            return;
        }
        if self.bell {
            self.write("\x07");
        }
        for id in new {
            self.tell(&format!("{id} awaits approval: type a {} to review it", id.0));
        }
    }

    /// Line 1 again, where it changed.
    fn sum_up(&mut self) {
        let summary = super::summary(&self.world());
        // the age of what is stale changes every second, and is no news
        let same = |a: &str, b: &str| a == b || (a.starts_with("stale") && b.starts_with("stale"));
        if !same(&summary, &self.summary) {
            self.tell(&format!("now: {summary}"));
            self.summary = summary;
        }
    }

    /// Ctrl-Z. What heals must not be stopped by a slip.
    fn stop(&mut self) {
        if self.engine.is_embedded() {
            self.say("Not suspended: remediation runs inside this console and would stop. q quits.");
        } else {
            let _ = kill_process(getpid(), Signal::STOP);
        }
    }
}

/// What waits for a yes.
fn waiting(snapshot: &Snapshot) -> BTreeSet<(IncidentId, u32)> {
    rows::requests(snapshot).into_iter().map(|(incident, request)| (incident.id, request.generation)).collect()
}
