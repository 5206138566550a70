//! What an update asks for, carried out: commands, looks and files. What takes time answers later, as an input.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::App;
use crate::console::app::external_editor;
use crate::console::editor::{EditorTask, EditorTaskResult};
use crate::console::model::effect::ConsoleEffect;
use crate::console::options::Ended;
use crate::console::terminal::osc;
use crate::console::update::ConsoleInput;
use crate::console::{export, terminal};
use crate::core::Key;
use crate::engine::host_queries::Rehearsing;
use crate::playbook::write::WantedTarget;

impl App {
    pub(super) fn carry_out(&mut self, request: ConsoleEffect) {
        match request {
            ConsoleEffect::Send(command) => {
                let (handle, answer) = (self.handle.clone(), self.answer.clone());
                tokio::spawn(async move {
                    let answered = handle.command(command).await.map_err(|refusal| refusal.to_string());
                    let _ = answer.send(answered);
                });
            }
            ConsoleEffect::Ask(ask) => self.ask(ask),
            ConsoleEffect::Recall(goal) => {
                let (handle, recall) = (self.handle.clone(), self.recall.clone());
                tokio::spawn(async move {
                    let moment = handle.recall(goal).await.map(Box::new);
                    let _ = recall.send(ConsoleInput::Replayed(moment));
                });
            }
            ConsoleEffect::Tell(id) => {
                let (handle, recall) = (self.handle.clone(), self.recall.clone());
                tokio::spawn(async move {
                    let _ = recall.send(ConsoleInput::Told(id, handle.incident(id).await));
                });
            }
            ConsoleEffect::Export { stem, text } => self.export(stem.to_string(), text),
            ConsoleEffect::Plan(key) => self.plan(key),
            ConsoleEffect::Theme(name) => {
                let kept = self.looks.keep(&name);
                self.take_in(ConsoleInput::Answer(kept.map(Arc::from)));
            }
            ConsoleEffect::Preview(name) => {
                if let Err(error) = self.looks.preview(name.as_deref()) {
                    self.take_in(ConsoleInput::Answer(Err(error.to_string())));
                }
            }
            ConsoleEffect::Copy(text) => self.tell(&osc::clipboard(&text, osc::Between::here())),
            ConsoleEffect::Bell if self.options.bell => self.tell(b"\x07"),
            ConsoleEffect::Notify(text) if self.notify => self.tell(&osc::notification(&text, osc::Between::here())),
            ConsoleEffect::Bell | ConsoleEffect::Notify(_) => {}
            ConsoleEffect::Break(at) => {
                if let Some(stage) = &self.options.stage {
                    // a play that is over breaks nothing any more
                    let _ = stage.chosen.send(at);
                }
            }
            ConsoleEffect::Mouse(on) => {
                if self.terminal.mouse(on).is_err() {
                    self.ended = Some(Ended::TerminalLost);
                }
            }
            ConsoleEffect::Redraw => {
                let _ = self.terminal.clear();
            }
            ConsoleEffect::Suspend => self.sleep(),
            ConsoleEffect::Quit => self.ended = Some(Ended::Quit),
        }
    }

    /// Has the host looked at for a run by hand. A look takes as long as the checks do, so its answer comes later.
    fn plan(&mut self, key: Key) {
        let snapshot = &self.latest.snapshot;
        let detector = snapshot.detectors.iter().find(|detector| detector.key.as_ref() == Some(&key));
        let book = detector.and_then(|found| snapshot.playbooks.iter().find(|book| book.name == found.playbook));
        let Some(book) = book else {
            return self.take_in(ConsoleInput::Looked { key, looked: Err("its playbook no longer exists".into()) });
        };
        let mut told = self.handle.rehearse(Arc::clone(&book.name), Arc::clone(&book.source));
        let looked = self.look.clone();
        tokio::spawn(async move {
            let mut end = Err(Arc::from("the check did not finish"));
            while let Some(step) = told.recv().await {
                if let Rehearsing::Done(done) = step {
                    end = done;
                }
            }
            let _ = looked.send((key, end));
        });
    }

    /// What a page for writing asks: of the engine, of the terminal, and all else of the clerk.
    fn ask(&mut self, ask: EditorTask) {
        match ask {
            EditorTask::Open { playbook } => {
                let found = self.latest.snapshot.playbooks.iter().find(|view| view.name == playbook);
                if let Some(found) = found {
                    self.clerk.open(Arc::clone(found));
                }
            }
            EditorTask::Offers { wanted } => self.offers(wanted),
            EditorTask::Rehearse { name, text } => self.rehearse(name, text),
            EditorTask::HandOver { name, text } => self.hand_over(&name, &text),
            ask => self.clerk.ask(ask),
        }
    }

    fn offers(&self, wanted: WantedTarget) {
        let (handle, tell) = (self.handle.clone(), self.tell.clone());
        tokio::spawn(async move {
            let offers = handle.offers(wanted).await.into();
            let _ = tell.send(EditorTaskResult::Offers { wanted, offers });
        });
    }

    fn rehearse(&mut self, name: Arc<str>, text: Arc<str>) {
        let mut steps = self.handle.rehearse(Arc::clone(&name), text);
        let tell = self.tell.clone();
        let trial = tokio::spawn(async move {
            let mut done = false;
            while let Some(step) = steps.recv().await {
                done |= matches!(step, Rehearsing::Done(_));
                let _ = tell.send(EditorTaskResult::Rehearsing { name: Arc::clone(&name), step });
            }
            if !done {
                let step = Rehearsing::Done(Err("the engine did not answer".into()));
                let _ = tell.send(EditorTaskResult::Rehearsing { name, step });
            }
        });
        if let Some(former) = self.trial.replace(trial.abort_handle()) {
            former.abort();
        }
    }

    fn hand_over(&mut self, name: &str, text: &str) {
        self.keyboard.leave();
        terminal::give_back();
        self.editing.store(true, Ordering::SeqCst);
        let edited = external_editor::edit(&self.options.drafts.with_file_name("editing"), name, text);
        self.editing.store(false, Ordering::SeqCst);
        self.wake_up();
        self.take_in(ConsoleInput::Author(match edited {
            Ok(text) => EditorTaskResult::Back { text: text.into() },
            Err(error) => EditorTaskResult::Failed(error.to_string().into()),
        }));
    }

    /// Writes a file where the console was started. That folder may not answer, so the answer comes later.
    fn export(&self, stem: String, text: String) {
        let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
        let answer = self.answer.clone();
        tokio::spawn(async move {
            let written = export::write(folder, stem, text).await;
            let _ = answer.send(written.map(|path| format!("written to {}", path.display()).into()));
        });
    }
}
