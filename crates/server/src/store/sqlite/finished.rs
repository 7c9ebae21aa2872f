//! Tells whoever wants to know that an intent may have its end. Never waits: what does not fit is counted.

use crate::store::Finished;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// The reader, if there is one.
#[derive(Debug, Default)]
pub(super) struct Finishers(Mutex<Option<Reader>>);

#[derive(Debug)]
struct Reader {
    intents: mpsc::Sender<u64>,
    lost: Arc<AtomicU64>,
}

impl Finishers {
    /// Replaces the reader.
    pub fn reader(&self, len_max: usize) -> Finished {
        let (sender, intents) = mpsc::channel(len_max.max(1));
        let lost = Arc::new(AtomicU64::new(0));
        let reader = Reader { intents: sender, lost: lost.clone() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        Finished { intents, lost }
    }

    /// Tells of these intents; their transaction is committed.
    pub fn tell(&self, finished: impl IntoIterator<Item = u64>) {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Reader { intents, lost }) = reader.as_ref() else { return };
        for intent in finished {
            match intents.try_send(intent) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
                Err(mpsc::error::TrySendError::Closed(_)) => {
                    *reader = None;
                    return;
                }
            }
        }
    }
}
