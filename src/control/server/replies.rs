//! What is answered to each request: what the engine's handle says, or why there is nothing to say.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::control::protocol::rights::needed;
use crate::control::protocol::{Request, Response, ToClient};
use crate::core::Refusal;
use crate::engine::Handle;
use crate::engine::history::{PastError, Replayed, Seek};
use crate::engine::host_queries::Rehearsing;
use crate::engine::standalone::dry_run::Rehearsal;

/// The answer to a request for which the right is missing.
pub(in crate::control) fn denied(what: &Request) -> Response {
    let right: Arc<str> = needed(what).to_string().into();
    let refusal = Refusal::NotAllowed(right);
    let said: Arc<str> = refusal.to_string().into();
    match what {
        Request::Command(_) => Response::Command(Err(refusal)),
        Request::History {} => Response::History(Err(PastError::Journal(said))),
        Request::Recall(_) => Response::Recall(Err(PastError::Journal(said))),
        Request::Incident(_) => Response::Incident(Err(PastError::Journal(said))),
        Request::Rehearse { .. } => Response::Rehearse(Err(said)),
        Request::Offers(_) => Response::Offers(Vec::new()),
    }
}

pub(in crate::control) async fn reply(
    handle: &Handle,
    id: u64,
    what: Request,
    tell: &mpsc::Sender<ToClient>,
) -> Response {
    match what {
        Request::Command(command) => Response::Command(handle.command(command).await),
        Request::History {} => Response::History(handle.history().await),
        Request::Recall(goal) => Response::Recall(recall(handle, goal, tell).await.map(Box::new)),
        Request::Incident(incident) => Response::Incident(handle.incident(incident).await),
        Request::Rehearse { name, text } => Response::Rehearse(rehearse(handle, id, name, text, tell).await),
        Request::Offers(wanted) => Response::Offers(handle.offers(wanted).await),
    }
}

/// Looks into the past, and tells how far that has come.
async fn recall(handle: &Handle, goal: Seek, tell: &mpsc::Sender<ToClient>) -> Result<Replayed, PastError> {
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
pub(in crate::control) fn without(answer: &Response, why: &str) -> Response {
    match answer {
        Response::Command(_) => Response::Command(Err(Refusal::Lost)),
        Response::History(_) => Response::History(Err(PastError::Journal(why.into()))),
        Response::Recall(_) => Response::Recall(Err(PastError::Journal(why.into()))),
        Response::Incident(_) => Response::Incident(Err(PastError::Journal(why.into()))),
        Response::Rehearse(_) => Response::Rehearse(Err(why.into())),
        Response::Offers(_) => Response::Offers(Vec::new()),
    }
}
