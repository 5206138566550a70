//! Records before acts: everything that the core says happened goes to the journal's own thread, and what is to be done
//! about it waits, in order, until it is durable. What cannot be recorded is not done; a human is called all the same.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{BATCH_DELAY, EngineLoop, RETRY};
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
    /// The journal takes records, and effects follow as soon as theirs are durable.
    Fine,
    /// No: these wait, in order, and are tried again at that moment.
    Failing { waiting: Vec<Arc<Recorded>>, why: Arc<str>, retry: Instant },
    /// Still no, and the one batch under way is the new try; these came after it.
    Retrying { waiting: Vec<Arc<Recorded>>, why: Arc<str> },
}

impl EngineLoop {
    /// Keeps records back for the commit that comes next, but not for long.
    pub(super) fn hold(&mut self, records: Vec<Arc<Recorded>>) {
        let (held, _) = self.held.get_or_insert_with(|| (Vec::new(), Instant::now() + BATCH_DELAY));
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
        if let Recording::Failing { waiting, why, .. } | Recording::Retrying { waiting, why } = &mut self.recording {
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
                self.recovered();
            }
            Err(error) => self.failed(batch, &error),
        }
    }

    /// The new try succeeded: what came meanwhile follows, and the core may act again.
    fn recovered(&mut self) {
        if let Recording::Retrying { waiting, .. } = &mut self.recording {
            let waiting = std::mem::take(waiting);
            self.recording = Recording::Fine;
            self.commit(waiting, Vec::new());
            self.step(Input::Recording(Ok(())));
        }
    }

    /// Notices a journal that can no longer be written although nothing waits to be: its folder is gone, or another.
    pub(super) fn notice_failure(&mut self) {
        if let (Recording::Fine, Some(error)) = (&self.recording, self.journal.failure()) {
            self.fail(Vec::new(), Vec::new(), &error);
        }
    }

    /// Records that cannot be written: nothing that they announce is done; they wait, in order, to be written.
    pub(super) fn failed(&mut self, batch: Batch, error: &RecordError) {
        let Batch { mut records, mut effects, .. } = batch;
        for later in self.batches.drain(..) {
            records.extend(later.records);
            effects.extend(later.effects);
        }
        self.fail(records, effects, error);
    }

    fn fail(&mut self, records: Vec<Arc<Recorded>>, effects: Vec<Effect>, error: &RecordError) {
        let why: Arc<str> = error.to_string().into();
        let mut waiting = records;
        match &mut self.recording {
            Recording::Failing { waiting: before, .. } => {
                before.append(&mut waiting);
                waiting = std::mem::take(before);
            }
            // the new try's own records come before those that came after it
            Recording::Retrying { waiting: after, .. } => waiting.append(after),
            Recording::Fine => {}
        }
        self.recording = Recording::Failing { waiting, why: Arc::clone(&why), retry: Instant::now() + RETRY };
        self.carry_unrecorded(effects, &why);
        self.step(Input::Recording(Err(why)));
    }

    /// What may be done without its record: calling a human. Nothing else.
    pub(super) fn carry_unrecorded(&mut self, effects: Vec<Effect>, why: &Arc<str>) {
        for effect in effects {
            match effect {
                Effect::Start { attempt, plan, .. } => {
                    self.executor.refuse(attempt, &plan, &format!("the journal cannot be written: {why}"));
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
        let Recording::Failing { waiting, why, .. } = &mut self.recording else { return };
        let (records, why) = (std::mem::take(waiting), Arc::clone(why));
        let durable = self.journal.commit(records.clone(), self.mark());
        self.recording = Recording::Retrying { waiting: Vec::new(), why };
        self.batches.push_back(Batch { records, effects: Vec::new(), durable });
    }
}

/// Waits for the oldest batch; for ever where there is none.
pub(super) async fn first(batches: &mut VecDeque<Batch>) -> Result<(), RecordError> {
    match batches.front_mut() {
        Some(batch) => (&mut batch.durable).await.unwrap_or(Err(RecordError::Closed)),
        None => std::future::pending().await,
    }
}
