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
const PAUSE: Duration = Duration::from_millis(500);

/// The way in. Cloned by every attempt; when the last one is dropped, the recorder writes what it has and ends.
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
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while records.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut failures = 0;
        while let Err(error) = store.write_attempts(batch.clone()).await {
            if matches!(error, StoreError::Closed) {
                tracing::warn!(
                    "the store was closed; what it does not know will be sent again at the next start"
                );
                return;
            }
            if failures == 0 {
                tracing::error!(%error, "the outcome of pushes cannot be written; sending waits for it");
            }
            failures += 1;
            counters.store_errors.add(1);
            clock.sleep(PAUSE).await;
        }
        batch.clear();
    }
}
