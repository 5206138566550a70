//! What is sent over one connection: answers, state and signs of life, as fast as the client takes them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::replies::without;
use super::session::DisconnectReason;
use super::{Following, Published};
use crate::control::protocol::delta::Difference;
use crate::control::protocol::wire::{ANSWER, MessageWriter, WireError, encode};
use crate::control::protocol::{ToClient, parts};
use crate::engine::Handle;

/// Whoever does not take a message within so long is cut off; they can come back.
const SLOW: Duration = Duration::from_secs(10);
/// A sign of life goes out so often.
const BEAT: Duration = Duration::from_secs(1);

/// Writes answers, state and signs of life. State that came while it could not write is passed over.
pub(in crate::control) async fn write<W: AsyncWrite + Unpin>(
    writer: &mut MessageWriter<W>,
    handle: &Handle,
    mut answers: mpsc::Receiver<ToClient>,
    mut looks: watch::Receiver<Option<Arc<Following>>>,
) -> Result<(), DisconnectReason> {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut state: Option<(watch::Receiver<Published>, Option<Published>)> = None;
    loop {
        tokio::select! {
            biased;
            Some(message) = answers.recv() => answer(writer, message).await?,
            Ok(()) = looks.changed() => {
                state = looks.borrow_and_update().as_ref().map(|following| {
                    let mut published = following.published.clone();
                    published.mark_changed();
                    (published, None)
                });
            }
            Some(published) = next(&mut state) => {
                let known = state.as_mut().and_then(|(_, known)| known.replace(published.clone()));
                tell(writer, known, &published).await?;
            }
            _ = beats.tick() => {
                let quiet = u64::try_from(handle.quiet_for().as_millis()).unwrap_or(u64::MAX);
                send(writer, &ToClient::Beat(quiet)).await?;
            }
        }
    }
}

/// What is published next; never, where nobody looks or the engine has gone.
async fn next(state: &mut Option<(watch::Receiver<Published>, Option<Published>)>) -> Option<Published> {
    if let Some((published, _)) = state
        && published.changed().await.is_ok()
    {
        return Some(published.borrow_and_update().clone());
    }
    std::future::pending().await
}

/// Tells the state, by what is known of it at the other end.
async fn tell<W: AsyncWrite + Unpin>(
    writer: &mut MessageWriter<W>,
    known: Option<Published>,
    published: &Published,
) -> Result<(), DisconnectReason> {
    let change = match (known, &published.step) {
        (None, _) => None,
        (Some(known), Some((from, step))) if known.snapshot.generation == *from => Some(step.clone()),
        (Some(known), _) => {
            let difference = Difference::between(&known.snapshot, &published.snapshot);
            Some(encode(&ToClient::Changed(Box::new(difference)))?)
        }
    };
    match change {
        Some(change) if !parts::is_long(&change) => patient(writer.send_encoded(&change)).await,
        Some(_) | None => {
            for message in parts::whole(&published.snapshot)? {
                patient(writer.send_encoded(&message)).await?;
            }
            Ok(())
        }
    }
}

/// Sends an answer, or that it is too long to be sent.
async fn answer<W: AsyncWrite + Unpin>(
    writer: &mut MessageWriter<W>,
    message: ToClient,
) -> Result<(), DisconnectReason> {
    let encoded = encode(&message)?;
    if let ToClient::Answer { id, answer } = message
        && encoded.len() > ANSWER
    {
        let why = format!("what was asked for is longer than {} MiB", ANSWER >> 20);
        return send(writer, &ToClient::Answer { id, answer: Box::new(without(&answer, &why)) }).await;
    }
    patient(writer.send_encoded(&encoded)).await
}

pub(in crate::control) async fn send<W: AsyncWrite + Unpin, T: serde::Serialize>(
    writer: &mut MessageWriter<W>,
    message: &T,
) -> Result<(), DisconnectReason> {
    patient(writer.send(message)).await
}

async fn patient(sent: impl Future<Output = Result<(), WireError>>) -> Result<(), DisconnectReason> {
    timeout(SLOW, sent).await.map_err(|_| DisconnectReason::Slow)?.map_err(Into::into)
}
