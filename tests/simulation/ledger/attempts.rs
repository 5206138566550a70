//! What becomes of an attempt: its end is recorded before any conclusion, only fresh readings verify it, and after a
//! crash its outcome is unknown.

use salve::core::detector::reading::Verdict;
use salve::core::event::Event;
use salve::core::id::{AttemptId, CheckRole};
use salve::core::machine::input::Input;
use salve::core::time::Now;

use super::{AttemptBook, Books, Judged, Outside, hold};

pub fn check(books: &Books, outside: &Outside, now: Now, input: &Input, event: &Event) -> Judged {
    match event {
        Event::AttemptFinished { incident, attempt, .. } => {
            let known = books.attempt(*attempt);
            hold!(known.is_some_and(|it| it.incident == *incident), "3 intent first", "{attempt} ended, never begun");
            hold!(known.is_some_and(|it| it.ended.is_none()), "3 intent first", "{attempt} ended twice");
            let told = matches!(input, Input::AttemptEnded { attempt: told, .. } if told == attempt);
            hold!(told, "3 intent first", "{attempt} ended, and nobody said so");
        }
        Event::Indeterminate { attempt, scope_empty, .. } => {
            let known = books.attempt(*attempt);
            let open = known.is_some_and(|it| it.ended.is_none() || it.held);
            hold!(open, "3 indeterminate", "{attempt} is over, and its scope was empty");
            // Lost by a crash, or by an executor that never told of its end.
            let lost = known.is_some_and(|it| it.mono <= outside.life_began || it.overdue <= now.mono || it.held);
            hold!(lost, "3 indeterminate", "{attempt} was started in this life of the engine, and is not overdue");
            let told = matches!(input, Input::ScopeEmptied { attempt: told, empty } if told == attempt
                && empty == scope_empty);
            hold!(told, "3 indeterminate", "{attempt}: its scope was not looked at");
        }
        Event::Verified { attempt, .. } => {
            let known = books.attempt(*attempt);
            let ended = known.is_some_and(|it| it.ended.is_some());
            hold!(ended, "3 outcome before verification", "{attempt} verified before its end was recorded");
            let known = known.expect("just seen");
            hold!(!known.concluded, "3 outcome before verification", "{attempt} was concluded twice");
            verifiers_hold(outside, now, known, *attempt)?;
        }
        Event::NotVerified { attempt, .. } => {
            let ended = books.attempt(*attempt).is_some_and(|it| it.ended.is_some());
            hold!(ended, "3 outcome before verification", "{attempt} judged before its end was recorded");
        }
        _ => {}
    }
    Ok(())
}

/// Every verifier was last told to hold, by a look that began after the attempt's scope was truly empty.
pub fn verifiers_hold(outside: &Outside, now: Now, known: &AttemptBook, attempt: AttemptId) -> Judged {
    let empty = outside.empty_at.get(&attempt).copied();
    hold!(empty.is_some_and(|at| at <= now.mono), "2 scope empty first", "{attempt} verified, its scope not empty");
    let empty = empty.expect("just seen");
    for index in 0..outside.playbook(&known.key).verify.checks.len() {
        let reading = outside.reading(&known.key, CheckRole::Verifier, index);
        // A crash during the soak forgets the readings; the machine must look again before it says healed.
        hold!(reading.is_some(), "only fresh readings verify", "{attempt}: verifier {index} was never told");
        let reading = reading.expect("just seen");
        let holds = reading.verdict == Verdict::Holds;
        hold!(holds, "only fresh readings verify", "{attempt}: verifier {index} was told {:?}", reading.verdict);
        let fresh = reading.began >= empty;
        hold!(
            fresh,
            "only fresh readings verify",
            "{attempt}: verifier {index} began {} before {empty}",
            reading.began
        );
    }
    Ok(())
}
