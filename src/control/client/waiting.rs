//! What the console asks for, and who waits for the answers.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::control::protocol::{Request, Response};
use crate::core::Refusal;
use crate::engine::handle::CommandRequest;
use crate::engine::history::{HistoryQuery, PastError};
use crate::engine::host_queries::{HostQuery, Rehearsing};

/// Whoever waits for the answer to a request, with the channel on which it is sent.
pub(super) enum Waiting {
    Command(oneshot::Sender<Result<Arc<str>, Refusal>>),
    Past(HistoryQuery),
    Question(HostQuery),
}

impl Waiting {
    /// Answers with this refusal, because no answer of the engine will come.
    pub(super) fn fail(self, refusal: Refusal) {
        match self {
            Self::Command(answer) => drop(answer.send(Err(refusal))),
            Self::Past(HistoryQuery::Count(answer)) => drop(answer.send(Err(PastError::Gone))),
            Self::Past(HistoryQuery::At(_, answer)) => drop(answer.send(Err(PastError::Gone))),
            Self::Past(HistoryQuery::Incident(_, answer)) => drop(answer.send(Err(PastError::Gone))),
            Self::Question(HostQuery::Rehearse { tell, .. }) => {
                drop(tell.send(Rehearsing::Done(Err(refusal.to_string().into()))));
            }
            Self::Question(HostQuery::Offers { answer, .. }) => drop(answer.send(Vec::new())),
        }
    }

    pub(super) fn answer(self, answer: Response) {
        match (self, answer) {
            (Self::Command(waits), Response::Command(answer)) => drop(waits.send(answer)),
            (Self::Past(HistoryQuery::Count(waits)), Response::History(answer)) => drop(waits.send(answer)),
            (Self::Past(HistoryQuery::At(_, waits)), Response::Recall(answer)) => {
                drop(waits.send(answer.map(|one| *one)));
            }
            (Self::Past(HistoryQuery::Incident(_, waits)), Response::Incident(answer)) => drop(waits.send(answer)),
            (Self::Question(HostQuery::Rehearse { tell, .. }), Response::Rehearse(done)) => {
                drop(tell.send(Rehearsing::Done(done)));
            }
            (Self::Question(HostQuery::Offers { answer: waits, .. }), Response::Offers(offers)) => {
                drop(waits.send(offers));
            }
            // an answer to something else than was asked: the other end is broken
            (waiting, _) => waiting.fail(Refusal::Lost),
        }
    }
}

/// What the console wants next.
pub(super) enum NextRequest {
    Asked(Waiting, Request),
    /// The console has gone, and asks for nothing more.
    Nothing,
}

/// Waits for the next request of the console, whichever channel it comes on.
pub(super) async fn next(
    commands: &mut mpsc::Receiver<CommandRequest>,
    past: &mut mpsc::UnboundedReceiver<HistoryQuery>,
    questions: &mut mpsc::Receiver<HostQuery>,
) -> NextRequest {
    tokio::select! {
        asked = commands.recv() => asked.map_or(NextRequest::Nothing, |CommandRequest { command, answer, .. }| {
            NextRequest::Asked(Waiting::Command(answer), Request::Command(command))
        }),
        Some(ask) = past.recv() => {
            let what = match &ask {
                HistoryQuery::Count(_) => Request::History {},
                HistoryQuery::At(goal, _) => Request::Recall(*goal),
                HistoryQuery::Incident(id, _) => Request::Incident(*id),
            };
            NextRequest::Asked(Waiting::Past(ask), what)
        }
        Some(question) = questions.recv() => {
            let what = match &question {
                HostQuery::Rehearse { name, text, .. } => {
                    Request::Rehearse { name: Arc::clone(name), text: Arc::clone(text) }
                }
                HostQuery::Offers { wanted, .. } => Request::Offers(*wanted),
            };
            NextRequest::Asked(Waiting::Question(question), what)
        }
    }
}

/// Waits until the console no longer wants the result of a dry run, and returns the number of its request.
pub(super) async fn unwanted(waiting: &HashMap<u64, Waiting>) -> u64 {
    let rehearsals = waiting.iter().filter_map(|(id, waiting)| match waiting {
        Waiting::Question(HostQuery::Rehearse { tell, .. }) => Some(Box::pin(async move {
            tell.closed().await;
            *id
        })),
        _ => None,
    });
    let rehearsals: Vec<_> = rehearsals.collect();
    if rehearsals.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(rehearsals).await.0
}
