//! Forgets settled traces after their time, in small batches that nobody notices.

use super::PushLimits;
use crate::{clock::Clock, store::Store};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often old traces are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// Rows of each kind in one transaction.
const BATCH_MAX: usize = 500;
/// Between two batches.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs until it is stopped.
pub(super) async fn run(store: Arc<dyn Store>, clock: Clock, limits: PushLimits, stop: CancellationToken) {
    let keep_ms = limits.retention.as_millis() as u64;
    loop {
        let forgotten = store.forget_traces(clock.now_ms().saturating_sub(keep_ms), BATCH_MAX).await;
        let pause = match forgotten {
            Ok(0) => EVERY,
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(%error, "old push traces cannot be removed");
                EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(pause) => {}
        }
    }
}
