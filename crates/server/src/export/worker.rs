//! Turns finished intents into batches of spans. Never waits for the collector: a batch that finds no place is
//! dropped and counted.

use super::{
    ExportCounts,
    limits::{HINTS_AT_ONCE_MAX, SPANS_PER_REQUEST},
    queue::Queue,
    spans::{Span, is_complete, spans},
};
use crate::{
    clock::Clock,
    store::{Finished, Store, StoreError},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(super) struct Worker {
    store: Arc<dyn Store>,
    clock: Clock,
    queue: Queue,
    counts: Arc<ExportCounts>,
    batches: mpsc::Sender<Vec<Span>>,
}

impl Worker {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        ratio: f64,
        counts: Arc<ExportCounts>,
        batches: mpsc::Sender<Vec<Span>>,
    ) -> Self {
        Self { store, clock, queue: Queue::new(ratio), counts, batches }
    }

    /// Runs until it is stopped; then what is waiting goes at once.
    pub async fn run(mut self, mut finished: Finished, stop: CancellationToken) {
        let mut hints = Vec::with_capacity(HINTS_AT_ONCE_MAX);
        loop {
            let due = self.queue.next_due().unwrap_or(u64::MAX);
            tokio::select! {
                () = stop.cancelled() => break,
                count = finished.intents.recv_many(&mut hints, HINTS_AT_ONCE_MAX) => {
                    if count == 0 {
                        break;
                    }
                    self.take(&mut hints, &finished.lost);
                }
                () = self.clock.sleep_until(due) => self.export(self.clock.now_ms()).await,
            }
        }
        while let Ok(hint) = finished.intents.try_recv() {
            hints.push(hint);
        }
        self.take(&mut hints, &finished.lost);
        self.export(u64::MAX).await;
    }

    fn take(&mut self, hints: &mut Vec<u64>, lost: &AtomicU64) {
        let now_ms = self.clock.now_ms();
        let refused = hints.drain(..).filter(|hint| !self.queue.hint(*hint, now_ms)).count();
        self.counts.dropped_trace(refused as u64 + lost.swap(0, Ordering::Relaxed));
    }

    /// Exports every trace that is due at this time.
    async fn export(&mut self, due_by: u64) {
        let mut batch = Vec::new();
        while let Some(intent) = self.queue.take(due_by) {
            match self.spans_of(intent).await {
                Ok(Some(mut made)) => {
                    self.queue.done(intent);
                    batch.append(&mut made);
                }
                // Not complete after all: its end brings another hint.
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "a trace could not be read for the export");
                    self.counts.dropped_trace(1);
                }
            }
            if batch.len() >= SPANS_PER_REQUEST {
                self.hand_over(std::mem::take(&mut batch));
            }
        }
        if !batch.is_empty() {
            self.hand_over(batch);
        }
    }

    async fn spans_of(&self, intent: u64) -> Result<Option<Vec<Span>>, StoreError> {
        let records = self.store.trace(intent).await?;
        // A call's number finds every intent of the call; each is exported on its own.
        let own = records.into_iter().find(|record| record.intent.id == intent);
        Ok(own.filter(is_complete).map(|record| spans(&record)))
    }

    fn hand_over(&self, batch: Vec<Span>) {
        if let Err(refused) = self.batches.try_send(batch) {
            self.counts.dropped(refused.into_inner().len());
        }
    }
}
