//! Writes heads of traces, a little behind what happens: by them traces are found without looking at all of them.
//!
//! Small batches with pauses. A head that was not settled when it was written is looked at again until it is.

use super::{
    Counters,
    trace::{DeviceState, TraceKind, TraceView, of_records},
};
use crate::{
    clock::Clock,
    store::{Outcomes, Recipients, Store, StoreError, TraceHead, TraceRecord},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// An intent is looked at when it is this old, in ms: whatever has a smaller number is there by then.
const AGE_MS: u64 = 2_000;
/// Traces in one transaction.
const BATCH_MAX: usize = 200;
/// Between two looks when everything is written.
const EVERY: Duration = Duration::from_secs(1);
/// Between two batches when it is not.
const PAUSE: Duration = Duration::from_millis(20);
/// The same while pushes wait for the vendor or the processor: they go first.
const PAUSE_BUSY: Duration = Duration::from_millis(200);
/// Dispatches that wait or are under way from which the pipeline counts as busy.
const BUSY: u64 = 64;

/// Runs until it is stopped.
pub(super) async fn run(
    store: Arc<dyn Store>,
    clock: Clock,
    counters: Arc<Counters>,
    stop: CancellationToken,
) {
    let mut open_after = 0;
    let mut failing = false;
    loop {
        let pause = match round(&*store, &clock, &mut open_after).await {
            Ok(more) => {
                failing = false;
                let busy = counters.backlog.get() + counters.in_flight.get() >= BUSY;
                match more {
                    true if busy => PAUSE_BUSY,
                    true => PAUSE,
                    false => EVERY,
                }
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "traces cannot be made findable now; trying again");
                }
                failing = true;
                EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(pause) => {}
        }
    }
}

/// Writes the next batch, and looks again at some that were open. Whether there is more to write at once.
pub(super) async fn round(
    store: &(impl Store + ?Sized),
    clock: &Clock,
    open_after: &mut u64,
) -> Result<bool, StoreError> {
    let open = store.open_heads(*open_after, BATCH_MAX).await?;
    *open_after = open.last().copied().filter(|_| open.len() == BATCH_MAX).unwrap_or(0);
    if !open.is_empty() {
        let (heads, gone) = look(store, &open).await?;
        store.put_heads(heads, gone, None).await?;
    }
    let next = store.headless(clock.now_ms().saturating_sub(AGE_MS), BATCH_MAX).await?;
    if next.subjects.is_empty() {
        return Ok(false);
    }
    let (heads, gone) = look(store, &next.subjects).await?;
    store.put_heads(heads, gone, Some(next.upto)).await?;
    Ok(next.more)
}

/// Heads of these messages and calls as they are now, and those that are gone.
async fn look(
    store: &(impl Store + ?Sized),
    subjects: &[u64],
) -> Result<(Vec<TraceHead>, Vec<u64>), StoreError> {
    let (mut heads, mut gone) = (Vec::with_capacity(subjects.len()), Vec::new());
    for (id, records) in subjects.iter().zip(store.outlines(subjects.to_vec()).await?) {
        match head_of(*id, &records) {
            Some(head) => heads.push(head),
            None => gone.push(*id),
        }
    }
    Ok((heads, gone))
}

/// The head of a trace; `None` when nothing is known of it.
pub(super) fn head_of(id: u64, records: &[TraceRecord]) -> Option<TraceHead> {
    let recipient = match &records.first()?.intent.spec.recipients {
        Recipients::Users(users) if users.len() == 1 => Some(users[0].clone()),
        _ => None,
    };
    let view = of_records(id, records, |_| Vec::new());
    let mut counts = view.outcomes();
    if !view.settled && counts == Outcomes::default() {
        // Nobody has a verdict yet: it is the whole of it that is pending.
        counts.pending = 1;
    }
    Some(TraceHead {
        id,
        app: view.app_id,
        is_call: view.kind == TraceKind::Call,
        sender: view.sender_user_id,
        recipient,
        conversation: view.conversation_id.zip(view.conversation_type),
        accepted_at: view.accepted_at,
        settled: view.settled,
        counts,
    })
}

impl TraceView {
    /// Its devices by outcome.
    pub fn outcomes(&self) -> Outcomes {
        let mut counts = Outcomes::default();
        for device in &self.devices {
            let count = match device.state {
                DeviceState::Pending => &mut counts.pending,
                DeviceState::Acked => &mut counts.acked,
                DeviceState::Pushed => &mut counts.pushed,
                DeviceState::Suppressed => &mut counts.suppressed,
                DeviceState::Expired => &mut counts.expired,
                DeviceState::Retracted => &mut counts.retracted,
                DeviceState::Failed => &mut counts.failed,
            };
            *count += 1;
        }
        counts
    }
}
