//! Records before acts: everything that the core says happened goes to the journal's own thread, and what is to be done
//! about it waits, in order, until it is durable. What cannot be recorded is not done; a human is called all the same.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{COMPANY, Engine, RETRY};
use crate::core::{Effect, Input, Recorded, Refusal};
use crate::journal::RecordError;

/// Records that wait to be durable, and the effects that wait for them.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<Arc<Recorded>>,
    pub(super) effects: Vec<Effect>,
    pub(super) durable: oneshot::Receiver<Result<(), RecordError>>,
}

/// Is the journal taking records?
#[derive(Debug)]
pub(super) enum Recording {
    /// Yes.
    Fine,
    /// No: these wait, in order, and are tried again at that moment.
    Failing { waiting: Vec<Arc<Recorded>>, why: Arc<str>, retry: Instant },
}

impl Engine {
    /// Keeps records back for the commit that comes next, but not for long.
    pub(super) fn hold(&mut self, records: Vec<Arc<Recorded>>) {
        let (held, _) = self.held.get_or_insert_with(|| (Vec::new(), Instant::now() + COMPANY));
        held.extend(records);
    }

    /// Sends records to the journal, after those that were held; the effects follow when they are durable.
    pub(super) fn commit(&mut self, records: Vec<Arc<Recorded>>, effects: Vec<Effect>) {
        let records = match self.held.take() {
            Some((mut held, _)) => {
                held.extend(records);
                held
            }
            None => records,
        };
        if records.is_empty() && effects.is_empty() {
            return;
        }
        if let Recording::Failing { waiting, why, .. } = &mut self.recording {
            waiting.extend(records);
            let why = Arc::clone(why);
            self.carry_unrecorded(effects, &why);
            return;
        }
        let durable = self.journal.commit(records.clone(), self.mark());
        self.batches.push_back(Batch { records, effects, durable });
    }

    /// The oldest batch is durable, or could not be made so.
    pub(super) fn settled(&mut self, result: Result<(), RecordError>) {
        let Some(batch) = self.batches.pop_front() else { return };
        match result {
            Ok(()) => {
                for effect in batch.effects {
                    self.carry(effect);
                }
            }
            Err(error) => self.failed(batch, &error),
        }
    }

    /// Records that cannot be written: nothing that they announce is done; they wait, in order, to be written.
    pub(super) fn failed(&mut self, batch: Batch, error: &RecordError) {
        let why: Arc<str> = error.to_string().into();
        let mut batches = vec![batch];
        batches.extend(self.batches.drain(..));
        let mut waiting = Vec::new();
        let mut effects = Vec::new();
        for batch in batches {
            waiting.extend(batch.records);
            effects.extend(batch.effects);
        }
        match &mut self.recording {
            Recording::Failing { waiting: before, retry, .. } => {
                before.extend(waiting);
                *retry = Instant::now() + RETRY;
            }
            Recording::Fine => {
                let retry = Instant::now() + RETRY;
                self.recording = Recording::Failing { waiting, why: Arc::clone(&why), retry };
            }
        }
        self.carry_unrecorded(effects, &why);
        self.step(Input::Recording(Err(why)));
    }

    /// What may be done without its record: calling a human. Nothing else.
    pub(super) fn carry_unrecorded(&mut self, effects: Vec<Effect>, why: &Arc<str>) {
        for effect in effects {
            match effect {
                Effect::Start { attempt, plan, .. } => {
                    self.hands.refuse(attempt, &plan, &format!("the journal cannot be written: {why}"));
                }
                Effect::Reply { request, .. } => {
                    self.carry(Effect::Reply { request, answer: Err(Refusal::CannotRecord(Arc::clone(why))) });
                }
                other => self.carry(other),
            }
        }
    }

    /// Tries again to write what waits.
    pub(super) fn retry_records(&mut self) {
        let Recording::Failing { waiting, .. } = &mut self.recording else { return };
        let records = std::mem::take(waiting);
        let durable = self.journal.commit(records.clone(), self.mark());
        self.recording = Recording::Fine;
        self.batches.push_back(Batch { records, effects: Vec::new(), durable });
        self.step(Input::Recording(Ok(())));
    }
}

/// Waits for the oldest batch; for ever where there is none.
pub(super) async fn first(batches: &mut VecDeque<Batch>) -> Result<(), RecordError> {
    match batches.front_mut() {
        Some(batch) => (&mut batch.durable).await.unwrap_or(Err(RecordError::Closed)),
        None => std::future::pending().await,
    }
}
