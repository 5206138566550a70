//! Looking back: which moment of the journal is shown, which is on its way, and where one was before.
//!
//! ```text
//!  live --[ or {--> asked --answer--> shown --[ ] { }--> asked --> shown ...
//!   ^                                   |
//!   +------------- t, Esc --------------+
//! ```
//!
//! One question is under way at a time: a key that is held down moves the goal, and does not queue questions.

use super::{MainPage, Model, OpenPage, Overlay, StatusMessage};
use crate::console::content::context::ViewContext;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;
use crate::engine::history::{FoldProgress, PastError, Replayed, Seek};

/// Past every event.
const NOW: u64 = i64::MAX.cast_unsigned();

/// The past, looked at or asked for.
#[derive(Debug, Clone, Default)]
pub struct Rewind {
    /// What the screen shows; none while the first moment is on its way.
    pub shown: Option<Box<ReplayedMoment>>,
    /// What was asked for.
    asked: Option<Seek>,
    /// What is to be asked next.
    next: Option<Seek>,
    /// How far the fold has come.
    pub progress: Option<FoldProgress>,
    /// Requests that wait for a yes meanwhile, live.
    pub waiting: usize,
}

/// A moment on the screen.
#[derive(Debug, Clone)]
pub struct ReplayedMoment {
    /// The state that the journal gives for that time, and the event that it ends with.
    pub moment: Replayed,
    /// Where one was when it came: `t` returns there.
    before: (MainPage, Vec<OpenPage>),
    /// The time of day, live, when it came: another day is told by its date.
    pub today: jiff::Timestamp,
}

/// A step to another moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStep {
    /// One event back.
    Earlier,
    /// One event on.
    Later,
    /// To where the incident before was opened.
    IncidentBefore,
    /// To where the next incident was opened.
    IncidentAfter,
}

impl Rewind {
    /// Where the steps so far lead.
    fn seq(&self) -> u64 {
        match self.next.or(self.asked) {
            Some(Seek::Event(seq)) => seq,
            _ => self.shown.as_ref().map_or(NOW, |shown| shown.moment.seq),
        }
    }

    fn ask(&mut self, goal: Seek) -> Vec<ConsoleEffect> {
        if self.asked.is_some() {
            self.next = Some(goal);
            return Vec::new();
        }
        self.asked = Some(goal);
        vec![ConsoleEffect::Recall(goal)]
    }
}

/// A key that steps through the past.
pub fn step(model: &mut Model, step: TimeStep, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let Some(rewind) = &mut model.rewind else {
        let goal = match step {
            TimeStep::Earlier => Seek::Event(NOW),
            TimeStep::IncidentBefore => Seek::IncidentBefore(NOW),
            TimeStep::Later | TimeStep::IncidentAfter => {
                say(model, world, "this is live: [ goes back in time");
                return Vec::new();
            }
        };
        return model.rewind.insert(Rewind::default()).ask(goal);
    };
    let Some(shown) = &rewind.shown else { return Vec::new() };
    let (seq, of) = (rewind.seq(), shown.moment.of);
    let goal = match step {
        TimeStep::Earlier if seq <= 1 => {
            say(model, world, "this is the journal's first event");
            return Vec::new();
        }
        TimeStep::Earlier => Seek::Event(seq - 1),
        TimeStep::Later if seq >= of => {
            say(model, world, "this is the last event: t returns to live");
            return Vec::new();
        }
        TimeStep::Later => Seek::Event(seq + 1),
        TimeStep::IncidentBefore => Seek::IncidentBefore(seq),
        TimeStep::IncidentAfter => Seek::IncidentAfter(seq),
    };
    rewind.ask(goal)
}

/// A moment came, or why there is none.
pub fn came(model: &mut Model, answer: Result<Replayed, PastError>, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    let busy = matches!(model.overlay, Some(Overlay::Form(_)))
        || matches!(model.page_place(), InputMode::Approval | InputMode::Naming);
    // who has gone back to live meanwhile wants it no more
    let Some(rewind) = &mut model.rewind else { return Vec::new() };
    (rewind.asked, rewind.progress) = (None, None);
    let moment = match answer {
        Ok(moment) => moment,
        Err(error) => {
            rewind.next = None;
            if rewind.shown.is_none() {
                model.rewind = None;
            }
            say(model, world, &error.to_string());
            return Vec::new();
        }
    };
    match &mut rewind.shown {
        Some(shown) => shown.moment = moment,
        // a question is on the screen by now: the ground is not changed beneath it
        None if busy => {
            model.rewind = None;
            return Vec::new();
        }
        None => {
            let before = (model.main.clone(), model.pages.clone());
            rewind.shown = Some(Box::new(ReplayedMoment { moment, before, today: world.wall }));
        }
    }
    rewind.next.take().map_or_else(Vec::new, |goal| rewind.ask(goal))
}

/// Back to live, and to the place where one was.
pub fn leave(model: &mut Model) {
    if let Some(shown) = model.rewind.take().and_then(|rewind| rewind.shown) {
        (model.main, model.pages) = shown.before;
    }
}

fn say(model: &mut Model, world: &ViewContext<'_>, text: &str) {
    model.said = Some(StatusMessage { text: text.into(), bad: true, at: world.at });
}
