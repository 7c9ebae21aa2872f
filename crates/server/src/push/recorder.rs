//! Writes what attempts led to, in groups: whatever came while the last transaction ran is the next one.
//!
//! While the store refuses, nothing gets lost: the queue fills, and with it sending stops.

use super::Counters;
use crate::{
    clock::Clock,
    store::{AttemptEnd, Store, StoreError},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Ends that wait to be written.
const QUEUE_MAX: usize = 1_024;
/// Ends written in one transaction.
const BATCH_MAX: usize = 256;
/// Tries to write one end that the store cannot take, before it is left to the next start.
const TRIES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// The way in. Cloned by every attempt; when the last is dropped, the recorder writes what it has and ends.
pub(super) type Records = mpsc::Sender<AttemptEnd>;

pub(super) fn channel() -> (Records, mpsc::Receiver<AttemptEnd>) {
    mpsc::channel(QUEUE_MAX)
}

/// Runs until every sender is gone and everything is written, or the store was closed.
pub(super) async fn run(
    store: Arc<dyn Store>,
    clock: Clock,
    counters: Arc<Counters>,
    mut records: mpsc::Receiver<AttemptEnd>,
) {
    let recorder = Recorder { store, clock, counters };
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while records.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if recorder.write(std::mem::take(&mut batch)).await.is_err() {
            tracing::warn!(
                "the store was closed; pushes it does not know of are sent again at the next start"
            );
            return;
        }
    }
}

struct Recorder {
    store: Arc<dyn Store>,
    clock: Clock,
    counters: Arc<Counters>,
}

/// The store takes nothing any more.
struct Closed;

impl Recorder {
    /// Writes a batch. A row that breaks it is found by writing each alone, so that it holds up no other.
    async fn write(&self, batch: Vec<AttemptEnd>) -> Result<(), Closed> {
        let single = batch.len() == 1;
        if self.persist(&batch, if single { TRIES_MAX } else { 1 }).await? {
            return Ok(());
        }
        for end in batch {
            let dispatch = end.dispatch;
            if single || !self.persist(&[end], TRIES_MAX).await? {
                tracing::error!(dispatch.id = dispatch, "the outcome of a push cannot be written");
            }
        }
        Ok(())
    }

    /// `false` after so many failures that are not the store's refusal; a refusal is waited out.
    async fn persist(&self, batch: &[AttemptEnd], tries_max: u32) -> Result<bool, Closed> {
        let (mut failures, mut refusals) = (0, 0);
        loop {
            let error = match self.store.write_attempts(batch.to_vec()).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Closed) => return Err(Closed),
                Err(error) => error,
            };
            self.counters.store_errors.add(1);
            match error {
                StoreError::Refusing(_) | StoreError::Overloaded if refusals > 0 => {}
                StoreError::Refusing(_) | StoreError::Overloaded => {
                    tracing::error!(%error, "the outcome of pushes cannot be written; sending waits for it");
                    refusals += 1;
                }
                _ => {
                    tracing::warn!(%error, "the outcome of pushes was not written");
                    failures += 1;
                    if failures >= tries_max {
                        return Ok(false);
                    }
                }
            }
            self.clock.sleep(PAUSE).await;
        }
    }
}
