//! The loop: takes inputs in, carries requests out, and draws when something changed, at most every 50 ms.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::process::Signal;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::editor::EditorTaskResult;
use super::form::DryRunResult;
use super::model::Model;
use super::options::{ConsoleError, Ended, Options};
use super::terminal::decode::Typed;
use super::terminal::{Keyboard, Terminal, TerminalEvent};
use super::update::{ConsoleInput, rest, update};
use super::{Caption, DemoHooks, view};
use crate::core::Key;
use crate::engine::Handle;
use crate::engine::handle::Subscription;
use crate::engine::history::FoldProgress;
use appearance::{Looks, Opened};
use file_worker::FileWorker;
use shutdown::{Outside, until_ended};

pub(super) mod appearance;
mod effects;
pub mod export;
pub(super) mod external_editor;
pub(super) mod file_worker;
pub mod once;
pub(super) mod shutdown;
mod suspension;
pub(super) mod svg;
mod time;

use time::Latest;

/// Least time between two drawings.
const FRAME: Duration = Duration::from_millis(50);
/// How often the files of themes are looked at.
const FILES: Duration = Duration::from_millis(500);

/// Runs the screen on a thread of its own.
pub fn run(handle: Handle, options: Options, runtime: &tokio::runtime::Handle) -> Result<Ended, ConsoleError> {
    let opened = Opened::new(&options)?;
    let inside = runtime.clone();
    until_ended(runtime, move |outside| {
        inside.block_on(async { App::start(handle, options, opened, outside)?.run().await })
    })
}

/// What is said next; never, where nothing plays.
async fn said(stage: &mut Option<DemoHooks>) -> Option<Caption> {
    if let Some(stage) = stage
        && stage.caption.changed().await.is_ok()
    {
        return Some(stage.caption.borrow_and_update().clone());
    }
    std::future::pending().await
}

/// Everything that the loop holds.
struct App {
    handle: Handle,
    options: Options,
    looks: Looks,
    /// When the files of themes were last looked at.
    looked: Instant,
    /// The terminal shows notifications.
    notify: bool,
    /// What is wrong with the preferences, until it is told.
    wrong: Option<String>,
    zone: TimeZone,
    started: Instant,
    latest: Latest,
    model: Model,
    terminal: Terminal,
    keyboard: Keyboard,
    snapshots: Subscription,
    heard: mpsc::UnboundedReceiver<TerminalEvent>,
    answers: mpsc::UnboundedReceiver<Result<Arc<str>, String>>,
    answer: mpsc::UnboundedSender<Result<Arc<str>, String>>,
    clerk: FileWorker,
    tell: mpsc::UnboundedSender<EditorTaskResult>,
    told: mpsc::UnboundedReceiver<EditorTaskResult>,
    /// The dry run that goes on; the next one ends it.
    trial: Option<tokio::task::AbortHandle>,
    /// What the past answers.
    recalled: mpsc::UnboundedReceiver<ConsoleInput>,
    recall: mpsc::UnboundedSender<ConsoleInput>,
    recalling: watch::Receiver<Option<FoldProgress>>,
    looks_over: mpsc::UnboundedReceiver<(Key, DryRunResult)>,
    look: mpsc::UnboundedSender<(Key, DryRunResult)>,
    quit: watch::Receiver<bool>,
    resized: Signals,
    stopped: Signals,
    continued: Signals,
    editing: Arc<AtomicBool>,
    drawn: Option<Instant>,
    dirty: bool,
    /// The terminal is not ours until the process is continued.
    asleep: bool,
    ended: Option<Ended>,
}

impl App {
    fn start(
        handle: Handle,
        options: Options,
        opened: Opened,
        Outside { quit, editing }: Outside,
    ) -> Result<Self, ConsoleError> {
        let terminal = Terminal::take()?;
        let (listens, heard) = mpsc::unbounded_channel();
        let (answer, answers) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let (recall, recalled) = mpsc::unbounded_channel();
        let (look, looks_over) = mpsc::unbounded_channel();
        let mut snapshots = handle.snapshots();
        let latest = Latest::new(Arc::clone(&snapshots.borrow_and_update()));
        let mut model = Model::new(terminal.size(), options.read_only, options.engine.clone(), options.writing);
        if let Some(stage) = &options.stage {
            model.faults = Arc::clone(&stage.faults);
        }
        Ok(Self {
            model,
            keyboard: Keyboard::listen(listens)?,
            resized: signal(SignalKind::window_change())?,
            stopped: signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
            clerk: FileWorker::start(options.config.clone(), &options.drafts, tell.clone())?,
            tell,
            told,
            trial: None,
            zone: TimeZone::system(),
            started: Instant::now(),
            drawn: None,
            dirty: true,
            asleep: false,
            ended: None,
            recalled,
            recall,
            recalling: handle.recalling(),
            handle,
            options,
            looks: opened.looks,
            looked: Instant::now(),
            notify: opened.notify,
            wrong: opened.wrong,
            latest,
            terminal,
            snapshots,
            heard,
            answers,
            answer,
            look,
            looks_over,
            quit,
            editing,
        })
    }

    async fn run(mut self) -> Result<Ended, ConsoleError> {
        let ended = self.go_on().await;
        // what was typed last is kept, however the console ends
        for ask in rest(&mut self.model) {
            self.clerk.ask(ask);
        }
        self.clerk.finish();
        Ok(ended)
    }

    async fn go_on(&mut self) -> Ended {
        self.take_in(ConsoleInput::Snapshot);
        if let Some(wrong) = self.wrong.take() {
            self.take_in(ConsoleInput::Answer(Err(wrong)));
        }
        let mut engine_gone = false;
        while self.ended.is_none() {
            self.look_at_files();
            if self.draw().is_err() {
                return Ended::TerminalLost;
            }
            let wait = self.wait();
            tokio::select! {
                biased;
                _ = self.quit.changed() => self.ended = Some(Ended::Signalled),
                Some(heard) = self.heard.recv() => self.hear(heard),
                Some(()) = self.resized.recv() => self.resize(),
                Some(()) = self.stopped.recv() => self.take_in(ConsoleInput::Stop),
                Some(()) = self.continued.recv() => self.wake_up(),
                Some(told) = self.told.recv() => self.take_in(ConsoleInput::Author(told)),
                Some(answer) = self.answers.recv() => self.take_in(ConsoleInput::Answer(answer)),
                Some(input) = self.recalled.recv() => self.take_in(input),
                Ok(()) = self.recalling.changed() => {
                    let progress = *self.recalling.borrow_and_update();
                    self.take_in(ConsoleInput::Recalling(progress));
                }
                Some(caption) = said(&mut self.options.stage) => match caption {
                    Caption::Silent => self.take_in(ConsoleInput::Caption(None)),
                    Caption::Says(text) => self.take_in(ConsoleInput::Caption(Some(text))),
                    Caption::Over => self.ended = Some(Ended::Quit),
                },
                Some((key, looked)) = self.looks_over.recv() => self.take_in(ConsoleInput::Looked { key, looked }),
                changed = self.snapshots.changed(), if !engine_gone => match changed {
                    Ok(()) => self.follow(),
                    // the age of the data tells it from now on
                    Err(_) => engine_gone = true,
                },
                () = tokio::time::sleep(wait) => self.take_in(ConsoleInput::Tick),
            }
        }
        self.ended.unwrap_or(Ended::Quit)
    }

    fn take_in(&mut self, input: ConsoleInput) {
        let shown = if matches!(input, ConsoleInput::Snapshot) { self.live() } else { self.shown() };
        let world = shown.world(self.at(), &self.zone, &self.looks);
        let requests = update(&mut self.model, input, &world);
        self.dirty = true;
        for request in requests {
            self.carry_out(request);
        }
    }

    fn draw(&mut self) -> std::io::Result<()> {
        if self.asleep || !self.dirty || self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return Ok(());
        }
        let (width, height) = self.model.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let shown = self.shown();
        let world = shown.world(self.at(), &self.zone, &self.looks);
        view::draw(&self.model, &world, &mut buffer);
        self.terminal.show(&buffer)?;
        let before = self.model.wakes_at();
        self.take_in(ConsoleInput::Drawn);
        self.drawn = Some(Instant::now());
        // a request that has just been seen says so
        self.dirty = self.model.wakes_at() != before;
        Ok(())
    }

    fn hear(&mut self, heard: TerminalEvent) {
        match heard {
            TerminalEvent::Typed(Typed::Key(key)) => self.take_in(ConsoleInput::Key(key)),
            TerminalEvent::Typed(Typed::Paste(text)) => self.take_in(ConsoleInput::Paste(text)),
            TerminalEvent::Typed(Typed::Mouse(mouse)) => self.take_in(ConsoleInput::Mouse(mouse)),
            TerminalEvent::Gone => self.ended = Some(Ended::TerminalLost),
        }
    }

    fn follow(&mut self) {
        let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        self.latest = Latest::new(snapshot);
        self.take_in(ConsoleInput::Snapshot);
    }

    fn resize(&mut self) {
        match self.terminal.resized() {
            Ok((width, height)) => self.take_in(ConsoleInput::Resize(width, height)),
            Err(_) => self.ended = Some(Ended::TerminalLost),
        }
    }

    fn tell(&mut self, bytes: &[u8]) {
        if self.terminal.write(bytes).is_err() {
            self.ended = Some(Ended::TerminalLost);
        }
    }

    /// Once in a while: has a theme's file changed?
    fn look_at_files(&mut self) {
        if self.looked.elapsed() < FILES {
            return;
        }
        self.looked = Instant::now();
        if let Some(told) = self.looks.refresh() {
            self.take_in(ConsoleInput::Answer(told.map(Arc::from)));
        }
    }
}
