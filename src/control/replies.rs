//! What is answered to each request: what the engine's handle says, or why there is nothing to say.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::protocol::{Answer, Request, ToClient};
use super::rights::needed;
use crate::core::Refusal;
use crate::engine::Handle;
use crate::engine::past::{Goal, PastError, Replayed};
use crate::engine::question::Rehearsing;
use crate::engine::rehearse::Rehearsal;

/// The answer to a request for which the right is missing.
pub(super) fn denied(what: &Request) -> Answer {
    let right: Arc<str> = needed(what).to_string().into();
    let refusal = Refusal::NotAllowed(right);
    let said: Arc<str> = refusal.to_string().into();
    match what {
        Request::Command(_) => Answer::Command(Err(refusal)),
        Request::History {} => Answer::History(Err(PastError::Journal(said))),
        Request::Recall(_) => Answer::Recall(Err(PastError::Journal(said))),
        Request::Incident(_) => Answer::Incident(Err(PastError::Journal(said))),
        Request::Rehearse { .. } => Answer::Rehearse(Err(said)),
        Request::Offers(_) => Answer::Offers(Vec::new()),
    }
}

pub(super) async fn reply(handle: &Handle, id: u64, what: Request, tell: &mpsc::Sender<ToClient>) -> Answer {
    match what {
        Request::Command(command) => Answer::Command(handle.command(command).await),
        Request::History {} => Answer::History(handle.history().await),
        Request::Recall(goal) => Answer::Recall(recall(handle, goal, tell).await.map(Box::new)),
        Request::Incident(incident) => Answer::Incident(handle.incident(incident).await),
        Request::Rehearse { name, text } => Answer::Rehearse(rehearse(handle, id, name, text, tell).await),
        Request::Offers(wanted) => Answer::Offers(handle.offers(wanted).await),
    }
}

/// Looks into the past, and tells how far that has come.
async fn recall(handle: &Handle, goal: Goal, tell: &mpsc::Sender<ToClient>) -> Result<Replayed, PastError> {
    let mut progress = handle.recalling();
    let recalled = handle.recall(goal);
    tokio::pin!(recalled);
    loop {
        tokio::select! {
            recalled = &mut recalled => {
                let _ = tell.send(ToClient::Progress(None)).await;
                return recalled;
            }
            Ok(()) = progress.changed() => {
                let now = *progress.borrow_and_update();
                // one that finds no room is soon out of date
                let _ = tell.try_send(ToClient::Progress(now));
            }
        }
    }
}

async fn rehearse(
    handle: &Handle,
    id: u64,
    name: Arc<str>,
    text: Arc<str>,
    tell: &mpsc::Sender<ToClient>,
) -> Result<Vec<Rehearsal>, Arc<str>> {
    let mut told = handle.rehearse(name, text);
    while let Some(step) = told.recv().await {
        match step {
            Rehearsing::Looking(at) => {
                let _ = tell.send(ToClient::Rehearsing { id, at }).await;
            }
            Rehearsing::Done(done) => return done,
        }
    }
    Err("nobody answers that here".into())
}

/// An answer of the same kind that only says why there is none.
pub(super) fn without(answer: &Answer, why: &str) -> Answer {
    match answer {
        Answer::Command(_) => Answer::Command(Err(Refusal::Lost)),
        Answer::History(_) => Answer::History(Err(PastError::Journal(why.into()))),
        Answer::Recall(_) => Answer::Recall(Err(PastError::Journal(why.into()))),
        Answer::Incident(_) => Answer::Incident(Err(PastError::Journal(why.into()))),
        Answer::Rehearse(_) => Answer::Rehearse(Err(why.into())),
        Answer::Offers(_) => Answer::Offers(Vec::new()),
    }
}
