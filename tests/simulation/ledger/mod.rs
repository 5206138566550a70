//! The independent ledger: it sees what goes into the machine and what comes out, never the machine's inside, and
//! says after every event whether an invariant of the healing machine is broken.
//!
//! [`Books`] holds what follows from the records alone, so it can be folded anew from what survived a crash;
//! [`Outside`] holds what only the world knows: readings told, surveys answered, commands sent, scopes emptied.
//!
//! Two of the twelve invariants are no decisions of the core and are tested where they live: one writer (10) in the
//! journal, and never its own process (12) in the actions.

mod attempts;
mod books;
mod breakers;
mod calls;
mod contention;
mod flapping;
mod gate;
mod incidents;
mod liveness;
mod outside;
mod pages;

use std::sync::Arc;

use salve::core::command::Refusal;
use salve::core::event::{Event, Recorded};
use salve::core::machine::effect::Effect;
use salve::core::machine::input::Input;
use salve::core::time::Now;

pub use books::{AttemptBook, Books, IncidentBook, Stand, WindowBook};
pub use outside::Outside;

/// A broken invariant.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which, by the number that it has in the design, or a word for what every machine must keep.
    pub invariant: &'static str,
    pub text: String,
}

pub type Judged = Result<(), Violation>;

/// Fails with an invariant's name and why.
macro_rules! hold {
    ($condition:expr, $invariant:literal, $($why:tt)*) => {
        if !$condition {
            return Err($crate::ledger::Violation { invariant: $invariant, text: format!($($why)*) });
        }
    };
}
pub(crate) use hold;

#[derive(Debug, Default)]
pub struct Ledger {
    pub books: Books,
    pub outside: Outside,
}

impl Ledger {
    /// Judges one step of the machine: what went in, and everything that came out, in order.
    pub fn step(&mut self, now: Now, input: &Input, effects: &[Effect]) -> Judged {
        self.outside.before(now, input, &self.books);
        for effect in effects {
            match effect {
                Effect::Record(recorded) => self.record(now, input, recorded)?,
                Effect::Start { incident, attempt, key, playbook, plan } => {
                    let known = self.books.attempt(*attempt);
                    hold!(known.is_some(), "11 no action without its record", "start of {attempt} without an intent");
                    let known = known.expect("just seen");
                    hold!(known.incident == *incident, "11 no action without its record", "{attempt}: other incident");
                    hold!(known.digest == plan.digest, "4 approvals", "{attempt}: the plan is not the intent's");
                    hold!(known.mono == now.mono, "3 intent first", "{attempt}: its intent is older than this step");
                    hold!(playbook.content == key.content, "9 reload", "{attempt}: playbook and key differ");
                }
                Effect::Deliver(page) => {
                    hold!(self.books.page(*page).is_some(), "7 escalations", "deliver {page}, which is not recorded");
                }
                Effect::Reply { request, answer } => {
                    let waited = self.outside.requests.remove(request);
                    hold!(waited, "every command is answered once", "{request} was answered and not asked");
                    if matches!(answer, Err(Refusal::ReadOnly | Refusal::Stopped)) {
                        hold!(false, "every command is answered once", "{request}: {answer:?} is not the core's");
                    }
                }
                Effect::Survey { .. } | Effect::Watch { .. } | Effect::Unwatch(_) | Effect::EmptyScope { .. } => {}
            }
        }
        without_a_word(effects)?;
        if let Input::Command { request, command, .. } = input {
            let waits = self.outside.requests.contains(request);
            // A yes and a run by hand may wait for a survey before they are answered; the rest may not.
            let slow = matches!(command, salve::core::Command::Approve { .. } | salve::core::Command::RunNow { .. });
            hold!(!waits || slow, "every command is answered once", "{command:?} has no answer");
        }
        for (id, window) in &self.books.windows {
            let begun = window.until.is_some() || now.wall < window.from;
            hold!(begun, "maintenance", "{id} should have begun by {}", now.wall);
            let ends = window.until.is_none_or(|until| until > now.mono);
            hold!(ends, "maintenance", "{id} should be over");
        }
        self.outside.after(input);
        Ok(())
    }

    fn record(&mut self, now: Now, input: &Input, recorded: &Arc<Recorded>) -> Judged {
        let (books, outside) = (&self.books, &self.outside);
        hold!(recorded.seq == books.seq + 1, "journal", "seq {} follows {}", recorded.seq, books.seq);
        hold!(recorded.mono == now.mono, "journal", "seq {}: its moment is not the step's", recorded.seq);
        hold!(recorded.mono >= books.mono, "journal", "seq {}: time runs back", recorded.seq);
        incidents::check(books, outside, now, input, &recorded.event)?;
        attempts::check(books, outside, now, input, &recorded.event)?;
        breakers::check(books, outside, now, input, &recorded.event)?;
        pages::check(books, outside, now, input, &recorded.event)?;
        contention::check(books, &recorded.event)?;
        flapping::check(books, outside, now.mono, &recorded.event)?;
        if let Event::Intent { incident, attempt, plan, starter } = &recorded.event {
            gate::check(
                books,
                outside,
                now,
                input,
                &gate::Intent { incident: *incident, attempt: *attempt, plan, starter },
            )?;
        }
        if let (Event::Opened { incident, .. }, Input::Command { .. }) = (&recorded.event, input) {
            self.outside.by_hand.insert(*incident);
        }
        if let Event::Intent { incident, .. } | Event::Closed { incident, .. } = &recorded.event
            && let Some(known) = self.books.incident(*incident)
        {
            self.outside.hand_wanted.remove(&known.key);
        }
        self.books.apply(recorded);
        Ok(())
    }

    /// After a crash: only what is durable ever happened.
    pub fn crashed(&mut self, durable: &[Arc<Recorded>]) {
        self.books = Books::default();
        for recorded in durable {
            self.books.apply(recorded);
        }
        self.outside.crashed();
    }
}

/// What ends because its target or playbook is gone is told among the messages, in the same step.
fn without_a_word(effects: &[Effect]) -> Judged {
    let events = || {
        effects
            .iter()
            .filter_map(|effect| if let Effect::Record(recorded) = effect { Some(&recorded.event) } else { None })
    };
    let ended = events()
        .filter(|event| matches!(event, Event::Closed { outcome: salve::core::Outcome::Superseded, .. }))
        .count();
    let told = events().filter(|event| matches!(event, Event::Notice { .. })).count();
    hold!(told >= ended, "no end without a word", "{ended} incidents ended, {told} messages");
    Ok(())
}
